/**
 * Which intervals are held in memory: those that are over are packed, and dropped when long over or
 * when memory is short.
 */
import { intervalMs } from '../../flow/interval.ts'
import { Totals } from './totals.ts'

/**
 * This long after an interval, most of its flows have arrived: exporters report a flow 15 s after
 * its last packet.
 */
const restingAfterMs = 15_000
/** Intervals that are over are held this long for late flows. */
const horizonMs = 3_600_000
/** Beyond this, they are dropped early; late flows then cause a rebuild from the archive. */
const restingBytesMax = 32 << 20

const none: ReadonlyMap<string, Totals> = new Map()

export class HeldIntervals {
  readonly #intervals = new Map<number, Map<string, Totals>>()
  /** Intervals from this start (unix ms) on are held in full, with or without flows. */
  wholeFrom: number

  constructor(wholeFrom: number) {
    this.wholeFrom = wholeFrom
  }

  /** Whether an interval is held in full. */
  has(interval: number): boolean {
    return interval >= this.wholeFrom || this.#intervals.has(interval)
  }

  /** The totals of an interval by exporter (address as text). */
  of(interval: number): ReadonlyMap<string, Totals> {
    return this.#intervals.get(interval) ?? none
  }

  /** The totals of an exporter in an interval, which is held from then on. */
  totals(interval: number, exporter: string): Totals {
    let exporters = this.#intervals.get(interval)
    if (!exporters) this.#intervals.set(interval, (exporters = new Map<string, Totals>()))
    let totals = exporters.get(exporter)
    if (!totals) exporters.set(exporter, (totals = this.#newTotals(interval, exporter)))
    return totals
  }

  /** Drops every interval before `to`, and returns those that had flows. */
  dropBefore(to: number): number[] {
    const gone = [...this.#intervals.keys()].filter((interval) => interval < to)
    for (const interval of gone) this.#drop(interval)
    this.wholeFrom = Math.max(this.wholeFrom, to)
    return gone
  }

  /** Packs intervals that ended a while ago. */
  pack(nowMs: number): void {
    for (const interval of restingOf(this.#intervals.keys(), nowMs))
      for (const totals of this.of(interval).values()) totals.pack()
  }

  /** Whether an interval is over and will be packed soon. */
  awaitsPacking(nowMs: number): boolean {
    const settling = [...this.#intervals].filter(([interval]) => isSettling(interval, nowMs))
    return settling.some(([, totals]) => totals.values().some(({ isPackable }) => isPackable))
  }

  /** Drops intervals past the horizon, or the oldest if memory is short, but none that are needed. */
  forget(nowMs: number, isNeeded: (interval: number) => boolean): void {
    const resting = restingOf(this.#intervals.keys(), nowMs)
    let bytes = resting.reduce((sum, interval) => sum + this.#bytesOf(interval), 0)
    for (const interval of resting) {
      if (isNeeded(interval)) continue
      if (isHeldOn(interval, bytes, nowMs)) break
      bytes -= this.#bytesOf(interval)
      this.#drop(interval)
      this.wholeFrom = Math.max(this.wholeFrom, interval + intervalMs)
    }
  }

  /** Bytes held by the totals. */
  get bytes(): number {
    return [...this.#intervals.keys()].reduce((sum, each) => sum + this.#bytesOf(each), 0)
  }

  #bytesOf(interval: number): number {
    return this.of(interval)
      .values()
      .reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #drop(interval: number): void {
    for (const totals of this.of(interval).values()) totals.free()
    this.#intervals.delete(interval)
  }

  /** Sizes tables like those of the previous interval, because growing them would hold up the socket. */
  #newTotals(interval: number, exporter: string): Totals {
    return new Totals(interval, this.of(interval - intervalMs).get(exporter)?.keys)
  }
}

/** The intervals (unix ms) that ended a while ago, oldest first. */
function restingOf(intervals: Iterable<number>, nowMs: number): number[] {
  const isResting = (interval: number) => interval + intervalMs + restingAfterMs <= nowMs
  return [...intervals].filter(isResting).sort((a, b) => a - b)
}

/** Whether an interval is over, but not yet resting. */
function isSettling(interval: number, nowMs: number): boolean {
  return interval + intervalMs <= nowMs && nowMs < interval + intervalMs + restingAfterMs
}

/** Whether to keep the oldest resting interval, when all resting ones take this many bytes. */
function isHeldOn(interval: number, bytes: number, nowMs: number): boolean {
  return interval >= nowMs - horizonMs && bytes <= restingBytesMax
}
