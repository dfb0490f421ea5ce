/**
 * Fields that exporters send together share one loop, since starting a loop costs as much as reading
 * 30 records. A group stands for its fields where a template has all of them in these lengths; what is
 * left is read field by field. Each loop is written out for its columns: one that is made once and
 * always sees the same arrays runs about twice as fast as one that is given them.
 */
import { ipv4Marker } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'
import type { Batch, Place, Step } from './batch.ts'
import { highWordMax, wordSize } from './numbers.ts'
import { uptimeAheadMs } from './times.ts'

/** Elements and lengths of the fields, and the step that reads them from places in the same order. */
export interface FieldGroup {
  fields: readonly (readonly [id: number, length: number])[]
  step: (places: readonly Place[]) => Step
}

/** Reads the fields of a group; where they lie in a record is `at`, in the order of the fields. */
type GroupLoop = (batch: Batch, row: number, at: Offsets) => void

/** Offsets of up to five fields. */
interface Offsets {
  a: number
  b: number
  c: number
  d: number
  e: number
}

/**
 * Groups for one set of columns; where two could stand for a field, the first does. To be called once
 * for the columns that must be fast.
 */
export function fieldGroups(flows: FlowColumns): FieldGroup[] {
  return [
    group([[8, 4], [12, 4], [7, 2], [11, 2], [4, 1]], ipv4Ends(flows)),
    group([[6, 1], [5, 1]], flagsAndService(flows)),
    group([[1, 4], [2, 4]], counters4(flows)),
    group([[1, 8], [2, 8]], counters8(flows)),
    group([[22, 4], [21, 4]], uptimes(flows)),
    group([[152, 8], [153, 8]], milliseconds(flows)),
    group([[10, 2], [14, 2]], interfaces2(flows)),
    group([[10, 4], [14, 4]], interfaces4(flows)),
    group([[16, 2], [17, 2], [9, 1], [13, 1]], routing2(flows)),
    group([[16, 4], [17, 4], [9, 1], [13, 1]], routing4(flows)),
  ] // prettier-ignore
}

function group(fields: FieldGroup['fields'], loop: GroupLoop): FieldGroup {
  const step = (places: readonly Place[]): Step => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = places.map((place) => place.offset)
    const at = { a, b, c, d, e }
    return (batch, row) => loop(batch, row, at)
  }
  return { fields, step }
}

function ipv4Ends(flows: FlowColumns): GroupLoop {
  const { sourceAddressLow, destinationAddressLow, protocolIdentifier } = flows
  const { sourceTransportPort, destinationTransportPort } = flows
  return ({ view, stride, records, offset }, row, { a, b, c, d, e }) => {
    let at = offset
    for (let i = row; i < row + records; i++, at += stride) {
      sourceAddressLow[2 * i] = view.getUint32(at + a)
      sourceAddressLow[2 * i + 1] = ipv4Marker
      destinationAddressLow[2 * i] = view.getUint32(at + b)
      destinationAddressLow[2 * i + 1] = ipv4Marker
      sourceTransportPort[i] = view.getUint16(at + c)
      destinationTransportPort[i] = view.getUint16(at + d)
      protocolIdentifier[i] = view.getUint8(at + e)
    }
  }
}

function flagsAndService({ tcpControlBits, ipClassOfService }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    let at = offset
    for (let i = row; i < row + records; i++, at += stride) {
      tcpControlBits[i] = view.getUint8(at + a)
      ipClassOfService[i] = view.getUint8(at + b)
    }
  }
}

function counters4({ octetDeltaCount, packetDeltaCount }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    let at = offset
    for (let i = row; i < row + records; i++, at += stride) {
      octetDeltaCount[i] = view.getUint32(at + a)
      packetDeltaCount[i] = view.getUint32(at + b)
    }
  }
}

function counters8({ octetDeltaCount, packetDeltaCount }: FlowColumns): GroupLoop {
  return (batch, row, { a, b }) => {
    const { view, stride, records } = batch
    let at = batch.offset
    for (let i = row; i < row + records; i++, at += stride) {
      const octets = view.getUint32(at + a)
      const packets = view.getUint32(at + b)
      if (octets > highWordMax) batch.countersTooLarge++
      else octetDeltaCount[i] = octets * wordSize + view.getUint32(at + a + 4)
      if (packets > highWordMax) batch.countersTooLarge++
      else packetDeltaCount[i] = packets * wordSize + view.getUint32(at + b + 4)
    }
  }
}

/** See fromUptime, which this is for two fields of four bytes. */
function uptimes({ flowStartMilliseconds, flowEndMilliseconds }: FlowColumns): GroupLoop {
  const aheadFrom = wordSize - uptimeAheadMs
  return ({ view, stride, records, offset, exportMs, uptimeMs }, row, { a, b }) => {
    const uptime = uptimeMs | 0
    let at = offset
    for (let i = row; i < row + records; i++, at += stride) {
      const start = (uptime - view.getInt32(at + a)) >>> 0
      const end = (uptime - view.getInt32(at + b)) >>> 0
      flowStartMilliseconds[i] = exportMs - (start > aheadFrom ? start - wordSize : start)
      flowEndMilliseconds[i] = exportMs - (end > aheadFrom ? end - wordSize : end)
    }
  }
}

function milliseconds({ flowStartMilliseconds, flowEndMilliseconds }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    let at = offset
    for (let i = row; i < row + records; i++, at += stride) {
      flowStartMilliseconds[i] = view.getUint32(at + a) * wordSize + view.getUint32(at + a + 4)
      flowEndMilliseconds[i] = view.getUint32(at + b) * wordSize + view.getUint32(at + b + 4)
    }
  }
}

function interfaces2({ ingressInterface, egressInterface }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    let at = offset
    for (let i = row; i < row + records; i++, at += stride) {
      ingressInterface[i] = view.getUint16(at + a)
      egressInterface[i] = view.getUint16(at + b)
    }
  }
}

function interfaces4({ ingressInterface, egressInterface }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    let at = offset
    for (let i = row; i < row + records; i++, at += stride) {
      ingressInterface[i] = view.getUint32(at + a)
      egressInterface[i] = view.getUint32(at + b)
    }
  }
}

function routing2(flows: FlowColumns): GroupLoop {
  const { bgpSourceAsNumber, bgpDestinationAsNumber } = flows
  const { sourcePrefixLength, destinationPrefixLength } = flows
  return ({ view, stride, records, offset }, row, { a, b, c, d }) => {
    let at = offset
    for (let i = row; i < row + records; i++, at += stride) {
      bgpSourceAsNumber[i] = view.getUint16(at + a)
      bgpDestinationAsNumber[i] = view.getUint16(at + b)
      sourcePrefixLength[i] = view.getUint8(at + c)
      destinationPrefixLength[i] = view.getUint8(at + d)
    }
  }
}

function routing4(flows: FlowColumns): GroupLoop {
  const { bgpSourceAsNumber, bgpDestinationAsNumber } = flows
  const { sourcePrefixLength, destinationPrefixLength } = flows
  return ({ view, stride, records, offset }, row, { a, b, c, d }) => {
    let at = offset
    for (let i = row; i < row + records; i++, at += stride) {
      bgpSourceAsNumber[i] = view.getUint32(at + a)
      bgpDestinationAsNumber[i] = view.getUint32(at + b)
      sourcePrefixLength[i] = view.getUint8(at + c)
      destinationPrefixLength[i] = view.getUint8(at + d)
    }
  }
}
