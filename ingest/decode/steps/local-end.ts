/**
 * Counters by local end instead of by source and destination (Procera): incoming and outgoing
 * traffic of the local end, while the source is the end that opened the connection.
 */
import type { FlowColumns } from '../../../flow/columns.ts'
import { privateNetworkSet } from '../../../flow/settings/specs.ts'
import type { Batch, Place } from './batch.ts'

const countColumns = ['octetDeltaCount', 'packetDeltaCount'] as const
const decoder = new TextDecoder('latin1')

/** Markers in a record's text that say which ends are local. */
const says = { clientIsLocal: 'CLIENT_IS_LOCAL', serverIsLocal: 'SERVER_IS_LOCAL' }

/**
 * Swaps the counts of records whose destination is the local end. The rows of the batch begin at
 * `from` and count outgoing traffic; `reverse` counts incoming traffic.
 * @param field the field that says which end is local; null: the only end with a private address
 */
export function exchangeCounts(
  batch: Batch,
  flows: FlowColumns,
  reverse: FlowColumns,
  { from, field }: { from: number; field: Place | null },
): void {
  for (let record = 0; record < batch.records; record++) {
    const row = from + record
    const text = field === null ? '' : textAt(batch, record, field)
    const isServerLocal = text.includes(says.serverIsLocal)
      ? !text.includes(says.clientIsLocal)
      : !text.includes(says.clientIsLocal) && isDestinationAlonePrivate(flows, row)
    if (isServerLocal) exchangeRecord(flows, reverse, row, record)
  }
}

/** Swaps the counts of a record's two directions. */
export function exchangeRecord(
  flows: FlowColumns,
  reverse: FlowColumns,
  row: number,
  record: number,
): void {
  for (const name of countColumns) {
    const out = flows[name][row]!
    flows[name][row] = reverse[name][record]!
    reverse[name][record] = out
  }
}

function textAt({ view, offset, stride }: Batch, record: number, place: Place): string {
  const at = view.byteOffset + offset + record * stride + place.offset
  return decoder.decode(new Uint8Array(view.buffer, at, place.length))
}

function isDestinationAlonePrivate(flows: FlowColumns, row: number): boolean {
  const isPrivate = (high: Uint32Array, low: Uint32Array) =>
    privateNetworkSet.has(high[2 * row + 1]!, high[2 * row]!, low[2 * row + 1]!, low[2 * row]!)
  return (
    isPrivate(flows.destinationAddressHigh, flows.destinationAddressLow) &&
    !isPrivate(flows.sourceAddressHigh, flows.sourceAddressLow)
  )
}
