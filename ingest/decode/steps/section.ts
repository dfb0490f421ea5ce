/** The step for the start of a packet in a record (elements 313 and 315). */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { Place, Step } from './batch.ts'
import { readFrame, readIp } from './packet.ts'

/**
 * Reads the start of a packet, from its Ethernet or IP header, into the row. The IP packet's length
 * counts if the record itself has no octets.
 */
export function sectionStep(flows: FlowColumns, place: Place, link: 'ethernet' | 'ip'): Step {
  const read = link === 'ethernet' ? readFrame : readIp
  return (batch, row) => {
    let offset = batch.offset + place.offset
    for (let i = row; i < row + batch.records; i++, offset += batch.stride) {
      const end = offset + place.length
      const bytes = read(flows, i, { view: batch.view, offset, end, wholeEnd: 0, frames: 0 })
      if (flows.octetDeltaCount[i] === 0) flows.octetDeltaCount[i] = bytes
    }
  }
}
