/**
 * The expected answers of the archive's queries, computed flow by flow in plain numbers: a second
 * implementation of store/flows.ts, for comparison with the SQL.
 */
import { formatNetwork, parseNetwork, type NetworkSet } from '../../../flow/address.ts'
import { protocolName } from '../../../flow/protocol.ts'
import { portText, servicePort } from '../../../flow/service.ts'
import { activeWithin, countWithin } from '../../../flow/spread.ts'
import type { FlowKey, FlowSeriesQuery, FlowTopQuery, FlowWindow } from '../../../store/flows.ts'
import { fieldNames, type FieldName } from '../../../store/measurement.ts'
import { holds, type FlowValues } from '../../flow/filter-reference.ts'
import type { TestFlow } from './archived.ts'

/** Exact, because sums of random counts exceed 2^53. */
type Sums = Record<FieldName, bigint>
type Word = FlowTopQuery['by'][number]
type Reading = (flow: TestFlow, end: 'source' | 'destination', words: readonly Word[]) => FlowKey

const bothEnds = new Set<Word>(['host', 'anyport', 'as', 'interface', 'prefix', 'mac'])
const destinationWords = new Set<Word>([
  'dst',
  'dstport',
  'dstas',
  'dstprefix',
  'dstmac',
  'out',
  'pair',
])
const sourceWords = new Set<Word>(['src', 'srcport', 'srcas', 'srcprefix', 'srcmac', 'in', 'pair'])

export function scaledBytes(flow: TestFlow): number {
  return scaled(flow.octets, flow.sampling)
}

export function scaledPackets(flow: TestFlow): number {
  return scaled(flow.packets, flow.sampling)
}

function scaled(count: number, rate: number): number {
  const exact = BigInt(count) * BigInt(rate)
  return Number(exact < Number.MAX_SAFE_INTEGER ? exact : Number.MAX_SAFE_INTEGER)
}

export function belongs(flow: TestFlow, { from, to, include, filter }: FlowWindow): boolean {
  const { first } = flow
  const last = Math.max(first, flow.last)
  const isInside = {
    any: first < to && (last > from || first >= from),
    start: first >= from && first < to,
    end: last >= from && last < to,
    within: first >= from && first < to && last <= to,
  }[include]
  return isInside && (!filter || holds(filter, valuesOf(flow)))
}

/** What test flows do not have. */
const unset = {
  mask: [0, 0],
  mac: [0, 0],
  natPort: [0, 0],
  vrf: [0, 0],
  mplsLabel: [0],
  flowDirection: [0],
  observationDomain: [0],
}

/** A flow's values in the form that filters use. */
export function valuesOf(flow: TestFlow): FlowValues {
  const durationMs = Math.max(0, flow.last - flow.first)
  const [bytes, packets] = [scaledBytes(flow), scaledPackets(flow)]
  return {
    numbers: {
      port: [flow.sourcePort, flow.destinationPort],
      protocol: [flow.protocol],
      interface: [flow.ingress, flow.egress],
      as: [flow.sourceAs, flow.destinationAs],
      vlan: [flow.vlan, 0],
      tos: [flow.tos],
      dscp: [flow.tos >> 2],
      icmpType: [flow.icmp >> 8],
      icmpCode: [flow.icmp & 255],
      bytes: [bytes],
      packets: [packets],
      duration: [durationMs],
      bps: [quotient(bytes, 8000n, durationMs)],
      pps: [quotient(packets, 1000n, durationMs)],
      bpp: [quotient(bytes, 1n, packets)],
      sampling: [flow.sampling],
      application: [flow.application],
      ...unset,
    },
    addresses: {
      address: [flow.source, flow.destination],
      exporter: [flow.exporter],
      nextHop: [flow.nextHop],
      natAddress: ['::', '::'],
    },
    bits: { flags: flow.flags, tos: flow.tos },
  }
}

function quotient(count: number, factor: bigint, by: number): number {
  return by === 0 ? 0 : Number((BigInt(count) * factor) / BigInt(by))
}

export class Reference {
  readonly #flows: readonly TestFlow[]
  readonly #local: NetworkSet

  constructor(flows: readonly TestFlow[], local: NetworkSet) {
    this.#flows = flows
    this.#local = local
  }

