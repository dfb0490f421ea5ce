/**
 * The words by which flows are grouped: for each, the columns of its value and how to read them.
 * Words with two ends count each flow twice, for its source and for its destination. Several such
 * words in one key refer to the same end: the source with its port, AS and ingress interface, or
 * the destination with its port, AS and egress interface.
 */
import { formatHalves, ipv4Marker, type Network } from '../../../flow/address.ts'
import type { AddressColumn } from '../../../flow/filter/fields.ts'
import { writeNumber } from '../../../flow/filter/values.ts'
import { applicationText } from '../../../flow/application.ts'
import { protocolName } from '../../../flow/protocol.ts'
import { portText } from '../../../flow/service.ts'
import { restDirections, type FlowKey, type TopKeyName } from '../../flows.ts'
import type { Binder } from '../sql/binder.ts'
import type { Bindings } from '../sql/bindings.ts'
import { addressColumns, keyColumnSql, type KeyColumn } from './key-columns.ts'

export type End = 'source' | 'destination'

/** What `direction` means next to the other words: as seen by an end, an interface, or the local networks. */
type View = 'end' | 'interface' | 'local'

interface KeyWord {
  /** The end that the word refers to; both count if it is `each`. */
  about: End | 'each' | null
  columns: (end: End, view: View) => KeyColumn[]
  read: (values: readonly bigint[]) => FlowKey
}

type NumberColumn = Extract<KeyColumn, { kind: 'number' }>['column']

function address(
  name: string,
  about: KeyWord['about'],
  column: (end: End) => AddressColumn,
): KeyWord {
  return {
    about,
    columns: (end) => addressColumns(column(end)),
    read: ([high, low]) => ({ [name]: formatHalves(high!, low!) }),
  }
}

function number(
  name: string,
  about: KeyWord['about'],
  column: (end: End) => NumberColumn,
): KeyWord {
  return {
    about,
    columns: (end) => [{ kind: 'number', column: column(end) }],
    read: ([value]) => ({ [name]: Number(value) }),
  }
}

/** The /24 of an IPv4 or the /64 of an IPv6 address. */
function prefix(name: string, about: End | 'each'): KeyWord {
  return {
    about,
    columns: (each) => {
      const column = `${about === 'each' ? each : about}Address` as const
      return [
        { kind: 'half', column, half: 'High' },
        { kind: 'prefix', column },
      ]
    },
    read: ([high, low]) => ({
      [name]: `${formatHalves(high!, low!)}/${low! >> 32n === ipv4Mark ? 24 : 64}`,
    }),
  }
}

function mac(name: string, about: KeyWord['about'], column: (end: End) => NumberColumn): KeyWord {
  return {
    ...number(name, about, column),
    read: ([value]) => ({ [name]: writeNumber(Number(value), 'mac') }),
  }
}

/** The direction of an end's traffic as seen by the end, and by its interface: an index in restDirections. */
const directionOf = {
  end: { source: 1, destination: 0 },
  interface: { source: 0, destination: 1 },
}
const asColumn = { source: 'bgpSourceAsNumber', destination: 'bgpDestinationAsNumber' } as const
const interfaceColumn = { source: 'ingressInterface', destination: 'egressInterface' } as const
const ipv4Mark = BigInt(ipv4Marker)

const keyWords: Record<TopKeyName, KeyWord> = {
  src: address('src', 'source', () => 'sourceAddress'),
  dst: address('dst', 'destination', () => 'destinationAddress'),
  host: address('host', 'each', (end) => `${end}Address`),
  pair: {
    about: null,
    columns: () => [...addressColumns('sourceAddress'), ...addressColumns('destinationAddress')],
    read: (values) => ({
      ...keyWords.src.read(values.slice(0, 2)),
      ...keyWords.dst.read(values.slice(2)),
    }),
  },
  srcport: number('srcport', 'source', () => 'sourceTransportPort'),
  dstport: number('dstport', 'destination', () => 'destinationTransportPort'),
  anyport: number('anyport', 'each', (end) => `${end}TransportPort`),
  port: {
    about: null,
    columns: () => [{ kind: 'number', column: 'protocolIdentifier' }, { kind: 'service' }],
    read: ([protocol, port]) => ({
      protocol: protocolName(Number(protocol)),
      port: port! < 0n ? portText(Number(port)) : Number(port),
    }),
  },
  protocol: {
    ...number('protocol', null, () => 'protocolIdentifier'),
    read: ([protocol]) => ({ protocol: protocolName(Number(protocol)) }),
  },
  in: number('in', 'source', () => 'ingressInterface'),
  out: number('out', 'destination', () => 'egressInterface'),
  interface: number('interface', 'each', (end) => interfaceColumn[end]),
  exporter: address('exporter', null, () => 'exporterAddress'),
  as: number('as', 'each', (end) => asColumn[end]),
  srcas: number('srcas', 'source', () => asColumn.source),
  dstas: number('dstas', 'destination', () => asColumn.destination),
  tos: number('tos', null, () => 'ipClassOfService'),
  flags: {
    ...number('flags', null, () => 'tcpControlBits'),
    read: ([bits]) => ({ flags: flagsText(Number(bits)) }),
  },
  nexthop: {
    ...address('nexthop', null, () => 'nextHopAddress'),
    read: ([high, low]) => ({ nexthop: nextHopText(high!, low!) ?? '0.0.0.0' }),
  },
  vlan: number('vlan', null, () => 'vlanId'),
  application: {
    ...number('application', null, () => 'applicationId'),
    read: ([id]) => ({ application: applicationText(Number(id)) }),
  },
  dscp: {
    ...number('dscp', null, () => 'ipClassOfService'),
    columns: () => [{ kind: 'number', column: 'ipClassOfService', shift: 2 }],
  },
  mac: mac('mac', 'each', (end) => `${end}MacAddress`),
  srcmac: mac('srcmac', 'source', () => 'sourceMacAddress'),
  dstmac: mac('dstmac', 'destination', () => 'destinationMacAddress'),
  sampling: number('sampling', null, () => 'samplingInterval'),
  prefix: prefix('prefix', 'each'),
  srcprefix: prefix('srcprefix', 'source'),
  dstprefix: prefix('dstprefix', 'destination'),
  direction: {
    about: null,
    columns: (end, view) => [
      view === 'local'
        ? { kind: 'direction' }
        : { kind: 'constant', value: directionOf[view][end] },
    ],
    read: ([code]) => ({ direction: restDirections[Number(code)]! }),
  },
}

