/**
 * Counters by initiator and responder of records that say by biflowDirection which end is the
 * initiator: Cisco AVC with source and destination, each of which may be.
 */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { Batch, Place } from './batch.ts'
import { exchangeRecord } from './local-end.ts'

/** biflowDirection: the destination is the initiator. */
const reverseInitiator = 2

/**
 * Swaps the counts of records whose destination is the initiator. The rows of the batch begin at
 * `from` and count what the initiator sent; `reverse` counts what the responder did.
 */
export function exchangeByInitiator(
  { view, offset, stride, records }: Batch,
  flows: FlowColumns,
  reverse: FlowColumns,
  { from, place }: { from: number; place: Place },
): void {
  for (let record = 0; record < records; record++) {
    const lastByte = offset + record * stride + place.offset + place.length - 1
    if (view.getUint8(lastByte) === reverseInitiator)
      exchangeRecord(flows, reverse, from + record, record)
  }
}
