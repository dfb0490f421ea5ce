/** All hosts except those of an event: their bytes and new connections before, during and after it. */
import { mean, percentile, Rates, smoothed } from '../scene/rates.ts'
import { isApart, runsOf, type Run } from '../scene/runs.ts'
import { directions, residue, without, type Scene } from '../scene/scene.ts'
import { fewBytes, type Fall } from './fall.ts'
import { isStopped } from './stopped.ts'

/** A single host counts for at most this share of the others' bytes. */
const hostShareMax = 0.25
/** A time counts as a lull if the others have at most this share of their median bytes. */
const lullShare = 0.05
/**
 * Up to this share of the others may have begun something in an event: with this many times what
 * they had beside it.
 */
const risenShare = 1 / 3
const risenTimes = 2.5

const ends = ['source', 'destination'] as const

/** The others of an event: all hosts except its actors. */
export class Others {
  /** Their connections by second. */
  readonly openings: Float64Array
  /** Traffic from outside to them: first packets of records by second. */
  readonly answers: Float64Array
  /**
   * Bytes of each of them by second, sent plus received, without what does not compete with the
   * actors: see bytesApart.
   */
  readonly #bytes: readonly Float64Array[]
  /** Of all of them together. */
  readonly #total: Float64Array

  /** `run`: about when the actors had most. */
  constructor(scene: Scene, actors: ReadonlySet<number>, run: Run) {
    const apart = bytesApart(scene, actors, run)
    const followed = [...scene.both].filter(([host]) => !actors.has(host))
    this.#bytes = followed.map(([host, bytes]) => {
      const own = apart.get(host)
      return own ? bytes.map((each, t) => without(each, own[t]!)) : bytes
    })
    this.#total = new Float64Array(scene.grid.seconds)
    for (const direction of directions) {
      const own = scene.seriesOf(actors, direction)
      const total = scene.total[direction]
      for (let t = 0; t < total.length; t++) this.#total[t]! += total[t]! - own[t]!
    }
    for (const own of apart.values())
      for (let t = 0; t < own.length; t++) this.#total[t] = without(this.#total[t]!, own[t]!)
    const { opener, peer } = scene.connections
    this.openings = scene.openingsOf((i) => !actors.has(opener[i]!) && !actors.has(peer[i]!))
    this.answers = scene.answersTo((host) => !actors.has(host))
  }

  /**
   * When else the others had so little for as long: as a share of the time around the event, and how often.
   * Lulls are common if few hosts carry most of the traffic. Lulls within other events do not count.
   */
  lulls(core: Run, event: Run, events: readonly Run[]): { share: number; times: number } {
    const width = core.to - core.from
    const isOutside = (t: number) => isApart(t, width, [event, ...events])
    const bytes = this.#withoutRisen(core, isOutside)
    const means = smoothed(bytes, width)
    const outside = means.filter((_, t) => isOutside(t))
    const least = Math.max(mean(bytes, core.from, core.to), lullShare * percentile(outside, 0.5))
    const runs = runsOf(means.length, width, (t) => isOutside(t) && means[t]! <= least)
    const count = outside.reduce((sum, each) => sum + (each <= least ? 1 : 0), 0)
    return { share: count / Math.max(1, outside.length), times: runs.length }
  }

  /**
   * The bytes of the others together by second, without those of few hosts that began something in
   * `core` and usually have something in as long a time: of hosts that seldom do anything, others
   * are busy at any time.
   */
  #withoutRisen(core: Run, isOutside: (t: number) => boolean): Float64Array {
    const width = core.to - core.from
    const then = this.#bytes.map((bytes) => {
      const outside = smoothed(bytes, width).filter((_, t) => isOutside(t))
      return percentile(outside, 0.5)
    })
    const now = this.#bytes.map((bytes) => mean(bytes, core.from, core.to))
    const risen = [...risenOf(now, then)].filter((i) => then[i]! >= residue)
    const total = Float64Array.from(this.#total)
    for (const i of risen) for (let t = 0; t < total.length; t++) total[t]! -= this.#bytes[i]![t]!
    return total
  }

  /** Compares the others within `core` with a time beside it. */
  fall(core: Run, beside: Run): Fall {
    const length = core.to - core.from
    const [opened, answered] = [this.openings, this.answers].map((counts) => {
      const usual = mean(counts, beside.from, beside.to)
      const kept = usual > 0 ? mean(counts, core.from, core.to) / usual : 1
      return { kept, due: usual * length }
    })
    const then = this.#bytes.map((bytes) => mean(bytes, beside.from, beside.to))
    const had = this.#bytes.map((bytes) => mean(bytes, core.from, core.to))
    const risen = risenOf(had, then)
    const now = had.map((rate, i) => (risen.has(i) ? then[i]! : rate))
    const most = capOf(then)
    const before = then.reduce((sum, rate) => sum + Math.min(rate, most), 0)
    const within = now.reduce((sum, rate) => sum + Math.min(rate, most), 0)
    return {
      bytes: before > 0 ? within / before : 1,
      openings: opened!.kept,
      due: opened!.due,
      answers: answered!.kept,
      answersDue: answered!.due,
      hosts: then.filter((rate) => rate > 0).length,
    }
  }
}

