/** tshark's decoding of the start of a packet. */
import type { FieldsBuilder } from './fields.ts'
import { number } from './value.ts'

type First = (key: string) => unknown

/** Our names for tshark's fields of a sampled packet; an inner frame comes after the outer one. */
const frameNames: Readonly<Record<string, string | undefined>> = {
  'eth.src': 'sourceMacAddress',
  'eth.dst': 'destinationMacAddress',
  'vlan.id': 'vlanId',
  'mpls.label': 'mplsTopLabelStackSection',
  'ip.src': 'sourceIPv4Address',
  'ip.dst': 'destinationIPv4Address',
  'ipv6.src': 'sourceIPv6Address',
  'ipv6.dst': 'destinationIPv6Address',
  'ip.proto': 'protocolIdentifier',
  'ipv6.nxt': 'protocolIdentifier',
  'ip.len': 'octetDeltaCount',
  'ip.dsfield': 'ipClassOfService',
  'ipv6.tclass': 'ipClassOfService',
  'tcp.srcport': 'tcpSourcePort',
  'tcp.dstport': 'tcpDestinationPort',
  'udp.srcport': 'udpSourcePort',
  'udp.dstport': 'udpDestinationPort',
  'tcp.flags': 'tcpControlBits',
}

/** Adds tshark's decoding of a packet's start. */
export function readFrame(byField: FieldsBuilder, leaves: ReadonlyMap<string, unknown[]>): void {
  for (const [key, values] of leaves) {
    const name = frameNames[key]
    if (name !== undefined) for (const value of values) byField.add(name, value)
  }
  const first: First = (key) => leaves.get(key)?.[0]
  for (const layer of ['icmp', 'icmpv6']) {
    const type = number(first(`${layer}.type`))
    if (type !== null)
      byField.set('icmpTypeCode', Number(type) * 256 + Number(number(first(`${layer}.code`)) ?? 0))
  }
}
