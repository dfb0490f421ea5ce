/**
 * The uptime that uptime-relative times refer to. The headers of v5 and v9 have it, a few in
 * seconds. IPFIX headers do not: there the boot time comes from systemInitTimeMilliseconds, in the
 * record or in options data, or is guessed from the latest time seen.
 */
import type { Batch } from '../steps/batch.ts'
import { wordSize } from '../steps/numbers.ts'
import { uptimeAheadMs } from '../steps/times.ts'
import type { DatagramContext } from '../context.ts'
import type { CompiledTemplate, ScratchColumns } from '../templates/template.ts'

/** A guess is dropped when all flows of a batch seem to have ended this long before their export. */
const guessStaleMs = 1_800_000

/** A flow is reported this soon after its last packet, unless the header is in seconds. */
const reportedMs = 86_400_000
/** A header in seconds is as close as this to a flow's last packet. */
const secondsTrueMs = 3_600_000

/** Sets the batch's uptime, before steps that need it. */
export function prepareUptime(
  batch: Batch,
  context: DatagramContext,
  compiled: CompiledTemplate,
  scratch: ScratchColumns,
): void {
  const { stream, uptimeMs } = context
  if (uptimeMs >= 0) {
    batch.uptimeMs = inMilliseconds(uptimeMs, uptimeEndOf(batch, compiled, 0))
    return
  }
  const initTimeMs = compiled.scratch.has('systemInitTimeMs') ? scratch.systemInitTimeMs[0]! : 0
  if (initTimeMs > 0) {
    stream.bootMs = initTimeMs
    stream.bootGuessed = false
  } else if (stream.bootMs === null || stream.bootGuessed) guessBoot(batch, context, compiled)
  const bootMs = stream.bootMs ?? context.exportMs
  batch.uptimeMs = (context.exportMs - bootMs) % wordSize
}

/** A header's uptime, which a few exporters count in seconds, by the uptime at a flow's last packet. */
function inMilliseconds(uptimeMs: number, end: number): number {
  const backMs = (uptimeMs - end) >>> 0
  if (end === 0 || backMs < reportedMs || backMs > wordSize - uptimeAheadMs) return uptimeMs
  const inSeconds = (uptimeMs * 1000 + 999) >>> 0
  return (inSeconds - end) >>> 0 < secondsTrueMs ? inSeconds : uptimeMs
}

/** No flow ends after its export, so the smallest export minus end is the boot time, or later. */
function guessBoot(
  batch: Batch,
  { stream, exportMs }: DatagramContext,
  compiled: CompiledTemplate,
): void {
  if (compiled.uptimeEnd?.length !== 4) return
  let latest = 0
  for (let i = 0; i < batch.records; i++) latest = Math.max(latest, uptimeEndOf(batch, compiled, i))
  const guess = exportMs - latest
  const held = stream.bootMs
  if (held === null || guess < held || guess - held > guessStaleMs) stream.bootMs = guess
  stream.bootGuessed = true
}

/** The uptime at a record's last packet; 0 if it has none. */
function uptimeEndOf(batch: Batch, { uptimeEnd }: CompiledTemplate, record: number): number {
  if (uptimeEnd?.length !== 4) return 0
  return batch.view.getUint32(batch.offset + uptimeEnd.offset + record * batch.stride)
}
