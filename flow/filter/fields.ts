/**
 * The fields that filters can test: the words that name each, the columns that hold it, and how its
 * values are written. Parser, printer, SQL and predicate are derived from this table.
 */
import type { ColumnName } from '../columns.ts'

/** How the values of a field are written, other than as plain numbers. */
export type ValueForm =
  | 'plain'
  | 'scaled'
  | 'port'
  | 'protocol'
  | 'interface'
  | 'application'
  | 'mac'
  | 'direction'

export interface NumberField {
  /** The first is canonical. */
  words: readonly string[]
  /** One column, or the source and the destination column (ingress and egress). */
  columns: readonly ColumnName[]
  /** The words before the field that select an end: src and dst, or in and out. */
  ends?: 'in and out'
  /** Which bits of the column are the value: after a shift, masked. */
  shift?: number
  mask?: number
  /** The value is computed from several columns: see flow/filter/measures.ts. */
  measure?: MeasureName
  most: number
  form: ValueForm
  about: string
}

/** Values computed from columns: counts scaled by sampling, and rates and durations. */
export type MeasureName = 'bytes' | 'packets' | 'duration' | 'bps' | 'pps' | 'bpp'

const most16 = 65_535
const most32 = 0xffffffff
const mostWhole = Number.MAX_SAFE_INTEGER

function measure(name: MeasureName, words: readonly string[], about: string): NumberField {
  return { words, columns: [], measure: name, most: mostWhole, form: 'scaled', about }
}

export const numberFields = {
  port: {
    words: ['port'],
    columns: ['sourceTransportPort', 'destinationTransportPort'],
    most: most16,
    form: 'port',
    about: 'source or destination port, by number or name of a service',
  },
  protocol: {
    words: ['proto', 'protocol'],
    columns: ['protocolIdentifier'],
    most: 255,
    form: 'protocol',
    about: 'IP protocol, by name or number',
  },
  interface: {
    words: ['if', 'interface'],
    columns: ['ingressInterface', 'egressInterface'],
    ends: 'in and out',
    most: most32,
    form: 'interface',
    about: 'interface, by ifIndex or name',
  },
  as: {
    words: ['as'],
    columns: ['bgpSourceAsNumber', 'bgpDestinationAsNumber'],
    most: most32,
    form: 'plain',
    about: 'autonomous system',
  },
  mask: {
    words: ['mask'],
    columns: ['sourcePrefixLength', 'destinationPrefixLength'],
    most: 128,
    form: 'plain',
    about: 'length of the routed prefix',
  },
  vlan: {
    words: ['vlan'],
    columns: ['vlanId', 'postVlanId'],
    most: 4095,
    form: 'plain',
    about: 'VLAN: src as received, dst as sent on',
  },
  mac: {
    words: ['mac'],
    columns: ['sourceMacAddress', 'destinationMacAddress'],
    most: 2 ** 48 - 1,
    form: 'mac',
    about: 'MAC address',
  },
  bytes: measure('bytes', ['bytes', 'octets'], 'bytes, scaled by sampling'),
  packets: measure('packets', ['packets'], 'packets, scaled by sampling'),
  duration: measure('duration', ['duration'], 'milliseconds from first to last packet'),
  bps: measure('bps', ['bps'], 'bits per second over the flow; 0 where it has no duration'),
  pps: measure('pps', ['pps'], 'packets per second over the flow; 0 where it has no duration'),
  bpp: measure('bpp', ['bpp'], 'bytes per packet'),
  tos: {
    words: ['tos'],
    columns: ['ipClassOfService'],
    most: 255,
    form: 'plain',
    about: 'type of service, all 8 bits; VALUE/MASK too',
  },
  dscp: {
    words: ['dscp'],
    columns: ['ipClassOfService'],
    shift: 2,
    most: 63,
    form: 'plain',
    about: 'differentiated services code point',
  },
  icmpType: {
    words: ['icmp-type'],
    columns: ['icmpTypeCode'],
    shift: 8,
    most: 255,
    form: 'plain',
    about: 'ICMP type; means ICMP or ICMPv6',
  },
  icmpCode: {
    words: ['icmp-code'],
    columns: ['icmpTypeCode'],
    mask: 255,
    most: 255,
    form: 'plain',
    about: 'ICMP code; means ICMP or ICMPv6',
  },
  application: {
    words: ['application'],
    columns: ['applicationId'],
    most: most32,
    form: 'application',
    about: 'application as ENGINE:SELECTOR',
  },
  sampling: {
    words: ['sampling'],
    columns: ['samplingInterval'],
    most: most32,
    form: 'plain',
    about: 'sampling interval: 1 of so many packets',
  },
  natPort: {
    words: ['nport', 'xport'],
    columns: ['postNAPTSourceTransportPort', 'postNAPTDestinationTransportPort'],
    most: most16,
    form: 'port',
    about: 'port after translation',
  },
  vrf: {
    words: ['vrf'],
    columns: ['ingressVRFID', 'egressVRFID'],
    ends: 'in and out',
    most: most32,
    form: 'plain',
    about: 'VRF, in or out',
  },
  mplsLabel: {
    words: ['mpls'],
    columns: ['mplsTopLabel'],
    most: 2 ** 20 - 1,
    form: 'plain',
    about: 'top MPLS label: mpls label1 N',
  },
  flowDirection: {
    words: ['flowdir'],
    columns: ['flowDirection'],
    most: 1,
    form: 'direction',
    about: 'metered at ingress or egress',
  },
  observationDomain: {
    words: ['domain'],
    columns: ['observationDomainId'],
    most: most32,
    form: 'plain',
    about: 'observation domain (v9: source id)',
  },
} as const satisfies Record<string, NumberField>

