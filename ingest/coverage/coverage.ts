/**
 * What is known about each exporter in each interval, from when the collector was listening and
 * from sequence numbers: see "Known, unknown, zero" in ARCHITECTURE.md.
 */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { SequenceEvent, SequenceGap } from '../../flow/sequence.ts'
import { countWithin } from '../../flow/spread.ts'
import type { UnknownReason } from '../../store/measurement.ts'
import type { Coverage } from '../../store/series.ts'
import { BreakLog } from './breaks.ts'
import { ChangedIntervals } from './changed-intervals.ts'
import type { ClockStep } from './clock-steps.ts'
import {
  newState,
  reasonOf,
  shareLost,
  silenceReasons,
  type IntervalState,
} from './interval-state.ts'

/** Flows lost since the datagram received at `sinceMs`, unix ms. */
interface LostFlows {
  lostFlows: number
  isEstimated: boolean
  sinceMs: number
}

interface ExporterCoverage {
  /** The interval of the newest datagram. */
  lastInterval: number
  intervals: Map<number, IntervalState>
}

/** The state kept over a restart. */
export interface CoverageSnapshot {
  listeningUntil: number
  exporters: [string, number, [number, IntervalState][]][]
}

/** Most intervals written for one silence; earlier ones stay unknown without a row. */
const silenceIntervalsMax = 35 * 288
/** Most exporters followed; beyond, those silent longest are dropped. */
export const exportersMax = 4096

export class CoverageTracker {
  /** When exporters were away. */
  readonly breaks = new BreakLog()
  readonly changed = new ChangedIntervals()
  /** Whether other collectors receive from the same exporters. */
  isShared = false
  readonly #exporters = new Map<string, ExporterCoverage>()
  /** The collector did not listen throughout intervals that began before this. */
  #listeningFrom: number
  #listeningUntil: number

  /** `listeningFrom`: since when (unix ms) the collector has listened without a break. */
  constructor(listeningFrom: number) {
    this.#listeningFrom = listeningFrom
    this.#listeningUntil = listeningFrom
  }

