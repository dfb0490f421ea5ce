/** The effect of an event on all other hosts: their bytes and new connections before, during and after. */
import { isStopped } from './passing.ts'
import { isApart, mean, percentile, Rates, runsOf, smoothed, type Run } from './rates.ts'
import { directions, followedMax, type Scene } from './scene.ts'

/** A single host counts for at most this share of the others' bytes. */
const hostShareMax = 0.25
/** At least this many others must have had traffic, or there is no verdict. */
const othersMin = 3
/** At least this many new connections must have been due before their absence means anything. */
const dueMin = 12
/** If new connections cannot be judged, the others' bytes must have dropped to this. */
const bytesAlone = 0.15
/** New connections at this share prove a cut even when long records smear the bytes. */
const openingsAlone = 0.25
const smearedBytes = 0.75
/** New connections may stay this high in a cut: hosts that retry keep opening them. */
const openingsStill = 0.7
const deadBytes = 0.1
const fewBytes = 0.35
/** A time counts as a lull if the others have at most this share of their median bytes. */
const lullShare = 0.05
/** Up to this share of the others may have begun something in an event: with this many times what they had beside it. */
const risenShare = 1 / 3
const risenTimes = 2.5
/** Bytes per second. */
const residue = 1e-3

/** The others during an event relative to a time beside it: 1 is the same. */
export interface Fall {
  bytes: number
  openings: number
  /** New connections of others that were due within the event. */
  due: number
  /** First packets of records from outside to the others, and how many were due. */
  answers: number
  answersDue: number
  /** Others that had traffic beside the event. */
  hosts: number
}

const ends = ['source', 'destination'] as const

/** The others of an event: all hosts except its actors. */
export class Others {
  /** Their connections by second. */
  readonly openings: Float64Array
  /** Traffic from outside to them: first packets of records by second. */
  readonly answers: Float64Array
  /** Bytes of each of them by second, sent plus received, without what does not compete with the actors: see bytesApart. */
  readonly #bytes: readonly Float64Array[]
  /** Of all of them together. */
  readonly #total: Float64Array

  /** `run`: about when the actors had most. */
  constructor(scene: Scene, actors: ReadonlySet<number>, run: Run) {
    const apart = bytesApart(scene, actors, run)
    const followed = [...scene.followed].filter(([host]) => !actors.has(host))
    this.#bytes = followed.map(([host, series]) => {
      const own = apart.get(host)
      return series.in.map((each, t) => without(each + series.out[t]!, own?.[t] ?? 0))
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
   * The bytes of the others together by second, without those of few hosts that began something in `core` and usually have
   * something in as long a time: of hosts that seldom do anything, others are busy at any time.
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

/** A difference of bytes per second, of which the residue of floating-point sums counts as zero. */
function without(all: number, part: number): number {
  return all - part < residue ? 0 : all - part
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

/** The compared others in words: only hosts with their own series are, so not all of a large network. */
export function othersWords({ hosts }: Fall, { followed }: Scene): string {
  return followed.size < followedMax
    ? `the other ${hosts} hosts`
    : `the ${hosts} busiest other hosts`
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

/**
 * The remaining share of new connections or of answers, whichever is lower: on a dead line, hosts
 * keep opening connections and none is answered. Null if too few of either were due.
 */
function leastKept({ openings, due, answers, answersDue }: Fall, leastDue: number): number | null {
  const shares = [
    ...(due >= leastDue ? [openings] : []),
    ...(answersDue >= leastDue ? [answers] : []),
  ]
  return shares.length === 0 ? null : Math.min(...shares)
}

/** Whether the others were cut off: in bytes and new connections or answers, or in one beyond doubt. */
export function isCutOff(fall: Fall, ratio: number): boolean {
  const { bytes, hosts } = fall
  if (hosts < othersMin) return false
  const kept = leastKept(fall, dueMin)
  if (kept === null) return bytes <= bytesAlone
  if (bytes <= ratio && kept <= openingsStill) return true
  if (kept <= openingsAlone && bytes <= smearedBytes) return true
  return bytes <= deadBytes
}

/** Whether beyond doubt almost nothing of the others was left: in bytes and in many due openings or answers. */
export function isDead(fall: Fall): boolean {
  return fall.bytes <= deadBytes && connectionsKept(fall) <= openingsAlone
}

/** The share of their new connections, or of the answers to them, that the others kept; 1 if few were due. */
export function connectionsKept(fall: Fall): number {
  return leastKept(fall, 3 * dueMin) ?? 1
}

/** Whether the others got hardly a new connection, however much passed in those they had. */
export function isStarved(fall: Fall): boolean {
  return fall.hosts >= othersMin && connectionsKept(fall) <= openingsAlone
}

/** Whether so much that was due is missing that it cannot be a lull. */
export function isBeyondChance(fall: Fall): boolean {
  return fall.bytes <= fewBytes && connectionsKept(fall) <= openingsAlone
}

/**
 * The same, if the others are few because hosts that went on are not compared: answers alone, of which short records
 * make many, do not show it.
 */
export function isBeyondChanceBeside(fall: Fall): boolean {
  return isBeyondChance(fall) && fall.due >= dueMin
}