/** A key made of several words: how to query and read it. */
export class Keys {
  readonly names: readonly string[]
  /** The ends for which each flow counts. */
  readonly ends: readonly End[]
  readonly #words: readonly TopKeyName[]
  readonly #local: readonly Network[]
  /** The number of columns of each word. */
  readonly #widths: number[] = []

  constructor(words: readonly TopKeyName[], local: readonly Network[]) {
    this.#words = words
    this.#local = local
    const isTwoEnded = words.some((word) => keyWords[word].about === 'each')
    this.ends = isTwoEnded ? ['source', 'destination'] : ['source']
    const names: string[] = []
    for (const word of words) {
      const width = widths[word] ?? 1
      this.#widths.push(width)
      for (let i = 0; i < width; i++) names.push(`key${names.length}`)
    }
    this.names = names
  }

  /** The definitions of the key's columns, for flows counted for one end. */
  columnDefinitions(end: End): KeyColumn[] {
    const view = this.#view()
    return this.#words.flatMap((word) => keyWords[word].columns(end, view))
  }

  /** The key's columns as expressions over the archive's columns. */
  expressions(end: End, bindings: Binder): string[] {
    return this.columnDefinitions(end).map((column) =>
      bindings.words.narrow(keyColumnSql(column, this.#local, bindings)),
    )
  }

  /** The key's columns as a select list. */
  columns(end: End, bindings: Binder): string[] {
    return this.expressions(end, bindings).map((sql, i) => `${sql} AS ${this.names[i]}`)
  }

  /** The definition of the direction's index in restDirections, as seen by the words. */
  directionDefinition(end: End): KeyColumn {
    return keyWords.direction.columns(end, this.#view())[0]!
  }

  direction(end: End, bindings: Binder): string {
    return keyColumnSql(this.directionDefinition(end), this.#local, bindings)
  }

  /** The column that is 0 if the exporter did not report the key's field: there is no interface 0. */
  reportedBy(end: End): (typeof interfaceColumn)[End] | null {
    return this.#words.includes('interface') ? interfaceColumn[end] : null
  }

  isReportedSql(end: End): string {
    const column = this.reportedBy(end)
    return column === null ? 'true' : `"${column}" <> 0`
  }

  /**
   * The opposite end, whose distinct addresses are a key's peers: across from the end that the
   * words refer to; the destination if they refer to neither or both.
   */
  peer(end: End): End {
    if (this.ends.length === 2) return end === 'source' ? 'destination' : 'source'
    const abouts = new Set(this.#words.map((word) => keyWords[word].about))
    return abouts.has('destination') && !abouts.has('source') ? 'source' : 'destination'
  }

  /** Keys (a list of values per column) as a relation, with their index as `place`. */
  listSql(columns: readonly (readonly bigint[])[], bindings: Bindings): string {
    const lists = columns.map(
      (column, i) => `unnest(${bindings.wholes(column)}) AS ${this.names[i]}`,
    )
    return `SELECT unnest(range(${columns[0]!.length})) AS place, ${lists.join(', ')}`
  }

  /** The key with these column values. */
  read(values: readonly bigint[]): FlowKey {
    const key: FlowKey = {}
    let at = 0
    this.#words.forEach((word, i) => {
      const width = this.#widths[i]!
      Object.assign(key, keyWords[word].read(values.slice(at, at + width)))
      at += width
    })
    return key
  }

  #view(): View {
    const each = this.#words.filter((word) => keyWords[word].about === 'each')
    if (each.length === 0) return 'local'
    return each.every((word) => word === 'interface') ? 'interface' : 'end'
  }
}

/** Words whose value takes several columns. */
const widths: Partial<Record<TopKeyName, number>> = {
  src: 2,
  dst: 2,
  host: 2,
  pair: 4,
  port: 2,
  exporter: 2,
  nexthop: 2,
  prefix: 2,
  srcprefix: 2,
  dstprefix: 2,
}

const flagLetters = ['C', 'E', 'U', 'A', 'P', 'R', 'S', 'F']

/** The eight TCP flags as nfdump prints them, such as `...AP.SF`. */
export function flagsText(bits: number): string {
  return flagLetters.map((letter, i) => ((bits >> (7 - i)) & 1 ? letter : '.')).join('')
}

/** A next hop as text, or null if it was not reported (or is 0.0.0.0). */
export function nextHopText(high: bigint, low: bigint): string | null {
  const isNotReported = high === 0n && (low === 0n || low === ipv4Mark << 32n)
  return isNotReported ? null : formatHalves(high, low)
}
