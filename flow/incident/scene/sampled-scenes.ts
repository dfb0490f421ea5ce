/**
 * Scenes of more flows than fit in memory. Every flow is counted as it passes: bytes and edges by
 * second, of all hosts and of the largest. Connections are joined from a sample (flows/sample.ts); only
 * their number is scaled.
 */
import {
  addressAt,
  isSingle,
  parseAddress,
  type AddressWords,
  type NetworkSet,
} from '../../address.ts'
import { AddressIndex } from '../flows/address-index.ts'
import { FlowTable, type EventFlows } from '../flows/flow-table.ts'
import { Hosts } from '../flows/hosts.ts'
import { Sample } from '../flows/sample.ts'
import { Rates, RatesStorage, type Grid } from './rates.ts'
import { followedMax, type HostSeries, type SeenFlows } from './scene.ts'

interface SampledOptions {
  local: NetworkSet
  /** The whole time examined. */
  grid: Grid
  /** Flows kept per exporter. */
  kept: number
  /** By exporter address, the hosts that get their own series. */
  followed: ReadonlyMap<string, readonly string[]>
  /** When an exporter was away. */
  breaksOf: (exporter: string) => FlowTable['breaks']
}

export class SampledScenes {
  readonly #options: SampledOptions
  readonly #hosts: Hosts
  readonly #exporters: Hosts
  readonly #passing: Passing[] = []

  constructor(options: SampledOptions) {
    this.#options = options
    this.#hosts = new Hosts(options.local)
    this.#exporters = new Hosts(options.local)
  }

  add(flows: EventFlows): void {
    const { exporterHigh, exporterLow } = flows
    for (let i = 0; i < flows.count; i++) {
      const place = this.#exporters.at(exporterHigh, exporterLow, i)
      const passing = (this.#passing[place] ??= this.#begin(
        addressAt(exporterHigh, exporterLow, i),
      ))
      passing.add(flows, i)
    }
  }

  /** What was seen of each exporter, once all of its flows have passed. */
  seen(): SeenFlows[] {
    return this.#passing.map((passing) => passing.seen())
  }

  #begin(exporter: string): Passing {
    const table = new FlowTable(exporter, this.#hosts)
    table.breaks = this.#options.breaksOf(exporter)
    return new Passing(table, this.#options, this.#options.followed.get(exporter) ?? [])
  }
}

interface Followed {
  /** Its number among the table's hosts. */
  host: number
  in: Rates
  out: Rates
}

/** The counts of one exporter. */
class Passing {
  readonly #table: FlowTable
  readonly #grid: Grid
  readonly #local: NetworkSet
  readonly #sample: Sample
  readonly #total: { in: Rates; out: Rates }
  readonly #edges: Float64Array
  readonly #followed: Followed[]
  readonly #storage: RatesStorage
  readonly #index: AddressIndex
  #least = Number.POSITIVE_INFINITY
  #most = Number.NEGATIVE_INFINITY

  constructor(table: FlowTable, { grid, local, kept }: SampledOptions, hosts: readonly string[]) {
    this.#table = table
    this.#grid = grid
    this.#local = local
    this.#sample = new Sample(kept)
    this.#total = { in: new Rates(grid), out: new Rates(grid) }
    this.#edges = new Float64Array(grid.seconds)
    const words = hosts.map((each) => parseAddress(each)).filter((each) => each !== null)
    this.#index = new AddressIndex(words)
    this.#storage = new RatesStorage(grid, 2 * words.length)
    this.#followed = words.map((each, i) => ({
      host: table.hosts.take(each),
      in: new Rates(grid, this.#storage, 2 * i),
      out: new Rates(grid, this.#storage, 2 * i + 1),
    }))
  }

  add(flows: EventFlows, i: number): void {
    const { sourceHigh, sourceLow, destinationHigh, destinationLow } = flows
    const first = flows.first[i]!
    const last = Math.max(first, flows.last[i]!)
    const bytes = flows.bytes[i]!
    this.#least = Math.min(this.#least, first)
    this.#most = Math.max(this.#most, last)
    this.#edge(first)
    this.#edge(last)
    const isFrom = this.#isLocal(sourceHigh, sourceLow, i)
    const isTo = this.#isLocal(destinationHigh, destinationLow, i)
    // Remote hosts are actors only if neither end is local; a multicast group, or 0.0.0.0, never is.
    if (isTo || (!isFrom && isSingle(wordsAt(destinationHigh, destinationLow, i)))) {
      this.#total.in.add(first, last, bytes)
      this.#followed[this.#index.at(destinationHigh, destinationLow, i)]?.in.add(first, last, bytes)
    }
    if (isFrom || (!isTo && isSingle(wordsAt(sourceHigh, sourceLow, i)))) {
      this.#total.out.add(first, last, bytes)
      this.#followed[this.#index.at(sourceHigh, sourceLow, i)]?.out.add(first, last, bytes)
    }
    this.#sample.add(flows, i)
  }

  /** The counts, clipped to the seconds for which packets were reported. */
  seen(): SeenFlows {
    this.#sample.putInto(this.#table)
    const { from, seconds } = this.#grid
    const a = Math.max(0, Math.floor((this.#least - from) / 1000))
    const b = Math.min(seconds, Math.ceil((this.#most + 1 - from) / 1000))
    const [begin, end] = [Math.min(a, seconds - 1), Math.max(b, a + 1)]
    const cut = (values: Float64Array) => values.subarray(begin, end)
    const sum = (values: Float64Array) => values.reduce((all, each) => all + each, 0)
    const followed = this.#followed
      .map((each) => {
        const series = { in: cut(each.in.take()), out: cut(each.out.take()) }
        return { host: each.host, series, bytes: sum(series.in) + sum(series.out) }
      })
      .filter(({ bytes }) => bytes > 0)
      .sort((x, y) => y.bytes - x.bytes)
      .slice(0, followedMax)
    this.#storage.free()
    return {
      table: this.#table,
      grid: { from: from + begin * 1000, seconds: end - begin },
      counted: {
        times: this.#sample.times,
        total: { in: cut(this.#total.in.take()), out: cut(this.#total.out.take()) },
        edges: cut(this.#edges),
        followed: new Map(followed.map(({ host, series }): [number, HostSeries] => [host, series])),
      },
    }
  }

  #edge(at: number): void {
    const t = Math.floor((at - this.#grid.from) / 1000)
    if (t >= 0 && t < this.#edges.length) this.#edges[t]!++
  }

  #isLocal(high: Uint32Array, low: Uint32Array, i: number): boolean {
    return this.#local.has(...wordsAt(high, low, i))
  }
}

function wordsAt(high: Uint32Array, low: Uint32Array, i: number): AddressWords {
  return [high[2 * i + 1]!, high[2 * i]!, low[2 * i + 1]!, low[2 * i]!]
}