export type NumberFieldName = keyof typeof numberFields

/** The names of an address's columns without High and Low. */
interface AddressField {
  words: readonly string[]
  columns: readonly AddressColumn[]
  about: string
}
export type AddressColumn =
  | 'sourceAddress'
  | 'destinationAddress'
  | 'exporterAddress'
  | 'nextHopAddress'
  | 'postNATSourceAddress'
  | 'postNATDestinationAddress'

export const addressFields = {
  address: {
    words: ['ip', 'host', 'net'],
    columns: ['sourceAddress', 'destinationAddress'],
    about: 'source or destination address, network or own name',
  },
  exporter: {
    words: ['exporter', 'router'],
    columns: ['exporterAddress'],
    about: 'exporter, by address or name',
  },
  nextHop: {
    words: ['next', 'nexthop'],
    columns: ['nextHopAddress'],
    about: 'next hop: next ip ADDRESS',
  },
  natAddress: {
    words: ['nip', 'xip', 'nnet', 'xnet'],
    columns: ['postNATSourceAddress', 'postNATDestinationAddress'],
    about: 'address after translation',
  },
} as const satisfies Record<string, AddressField>

export type AddressFieldName = keyof typeof addressFields

/** Fields whose single bits can be tested. */
export const bitsFields = {
  flags: { column: 'tcpControlBits', most: 0xffff },
  tos: { column: 'ipClassOfService', most: 255 },
} as const satisfies Record<string, { column: ColumnName; most: number }>

export type BitsFieldName = keyof typeof bitsFields

/** TCP flags by letter, as nfdump writes them. */
export const flagBits: Readonly<Record<string, number>> = {
  F: 1,
  S: 2,
  R: 4,
  P: 8,
  A: 16,
  U: 32,
  E: 64,
  C: 128,
}

/** Fields by every word that names them. */
export type NamedField =
  | { kind: 'number'; name: NumberFieldName }
  | { kind: 'address'; name: AddressFieldName }
export const fieldWords: ReadonlyMap<string, NamedField> = new Map<string, NamedField>([
  ...Object.entries(numberFields).flatMap(([name, { words }]) =>
    words.map((word) => [word, { kind: 'number', name: name as NumberFieldName }] as const),
  ),
  ...Object.entries(addressFields).flatMap(([name, { words }]) =>
    words.map((word) => [word, { kind: 'address', name: name as AddressFieldName }] as const),
  ),
])

/** The table entry of a number field, with its optional parts. */
export function numberField(name: NumberFieldName): NumberField {
  return numberFields[name]
}
