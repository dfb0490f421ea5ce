/** The loops of groups (see groups.ts), each written out for its columns and made once. */
import { ipv4Marker } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'
import type { Batch } from './batch.ts'
import { highWordMax, wordSize } from './numbers.ts'
import { uptimeAheadMs } from './times.ts'

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

export function ipv4Ends(flows: FlowColumns): GroupLoop {
  const { sourceAddressLow, destinationAddressLow, protocolIdentifier } = flows
  const { sourceTransportPort, destinationTransportPort } = flows
  const { tcpControlBits, ipClassOfService } = flows
  return (batch, row, { a, b, c, d, e, f, g }) => {
    const { view, stride } = batch
    const to = row + batch.records
    let at = batch.offset
    let protocolBits = 0
    for (let i = row; i < to; i++, at += stride) {
      sourceAddressLow[2 * i] = view.getUint32(at + a)
      sourceAddressLow[2 * i + 1] = ipv4Marker
      destinationAddressLow[2 * i] = view.getUint32(at + b)
      destinationAddressLow[2 * i + 1] = ipv4Marker
      sourceTransportPort[i] = view.getUint16(at + c)
      destinationTransportPort[i] = view.getUint16(at + d)
      const protocol = view.getUint8(at + e)
      protocolIdentifier[i] = protocol
      protocolBits |= 1 << protocol
      tcpControlBits[i] = view.getUint8(at + f)
      ipClassOfService[i] = view.getUint8(at + g)
    }
    batch.protocolBits = protocolBits
  }
}

/** The same with flags of 2 bytes, as IPFIX has them. */
export function ipv4EndsWideFlags(flows: FlowColumns): GroupLoop {
  const { sourceAddressLow, destinationAddressLow, protocolIdentifier } = flows
  const { sourceTransportPort, destinationTransportPort } = flows
  const { tcpControlBits, ipClassOfService } = flows
  return (batch, row, { a, b, c, d, e, f, g }) => {
    const { view, stride } = batch
    const to = row + batch.records
    let at = batch.offset
    let protocolBits = 0
    for (let i = row; i < to; i++, at += stride) {
      sourceAddressLow[2 * i] = view.getUint32(at + a)
      sourceAddressLow[2 * i + 1] = ipv4Marker
      destinationAddressLow[2 * i] = view.getUint32(at + b)
      destinationAddressLow[2 * i + 1] = ipv4Marker
      sourceTransportPort[i] = view.getUint16(at + c)
      destinationTransportPort[i] = view.getUint16(at + d)
      const protocol = view.getUint8(at + e)
      protocolIdentifier[i] = protocol
      protocolBits |= 1 << protocol
      tcpControlBits[i] = view.getUint16(at + f)
      ipClassOfService[i] = view.getUint8(at + g)
    }
    batch.protocolBits = protocolBits
  }
}