  /** Sums, peers and times by key (as JSON), without order or limit. */
  top(query: FlowTopQuery) {
    const rows = new Map<string, Sums & { peers: Set<string>; first: number; last: number }>()
    const isWhole = query.include !== 'any'
    for (const flow of this.#flows.filter((each) => belongs(each, query)))
      for (const end of ends(query.by)) {
        const key = this.#key(flow, end, query.by)
        const row = rows.get(key) ?? {
          ...zero(),
          peers: new Set<string>(),
          first: Infinity,
          last: -Infinity,
        }
        rows.set(key, row)
        const share = shares(flow, query.from, query.to)
        row.bytes += isWhole ? BigInt(scaledBytes(flow)) : share.bytes
        row.packets += isWhole ? BigInt(scaledPackets(flow)) : share.packets
        row.flows += 1n
        row.peers.add(peerOf(flow, end, query.by))
        row.first = Math.min(row.first, flow.first)
        row.last = Math.max(row.last, flow.first, flow.last)
      }
    return rows
  }

  /** Sums by step, exporter and key (as JSON), uncut. */
  series(
    query: FlowSeriesQuery,
  ): Map<string, Sums & { time: number; exporter: string; key: string }> {
    const rows = new Map<string, Sums & { time: number; exporter: string; key: string }>()
    for (const flow of this.#flows.filter((each) => belongs(each, query)))
      for (const end of ends(query.by)) {
        if (query.by.includes('interface') && interfaceOf(flow, end) === 0) continue
        const key = this.#key(flow, end, query.by)
        for (let time = query.from; time < query.to; time += query.stepMs) {
          const share = shares(flow, time, time + query.stepMs)
          // A flow that ends as the window begins counts as ending in it, with nothing in its first step.
          const endsAtFrom = time === query.from && Math.max(flow.first, flow.last) === time
          if (share.active === 0n && share.flows === 0n && !endsAtFrom) continue
          const id = `${time} ${flow.exporter} ${key}`
          const row = rows.get(id) ?? { ...zero(), time, exporter: flow.exporter, key }
          for (const field of fieldNames) row[field] += share[field]
          rows.set(id, row)
        }
      }
    return rows
  }

  #key(flow: TestFlow, end: 'source' | 'destination', words: readonly Word[]): string {
    const read = (word: Word) =>
      word === 'direction' ? this.#direction(flow, end, words) : readings[word](flow, end, words)
    return keyText(Object.assign({}, ...words.map((word) => read(word))) as FlowKey)
  }

  #direction(flow: TestFlow, end: string, words: readonly Word[]): FlowKey {
    const each = words.filter((word) => bothEnds.has(word))
    const isSource = end === 'source'
    if (each.length > 0 && each.every((word) => word === 'interface'))
      return { direction: isSource ? 'in' : 'out' }
    if (each.length > 0) return { direction: isSource ? 'out' : 'in' }
    const [from, to] = [this.#local.hasText(flow.source), this.#local.hasText(flow.destination)]
    return { direction: from ? (to ? 'internal' : 'out') : to ? 'in' : 'transit' }
  }
}

/** A key as text, independent of the order of its words. */
export function keyText(key: FlowKey): string {
  return JSON.stringify(Object.entries(key).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function ends(words: readonly Word[]): ('source' | 'destination')[] {
  return words.some((word) => bothEnds.has(word)) ? ['source', 'destination'] : ['source']
}

function peerOf(flow: TestFlow, end: string, words: readonly Word[]): string {
  if (words.some((word) => bothEnds.has(word)))
    return end === 'source' ? flow.destination : flow.source
  const [isDestination, isSource] = [destinationWords, sourceWords].map((set) =>
    words.some((word) => set.has(word)),
  )
  return isDestination && !isSource ? flow.source : flow.destination
}

function interfaceOf(flow: TestFlow, end: string): number {
  return end === 'source' ? flow.ingress : flow.egress
}

const protocol = (flow: TestFlow) => protocolName(flow.protocol)

const readings: Record<Exclude<Word, 'direction'>, Reading> = {
  src: ({ source }) => ({ src: source }),
  dst: ({ destination }) => ({ dst: destination }),
  host: (flow, end) => ({ host: flow[end] }),
  pair: ({ source, destination }) => ({ src: source, dst: destination }),
  srcport: ({ sourcePort }) => ({ srcport: sourcePort }),
  dstport: ({ destinationPort }) => ({ dstport: destinationPort }),
  anyport: (flow, end) => ({ anyport: flow[`${end}Port`] }),
  port: (flow) => {
    const port = portText(servicePort(flow.protocol, flow.sourcePort, flow.destinationPort))
    return { protocol: protocol(flow), port: /^\d+$/.test(port) ? Number(port) : port }
  },
  protocol: (flow) => ({ protocol: protocol(flow) }),
  in: ({ ingress }) => ({ in: ingress }),
  out: ({ egress }) => ({ out: egress }),
  interface: (flow, end) => ({ interface: interfaceOf(flow, end) }),
  exporter: ({ exporter }) => ({ exporter }),
  as: (flow, end) => ({ as: flow[`${end}As`] }),
  srcas: ({ sourceAs }) => ({ srcas: sourceAs }),
  dstas: ({ destinationAs }) => ({ dstas: destinationAs }),
  tos: ({ tos }) => ({ tos }),
  flags: ({ flags }) => {
    const letters = [...Array(8).keys()].map((i) => (flags & (128 >> i) ? 'CEUAPRSF'[i] : '.'))
    return { flags: letters.join('') }
  },
  nexthop: ({ nextHop }) => ({ nexthop: nextHop }),
  vlan: ({ vlan }) => ({ vlan }),
  application: ({ application: id }) => ({
    application: `${Math.floor(id / 2 ** 24)}:${id % 2 ** 24}`,
  }),
  dscp: ({ tos }) => ({ dscp: tos >> 2 }),
  // Test flows have no MAC addresses.
  mac: () => ({ mac: '00:00:00:00:00:00' }),
  srcmac: () => ({ srcmac: '00:00:00:00:00:00' }),
  dstmac: () => ({ dstmac: '00:00:00:00:00:00' }),
  sampling: ({ sampling }) => ({ sampling }),
  prefix: (flow, end) => ({ prefix: prefixOf(flow[end]) }),
  srcprefix: ({ source }) => ({ srcprefix: prefixOf(source) }),
  dstprefix: ({ destination }) => ({ dstprefix: prefixOf(destination) }),
}

function prefixOf(address: string): string {
  return formatNetwork(parseNetwork(`${address}/${address.includes(':') ? 64 : 24}`)!)
}

function shares(flow: TestFlow, from: number, to: number): Sums {
  const { first } = flow
  const life = { first, last: Math.max(first, flow.last) }
  return {
    bytes: BigInt(countWithin(scaledBytes(flow), life, from, to)),
    packets: BigInt(countWithin(scaledPackets(flow), life, from, to)),
    flows: first >= from && first < to ? 1n : 0n,
    active: BigInt(activeWithin(first, life.last, from, to)),
  }
}

function zero(): Sums {
  return { bytes: 0n, packets: 0n, flows: 0n, active: 0n }
}
