/**
 * Totals of 5-minute intervals; a flow is spread over the intervals it was active in. An interval
 * held here in full counts late flows at once; any other is only marked, to be rebuilt from the
 * archive.
 */
import type { NetworkSet } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { FieldName } from '../../store/measurement.ts'
import type { MeasurementRows } from '../../store/series.ts'
import { directions } from './codes.ts'
import { ExporterText } from './exporter-text.ts'
import { HeldIntervals } from './held-intervals.ts'
import { share } from './share.ts'
import { amountCount } from './tables.ts'
import type { Range } from '../../store/tracker.ts'
import type { FollowedTrackers, Visit } from '../trackers/followed.ts'
import { isSameExporter, PlainRows } from './plain-rows.ts'
import { SortedRows } from './sorted-rows.ts'
import { directionAt, readDirections } from './directions.ts'
import type { RowPart, Totals } from './totals.ts'

/** A flow may span thousands of intervals: most flow parts to gather before they are counted. */
const continuedMax = 65_536

export interface BucketsOptions {
  local: NetworkSet
  /** A flow that began longer than this before it was received is not counted in the series. */
  flowMaxMs: number
  /** Intervals from this start (unix ms) on are held in full, unless dropped since. */
  wholeFrom: number
  /** Counts only these intervals and marks none: for rebuilding them from the archive. */
  only?: ReadonlySet<number>
  trackers?: FollowedTrackers
}

/** Sums of a tracker in an interval, by direction and as `all`. */
type TrackerSums = Record<FieldName, Record<string, number>>

/** The totals of an interval and exporter. */
interface Target {
  interval: number
  exporter: string
  totals: Totals
}

