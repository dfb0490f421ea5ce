/**
 * Who receives traffic through address translation. A router that reports packets as they arrive
 * (MikroTik) names itself as the destination of all downloads, and the host only as the address
 * after translation.
 */
import type { FlowColumns } from '../../flow/columns.ts'
import { privateNetworkSet } from '../../flow/settings/specs.ts'
import type { DatagramContext } from './context.ts'

/**
 * Makes the private address after translation the destination of rows from `from` on, and the one before it the address
 * after, where the administrator's rules say so; else counts those with traffic whose destination is public.
 */
export function takeInside({ flows, exporter }: DatagramContext, from: number): void {
  const isInside = exporter.rules.hosts === 'inside'
  const { destinationAddressHigh: high, destinationAddressLow: low, octetDeltaCount } = flows
  const { postNATDestinationAddressHigh: afterHigh, postNATDestinationAddressLow: afterLow } = flows
  let hidden = 0
  for (let row = from; row < flows.count; row++) {
    const at = 2 * row
    const isSame =
      low[at] === afterLow[at] &&
      low[at + 1] === afterLow[at + 1] &&
      high[at] === afterHigh[at] &&
      high[at + 1] === afterHigh[at + 1]
    if (isSame || !isPrivate(afterHigh, afterLow, at)) continue
    if (isInside) exchange(flows, row)
    else if (octetDeltaCount[row]! > 0 && !isPrivate(high, low, at)) hidden++
  }
  exporter.problem('destination-translated', hidden)
}

function isPrivate(high: Uint32Array, low: Uint32Array, at: number): boolean {
  return privateNetworkSet.has(high[at + 1]!, high[at]!, low[at + 1]!, low[at]!)
}

function exchange(flows: FlowColumns, row: number): void {
  for (let word = 2 * row; word < 2 * row + 2; word++) {
    exchangeWord(flows.destinationAddressHigh, flows.postNATDestinationAddressHigh, word)
    exchangeWord(flows.destinationAddressLow, flows.postNATDestinationAddressLow, word)
  }
  if (flows.postNAPTDestinationTransportPort[row] === 0) return
  exchangeWord(flows.destinationTransportPort, flows.postNAPTDestinationTransportPort, row)
}

function exchangeWord<A extends Uint16Array | Uint32Array>(one: A, other: A, i: number): void {
  const held = one[i]!
  one[i] = other[i]!
  other[i] = held
}
