/**
 * The interfaces' own counters, from sFlow counter samples: differences of two samples, spread over
 * the time between them, as totals of 5-minute intervals. They are stored beside the sums of flows,
 * as a cross-check.
 */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { countWithin } from '../../flow/spread.ts'
import type { MeasurementRows } from '../../store/series.ts'
import { ChangedIntervals } from '../coverage/changed-intervals.ts'
import { differenceOf } from './difference.ts'
import { counterRows } from './rows.ts'
import type { InterfaceCounters } from '../decode/sflow/counters.ts'

/** Most interfaces followed, over all exporters. */
const interfacesMax = 16_384
/** Samples further apart do not tell when the traffic was (RRDtool's heartbeat). */
const heartbeatMs = 600_000
/** Intervals are held this long while collecting; samples arrive in order of receipt. */
const heldWhileCollectingMs = 3 * intervalMs
/** Most figures (per interface and interval) held; only very long captures have more. */
const heldMax = 1_000_000
/** An interval's total is known if differences cover this share of it (RRDtool's xff). */
const coveredMin = 0.5

/** Offsets of an interface's figures in an interval. */
const figure = { bytesIn: 0, bytesOut: 1, packetsIn: 2, packetsOut: 3, coveredMs: 4 } as const
const figures = Object.keys(figure).length

interface HeldExporter {
  /** unix ms of the first sample: nothing is known before it. */
  sinceMs: number
  /** By agent and interface. */
  last: Map<string, InterfaceCounters>
  /** Figures by interval and interface. */
  intervals: Map<number, Map<number, Float64Array>>
}

export interface CounterState {
  address: string
  sinceMs: number
  last: InterfaceCounters[]
  intervals: [interval: number, interfaces: [index: number, figures: number[]][]][]
}

/** Agents of one exporter number their interfaces each by itself; what they count adds up. */
const keyOf = ({ agent, index }: InterfaceCounters) => keyOfAgent(agent, index)
const keyOfAgent = (agent: number | undefined, index: number) => `${agent} ${index}`

export class CounterTracker {
  readonly changed = new ChangedIntervals()
  readonly #exporters = new Map<string, HeldExporter>()
  readonly #heldMs: number
  #held = 0
  #interfaces = 0
  /** When silent interfaces were last looked for, unix ms. */
  #forgottenMs = Number.NEGATIVE_INFINITY
  /** Intervals from this start on are held in full. */
  #wholeFrom = Number.POSITIVE_INFINITY
  /** Samples ignored because of a limit, and counters that restarted. */
  readonly counters = { leftOut: 0, resets: 0 }

  /** Intervals older than `heldMs` are dropped as later samples arrive. */
  constructor(heldMs: number = heldWhileCollectingMs) {
    this.#heldMs = heldMs
  }

  /** Takes a sample; `isAgain` if its figures were written before. */
  take(sample: InterfaceCounters, isAgain = false): void {
    const { exporter, index, receivedMs } = sample
    const key = keyOf(sample)
    const last = this.#lastOf(sample)
    const isFull = () => (!last && this.#interfaces >= interfacesMax) || this.#held >= heldMax
    if (isFull()) this.#forgetSilent(receivedMs)
    if (isFull()) {
      this.counters.leftOut++
      return
    }
    const held = this.#exporterOf(exporter, receivedMs)
    if (!last) this.#interfaces++
    const difference = last ? differenceOf(last, sample) : 'none'
    if (difference === 'late') return
    held.last.set(key, sample)
    if (difference === 'reset') this.counters.resets++
    if (!last || typeof difference === 'string' || receivedMs - last.receivedMs > heartbeatMs)
      return
    const span = { first: last.receivedMs, last: receivedMs }
    for (let t = intervalStart(span.first); t < receivedMs; t += intervalMs) {
      const sums = this.#figuresOf(held, t, index)
      const share = (count: number) => countWithin(count, span, t, t + intervalMs)
      sums[figure.bytesIn]! += share(difference.octetsIn)
      sums[figure.bytesOut]! += share(difference.octetsOut)
      sums[figure.packetsIn]! += share(difference.packetsIn)
      sums[figure.packetsOut]! += share(difference.packetsOut)
      sums[figure.coveredMs]! += Math.min(receivedMs, t + intervalMs) - Math.max(span.first, t)
      if (!isAgain) this.changed.mark(exporter, t)
    }
    this.#forget(held, receivedMs)
  }

  /**
   * The sample before. Builds before 2026-12-01 did not keep the agent: what they left is taken for
   * that of the first to come.
   */
  #lastOf(sample: InterfaceCounters): InterfaceCounters | undefined {
    const samples = this.#exporters.get(sample.exporter)?.last
    const key = keyOf(sample)
    const own = samples?.get(key)
    if (own || !samples) return own
    const ofAny = keyOfAgent(undefined, sample.index)
    const left = samples.get(ofAny)
    if (left && samples.delete(ofAny)) samples.set(key, left)
    return left
  }

