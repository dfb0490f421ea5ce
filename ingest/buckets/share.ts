/** A flow that lives in several intervals, or is followed by trackers: its share of one, and the counting of it. */
import type { FlowColumns } from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { servicePort } from '../../flow/service.ts'
import { activeWithin, countWithin } from '../../flow/spread.ts'
import { serviceCode } from './codes.ts'
import type { Totals } from './totals.ts'

/** What of row i falls into an interval: bytes, packets, flows, active. */
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

/** Counts the amounts of the totals for row i. */
export function count(totals: Totals, flows: FlowColumns, i: number): void {
  const low = 2 * i
  const source = totals.host(
    flows.sourceAddressHigh[low + 1]!,
    flows.sourceAddressHigh[low]!,
    flows.sourceAddressLow[low + 1]!,
    flows.sourceAddressLow[low]!,
  )
  const destination = totals.host(
    flows.destinationAddressHigh[low + 1]!,
    flows.destinationAddressHigh[low]!,
    flows.destinationAddressLow[low + 1]!,
    flows.destinationAddressLow[low]!,
  )
  const protocol = flows.protocolIdentifier[i]!
  const port = servicePort(
    protocol,
    flows.sourceTransportPort[i]!,
    flows.destinationTransportPort[i]!,
  )
  totals.add(source, destination, serviceCode(protocol, port))
  totals.addInterfaces(flows.ingressInterface[i]!, flows.egressInterface[i]!)
}
