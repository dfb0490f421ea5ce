/** Steps for elements that are read unlike any other. */
import { ipv4Marker } from '../../../flow/address.ts'
import type { FlowColumns } from '../../../flow/columns.ts'
import type { Place, Step } from './batch.ts'
import { readUnsigned } from './numbers.ts'

const egress = 1
/** PANA-L7-PEN: a 4-byte enterprise number precedes the selector (RFC 6759, section 4.1). */
const engineWithEnterprise = 20
const selectorMask = 0xff_ffff

/** An application id as one number: the engine in the upper 8 bits, the selector below. */
export function readApplication(view: DataView, offset: number, length: number): number {
  if (length === 0) return 0
  if (length === 4) return view.getUint32(offset)
  const engine = view.getUint8(offset)
  const skip = engine === engineWithEnterprise && length > 5 ? 5 : 1
  const selector = readUnsigned(view, offset + skip, Math.min(4, length - skip))
  return engine * 2 ** 24 + (selector & selectorMask)
}

/** Reads applicationId. */
export function applicationStep(column: Uint32Array, place: Place): Step {
  return (batch, row) => {
    let at = batch.offset + place.offset
    for (let i = row; i < row + batch.records; i++, at += batch.stride)
      column[i] = readApplication(batch.view, at, place.length)
  }
}

/**
 * The client of a wireless controller: the source of traffic from it, the destination of traffic to
 * it, by the flow direction read before.
 */
export function stationStep(flows: FlowColumns, place: Place): Step {
  const { flowDirection, sourceAddressLow, destinationAddressLow } = flows
  return (batch, row) => {
    if (place.length !== 4) return
    let at = batch.offset + place.offset
    for (let i = row; i < row + batch.records; i++, at += batch.stride) {
      const low = flowDirection[i] === egress ? destinationAddressLow : sourceAddressLow
      if (low[2 * i + 1] !== 0) continue
      low[2 * i] = batch.view.getUint32(at)
      low[2 * i + 1] = ipv4Marker
    }
  }
}
