/** One exporter's flows by second: the basis of the verdicts. */
import { broadcastsOf } from '../flows/broadcasts.ts'
import { joinConnections, type Connections } from '../flows/connections.ts'
import type { FlowTable } from '../flows/flow-table.ts'
import type { Hosts } from '../flows/hosts.ts'
import { Rates, type Grid } from './rates.ts'
import type { Run } from './runs.ts'

/** From the host's point of view: received, sent. */
export const directions = ['in', 'out'] as const
export type HostDirection = (typeof directions)[number]

/** How many hosts get their own series: those with the most bytes. */
export const followedMax = 200

/** Bytes per second. */
export const residue = 1e-3

export type HostSeries = Record<HostDirection, Float64Array>

/** Counts over all flows, for a scene whose table holds only a part of them. */
export interface Counted {
  /** Each 5-tuple in the table, complete with all of its records, stands for this many. */
  times: number
  total: HostSeries
  edges: Float64Array
  /** By the numbers of the table's hosts. */
  followed: ReadonlyMap<number, HostSeries>
}

/** What a scene is made of: the flows of one exporter. */
export interface SeenFlows {
  table: FlowTable
  grid: Grid
  /** Counts over all flows, if the table holds only a part of them. */
  counted?: Counted | undefined
}

export class Scene {
  readonly table: FlowTable
  readonly grid: Grid
  /** Each 5-tuple in the table stands for this many: 1 if it holds every flow. */
  readonly times: number
  readonly connections: Connections
  /** Hosts, by number, that are probably none; none if the table holds only a part of the flows. */
  readonly broadcasts: ReadonlySet<number>
  /** Bytes by second of all hosts that can be actors. */
  readonly total: HostSeries
  /** First and last packets of records by second: instants at which traffic certainly passed. */
  readonly edges: Float64Array
  /** Connections by the second of their first packet. */
  readonly openings: Float64Array
  #followed: ReadonlyMap<number, HostSeries> | undefined
  #both: ReadonlyMap<number, Float64Array> | undefined

  /** `connections`: those of the table, if they have been joined already. */
  constructor(
    table: FlowTable,
    grid: Grid,
    counted?: Counted,
    connections: Connections = joinConnections(table),
  ) {
    this.table = table
    this.grid = grid
    this.times = counted?.times ?? 1
    this.connections = connections
    this.broadcasts = this.times > 1 ? new Set() : broadcastsOf(table, connections)
    this.total = counted?.total ?? this.#sum()
    this.edges = counted?.edges ?? this.#edges()
    this.openings = this.openingsOf(() => true)
    this.#followed = counted?.followed
  }

  /** Series of the hosts with the most bytes. */
  get followed(): ReadonlyMap<number, HostSeries> {
    this.#followed ??= this.#follow()
    return this.#followed
  }

  get hosts(): Hosts {
    return this.table.hosts
  }

  /** An instant (unix ms) as a position in the grid, in seconds. */
  place(t: number): number {
    return (t - this.grid.from) / 1000
  }

  /**
   * Whether the host at one end of a row can be an actor: local, or any if neither end is local. A
   * multicast group, or a subnet's broadcast address, is no host, and 0.0.0.0 nobody: of what is
   * sent to or by these, only the other end is.
   */
  isCandidate(row: number, end: 'source' | 'destination'): boolean {
    const { source, destination } = this.table
    const host = this.table[end][row]!
    if (this.hosts.isLocal(host)) return !this.broadcasts.has(host)
    if (this.hosts.isLocal(source[row]!) || this.hosts.isLocal(destination[row]!)) return false
    return this.hosts.isSingle(host)
  }

  /** Connections by second, only those for which `counts` is true. */
  openingsOf(counts: (connection: number) => boolean): Float64Array {
    const { grid, connections } = this
    const openings = new Float64Array(grid.seconds)
    for (let i = 0; i < connections.count; i++) {
      const t = Math.floor(this.place(connections.first[i]!))
      if (t >= 0 && t < grid.seconds && counts(i)) openings[t]! += this.times
    }
    return openings
  }

  /** First packets of records from outside by second, to local hosts for which `counts` is true. */
  answersTo(counts: (host: number) => boolean): Float64Array {
    const { table, grid, hosts } = this
    const answers = new Float64Array(grid.seconds)
    for (let row = 0; row < table.count; row++) {
      const host = table.destination[row]!
      if (hosts.isLocal(table.source[row]!) || !hosts.isLocal(host) || !counts(host)) continue
      const t = Math.floor(this.place(table.first[row]!))
      if (t >= 0 && t < grid.seconds) answers[t]! += this.times
    }
    return answers
  }

