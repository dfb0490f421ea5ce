/** tshark's JSON of NetFlow and IPFIX: datagram → set → flow → fields. */
import { FieldsBuilder } from './fields.ts'
import { emptyGolden, type Golden, type GoldenRecord } from './golden.ts'
import { isTree, leavesOf, type Tree } from './tree.ts'
import { readFrame } from './tshark-frame.ts'
import { readSflow } from './tshark-sflow.ts'
import { number, seconds, time } from './value.ts'

/** IANA's names for tshark's names of fields that the archive keeps. */
const names: Readonly<Record<string, string | undefined>> = {
  octets: 'octetDeltaCount',
  permanent_octets: 'octetTotalCount',
  initiator_octets: 'initiatorOctets',
  layer2_octet_delta_count: 'layer2OctetDeltaCount',
  post_octets: 'postOctetDeltaCount',
  data_link_frame_size: 'dataLinkFrameSize',
  packets: 'packetDeltaCount',
  permanent_packets: 'packetTotalCount',
  initiator_packets: 'initiatorPackets',
  post_packets: 'postPacketDeltaCount',
  srcaddr: 'sourceIPv4Address',
  dstaddr: 'destinationIPv4Address',
  srcaddrv6: 'sourceIPv6Address',
  dstaddrv6: 'destinationIPv6Address',
  srcnet: 'sourceIPv4Prefix',
  dstnet: 'destinationIPv4Prefix',
  sta_ipv4_address: 'staIPv4Address',
  'pie.cisco.connection_client_ipv4_address': 'clientIPv4Address',
  'pie.cisco.connection_server_ipv4_address': 'serverIPv4Address',
  'pie.cisco.connection_client_transport_port': 'clientTransportPort',
  'pie.cisco.connection_server_transport_port': 'serverTransportPort',
  nexthop: 'ipNextHopIPv4Address',
  nexthopv6: 'ipNextHopIPv6Address',
  bgpnexthop: 'bgpNextHopIPv4Address',
  bgpnexthopv6: 'bgpNextHopIPv6Address',
  post_natsource_ipv4_address: 'postNATSourceIPv4Address',
  post_natdestination_ipv4_address: 'postNATDestinationIPv4Address',
  post_natsource_ipv6_address: 'postNATSourceIPv6Address',
  post_natdestination_ipv6_address: 'postNATDestinationIPv6Address',
  post_naptsource_transport_port: 'postNAPTSourceTransportPort',
  post_naptdestination_transport_port: 'postNAPTDestinationTransportPort',
  srcport: 'sourceTransportPort',
  dstport: 'destinationTransportPort',
  udp_srcport: 'udpSourcePort',
  udp_dstport: 'udpDestinationPort',
  tcp_srcport: 'tcpSourcePort',
  tcp_dstport: 'tcpDestinationPort',
  protocol: 'protocolIdentifier',
  ipv6_next_hdr: 'nextHeaderIPv6',
  tcpflags: 'tcpControlBits',
  tos: 'ipClassOfService',
  post_tos: 'postIpClassOfService',
  icmp_type_code_ipv4: 'icmpTypeCodeIPv4',
  icmp_type_code_ipv6: 'icmpTypeCodeIPv6',
  inputint: 'ingressInterface',
  outputint: 'egressInterface',
  ingress_physical_interface: 'ingressPhysicalInterface',
  egress_physical_interface: 'egressPhysicalInterface',
  direction: 'flowDirection',
  flow_end_reason: 'flowEndReason',
  srcas: 'bgpSourceAsNumber',
  dstas: 'bgpDestinationAsNumber',
  srcmask: 'sourceIPv4PrefixLength',
  dstmask: 'destinationIPv4PrefixLength',
  srcmaskv6: 'sourceIPv6PrefixLength',
  dstmaskv6: 'destinationIPv6PrefixLength',
  vlanid: 'vlanId',
  dot1q_vlan_id: 'dot1qVlanId',
  dot1q_customer_vlan_id: 'dot1qCustomerVlanId',
  post_vlanid: 'postVlanId',
  srcmac: 'sourceMacAddress',
  post_srcmac: 'postSourceMacAddress',
  dstmac: 'destinationMacAddress',
  post_dstmac: 'postDestinationMacAddress',
  mpls_label: 'mplsTopLabelStackSection',
  ingress_vrfid: 'ingressVRFID',
  egress_vrfid: 'egressVRFID',
  sampling_interval: 'samplingInterval',
  abstimestart: 'flowStartMilliseconds',
  abstimeend: 'flowEndMilliseconds',
  observation_time_milliseconds: 'observationTimeMilliseconds',
}