  /** Whether rows() has all of an exporter's interval; for others the store keeps what was written. */
  hasRows(exporter: string, interval: number): boolean {
    const held = this.#exporters.get(exporter)
    return held !== undefined && interval >= this.#wholeFrom && interval >= this.#oldest(held)
  }

  /**
   * The rows of an exporter's interval, or null if it sends no counters. An interface of which too
   * little is known has no row, unless the interval is still open: the row `other`, always 0, says
   * that this does not mean 0.
   */
  rows(exporter: string, interval: number, { isOpen = false } = {}): MeasurementRows | null {
    const held = this.#exporters.get(exporter)
    if (!held || interval + intervalMs <= held.sinceMs) return null
    const known = [...(held.intervals.get(interval) ?? [])].filter(
      ([, sums]) => isOpen || sums[figure.coveredMs]! >= coveredMin * intervalMs,
    )
    return counterRows(
      known.flatMap(([index, sums]) => [
        {
          counter: String(index),
          direction: 'in',
          bytes: sums[figure.bytesIn]!,
          packets: sums[figure.packetsIn]!,
        },
        {
          counter: String(index),
          direction: 'out',
          bytes: sums[figure.bytesOut]!,
          packets: sums[figure.packetsOut]!,
        },
      ]),
    )
  }

  /** Everything held, as plain JSON. */
  snapshot(): CounterState[] {
    return [...this.#exporters].map(([address, { sinceMs, last, intervals }]) => ({
      address,
      sinceMs,
      last: [...last.values()],
      intervals: [...intervals].map(([interval, interfaces]) => [
        interval,
        [...interfaces].map(([index, sums]) => [index, [...sums]]),
      ]),
    }))
  }

  /** Continues from a snapshot. */
  restore(state: readonly CounterState[]): void {
    for (const { address, sinceMs, last, intervals } of state) {
      const held = this.#exporterOf(address, sinceMs)
      for (const sample of last) held.last.set(keyOf(sample), sample)
      this.#interfaces += last.length
      for (const [interval, interfaces] of intervals)
        for (const [index, sums] of interfaces) this.#figuresOf(held, interval, index).set(sums)
      this.#wholeFrom = Math.min(this.#wholeFrom, ...intervals.map(([interval]) => interval))
    }
  }

  #exporterOf(address: string, nowMs: number): HeldExporter {
    let held = this.#exporters.get(address)
    if (held) return held
    held = { sinceMs: nowMs, last: new Map(), intervals: new Map() }
    this.#exporters.set(address, held)
    this.#wholeFrom = Math.min(this.#wholeFrom, intervalStart(nowMs))
    return held
  }

  #oldest({ intervals, sinceMs }: HeldExporter): number {
    return intervals.size === 0 ? intervalStart(sinceMs) : Math.min(...intervals.keys())
  }

  #forget({ intervals }: HeldExporter, nowMs: number): void {
    for (const [interval, interfaces] of intervals) {
      if (interval >= intervalStart(nowMs) - this.#heldMs) continue
      intervals.delete(interval)
      this.#held -= interfaces.size
    }
  }

  /**
   * Makes room: the last samples of these interfaces are too old to tell anything with the next. Exporters of which
   * nothing is left are forgotten.
   */
  #forgetSilent(nowMs: number): void {
    if (nowMs - this.#forgottenMs < heartbeatMs) return
    this.#forgottenMs = nowMs
    for (const [address, held] of this.#exporters) {
      for (const [key, { receivedMs }] of held.last)
        if (nowMs - receivedMs > heartbeatMs && held.last.delete(key)) this.#interfaces--
      this.#forget(held, nowMs)
      if (held.last.size === 0 && held.intervals.size === 0) this.#exporters.delete(address)
    }
  }

  #figuresOf({ intervals }: HeldExporter, interval: number, index: number): Float64Array {
    let interfaces = intervals.get(interval)
    if (!interfaces) intervals.set(interval, (interfaces = new Map<number, Float64Array>()))
    let sums = interfaces.get(index)
    if (!sums) {
      interfaces.set(index, (sums = new Float64Array(figures)))
      this.#held++
    }
    return sums
  }
}