  /** Starts listening anew: earlier intervals were not covered throughout, and what passed meanwhile is not known. */
  resume(listeningFrom: number): void {
    this.clockSays(listeningFrom)
    // Another collector may have listened.
    if (!this.isShared)
      for (const exporter of this.#exporters.keys())
        this.breaks.notListening(exporter, { from: this.#listeningUntil, to: listeningFrom })
    this.#listenFrom(listeningFrom)
  }

  #listenFrom(listeningFrom: number): void {
    for (const [exporter, { intervals }] of this.#exporters)
      for (const [interval, state] of intervals)
        if (interval + intervalMs > this.#listeningUntil && interval < listeningFrom)
          this.#set(exporter, interval, { ...state, reason: 'not-listening' })
    this.#listeningFrom = listeningFrom
    // Not the later of the two: the clock may have been ahead before.
    this.#listeningUntil = listeningFrom
  }

  /** Notes that the collector's own clock was set forward: in the time skipped nobody listened. */
  clockSetForward(step: ClockStep): void {
    for (const exporter of this.#exporters.keys()) this.breaks.clockSetForward(exporter, step)
    this.#listeningUntil = Math.min(this.#listeningUntil, step.from)
    this.#listenFrom(step.to)
  }

  /** Notes what the clock says: if that is an interval or more before what it said, it was set back. */
  clockSays(nowMs: number): void {
    if (this.#listeningUntil - nowMs < intervalMs) return
    this.breaks.clockSetBack(nowMs)
    this.#listenFrom(nowMs)
  }

  /**
   * Notes that the collector has been listening until now. What was written of an interval while it
   * was open is to be written again.
   */
  heartbeat(nowMs: number): void {
    const open = intervalStart(this.#listeningUntil)
    this.#listeningUntil = Math.max(this.#listeningUntil, nowMs)
    if (nowMs < open + intervalMs) return
    for (const [exporter, { intervals }] of this.#exporters)
      if (intervals.has(open)) this.changed.mark(exporter, open)
  }

  /** Takes the sequence verdict of a datagram. */
  take(event: SequenceEvent): void {
    const interval = intervalStart(event.receivedMs)
    this.breaks.take(event)
    this.heartbeat(event.receivedMs)
    const held = this.#exporters.get(event.exporter) ?? this.#add(event.exporter, interval)
    this.#judgeSilence(event, held, interval)
    const known = held.intervals.get(interval)
    const state = known ?? newState(null)
    state.datagrams++
    state.flows = (state.flows ?? 0) + event.flows
    if (state.carries !== 'flows' && event.carries !== 'nothing') state.carries = event.carries
    state.reason = this.#reasonOf(interval, state)
    if (known) this.changed.mark(event.exporter, interval)
    else this.#set(event.exporter, interval, state)
    held.lastInterval = Math.max(held.lastInterval, interval)
    for (const gap of event.gaps) this.#countGap(event, gap)
  }

  /** Notes that data of an interval, which had waited for its template, was read. */
  read(exporter: string, interval: number): void {
    const state = this.#exporters.get(exporter)?.intervals.get(interval)
    if (!state || state.carries === 'flows') return
    state.carries = 'flows'
    if (state.reason === 'lost') state.reason = null
    this.changed.mark(exporter, interval)
  }

  /**
   * Counts flows lost between two datagrams, which were received at `sinceMs` and `untilMs`: evenly
   * over that time, as far as its intervals are held. A negative number undoes it.
   */
  lose(exporter: string, lost: LostFlows, untilMs: number): void {
    const last = intervalStart(untilMs)
    const span = { first: Math.floor(lost.sinceMs), last: Math.floor(untilMs) }
    let left = lost.lostFlows
    for (let t = intervalStart(lost.sinceMs); t < last; t += intervalMs) {
      if (!this.#exporters.get(exporter)?.intervals.has(t)) continue
      const share = countWithin(Math.abs(lost.lostFlows), span, t, t + intervalMs)
      left -= share * Math.sign(lost.lostFlows)
      this.#countLost(exporter, t, { ...lost, lostFlows: share * Math.sign(lost.lostFlows) })
    }
    this.#countLost(exporter, last, { ...lost, lostFlows: left })
  }

  #countGap(
    { exporter, lostFlowsEstimated: isEstimated }: SequenceEvent,
    { sinceMs, untilMs, units, flows }: SequenceGap,
  ): void {
    const { intervals } = this.#exporters.get(exporter)!
    for (let t = intervalStart(untilMs); t >= intervalStart(sinceMs); t -= intervalMs) {
      const state = intervals.get(t)
      if (!state) continue
      state.missing = Math.max(0, (state.missing ?? 0) + units)
      this.changed.mark(exporter, t)
    }
    this.lose(exporter, { lostFlows: flows, isEstimated, sinceMs }, untilMs)
  }

  #countLost(
    exporter: string,
    interval: number,
    { lostFlows, isEstimated }: Pick<LostFlows, 'lostFlows' | 'isEstimated'>,
  ): void {
    const state = this.#exporters.get(exporter)?.intervals.get(interval)
    if (!state || lostFlows === 0) return
    state.lostFlows = Math.max(0, state.lostFlows + lostFlows)
    state.lostFlowsEstimated = state.lostFlows > 0 && (state.lostFlowsEstimated || isEstimated)
    this.changed.mark(exporter, interval)
  }

  /** Sets the reason of an interval without datagrams; null: nothing was sent in it. */
  judge(exporter: string, interval: number, reason: UnknownReason | null): void {
    const state = this.#exporters.get(exporter)?.intervals.get(interval)
    if (state && (state.datagrams > 0 || reasonOf(state) === reason)) return
    if (this.#exporters.has(exporter))
      this.#set(exporter, interval, { ...(state ?? newState(reason)), reason, missing: 0 })
  }

  /** The coverage of an interval, or null if it is not held here (the store may have it). */
  of(exporter: string, interval: number): Coverage | null {
    const state = this.#exporters.get(exporter)?.intervals.get(interval)
    if (!state) return null
    const reason = reasonOf(state)
    return {
      time: interval,
      exporter,
      known: reason === null ? 1 : 0,
      unknown: reason === null ? {} : { [reason]: 1 },
      datagrams: state.datagrams,
      lostFlows: state.lostFlows,
      lostFlowsEstimated: state.lostFlowsEstimated,
      ...(reason === null && interval + intervalMs > this.#listeningUntil
        ? { openUntil: this.#listeningUntil }
        : {}),
    }
  }

  /** The share of an exporter's flows of an interval that was lost, 0 to 1. */
  lostShare(exporter: string, interval: number): number {
    const state = this.#exporters.get(exporter)?.intervals.get(interval)
    return state ? shareLost(state) : 0
  }

  /** Adds what is stored of an interval that is held, from earlier captures that had a part of it. */
  add({ exporter, time, known, datagrams, lostFlows, lostFlowsEstimated }: Coverage): void {
    const state = this.#exporters.get(exporter)?.intervals.get(time)
    if (!state) return
    state.datagrams += datagrams
    state.lostFlows += lostFlows
    state.lostFlowsEstimated ||= lostFlows > 0 && lostFlowsEstimated
    if (known === 1) Object.assign(state, { reason: null, missing: 0 })
  }

  /** The intervals held of any exporter. */
  intervals(): Set<number> {
    const all = [...this.#exporters.values()].flatMap(({ intervals }) => [...intervals.keys()])
    return new Set(all)
  }

  /** From the first to the end of the last interval held, unix ms; empty if there is none. */
  extent(): { from: number; to: number } {
    let [from, to] = [Number.POSITIVE_INFINITY, 0]
    for (const interval of this.intervals()) {
      from = Math.min(from, interval)
      to = Math.max(to, interval + intervalMs)
    }
    return { from: Math.min(from, to), to }
  }

  /** The exporters with coverage in an interval. */
  exportersIn(interval: number): string[] {
    return [...this.#exporters]
      .filter(([, { intervals }]) => intervals.has(interval))
      .map(([exporter]) => exporter)
  }

  /** Drops intervals before `before` that are not waiting to be written. */
  forget(before: number): void {
    for (const [exporter, { intervals }] of this.#exporters)
      for (const interval of intervals.keys())
        if (interval < before && !this.changed.has(exporter, interval)) intervals.delete(interval)
  }

  /** Everything held, as plain JSON. */
  snapshot(): CoverageSnapshot {
    return {
      listeningUntil: this.#listeningUntil,
      exporters: [...this.#exporters].map(([exporter, { lastInterval, intervals }]) => [
        exporter,
        lastInterval,
        [...intervals],
      ]),
    }
  }

  /** Restores a snapshot; listening continues from there until `resume` is called. */
  restore(snapshot: CoverageSnapshot): void {
    this.#listeningUntil = snapshot.listeningUntil
    this.#listeningFrom = Number.NEGATIVE_INFINITY
    for (const [exporter, lastInterval, intervals] of snapshot.exporters)
      this.#exporters.set(exporter, { lastInterval, intervals: new Map(intervals) })
  }

  /** Judges the intervals without datagrams since the last one, by the datagram after them. */
  #judgeSilence(event: SequenceEvent, held: ExporterCoverage, interval: number): void {
    const from = Math.max(
      held.lastInterval + intervalMs,
      interval - silenceIntervalsMax * intervalMs,
    )
    for (let silent = from; silent < interval; silent += intervalMs) {
      const reason = silent < this.#listeningFrom ? 'not-listening' : silenceReasons[event.verdict]
      this.#set(event.exporter, silent, newState(reason))
    }
  }

  #reasonOf(interval: number, { carries }: IntervalState): UnknownReason | null {
    if (interval < this.#listeningFrom) return 'not-listening'
    return carries === 'unread' ? 'lost' : null
  }

  #set(exporter: string, interval: number, state: IntervalState): void {
    this.#exporters.get(exporter)!.intervals.set(interval, state)
    this.changed.mark(exporter, interval)
  }

  #add(exporter: string, interval: number): ExporterCoverage {
    if (this.#exporters.size >= exportersMax) {
      const [silent] = [...this.#exporters].sort((a, b) => a[1].lastInterval - b[1].lastInterval)
      this.#exporters.delete(silent![0])
      this.changed.drop(silent![0])
    }
    const held = { lastInterval: interval, intervals: new Map<number, IntervalState>() }
    this.#exporters.set(exporter, held)
    return held
  }
}