/** The times in the header, which make uptime-relative times absolute. */
interface HeaderTimes {
  exportMs: number
  uptimeMs: number | null
}

const flowKey = /^(Flow|pdu) \d+/
const setKey = /^(FlowSet|Set) \d+ \[id=(\d+)\]/

/** Reads a golden from tshark -T json: a list with one object per datagram. */
export function readTshark(source: string, text: string): Golden {
  const golden = emptyGolden(source)
  golden.listsAll = true
  const packets = JSON.parse(text) as Tree[]
  for (const [datagram, packet] of packets.entries()) {
    if (isMalformed(packet)) golden.gaveUp.add(datagram)
    for (const layer of [packet['sflow']].flat())
      if (isTree(layer)) readSflow(golden, datagram, layer)
    for (const layer of [packet['cflow']].flat())
      if (isTree(layer)) golden.records.push(...readDatagram(datagram, layer))
  }
  return golden
}

const noTemplate = /no template found/
const malformed = '_ws.malformed'

/** Whether tshark stopped in a datagram for a reason other than a missing template. */
function isMalformed(tree: Tree): boolean {
  return Object.entries(tree).some(
    ([key, value]) =>
      key === malformed ||
      (!noTemplate.test(key) &&
        [value].flat().some((child) => isTree(child) && isMalformed(child))),
  )
}

function readDatagram(datagram: number, layer: Tree): GoldenRecord[] {
  const times = headerTimes(layer)
  const records: GoldenRecord[] = []
  const visit = (tree: Tree, setId: number | null) => {
    for (const [key, value] of Object.entries(tree)) {
      for (const child of [value].flat()) {
        if (!isTree(child)) continue
        const set = setKey.exec(key)
        if (flowKey.test(key)) records.push({ datagram, setId, byField: readFlow(child, times) })
        else if (set || setId === null) visit(child, set ? Number(set[2]) : setId)
      }
    }
  }
  visit(layer, null)
  return records
}

function headerTimes(layer: Tree): HeaderTimes {
  return {
    exportMs: Math.floor(Number(time(layer['cflow.timestamp']) ?? 0)),
    uptimeMs: 'cflow.sysuptime' in layer ? Number(seconds(layer['cflow.sysuptime'])) : null,
  }
}

function readFlow(flow: Tree, times: HeaderTimes): GoldenRecord['byField'] {
  const leaves = leavesOf(flow)
  const byField = new FieldsBuilder()
  const first = (key: string) => leaves.get(key)?.[0]
  for (const [key, values] of leaves) {
    const name = names[key.replace(/^cflow\./, '')]
    if (name !== undefined) for (const value of values) byField.add(name, value)
  }
  const { uptimeMs } = times
  for (const [key, field] of [['timestart', 'flowStartMilliseconds'], ['timeend', 'flowEndMilliseconds']] as const) {
    const at = seconds(first(`cflow.${key}`))
    if (at !== null && uptimeMs !== null)
      byField.set(field, times.exportMs - wrapped(uptimeMs - Number(at)))
  } // prettier-ignore
  const duration = seconds(first('cflow.timedelta'))
  if (duration !== null) byField.set('durationMs', duration)
  byField.add('ipDiffServCodePoint', first('cflow.ip_dscp'))
  readIcmp(byField, first)
  readApplication(byField, first)
  byField.preferInnermost()
  readFrame(byField, leaves)
  return byField.finish()
}

/** A difference of uptimes, which are counted mod 2^32: at most half of that, either way. */
export const wrapped = (distanceMs: number): number => distanceMs | 0

type First = (key: string) => unknown

function readIcmp(byField: FieldsBuilder, first: First): void {
  for (const family of ['ipv4', 'ipv6']) {
    const type = number(first(`cflow.icmp_${family}_type`))
    const code = number(first(`cflow.icmp_${family}_code`))
    if (type !== null) byField.set('icmpTypeCode', Number(type) * 256 + Number(code ?? 0), 9e6)
  }
}

function readApplication(byField: FieldsBuilder, first: First): void {
  const engine = number(first('cflow.appl_id.classification_engine_id'))
  const selector = first('cflow.appl_id.selector_id')
  if (engine === null || typeof selector !== 'string') return
  const value = Number.parseInt(selector.replaceAll(':', ''), 16)
  byField.set('applicationId', Number(engine) * 2 ** 24 + (value % 2 ** 24))
}