export class Buckets {
  /** Flows too old to count (see BucketsOptions.flowMaxMs), or to count whole (see countedFrom). */
  tooLate = 0
  readonly #options: BucketsOptions
  readonly #held: HeldIntervals
  #dirty = new Set<number>()
  #redo = new Set<number>()
  /** Intervals before this cannot be rebuilt, because the archive dropped some of their flows; set by its owner. */
  rebuiltFrom = Number.NEGATIVE_INFINITY
  readonly #exporter = new ExporterText()
  readonly #plain = new PlainRows()
  /** Rows sorted by totals, for each part of a flow. */
  readonly #sorted: Record<RowPart, SortedRows> = {
    whole: new SortedRows(),
    begun: new SortedRows(),
    continued: new SortedRows(),
  }
  #directions = new Uint8Array(0)
  /**
   * Where the last share of an even and of an odd interval went: an exporter's flows arrive
   * together, and may straddle two intervals.
   */
  #last: (Target | undefined)[] = []

  constructor(options: BucketsOptions) {
    this.#options = options
    this.#held = new HeldIntervals(options.wholeFrom)
  }

  /**
   * Of flows that began before this (unix ms), only what came since counts: intervals before it are
   * neither held nor can be rebuilt.
   */
  get countedFrom(): number {
    return Math.min(this.rebuiltFrom, this.#held.wholeFrom)
  }

  /** Counts every row of the columns; `codes` are their directions. */
  add(flows: FlowColumns, codes = this.#directionsOf(flows)): void {
    if (flows.count === 0) return
    const { flowMaxMs } = this.#options
    const limits = { flowMaxMs, oldestMs: this.countedFrom }
    const { interval, plain, others } = this.#plain.separate(flows, limits)
    if (plain.length > 0) this.#totals(interval, flows, plain[0]!)?.addRows(flows, plain, codes)
    this.#sort(flows, codes, others)
    for (const part of ['whole', 'begun', 'continued'] as const) this.#count(flows, codes, part)
    this.#options.trackers?.forEach(flows, (tracker, i, span) => {
      if (!this.#isTooLate(flows, i)) this.#follow(flows, i, { tracker, span })
    })
  }

  /**
   * Counts flows again, only for trackers that missed them, in the intervals given for each tracker
   * (by number) that are held here.
   */
  addForTrackers(flows: FlowColumns, only: ReadonlyMap<number, ReadonlySet<number>>): void {
    const visit: Visit = (tracker, i, span) => {
      const late = only.get(tracker)!
      if (!this.#isTooLate(flows, i)) this.#follow(flows, i, { tracker, span, late })
    }
    this.#options.trackers?.forEach(flows, visit, only)
  }

  /** The intervals held here that changed since the last call, and those to rebuild from the archive. */
  takeChanged(): { dirty: number[]; redo: number[] } {
    const changed = { dirty: [...this.#dirty], redo: [...this.#redo] }
    this.#last = []
    this.#dirty = new Set()
    this.#redo = new Set()
    return changed
  }

  /** Clears the sums of a tracker in some intervals. */
  clearTracker(tracker: number, intervals: readonly number[]): void {
    for (const interval of intervals)
      for (const totals of this.#held.of(interval).values()) totals.clear(tracker)
  }

  /** The sums of a tracker in an interval over all exporters, each times its factor, by direction and in total. */
  trackerSums(interval: number, tracker: number, factorOf = (_exporter: string) => 1): TrackerSums {
    const sums = new Float64Array(directions.length * amountCount)
    for (const [exporter, totals] of this.#held.of(interval))
      totals.addTrackerSums(tracker, sums, factorOf(exporter))
    const of = (field: number): Record<string, number> => {
      const each = directions.map((name, at) => [name, sums[at * amountCount + field]!] as const)
      return Object.fromEntries([...each, ['all', each.reduce((sum, [, n]) => sum + n, 0)]])
    }
    return { bytes: of(0), packets: of(1), flows: of(2), active: of(3) }
  }

  /** Drops every interval before `to`, and returns those that were held. */
  dropBefore(to: number): number[] {
    this.#last = []
    const gone = this.#held.dropBefore(to)
    for (const interval of gone) this.#dirty.delete(interval)
    return gone
  }

  /** Whether an interval is held in full, with or without flows. */
  isHeld(interval: number): boolean {
    return this.#held.has(interval)
  }

  /** The rows of an interval by exporter (address as text), with the `top` hosts; see Totals.rows. */
  rows(interval: number, top?: number): Map<string, MeasurementRows[]> {
    const exporters = this.#held.of(interval)
    const names = this.#options.trackers
    return new Map([...exporters].map(([exporter, totals]) => [exporter, totals.rows(top, names)]))
  }

  /** Packs intervals that ended a while ago; they stay held. */
  pack(nowMs: number): void {
    this.#held.pack(nowMs)
  }

  /** Whether an interval is over and will be packed soon. */
  awaitsPacking(nowMs: number): boolean {
    return this.#held.awaitsPacking(nowMs)
  }

  /** Drops intervals past the horizon, or the oldest if memory is short, but none that are still to be written. */
  forget(nowMs: number, unwritten: ReadonlySet<number>): void {
    this.#last = []
    this.#held.forget(nowMs, (interval) => this.#dirty.has(interval) || unwritten.has(interval))
  }

  /** Bytes held by the totals. */
  get bytes(): number {
    return this.#held.bytes
  }

  /**
   * Sorts rows by the totals they belong to; a flow of several intervals is spread. An exporter's
   * rows arrive together.
   */
  #sort(flows: FlowColumns, codes: Uint8Array, rows: Int32Array): void {
    const { flowStartMilliseconds, flowEndMilliseconds, collectionTimeMilliseconds } = flows
    const { exporterAddressHigh: high, exporterAddressLow: low } = flows
    const { countedFrom } = this
    const { flowMaxMs } = this.#options
    const { whole } = this.#sorted
    let start = 0
    let totals: Totals | null = null
    for (let at = 0; at < rows.length; at++) {
      const i = rows[at]!
      const first = flowStartMilliseconds[i]!
      const isTooOld = collectionTimeMilliseconds[i]! - first > flowMaxMs
      if (isTooOld || first < countedFrom) this.tooLate++
      if (isTooOld) {
        totals = null
        continue
      }
      const last = Math.max(first, flowEndMilliseconds[i]!)
      let isAsBefore = totals !== null && isSameExporter(high, low, i)
      if (first < start || first >= start + intervalMs) {
        start = intervalStart(first)
        isAsBefore = false
      }
      if (last > start + intervalMs) {
        this.#spread(flows, codes, { i, first, last })
        totals = null
        continue
      }
      if (!isAsBefore) totals = this.#totals(start, flows, i)
      if (totals) whole.put(i, totals)
    }
  }

  /** Sorts a flow that spans several intervals. */
  #spread(
    flows: FlowColumns,
    codes: Uint8Array,
    { i, first, last }: { i: number; first: number; last: number },
  ): void {
    const begin = intervalStart(first)
    const end = intervalStart(last - 1)
    for (let interval = begin; interval <= end; interval += intervalMs) {
      const totals = this.#totals(interval, flows, i)
      const part = interval === begin ? 'begun' : 'continued'
      if (totals) this.#sorted[part].put(i, totals)
    }
    if (this.#sorted.continued.count > continuedMax) this.#count(flows, codes, 'continued')
  }

  /** Counts the sorted rows. */
  #count(flows: FlowColumns, codes: Uint8Array, part: RowPart): void {
    const sorted = this.#sorted[part]
    sorted.forEach((totals, rows) => totals.addRows(flows, rows, codes, part))
    sorted.begin()
  }

  /** Counts a flow for a tracker, in the intervals for which its filter is valid. */
  #follow(
    flows: FlowColumns,
    i: number,
    { tracker, span, late }: { tracker: number; span: Range; late?: ReadonlySet<number> },
  ): void {
    const first = flows.flowStartMilliseconds[i]!
    const last = Math.max(first, flows.flowEndMilliseconds[i]!)
    const direction = directionAt(flows, i, this.#options.local)
    const start = intervalStart(first)
    const end = Math.max(start, intervalStart(last - 1))
    for (let interval = start; interval <= end; interval += intervalMs) {
      if (interval < span.from || interval >= span.to) continue
      if (late && !(late.has(interval) && this.isHeld(interval))) continue
      const totals = this.#totals(interval, flows, i)
      if (!totals) continue
      share(totals.amounts, flows, i, interval)
      totals.addTracked(tracker, direction)
    }
  }

  #isTooLate(flows: FlowColumns, i: number): boolean {
    const first = flows.flowStartMilliseconds[i]!
    const received = flows.collectionTimeMilliseconds[i]!
    return received - first > this.#options.flowMaxMs
  }

  /** The direction codes of all rows. */
  #directionsOf(flows: FlowColumns): Uint8Array {
    if (this.#directions.length < flows.count) this.#directions = new Uint8Array(flows.count)
    readDirections(flows, this.#options.local, this.#directions)
    return this.#directions
  }

  /** The totals that a share goes to; null if the interval is not held, which is then marked if it can be rebuilt. */
  #totals(interval: number, flows: FlowColumns, i: number): Totals | null {
    const exporter = this.#exporter.at(flows, i)
    const parity = (interval / intervalMs) & 1
    const last = this.#last[parity]
    if (last?.interval === interval && last.exporter === exporter) return last.totals
    const { only } = this.#options
    if (only ? !only.has(interval) : !this.#held.has(interval)) {
      if (!only && interval >= this.rebuiltFrom) this.#redo.add(interval)
      return null
    }
    const totals = this.#held.totals(interval, exporter)
    this.#dirty.add(interval)
    this.#last[parity] = { interval, exporter, totals }
    return totals
  }
}