export function ports(flows: FlowColumns): GroupLoop {
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
 * Counters of 4 bytes and uptime-relative times; finishes its rows. The end is near its export, before
 * or after; the start is as long before the end as their uptimes are apart, which may be weeks (see
 * fromUptime). A branch in the loop would cost more than all it does: whether any row is odd is told
 * by the sign bit of all distances together.
 */
export function counts4(flows: FlowColumns): GroupLoop {
  const { octetDeltaCount, packetDeltaCount, samplingInterval } = flows
  const { flowStartMilliseconds, flowEndMilliseconds } = flows
  const { collectionTimeMilliseconds, exporterAddressLow, observationDomainId } = flows
  return (batch, row, { a, b, c, d }) => {
    const { view, stride, exportMs, receivedMs } = batch
    // As signed words: storing a number above 2^31 would convert it anew for each row.
    const [upper, lower] = [batch.exporterUpper | 0, batch.exporterLower | 0]
    const [domain, rate, uptime] = [batch.domain | 0, batch.rate | 0, batch.uptimeMs | 0]
    const to = row + batch.records
    let at = batch.offset
    let octets = 0
    let packets = 0
    let signs = 0
    for (let i = row; i < to; i++, at += stride) {
      const octetCount = view.getUint32(at + a)
      const packetCount = view.getUint32(at + b)
      octetDeltaCount[i] = octetCount
      packetDeltaCount[i] = packetCount
      octets += octetCount
      packets += packetCount
      const last = view.getInt32(at + d)
      const duration = (last - view.getInt32(at + c)) | 0
      const back = (uptime - last) | 0
      signs |= duration | back
      const end = exportMs - back
      flowEndMilliseconds[i] = end
      flowStartMilliseconds[i] = end - (duration >>> 0)
      collectionTimeMilliseconds[i] = receivedMs
      exporterAddressLow[2 * i] = lower
      exporterAddressLow[2 * i + 1] = upper
      observationDomainId[i] = domain
      samplingInterval[i] = rate
    }
    batch.octets = octets
    batch.packets = packets
    batch.isOdd = signs < 0
  }
}

/** Counters of 8 bytes and times in ms; finishes its rows. */
export function counts8(flows: FlowColumns): GroupLoop {
  const { octetDeltaCount, packetDeltaCount, samplingInterval } = flows
  const { flowStartMilliseconds, flowEndMilliseconds } = flows
  const { collectionTimeMilliseconds, exporterAddressLow, observationDomainId } = flows
  return (batch, row, { a, b, c, d }) => {
    const { view, stride, receivedMs } = batch
    const [upper, lower] = [batch.exporterUpper | 0, batch.exporterLower | 0]
    const [domain, rate] = [batch.domain | 0, batch.rate | 0]
    const to = row + batch.records
    let at = batch.offset
    let octets = 0
    let packets = 0
    let highWords = 0
    let latest = 0
    let reversed = 0
    let earliest = receivedMs
    for (let i = row; i < to; i++, at += stride) {
      const octetWord = view.getUint32(at + a)
      const packetWord = view.getUint32(at + b)
      const octetCount = octetWord * wordSize + view.getUint32(at + a + 4)
      const packetCount = packetWord * wordSize + view.getUint32(at + b + 4)
      highWords |= octetWord | packetWord
      octetDeltaCount[i] = octetCount
      packetDeltaCount[i] = packetCount
      octets += octetCount
      packets += packetCount
      const start = view.getUint32(at + c) * wordSize + view.getUint32(at + c + 4)
      const end = view.getUint32(at + d) * wordSize + view.getUint32(at + d + 4)
      earliest = Math.min(earliest, start)
      latest = Math.max(latest, end)
      reversed = Math.max(reversed, start - end)
      flowStartMilliseconds[i] = start
      flowEndMilliseconds[i] = end
      collectionTimeMilliseconds[i] = receivedMs
      exporterAddressLow[2 * i] = lower
      exporterAddressLow[2 * i + 1] = upper
      observationDomainId[i] = domain
      samplingInterval[i] = rate
    }
    batch.octets = octets
    batch.packets = packets
    batch.isOdd =
      earliest === 0 || latest > batch.latestMs || reversed > 0 || highWords >>> 0 > highWordMax
  }
}

export function counters4({ octetDeltaCount, packetDeltaCount }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      octetDeltaCount[i] = view.getUint32(at + a)
      packetDeltaCount[i] = view.getUint32(at + b)
    }
  }
}

export function counters8({ octetDeltaCount, packetDeltaCount }: FlowColumns): GroupLoop {
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

export function uptimes({ flowStartMilliseconds, flowEndMilliseconds }: FlowColumns): GroupLoop {
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

export function routing2(flows: FlowColumns): GroupLoop {
  const { ingressInterface, egressInterface, bgpSourceAsNumber, bgpDestinationAsNumber } = flows
  const { sourcePrefixLength, destinationPrefixLength, nextHopAddressLow } = flows
  return ({ view, stride, records, offset }, row, { a, b, c, d, e, f, g }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      ingressInterface[i] = view.getUint16(at + a)
      egressInterface[i] = view.getUint16(at + b)
      bgpSourceAsNumber[i] = view.getUint16(at + c)
      bgpDestinationAsNumber[i] = view.getUint16(at + d)
      sourcePrefixLength[i] = view.getUint8(at + e)
      destinationPrefixLength[i] = view.getUint8(at + f)
      const nextHop = view.getUint32(at + g)
      nextHopAddressLow[2 * i] = nextHop
      nextHopAddressLow[2 * i + 1] = nextHop === 0 ? 0 : ipv4Marker
    }
  }
}

export function routing4(flows: FlowColumns): GroupLoop {
  const { ingressInterface, egressInterface, bgpSourceAsNumber, bgpDestinationAsNumber } = flows
  const { sourcePrefixLength, destinationPrefixLength, nextHopAddressLow } = flows
  return ({ view, stride, records, offset }, row, { a, b, c, d, e, f, g }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      ingressInterface[i] = view.getUint32(at + a)
      egressInterface[i] = view.getUint32(at + b)
      bgpSourceAsNumber[i] = view.getUint32(at + c)
      bgpDestinationAsNumber[i] = view.getUint32(at + d)
      sourcePrefixLength[i] = view.getUint8(at + e)
      destinationPrefixLength[i] = view.getUint8(at + f)
      const nextHop = view.getUint32(at + g)
      nextHopAddressLow[2 * i] = nextHop
      nextHopAddressLow[2 * i + 1] = nextHop === 0 ? 0 : ipv4Marker
    }
  }
}

export function interfaces4({ ingressInterface, egressInterface }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      ingressInterface[i] = view.getUint32(at + a)
      egressInterface[i] = view.getUint32(at + b)
    }
  }
}

export function directionAndReason({ flowDirection, flowEndReason }: FlowColumns): GroupLoop {
  return ({ view, stride, records, offset }, row, { a, b }) => {
    const to = row + records
    let at = offset
    for (let i = row; i < to; i++, at += stride) {
      flowDirection[i] = view.getUint8(at + a)
      flowEndReason[i] = view.getUint8(at + b)
    }
  }
}
