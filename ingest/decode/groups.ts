/**
 * Fields that exporters send together share one loop, since starting a loop costs as much as reading
 * 30 records. A group stands for its fields where a template has all of them in these lengths; what is
 * left is read field by field. Each loop is written out for its columns: one that is made once and
 * always sees the same arrays runs about twice as fast as one that is given them (V8 then knows them
 * as constants). A second decoder in a process is as right, only slower.
 */
import { ipv4Marker } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'
import type { Batch, Place } from './batch.ts'
import { highWordMax, wordSize } from './numbers.ts'
import { uptimeAheadMs } from './times.ts'

/** Elements and lengths of a group's fields, and the loop that reads them. */
export interface FieldGroup {
  fields: readonly (readonly [id: number, length: number])[]
  loop: GroupLoop
}

/** Reads a group's fields into rows; where they lie in a record is `at`, in the order of the fields. */
export type GroupLoop = (batch: Batch, row: number, at: Offsets) => void

/** Offsets of up to seven fields in a record. */
export interface Offsets {
  a: number
  b: number
  c: number
  d: number
  e: number
  f: number
  g: number
}

/** The offsets of fields at their places. */
export function offsetsOf(places: readonly Place[]): Offsets {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0] = places.map((place) => place.offset)
  return { a, b, c, d, e, f, g }
}

/**
 * Groups for one set of columns; where two could stand for a field, the first does. To be called once
 * for the columns that must be fast.
 */
export function fieldGroups(flows: FlowColumns): FieldGroup[] {
  return [
    { fields: [[8, 4], [12, 4], [7, 2], [11, 2], [4, 1], [6, 1], [5, 1]], loop: ipv4Ends(flows) },
    { fields: [[7, 2], [11, 2], [4, 1], [6, 1], [5, 1]], loop: ports(flows) },
    { fields: [[1, 4], [2, 4], [22, 4], [21, 4]], loop: counts4(flows) },
    { fields: [[1, 8], [2, 8], [152, 8], [153, 8]], loop: counts8(flows) },
    { fields: [[10, 2], [14, 2], [16, 2], [17, 2], [9, 1], [13, 1]], loop: routing2(flows) },
    { fields: [[10, 4], [14, 4], [16, 4], [17, 4], [9, 1], [13, 1]], loop: routing4(flows) },
    { fields: [[1, 4], [2, 4]], loop: counters4(flows) },
    { fields: [[1, 8], [2, 8]], loop: counters8(flows) },
    { fields: [[22, 4], [21, 4]], loop: uptimes(flows) },
    { fields: [[10, 4], [14, 4]], loop: interfaces4(flows) },
    { fields: [[61, 1], [136, 1]], loop: directionAndReason(flows) },
  ] // prettier-ignore
}

function ipv4Ends(flows: FlowColumns): GroupLoop {
  const { sourceAddressLow, destinationAddressLow, protocolIdentifier } = flows
  const { sourceTransportPort, destinationTransportPort } = flows
  const { tcpControlBits, ipClassOfService } = flows
  return ({ view, stride, records, offset }, row, { a, b, c, d, e, f, g }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      sourceAddressLow[2 * i] = view.getUint32(at + a)
      sourceAddressLow[2 * i + 1] = ipv4Marker
      destinationAddressLow[2 * i] = view.getUint32(at + b)
      destinationAddressLow[2 * i + 1] = ipv4Marker
      sourceTransportPort[i] = view.getUint16(at + c)
      destinationTransportPort[i] = view.getUint16(at + d)
      protocolIdentifier[i] = view.getUint8(at + e)
      tcpControlBits[i] = view.getUint8(at + f)
      ipClassOfService[i] = view.getUint8(at + g)
    }
  }
}

function ports(flows: FlowColumns): GroupLoop {
  const { sourceTransportPort, destinationTransportPort, protocolIdentifier } = flows
  const { tcpControlBits, ipClassOfService } = flows
  return ({ view, stride, records, offset }, row, { a, b, c, d, e }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      sourceTransportPort[i] = view.getUint16(at + a)
      destinationTransportPort[i] = view.getUint16(at + b)
      protocolIdentifier[i] = view.getUint8(at + c)
      tcpControlBits[i] = view.getUint8(at + d)
      ipClassOfService[i] = view.getUint8(at + e)
    }
  }
}

/**
 * Counters of 4 bytes and uptime-relative times. The end is near its export, before or after; the start
 * is as long before the end as their uptimes are apart, which may be weeks (see fromUptime).
 */
function counts4(flows: FlowColumns): GroupLoop {
  const { octetDeltaCount, packetDeltaCount } = flows
  const { flowStartMilliseconds, flowEndMilliseconds } = flows
  const aheadFrom = wordSize - uptimeAheadMs
  return ({ view, stride, records, offset, exportMs, uptimeMs }, row, { a, b, c, d }) => {
    const uptime = uptimeMs | 0
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      octetDeltaCount[i] = view.getUint32(at + a)
      packetDeltaCount[i] = view.getUint32(at + b)
      const last = view.getInt32(at + d)
      const duration = (last - view.getInt32(at + c)) >>> 0
      const end = exportMs - ((uptime - last) | 0)
      flowEndMilliseconds[i] = end
      flowStartMilliseconds[i] = end - (duration > aheadFrom ? duration - wordSize : duration)
    }
  }
}

