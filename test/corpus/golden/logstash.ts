/** Events of logstash's netflow codec: some of a case's records, and the number of all. */
import { FieldsBuilder } from './fields.ts'
import { emptyGolden, type Golden, type FieldMap } from './golden.ts'
import { isTree, type Tree } from './tree.ts'
import { number } from './value.ts'

interface LogstashGolden {
  event_count?: number | null
  events: Tree[]
  files: string[]
}

/** IANA's names for the codec's names of NetFlow v5 and v9; for IPFIX it uses IANA's. */
const names: Readonly<Record<string, string | undefined>> = {
  in_bytes: 'octetDeltaCount',
  in_permanent_bytes: 'octetTotalCount',
  fwd_flow_delta_bytes: 'initiatorOctets',
  out_bytes: 'postOctetDeltaCount',
  in_pkts: 'packetDeltaCount',
  out_pkts: 'postPacketDeltaCount',
  ipv4_src_addr: 'sourceIPv4Address',
  ipv4_dst_addr: 'destinationIPv4Address',
  ipv6_src_addr: 'sourceIPv6Address',
  ipv6_dst_addr: 'destinationIPv6Address',
  ipv4_next_hop: 'ipNextHopIPv4Address',
  ipv6_next_hop: 'ipNextHopIPv6Address',
  bgp_ipv4_next_hop: 'bgpNextHopIPv4Address',
  l4_src_port: 'sourceTransportPort',
  l4_dst_port: 'destinationTransportPort',
  protocol: 'protocolIdentifier',
  tcp_flags: 'tcpControlBits',
  src_tos: 'ipClassOfService',
  input_snmp: 'ingressInterface',
  output_snmp: 'egressInterface',
  direction: 'flowDirection',
  flow_end_reason: 'flowEndReason',
  src_as: 'bgpSourceAsNumber',
  dst_as: 'bgpDestinationAsNumber',
  src_mask: 'sourceIPv4PrefixLength',
  dst_mask: 'destinationIPv4PrefixLength',
  src_vlan: 'vlanId',
  dst_vlan: 'postVlanId',
  in_src_mac: 'sourceMacAddress',
  out_src_mac: 'postSourceMacAddress',
  in_dst_mac: 'destinationMacAddress',
  out_dst_mac: 'postDestinationMacAddress',
  xlate_src_addr_ipv4: 'postNATSourceIPv4Address',
  xlate_dst_addr_ipv4: 'postNATDestinationIPv4Address',
  xlate_src_port: 'postNAPTSourceTransportPort',
  xlate_dst_port: 'postNAPTDestinationTransportPort',
  mpls_label_stack_octets: 'mplsTopLabelStackSection',
  application_id: 'applicationId',
  first_switched: 'flowStartMilliseconds',
  last_switched: 'flowEndMilliseconds',
  flow_start_msec: 'flowStartMilliseconds',
  ip_dscp: 'ipDiffServCodePoint',
  sampling_interval: 'samplingInterval',
  event_time_msec: 'observationTimeMilliseconds',
}

/** Numbers of seconds, unlike other times, which the codec gives as text. */
const secondsElements: ReadonlySet<string> = new Set(['flowStartSeconds', 'flowEndSeconds'])

/** Reads a golden; null if it covers only some of the case's files. */
export function readLogstash(source: string, text: string, files: number): Golden | null {
  const { event_count: count, events, files: given } = JSON.parse(text) as LogstashGolden
  if (given.length !== files) return null
  const golden = emptyGolden(source)
  golden.recordCount = count ?? null
  for (const event of events) {
    const fields = event['netflow']
    if (isTree(fields))
      golden.records.push({ datagram: null, setId: null, byField: readEvent(fields) })
  }
  return golden
}

function readEvent(fields: Tree): FieldMap {
  const byField = new FieldsBuilder()
  for (const [name, value] of Object.entries(fields)) {
    if (secondsElements.has(name)) byField.add(name, Number(value) * 1000)
    else byField.add(names[name] ?? name, value)
  }
  const type = number(fields['icmp_type'])
  if (type !== null)
    byField.set('icmpTypeCode', Number(type) * 256 + Number(number(fields['icmp_code']) ?? 0), 9e6)
  return byField.finish()
}
