/**
 * The uptime that uptime-relative times refer to. The headers of v5 and v9 have it. IPFIX headers
 * do not: there the boot time comes from systemInitTimeMilliseconds, in the record or in options
 * data, or is guessed from the latest time seen.
 */
import type { Batch } from '../steps/batch.ts'
import type { DatagramContext } from '../context.ts'
import type { CompiledTemplate, ScratchColumns } from '../templates/template.ts'

/** A guess is dropped when all flows of a batch seem to have ended this long before their export. */
const guessStaleMs = 1_800_000

/** Sets the batch's uptime, before steps that need it. */
export function prepareUptime(
  batch: Batch,
  context: DatagramContext,
  compiled: CompiledTemplate,
  scratch: ScratchColumns,
): void {
  if (context.uptimeMs >= 0) return
  const { stream } = context
  const initTimeMs = compiled.scratch.has('systemInitTimeMs') ? scratch.systemInitTimeMs[0]! : 0
  if (initTimeMs > 0) {
    stream.bootMs = initTimeMs
    stream.bootGuessed = false
  } else if (stream.bootMs === null || stream.bootGuessed) guessBoot(batch, context, compiled)
  const bootMs = stream.bootMs ?? context.exportMs
  batch.uptimeMs = (context.exportMs - bootMs) % 2 ** 32
}

/** No flow ends after its export, so the smallest export minus end is the boot time, or later. */
function guessBoot(
  batch: Batch,
  { stream, exportMs }: DatagramContext,
  compiled: CompiledTemplate,
): void {
  const place = compiled.uptimeEnd
  if (place === null || place.length !== 4) return
  let latest = 0
  for (let i = 0; i < batch.records; i++)
    latest = Math.max(latest, batch.view.getUint32(batch.offset + place.offset + i * batch.stride))
  const guess = exportMs - latest
  const held = stream.bootMs
  if (held === null || guess < held || guess - held > guessStaleMs) stream.bootMs = guess
  stream.bootGuessed = true
}
