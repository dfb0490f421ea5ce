/**
 * Who receives traffic through address translation. A router that reports packets as they arrive (MikroTik) names itself as
 * the destination of all downloads, and the host only as the address after translation.
 */
import type { FlowColumns } from '../../flow/columns.ts'
import { privateNetworkSet } from '../../flow/setting-specs.ts'
import type { DatagramContext } from './context.ts'

/**
 * Makes the private address after translation the destination of rows from `from` on, and the one before it the address
 * after, where the administrator's rules say so; else counts those with traffic whose destination is public.
 */
export function takeInside({ flows, exporter }: DatagramContext, from: number): void {
  const isInside = exporter.rules.hosts === 'inside'
  let hidden = 0
  for (let row = from; row < flows.count; row++) {
    if (isSame(flows, row) || !isPrivate(flows, row, 'postNATDestinationAddress')) continue
    if (isInside) exchange(flows, row)
    else if (flows.octetDeltaCount[row]! > 0 && !isPrivate(flows, row, 'destinationAddress'))
      hidden++
  }
  exporter.problem('destination-translated', hidden)
}

type Address = 'destinationAddress' | 'postNATDestinationAddress'

function isPrivate(flows: FlowColumns, row: number, address: Address): boolean {
  const [high, low] = [flows[`${address}High`], flows[`${address}Low`]]
  return privateNetworkSet.has(high[2 * row + 1]!, high[2 * row]!, low[2 * row + 1]!, low[2 * row]!)
}

function isSame(flows: FlowColumns, row: number): boolean {
  return (['High', 'Low'] as const).every((half) =>
    [2 * row, 2 * row + 1].every(
      (word) =>
        flows[`destinationAddress${half}`][word] ===
        flows[`postNATDestinationAddress${half}`][word],
    ),
  )
}

function exchange(flows: FlowColumns, row: number): void {
  for (const half of ['High', 'Low'] as const)
    for (const word of [2 * row, 2 * row + 1])
      exchangeWord(
        flows[`destinationAddress${half}`],
        flows[`postNATDestinationAddress${half}`],
        word,
      )
  if (flows.postNAPTDestinationTransportPort[row] === 0) return
  exchangeWord(flows.destinationTransportPort, flows.postNAPTDestinationTransportPort, row)
}

function exchangeWord<A extends Uint16Array | Uint32Array>(one: A, other: A, i: number): void {
  const held = one[i]!
  one[i] = other[i]!
  other[i] = held
}