/** Which of the hosts began something in an event, by their rates within it and at another time; none if many did. */
function risenOf(now: readonly number[], then: readonly number[]): ReadonlySet<number> {
  const risen = [...now.keys()].filter((i) => now[i]! > risenTimes * then[i]!)
  return new Set(risen.length > risenShare * then.filter((rate) => rate > 0).length ? [] : risen)
}

/**
 * The bytes of hosts by second that do not compete with an event's actors: between local hosts, if these take the line
 * outward, unless that fell too, as between two sites on one line. Empty if the table holds only a part of the flows.
 */
function bytesApart(
  scene: Scene,
  actors: ReadonlySet<number>,
  run: Run,
): Map<number, Float64Array> {
  const { table, grid, times, hosts } = scene
  const rates = new Map<number, Rates>()
  const isInside = (row: number) =>
    hosts.isLocal(table.source[row]!) && hosts.isLocal(table.destination[row]!)
  if (times > 1 || isMostly(scene, actors, isInside)) return new Map()
  const all = new Rates(grid)
  for (let row = 0; row < table.count; row++) {
    if (!isInside(row)) continue
    const [first, last, bytes] = [table.first[row]!, table.last[row]!, table.bytes[row]!]
    if (!ends.some((end) => actors.has(table[end][row]!))) all.add(first, last, bytes)
    for (const end of ends) {
      const host = table[end][row]!
      if (actors.has(host) || !scene.isCandidate(row, end)) continue
      if (!rates.has(host)) rates.set(host, new Rates(grid))
      rates.get(host)!.add(first, last, bytes)
    }
  }
  if (isStopped(all.take(), run, fewBytes)) return new Map()
  return new Map([...rates].map(([host, each]) => [host, each.take()]))
}

/** Whether most bytes of some hosts are in such rows. */
function isMostly(
  { table }: Scene,
  actors: ReadonlySet<number>,
  isSuch: (row: number) => boolean,
): boolean {
  let [all, such] = [0, 0]
  for (let row = 0; row < table.count; row++) {
    if (!actors.has(table.source[row]!) && !actors.has(table.destination[row]!)) continue
    all += table.bytes[row]!
    if (isSuch(row)) such += table.bytes[row]!
  }
  return such > all / 2
}

/**
 * The rate above which hosts are not counted, so that none has more than its share of what is counted; if there are too
 * few hosts for that, all count as much as the least.
 */
function capOf(rates: readonly number[]): number {
  const sorted = rates.filter((rate) => rate > 0).sort((a, b) => b - a)
  const share = Math.max(hostShareMax, 1 / sorted.length)
  let rest = sorted.reduce((sum, rate) => sum + rate, 0)
  for (const [above, rate] of sorted.entries()) {
    const left = 1 - share * above
    const most = left > 0 ? (share * rest) / left : rate
    if (rate <= most * (1 + Number.EPSILON)) return Math.max(most, rate)
    rest -= rate
  }
  return sorted.at(-1) ?? 0
}