  /**
   * The bytes of each candidate host in seconds [from, to), sent plus received; if there are more
   * flows than the table holds, only of the largest hosts.
   */
  bytesByHost({ from, to }: Run): Float64Array {
    const { table } = this
    if (this.times > 1) return this.#bytesOfFollowed({ from, to })
    const window = { from: this.grid.from + from * 1000, to: this.grid.from + to * 1000 }
    const bytes = new Float64Array(this.hosts.count)
    for (let row = 0; row < table.count; row++) {
      const share = shareOf(table, row, window)
      if (share === 0) continue
      if (this.isCandidate(row, 'source')) bytes[table.source[row]!]! += share
      if (this.isCandidate(row, 'destination')) bytes[table.destination[row]!]! += share
    }
    return bytes
  }

  /** Bytes by second of each followed host, sent plus received; not to be changed. */
  get both(): ReadonlyMap<number, Float64Array> {
    this.#both ??= new Map(
      [...this.followed].map(([host, series]) => [host, sumOf(series.in, series.out)]),
    )
    return this.#both
  }

  /**
   * Frees the series of single hosts until they are asked for again, as far as the table has all
   * flows to count them.
   */
  release(): void {
    if (this.times === 1) this.#followed = undefined
    this.#both = undefined
  }

  /** Bytes by second in one direction, summed over followed hosts. */
  seriesOf(hosts: Iterable<number>, direction: HostDirection): Float64Array {
    const sum = new Float64Array(this.grid.seconds)
    for (const host of hosts) {
      const series = this.followed.get(host)
      if (!series) continue
      for (let t = 0; t < sum.length; t++) sum[t]! += series[direction][t]!
    }
    return sum
  }

  #bytesOfFollowed({ from, to }: Run): Float64Array {
    const bytes = new Float64Array(this.hosts.count)
    const sum = (values: Float64Array) =>
      values.subarray(Math.max(0, from), to).reduce((all, each) => all + each, 0)
    for (const [host, series] of this.followed) bytes[host] = sum(series.in) + sum(series.out)
    return bytes
  }

  #sum(): HostSeries {
    const { table } = this
    const rates = { in: new Rates(this.grid), out: new Rates(this.grid) }
    for (let row = 0; row < table.count; row++) {
      const first = table.first[row]!
      const last = table.last[row]!
      const bytes = table.bytes[row]!
      if (this.isCandidate(row, 'destination')) rates.in.add(first, last, bytes)
      if (this.isCandidate(row, 'source')) rates.out.add(first, last, bytes)
    }
    return { in: rates.in.take(), out: rates.out.take() }
  }

  #edges(): Float64Array {
    const { table, grid } = this
    const edges = new Float64Array(grid.seconds)
    for (let row = 0; row < table.count; row++)
      for (const at of [table.first[row]!, table.last[row]!]) {
        const t = Math.floor(this.place(at))
        if (t >= 0 && t < grid.seconds) edges[t]!++
      }
    return edges
  }

  #follow(): Map<number, HostSeries> {
    const { table } = this
    const bytes = this.bytesByHost({ from: 0, to: this.grid.seconds })
    const greatest = [...bytes.keys()]
      .filter((host) => bytes[host]! > 0)
      .sort((a, b) => bytes[b]! - bytes[a]!)
      .slice(0, followedMax)
    const rates = new Map(
      greatest.map((host) => [host, { in: new Rates(this.grid), out: new Rates(this.grid) }]),
    )
    for (let row = 0; row < table.count; row++) {
      const first = table.first[row]!
      const last = table.last[row]!
      const amount = table.bytes[row]!
      rates.get(table.destination[row]!)?.in.add(first, last, amount)
      rates.get(table.source[row]!)?.out.add(first, last, amount)
    }
    return new Map(
      [...rates].map(([host, each]) => [host, { in: each.in.take(), out: each.out.take() }]),
    )
  }
}

/** A row's bytes within a window, to about a byte: verdicts need no more. */
function shareOf(
  { first, last, bytes }: FlowTable,
  row: number,
  window: { from: number; to: number },
): number {
  const a = first[row]!
  const b = last[row]!
  if (b <= a) return a >= window.from && a < window.to ? bytes[row]! : 0
  const overlap = Math.min(b, window.to) - Math.max(a, window.from)
  return overlap <= 0 ? 0 : (bytes[row]! * overlap) / (b - a)
}

function sumOf(one: Float64Array, other: Float64Array): Float64Array {
  return one.map((each, t) => without(each + other[t]!, 0))
}

/** A difference of bytes per second, of which the residue of floating-point sums counts as zero. */
export function without(all: number, part: number): number {
  return all - part < residue ? 0 : all - part
}