/** Counters of 8 bytes and times in ms. */
function counts8(flows: FlowColumns): GroupLoop {
  const { octetDeltaCount, packetDeltaCount } = flows
  const { flowStartMilliseconds, flowEndMilliseconds } = flows
  return (batch, row, { a, b, c, d }) => {
    const { view, stride } = batch
    const to = row + batch.records
    let at = batch.offset
    for (let i = row; i < to; i++, at += stride) {
      const octets = view.getUint32(at + a)
      const packets = view.getUint32(at + b)
      if (octets > highWordMax || packets > highWordMax) batch.countersTooLarge++
      if (octets <= highWordMax) octetDeltaCount[i] = octets * wordSize + view.getUint32(at + a + 4)
      if (packets <= highWordMax)
        packetDeltaCount[i] = packets * wordSize + view.getUint32(at + b + 4)
      flowStartMilliseconds[i] = view.getUint32(at + c) * wordSize + view.getUint32(at + c + 4)
      flowEndMilliseconds[i] = view.getUint32(at + d) * wordSize + view.getUint32(at + d + 4)
    }
  }
}

function counters4({ octetDeltaCount, packetDeltaCount }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      octetDeltaCount[i] = view.getUint32(at + a)
      packetDeltaCount[i] = view.getUint32(at + b)
    }
  }
}

function counters8({ octetDeltaCount, packetDeltaCount }: FlowColumns): GroupLoop {
  return (batch, row, { a, b }) => {
    const { view, stride } = batch
    const to = row + batch.records
    let at = batch.offset
    for (let i = row; i < to; i++, at += stride) {
      const octets = view.getUint32(at + a)
      const packets = view.getUint32(at + b)
      if (octets > highWordMax || packets > highWordMax) batch.countersTooLarge++
      if (octets <= highWordMax) octetDeltaCount[i] = octets * wordSize + view.getUint32(at + a + 4)
      if (packets <= highWordMax)
        packetDeltaCount[i] = packets * wordSize + view.getUint32(at + b + 4)
    }
  }
}

function uptimes({ flowStartMilliseconds, flowEndMilliseconds }: FlowColumns): GroupLoop {
  const aheadFrom = wordSize - uptimeAheadMs
  return ({ view, stride, records, offset, exportMs, uptimeMs }, row, { a, b }) => {
    const uptime = uptimeMs | 0
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      const last = view.getInt32(at + b)
      const duration = (last - view.getInt32(at + a)) >>> 0
      const end = exportMs - ((uptime - last) | 0)
      flowEndMilliseconds[i] = end
      flowStartMilliseconds[i] = end - (duration > aheadFrom ? duration - wordSize : duration)
    }
  }
}

function routing2(flows: FlowColumns): GroupLoop {
  const { ingressInterface, egressInterface, bgpSourceAsNumber, bgpDestinationAsNumber } = flows
  const { sourcePrefixLength, destinationPrefixLength } = flows
  return ({ view, stride, records, offset }, row, { a, b, c, d, e, f }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      ingressInterface[i] = view.getUint16(at + a)
      egressInterface[i] = view.getUint16(at + b)
      bgpSourceAsNumber[i] = view.getUint16(at + c)
      bgpDestinationAsNumber[i] = view.getUint16(at + d)
      sourcePrefixLength[i] = view.getUint8(at + e)
      destinationPrefixLength[i] = view.getUint8(at + f)
    }
  }
}

function routing4(flows: FlowColumns): GroupLoop {
  const { ingressInterface, egressInterface, bgpSourceAsNumber, bgpDestinationAsNumber } = flows
  const { sourcePrefixLength, destinationPrefixLength } = flows
  return ({ view, stride, records, offset }, row, { a, b, c, d, e, f }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      ingressInterface[i] = view.getUint32(at + a)
      egressInterface[i] = view.getUint32(at + b)
      bgpSourceAsNumber[i] = view.getUint32(at + c)
      bgpDestinationAsNumber[i] = view.getUint32(at + d)
      sourcePrefixLength[i] = view.getUint8(at + e)
      destinationPrefixLength[i] = view.getUint8(at + f)
    }
  }
}

function interfaces4({ ingressInterface, egressInterface }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      ingressInterface[i] = view.getUint32(at + a)
      egressInterface[i] = view.getUint32(at + b)
    }
  }
}

function directionAndReason({ flowDirection, flowEndReason }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      flowDirection[i] = view.getUint8(at + a)
      flowEndReason[i] = view.getUint8(at + b)
    }
  }
}
