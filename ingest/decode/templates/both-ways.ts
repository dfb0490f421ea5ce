/**
 * Recognizes NetFlow v9 exporters whose outgoing packets and bytes (24, 23) count the return
 * traffic, such as Cisco Meraki. Most others count what left them of the same packets, which is as
 * much as came in (FortiGate) or 0 (ng_netflow). No field says which it is, but the packets do:
 * about as many leave a middlebox as enter it, while of two directions sometimes one and sometimes
 * the other has far more. What was counted before this is recognized is not corrected.
 *
 * Where nothing comes in in any record, what leaves counts: the exporter reports flows as they leave.
 * Some report them so beside the same flows as they arrive, which have counted already.
 */
import { readUnsigned } from '../steps/numbers.ts'
import type { RecordBytes } from '../records.ts'
import type { CompiledTemplate, Template } from './template.ts'

/** One direction has far more packets at this many times the other's. */
const farMore = 2

/**
 * Looks at incoming and outgoing packets of fixed-length records. True if they now show that the
 * template counts both directions, or only what leaves, or no longer: it must be recompiled.
 */
export function learnsCounts(
  view: DataView,
  template: Template,
  { outgoing }: CompiledTemplate,
  { offset, end }: RecordBytes,
): boolean {
  if (outgoing === null) return false
  const { seen, recordBytes, countsBothWays, countsOutgoing } = template
  for (let at = offset; at + recordBytes <= end; at += recordBytes) {
    const packetsIn = readUnsigned(view, at + outgoing.in.offset, outgoing.in.length)
    const packetsOut = readUnsigned(view, at + outgoing.out.offset, outgoing.out.length)
    if (packetsIn > 0) seen.in++
    else if (packetsOut > 0) seen.onlyOut++
    if (packetsIn === 0 || packetsOut === 0) continue
    if (packetsOut >= farMore * packetsIn) seen.moreOut++
    else if (packetsIn >= farMore * packetsOut) seen.moreIn++
  }
  const isAsBefore =
    countsBothWays === template.countsBothWays && countsOutgoing === template.countsOutgoing
  if (isAsBefore) return false
  template.compiled = null
  return true
}
