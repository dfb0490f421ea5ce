/**
 * Counts that are not of source and destination but of what came in to the local end and what went
 * out from it (Procera): the source is whoever opened the connection, at either end.
 */
import { NetworkSet, parseNetwork } from '../../../flow/address.ts'
import type { FlowColumns } from '../../../flow/columns.ts'
import { privateNetworks } from '../../../flow/setting-specs.ts'
import type { Batch, Place } from './batch.ts'

const networks = new NetworkSet(
  privateNetworks.split(',').flatMap((network) => parseNetwork(network) ?? []),
)
const countColumns = ['octetDeltaCount', 'packetDeltaCount'] as const
const decoder = new TextDecoder('latin1')

/** What the text of a record says of its ends, among other things. */
const says = { clientIsLocal: 'CLIENT_IS_LOCAL', serverIsLocal: 'SERVER_IS_LOCAL' }

/**
 * Of the batch's records, whose rows begin at `from` and count what went out, and in `reverse` what
 * came in, exchanges both where the destination is the local end.
 * @param said where records say which end is local; null: the one whose address alone is private is
 */
export function exchangeCounts(
  batch: Batch,
  flows: FlowColumns,
  reverse: FlowColumns,
  { from, said }: { from: number; said: Place | null },
): void {
  for (let record = 0; record < batch.records; record++) {
    const row = from + record
    const text = said === null ? '' : textAt(batch, record, said)
    const isServerLocal = text.includes(says.serverIsLocal)
      ? !text.includes(says.clientIsLocal)
      : !text.includes(says.clientIsLocal) && isDestinationAlonePrivate(flows, row)
    if (!isServerLocal) continue
    for (const name of countColumns) {
      const out = flows[name][row]!
      flows[name][row] = reverse[name][record]!
      reverse[name][record] = out
    }
  }
}

function textAt({ view, offset, stride }: Batch, record: number, place: Place): string {
  const at = view.byteOffset + offset + record * stride + place.offset
  return decoder.decode(new Uint8Array(view.buffer, at, place.length))
}

function isDestinationAlonePrivate(flows: FlowColumns, row: number): boolean {
  const isPrivate = (high: Uint32Array, low: Uint32Array) =>
    networks.has(high[2 * row + 1]!, high[2 * row]!, low[2 * row + 1]!, low[2 * row]!)
  return (
    isPrivate(flows.destinationAddressHigh, flows.destinationAddressLow) &&
    !isPrivate(flows.sourceAddressHigh, flows.sourceAddressLow)
  )
}
