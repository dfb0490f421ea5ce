/** telegraf's line protocol: one line per record, in the order of the records. */
import { FieldsBuilder } from './fields.ts'
import { emptyGolden, type Golden, type FieldMap } from './golden.ts'
import { mac, number, seconds } from './value.ts'

const names: Readonly<Record<string, string | undefined>> = {
  in_bytes: 'octetDeltaCount',
  in_packets: 'packetDeltaCount',
  src: 'sourceIPv4Address',
  dst: 'destinationIPv4Address',
  src_port: 'sourceTransportPort',
  dst_port: 'destinationTransportPort',
  protocol: 'protocolIdentifier',
  tcp_flags: 'tcpControlBits',
  src_tos: 'ipClassOfService',
  in_snmp: 'ingressInterface',
  out_snmp: 'egressInterface',
  direction: 'flowDirection',
  bgp_src_as: 'bgpSourceAsNumber',
  bgp_dst_as: 'bgpDestinationAsNumber',
  src_mask: 'sourceIPv4PrefixLength',
  dst_mask: 'destinationIPv4PrefixLength',
  next_hop: 'ipNextHopIPv4Address',
  vlan_src: 'vlanId',
  vlan_dst: 'postVlanId',
  flow_start_ms: 'flowStartMilliseconds',
  flow_end_ms: 'flowEndMilliseconds',
  sampling_interval: 'samplingInterval',
}

const fieldPattern = /([a-z0-9_]+)=("(?:[^"\\]|\\.)*"|[^,\s]*)/g

/** Reads a golden; options data and counters, which are lines of other kinds, are not flows. */
export function readTelegraf(source: string, text: string): Golden {
  const golden = emptyGolden(source)
  golden.listsAll = true
  for (const line of text.split('\n')) {
    if (!line.startsWith('netflow,')) continue
    const fields = new Map<string, string>()
    for (const [, key, value] of line.slice(line.indexOf(' ') + 1).matchAll(fieldPattern))
      fields.set(key!, value!.replace(/^"|"$/g, ''))
    const isSflow = line.includes('version=sFlow')
    if (isSflow && fields.has('in_unicast_packets_total')) readCounters(golden, fields)
    else if (fields.has('src') || !isSflow)
      golden.records.push({ datagram: null, setId: null, byField: readLine(fields, isSflow) })
  }
  return golden
}

function readLine(fields: ReadonlyMap<string, string>, isSflow: boolean): FieldMap {
  const byField = new FieldsBuilder()
  for (const [key, value] of fields) {
    const name = names[key]
    if (name !== undefined && !(isSflow && sflowOwn.has(key))) byField.add(name, value)
  }
  for (const [key, field] of [['in_src_mac', 'sourceMacAddress'], ['out_dst_mac', 'destinationMacAddress'], ['src_mac', 'sourceMacAddress'], ['dst_mac', 'destinationMacAddress']] as const) {
    const value = mac(fields.get(key) ?? '')
    if (value !== null) byField.set(field, value)
  } // prettier-ignore
  const start = seconds(fields.get('flow_start') ?? '')
  if (start !== null && !fields.has('flow_start_ms')) byField.set('flowStartMilliseconds', start)
  const type = number(fields.get('icmp_type') ?? '')
  if (type !== null)
    byField.set('icmpTypeCode', Number(type) * 256 + Number(number(fields.get('icmp_code')) ?? 0))
  const length = number(fields.get('ipv4_total_len') ?? '')
  if (length !== null) byField.set('octetDeltaCount', length)
  return byField.finish()
}

/** In a flow sample, in_bytes is the frame's length after scaling. */
const sflowOwn: ReadonlySet<string> = new Set(['in_bytes', 'in_packets'])

function readCounters(golden: Golden, fields: ReadonlyMap<string, string>): void {
  const value = (key: string) => Number(number(fields.get(key) ?? '0'))
  golden.counters.push({
    datagram: null,
    index: value('interface'),
    octetsIn: value('in_bytes'),
    octetsOut: value('out_bytes'),
  })
}
