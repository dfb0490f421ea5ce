/** The share that one interval has in a flow, if the flow spans several or a tracker follows it. */
import type { FlowColumns } from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { activeWithin, countWithin } from '../../flow/spread.ts'

/** Writes the share of row i in an interval: bytes, packets, flows, active. */
export function share(
  amounts: Float64Array,
  flows: FlowColumns,
  i: number,
  interval: number,
): void {
  const first = flows.flowStartMilliseconds[i]!
  const last = Math.max(first, flows.flowEndMilliseconds[i]!)
  const rate = flows.samplingInterval[i]!
  const to = interval + intervalMs
  amounts[0] = countWithin(flows.octetDeltaCount[i]! * rate, { first, last }, interval, to)
  amounts[1] = countWithin(flows.packetDeltaCount[i]! * rate, { first, last }, interval, to)
  amounts[2] = interval === intervalStart(first) ? 1 : 0
  amounts[3] = activeWithin(first, last, interval, to)
}
