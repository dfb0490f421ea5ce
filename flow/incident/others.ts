/** What an event did to everybody else: bytes and new connections of the others, before, within, after. */
import { isApart, mean, percentile, runsOf, smoothed, type Run } from './rates.ts'
import { directions, type Scene } from './scene.ts'

/** No single host makes up more than this share of what the others had. */
const hostShareMost = 0.25
/** Others that must have had traffic, or nothing can be said of them. */
const othersLeast = 3
/** New connections that must have been due before their absence says anything. */
const dueLeast = 12
/** Where new connections cannot be judged, the others' bytes must have fallen to this. */
const bytesAlone = 0.15
/** New connections that stay away so far prove a cut where bytes are smeared by long records. */
const openingsAlone = 0.25
const smearedBytes = 0.75
/** Others who try again and again open connections although nothing passes. */
const openingsStill = 0.7
const deadBytes = 0.1
const fewBytes = 0.35
/** So little is at most this share of what they have half of the time. */
const lullShare = 0.05

/** Others within an event as a share of a time beside it: 1 is as much as then. */
export interface Fall {
  bytes: number
  openings: number
  /** New connections of others that were due within the event. */
  due: number
  /** Others that had traffic beside the event. */
  hosts: number
}

/** The others of an event: everybody but its actors. */
export class Others {
  /** Their connections by second. */
  readonly openings: Float64Array
  readonly #scene: Scene
  readonly #actors: ReadonlySet<number>

  constructor(scene: Scene, actors: ReadonlySet<number>) {
    this.#scene = scene
    this.#actors = actors
    const { opener, peer } = scene.connections
    this.openings = scene.openingsOf((i) => !actors.has(opener[i]!) && !actors.has(peer[i]!))
  }

  /**
   * At what other times they had so little for as long: the share of the time around the event, and how
   * often. Lulls come by themselves where few hosts make up most of the traffic; those of other events are none.
   */
  lulls(core: Run, event: Run, events: readonly Run[]): { share: number; times: number } {
    const bytes = new Float64Array(this.#scene.grid.seconds)
    for (const direction of directions) {
      const total = this.#scene.total[direction]
      const own = this.#scene.seriesOf(this.#actors, direction)
      for (let t = 0; t < bytes.length; t++) bytes[t]! += Math.max(0, total[t]! - own[t]!)
    }
    const width = core.to - core.from
    const means = smoothed(bytes, width)
    const isOutside = (t: number) => isApart(t, width, [event, ...events])
    const outside = means.filter((_, t) => isOutside(t))
    const least = Math.max(mean(bytes, core.from, core.to), lullShare * percentile(outside, 0.5))
    const runs = runsOf(means.length, width, (t) => isOutside(t) && means[t]! <= least)
    const count = outside.reduce((sum, each) => sum + (each <= least ? 1 : 0), 0)
    return { share: count / Math.max(1, outside.length), times: runs.length }
  }

  /** Compares them within `core` with a time beside it. */
  fall(core: Run, beside: Run): Fall {
    const usual = mean(this.openings, beside.from, beside.to)
    const then: number[] = []
    const now: number[] = []
    for (const [host, series] of this.#scene.followed) {
      if (this.#actors.has(host)) continue
      const bytes = ({ from, to }: Run) => mean(series.in, from, to) + mean(series.out, from, to)
      then.push(bytes(beside))
      now.push(bytes(core))
    }
    const most = hostShareMost * then.reduce((sum, rate) => sum + rate, 0)
    const before = then.reduce((sum, rate) => sum + Math.min(rate, most), 0)
    const within = now.reduce((sum, rate) => sum + Math.min(rate, most), 0)
    return {
      bytes: before > 0 ? within / before : 1,
      openings: usual > 0 ? mean(this.openings, core.from, core.to) / usual : 1,
      due: usual * (core.to - core.from),
      hosts: then.filter((rate) => rate > 0).length,
    }
  }
}

/** Whether the others were cut off: in bytes and in connections, or in one of them beyond doubt. */
export function isCutOff({ bytes, openings, due, hosts }: Fall, ratio: number): boolean {
  if (hosts < othersLeast) return false
  const tells = due >= dueLeast
  if (bytes <= ratio && tells && openings <= openingsStill) return true
  if (bytes <= bytesAlone && !tells) return true
  if (tells && openings <= openingsAlone && bytes <= smearedBytes) return true
  return bytes <= deadBytes
}

/** Whether next to nothing of the others was left, beyond doubt: in bytes and in many connections that were due. */
export function isDead({ bytes, openings, due }: Fall): boolean {
  return bytes <= deadBytes && openings <= openingsAlone && due >= 3 * dueLeast
}

/** Whether so many connections that were due stayed away that no lull can be the cause. */
export function isBeyondChance({ bytes, openings, due }: Fall): boolean {
  return bytes <= fewBytes && openings <= openingsAlone && due >= 3 * dueLeast
}
