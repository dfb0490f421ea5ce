/** The loops for groups of a flow's ends and its route (see groups.ts). */
import { ipv4Marker } from '../../../flow/address.ts'
import type { FlowColumns } from '../../../flow/columns.ts'
import type { GroupLoop } from './group-loops.ts'

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

/** The same with flags of 2 bytes, as in IPFIX. */
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
