/**
 * What is known of each exporter in each interval, told from when the collector listened and from
 * what sequence numbers said: see "Known, unknown, zero" in ARCHITECTURE.md.
 */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { SequenceEvent } from '../../flow/sequence.ts'
import type { UnknownReason } from '../../store/measurement.ts'
import type { Coverage } from '../../store/series.ts'
import { BreakLog } from './breaks.ts'
import { ChangedIntervals } from './changed-intervals.ts'

/** What one interval is known by. A null reason means known. */
interface IntervalState {
  reason: UnknownReason | null
  datagrams: number
  lostFlows: number
  lostFlowsEstimated: boolean
}

interface ExporterCoverage {
  /** The interval of the newest datagram. */
  lastInterval: number
  intervals: Map<number, IntervalState>
}

/** What is kept over a restart. */
export interface CoverageSnapshot {
  listeningUntil: number
  exporters: [string, number, [number, IntervalState][]][]
}

/** After a silence longer than this, the intervals between are left unknown rather than written one by one. */
const silenceIntervalsMax = 35 * 288
/** Exporters that are followed; beyond, the ones longest silent are let go. */
const exportersMax = 4096

export class CoverageTracker {
  /** When exporters were away. */
  readonly breaks = new BreakLog()
  readonly changed = new ChangedIntervals()
  readonly #exporters = new Map<string, ExporterCoverage>()
  /** Intervals that began before this were not listened to throughout. */
  #listeningFrom: number
  #listeningUntil: number

  /** `listeningFrom`: since when (unix ms) the collector has been listening without a break. */
  constructor(listeningFrom: number) {
    this.#listeningFrom = listeningFrom
    this.#listeningUntil = listeningFrom
  }

  /** Starts listening anew: intervals that began before were not listened to throughout. */
  resume(listeningFrom: number): void {
    for (const [exporter, { intervals }] of this.#exporters)
      for (const [interval, state] of intervals)
        if (interval + intervalMs > this.#listeningUntil && interval < listeningFrom)
          this.#set(exporter, interval, { ...state, reason: 'not-listening' })
    this.#listeningFrom = listeningFrom
    this.#listeningUntil = Math.max(this.#listeningUntil, listeningFrom)
  }

  /** Says that the collector has been listening until now. */
  heartbeat(nowMs: number): void {
    this.#listeningUntil = Math.max(this.#listeningUntil, nowMs)
  }

  /** Takes what a datagram's sequence number said; gives the time since the one before, or null where there was none. */
  take(event: SequenceEvent): number | null {
    const interval = intervalStart(event.receivedMs)
    const silenceMs = this.breaks.take(event)
    this.heartbeat(event.receivedMs)
    const held = this.#exporters.get(event.exporter) ?? this.#add(event.exporter, interval)
    this.#judgeSilence(event, held, interval)
    const known = held.intervals.get(interval)
    const state = known ?? newState(null)
    state.datagrams++
    state.reason = interval < this.#listeningFrom ? 'not-listening' : null
    state.lostFlows = Math.max(0, state.lostFlows + event.lostFlows)
    if (event.lostFlows > 0 && event.lostFlowsEstimated) state.lostFlowsEstimated = true
    if (known) this.changed.mark(event.exporter, interval)
    else this.#set(event.exporter, interval, state)
    held.lastInterval = Math.max(held.lastInterval, interval)
    return silenceMs
  }

  /** Corrects what was counted as lost in an interval that is held. */
  correct(
    exporter: string,
    interval: number,
    { lostFlows, isEstimated }: { lostFlows: number; isEstimated: boolean },
  ): void {
    const state = this.#exporters.get(exporter)?.intervals.get(interval)
    if (!state) return
    state.lostFlows = Math.max(0, state.lostFlows + lostFlows)
    state.lostFlowsEstimated = state.lostFlows > 0 && (state.lostFlowsEstimated || isEstimated)
    this.changed.mark(exporter, interval)
  }

  /** Says what an interval without a datagram was; null: nothing was sent in it. */
  judge(exporter: string, interval: number, reason: UnknownReason | null): void {
    const state = this.#exporters.get(exporter)?.intervals.get(interval)
    if (state && (state.datagrams > 0 || state.reason === reason)) return
    if (this.#exporters.has(exporter)) this.#set(exporter, interval, newState(reason))
  }

  /** What is known of an interval, or null where it is not held here (then the store may know). */
  of(exporter: string, interval: number): Coverage | null {
    const state = this.#exporters.get(exporter)?.intervals.get(interval)
    if (!state) return null
    return {
      time: interval,
      exporter,
      known: state.reason === null ? 1 : 0,
      unknown: state.reason === null ? {} : { [state.reason]: 1 },
      datagrams: state.datagrams,
      lostFlows: state.lostFlows,
      lostFlowsEstimated: state.lostFlowsEstimated,
      ...(state.reason === null && interval + intervalMs > this.#listeningUntil
        ? { openUntil: this.#listeningUntil }
        : {}),
    }
  }

  /** The exporters of which something is known in an interval. */
  exportersIn(interval: number): string[] {
    return [...this.#exporters]
      .filter(([, { intervals }]) => intervals.has(interval))
      .map(([exporter]) => exporter)
  }

  /** Lets go of intervals before `before` that are not waiting to be written. */
  forget(before: number): void {
    for (const [exporter, { intervals }] of this.#exporters)
      for (const interval of intervals.keys())
        if (interval < before && !this.changed.has(exporter, interval)) intervals.delete(interval)
  }

  /** Everything that is held, as JSON can keep it. */
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

  /** Takes a snapshot back; listening goes on from where it stopped until resume says otherwise. */
  restore(snapshot: CoverageSnapshot): void {
    this.#listeningUntil = snapshot.listeningUntil
    this.#listeningFrom = Number.NEGATIVE_INFINITY
    for (const [exporter, lastInterval, intervals] of snapshot.exporters)
      this.#exporters.set(exporter, { lastInterval, intervals: new Map(intervals) })
  }

  /** The intervals without a datagram since the last one: what comes after them tells what they were. */
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

/** What a silence was, by what the datagram after it says; null is known. */
const silenceReasons: Record<SequenceEvent['verdict'], UnknownReason | null> = {
  continues: null,
  duplicate: null,
  reordered: null,
  gap: 'lost',
  unknown: 'lost',
  restart: 'exporter-restart',
  first: 'exporter-restart',
}

function newState(reason: UnknownReason | null): IntervalState {
  return { reason, datagrams: 0, lostFlows: 0, lostFlowsEstimated: false }
}
