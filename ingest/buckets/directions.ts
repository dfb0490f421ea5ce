/** The direction of flows, from which of their ends are local: the same for every measurement. */
import type { NetworkSet } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'

/**
 * The code of a direction (see buckets/codes.ts) by: source is local × 2 + destination is local.
 */
const directionOf = [3, 0, 1, 2]

/** Writes each row's direction code to `codes`. */
export function readDirections(flows: FlowColumns, local: NetworkSet, codes: Uint8Array): void {
  const { sourceAddressHigh, sourceAddressLow, destinationAddressHigh, destinationAddressLow } =
    flows
  const { count } = flows
  for (let i = 0; i < count; i++) {
    const at = 2 * i
    const source = Number(
      local.has(
        sourceAddressHigh[at + 1]!,
        sourceAddressHigh[at]!,
        sourceAddressLow[at + 1]!,
        sourceAddressLow[at]!,
      ),
    )
    const destination = Number(
      local.has(
        destinationAddressHigh[at + 1]!,
        destinationAddressHigh[at]!,
        destinationAddressLow[at + 1]!,
        destinationAddressLow[at]!,
      ),
    )
    codes[i] = directionOf[source * 2 + destination]!
  }
}

/** The direction code of row i. */
export function directionAt(flows: FlowColumns, i: number, local: NetworkSet): number {
  const isLocal = (high: Uint32Array, low: Uint32Array) =>
    local.has(high[2 * i + 1]!, high[2 * i]!, low[2 * i + 1]!, low[2 * i]!) ? 1 : 0
  const source = isLocal(flows.sourceAddressHigh, flows.sourceAddressLow)
  const destination = isLocal(flows.destinationAddressHigh, flows.destinationAddressLow)
  return directionOf[source * 2 + destination]!
}
