/**
 * The reports as presets of one query builder: FlowViewer's 21 statistics over /api/top, and its 13
 * printed forms over /api/flows and /api/top.
 */

type Order = 'bytes' | 'packets' | 'flows' | 'peers'
type ListOrder = 'first' | 'last' | 'received' | 'bytes' | 'packets' | 'duration'

/** The columns of a list of single flows. */
export type FlowColumn =
  | 'received'
  | 'first'
  | 'last'
  | 'duration'
  | 'exporter'
  | 'source'
  | 'sourcePort'
  | 'destination'
  | 'destinationPort'
  | 'protocol'
  | 'bytes'
  | 'packets'
  | 'sampling'
  | 'inInterface'
  | 'outInterface'
  | 'tcpFlags'
  | 'tos'
  | 'sourceAs'
  | 'destinationAs'
  | 'nextHop'
  | 'vlan'

interface TopPreset {
  id: string
  label: string
  kind: 'top'
  /** Words of /api/top, comma-separated. */
  by: string
  order: Order
}

interface ListPreset {
  id: string
  label: string
  kind: 'flows'
  columns: readonly FlowColumn[]
  order: ListOrder
}

export type Preset = TopPreset | ListPreset

function top(id: string, label: string, by: string, order: Order = 'bytes'): TopPreset {
  return { id, label, kind: 'top', by, order }
}

/** FlowViewer's statistics. */
export const statistics: readonly TopPreset[] = [
  top('summary', 'Summary', 'direction,protocol'),
  top('scanning', 'Detect scanning (most peers)', 'src', 'peers'),
  top('src-port', 'Source port', 'protocol,srcport'),
  top('dst-port', 'Destination port', 'protocol,dstport'),
  top('port', 'Port, source or destination', 'protocol,anyport'),
  top('dst', 'Destination address', 'dst'),
  top('src', 'Source address', 'src'),
  top('pair', 'Source and destination address', 'pair'),
  top('host', 'Address, source or destination', 'host'),
  top('protocol', 'Protocol', 'protocol'),
  top('in', 'Input interface', 'exporter,in'),
  top('out', 'Output interface', 'exporter,out'),
  top('in-out', 'Input and output interface', 'exporter,in,out'),
  top('src-as', 'Source AS', 'srcas'),
  top('dst-as', 'Destination AS', 'dstas'),
  top('as', 'Source and destination AS', 'srcas,dstas'),
  top('tos', 'Type of service (DSCP)', 'tos'),
  top('src-prefix', 'Source prefix', 'srcprefix'),
  top('dst-prefix', 'Destination prefix', 'dstprefix'),
  top('prefix', 'Source and destination prefix', 'srcprefix,dstprefix'),
  top('exporter', 'Exporter', 'exporter'),
]

/** Further words that the builder offers. */
export const further: readonly TopPreset[] = [
  top('service', 'Service', 'port'),
  top('flags', 'TCP flags', 'flags'),
  top('next-hop', 'Next hop', 'nexthop'),
  top('vlan', 'VLAN', 'vlan'),
  top('application', 'Application', 'application'),
  top('conversation', 'Conversation (addresses and service)', 'pair,port'),
]

/** Between whom a flow was. */
export const ends: readonly FlowColumn[] = [
  'source',
  'sourcePort',
  'destination',
  'destinationPort',
  'protocol',
]
/** How much it was. */
export const counts: readonly FlowColumn[] = ['packets', 'bytes']

function list(
  id: string,
  label: string,
  columns: readonly FlowColumn[],
  order: ListOrder = 'first',
): ListPreset {
  return { id, label, kind: 'flows', columns, order }
}

/** FlowViewer's printed reports. */
export const printed: readonly Preset[] = [
  list('flow-times', 'Flow times', ['first', 'last', 'duration', ...ends, ...counts]),
  list('as-numbers', 'AS numbers', ['first', 'source', 'sourceAs', 'destination', 'destinationAs', ...counts]),
  list('columns-132', '132 columns', ['first', 'last', 'inInterface', 'outInterface', ...ends, 'tcpFlags', 'tos', ...counts]),
  list('one-line', 'One line a flow', ['first', 'duration', 'exporter', ...ends, 'tcpFlags', ...counts]),
  top('as-aggregation', 'AS aggregation', 'srcas,dstas,in,out'),
  top('port-aggregation', 'Protocol and port aggregation', 'protocol,srcport,dstport'),
  top('src-prefix-aggregation', 'Source prefix aggregation', 'srcprefix,srcas,in'),
  top('dst-prefix-aggregation', 'Destination prefix aggregation', 'dstprefix,dstas,out'),
  top('prefix-aggregation', 'Prefix aggregation', 'srcprefix,dstprefix,in,out'),
  top('src-prefix-v6', 'Source prefix aggregation, IPv6', 'srcprefix'),
  top('dst-prefix-v6', 'Destination prefix aggregation, IPv6', 'dstprefix'),
  top('prefix-v6', 'Prefix aggregation, IPv6', 'srcprefix,dstprefix'),
  list('full', 'Everything (full Catalyst)', [
    'received', 'first', 'last', 'duration', 'exporter', 'inInterface', 'outInterface', ...ends,
    'tcpFlags', 'tos', 'sourceAs', 'destinationAs', 'nextHop', 'vlan', 'sampling', ...counts,
  ]),
] // prettier-ignore

export const presets: readonly Preset[] = [...statistics, ...further, ...printed]

/** Forms for IPv6 only filter by it. */
export function filterOf(preset: Preset): string {
  return preset.id.endsWith('-v6') ? 'inet6' : ''
}

/** The preset with an id; the default one if there is none. */
export function presetOf(id: string): Preset {
  return (
    presets.find((preset) => preset.id === id) ?? statistics.find(({ id: own }) => own === 'pair')!
  )
}
