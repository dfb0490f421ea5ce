/**
 * Exporters of NetFlow v9 that count what went back as outgoing packets and bytes (24, 23), as Cisco
 * Meraki does. Most others mean by these what came out of them of the same packets, which is as much as
 * came in (FortiGate) or 0 (ng_netflow). No field says which it is, but the packets do: out of a
 * middlebox come about as many as went in, while of two directions now the one has far more and now
 * the other. What was counted before that was seen stays as it is.
 */
import { readUnsigned } from '../steps/numbers.ts'
import type { RecordBytes } from '../records.ts'
import type { CompiledTemplate, Template } from './template.ts'

/** So many times as many packets as the other way are far more. */
const farMore = 2
/** So many records of either kind tell. */
const recordsMin = 8

/**
 * Looks at the packets that records of fixed length count in and out. True where it is seen now that a
 * template counts both directions: it must be compiled anew.
 */
export function learnsBothWays(
  view: DataView,
  template: Template,
  { outgoing }: CompiledTemplate,
  { offset, end }: RecordBytes,
): boolean {
  if (outgoing === null) return false
  const { seen, recordBytes } = template
  for (let at = offset; at + recordBytes <= end; at += recordBytes) {
    const packetsIn = readUnsigned(view, at + outgoing.in.offset, outgoing.in.length)
    const packetsOut = readUnsigned(view, at + outgoing.out.offset, outgoing.out.length)
    if (packetsIn === 0 || packetsOut === 0) continue
    if (packetsOut >= farMore * packetsIn) seen.moreOut++
    else if (packetsIn >= farMore * packetsOut) seen.moreIn++
  }
  if (seen.moreOut < recordsMin || seen.moreIn < recordsMin) return false
  template.countsBothWays = true
  template.compiled = null
  return true
}
