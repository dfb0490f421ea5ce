/**
 * Writes the 5-minute series: intervals in memory from the buckets, all others from the archive.
 * The series of an interval is a pure function of the archive: it is written after the archive has
 * published the flows it counts, and writing it again replaces it.
 */
import type { NetworkSet } from '../../flow/address.ts'
import { intervalMs, type Tier } from '../../flow/interval.ts'
import type { Archive } from '../../store/archive/archive.ts'
import { cutTop } from '../../store/cut.ts'
import type { Coverage, SeriesRange, SeriesStore, StepRows } from '../../store/series.ts'
import { Buckets } from '../buckets/buckets.ts'
import { CoverageTracker } from '../coverage/coverage.ts'
import { counterRows, type CounterFigure } from '../counters/rows.ts'
import { CounterTracker } from '../counters/interface-counters.ts'
import { importedOf, type Imported } from '../import/imported.ts'
import type { FollowedTrackers } from '../trackers/followed.ts'

interface SeriesWriterParts {
  archive: Archive
  store: SeriesStore
  coverage: CoverageTracker
  /** The 5-minute tier. */
  tier: Tier
  local: NetworkSet
  top: number
  flowMaxMs: number
  trackers?: FollowedTrackers
  /** The interfaces' own counters; absent if none are received. */
  counters?: CounterTracker
}

/** Intervals rebuilt per read of the archive: bounds the memory of their totals. */
const redoBatch = 24
/** Rows of rebuilt intervals that wait to be written together with the rest of their day. */
const redoRowsMax = 100_000
const dayMs = 86_400_000
/** Most counter rows of an interval kept when it is rewritten. */
const countersMax = 100_000

export class SeriesWriter {
  /** Intervals that were not rebuilt, because the archive no longer has all of their flows. */
  keptAsStored = 0
  readonly #parts: SeriesWriterParts
  #unfinished: { imported: Imported; coverage: CoverageTracker; counters: CounterTracker } | null =
    null

  constructor(parts: SeriesWriterParts) {
    this.#parts = parts
  }

  /** What an import left because it was killed before it had written its series. */
  get #imported(): { coverage: CoverageTracker; counters: CounterTracker } | null {
    const imported = importedOf(this.#parts.archive)
    if (imported === null) this.#unfinished = null
    else if (this.#unfinished?.imported !== imported) {
      const coverage = new CoverageTracker(Number.NEGATIVE_INFINITY)
      coverage.restore(imported.coverage)
      const counters = new CounterTracker()
      counters.restore(imported.counters ?? [])
      this.#unfinished = { imported, coverage, counters }
    }
    return this.#unfinished
  }

  /**
   * The steps of an interval in the buckets, for exporters with flows in it and the given ones.
   * Coverage no longer held comes from an unfinished import, or from `stored`, by exporter.
   */
  stepsOf(
    buckets: Buckets,
    interval: number,
    { exporters, stored }: { exporters: Iterable<string>; stored?: ReadonlyMap<string, Coverage> },
  ): StepRows[] {
    const { coverage, top, local } = this.#parts
    const isLocal = (host: string) => local.hasText(host)
    const rows = buckets.rows(interval, top)
    return [...new Set([...rows.keys(), ...exporters])].map((exporter) => ({
      coverage:
        coverage.of(exporter, interval) ??
        this.#imported?.coverage.of(exporter, interval) ??
        stored?.get(exporter) ??
        unseen(exporter, interval),
      measurements: (rows.get(exporter) ?? []).map((uncut) => cutTop(uncut, { top, isLocal })),
    }))
  }

  /**
   * Writes steps, together with the interfaces' counters. The store is asked for those no longer
   * held, the newest first: if it is away and its spool does not have them, the steps before are
   * written nevertheless.
   */
  async write(steps: readonly StepRows[]): Promise<void> {
    const asked = this.#addHeldCounters(steps)
    const isAsked = new Set(asked)
    const whole = steps.filter((step) => !isAsked.has(step))
    const intervals = Map.groupBy(asked, ({ coverage }) => coverage.time)
    try {
      for (const [, of] of [...intervals].sort(([a], [b]) => b - a)) {
        await this.#addStoredCounters(of)
        whole.push(...of)
      }
    } finally {
      await this.#store(whole)
    }
  }

  async #store(steps: readonly StepRows[]): Promise<void> {
    if (steps.length > 0) await this.#parts.store.write(this.#parts.tier, steps)
  }

  /** Returns the steps of which no counters are held. */
  #addHeldCounters(steps: readonly StepRows[]): StepRows[] {
    const { counters } = this.#parts
    return steps.filter(({ coverage: { exporter, time, openUntil }, measurements }) => {
      const held = [counters, this.#imported?.counters].find((each) =>
        each?.hasRows(exporter, time),
      )
      const rows = held?.rows(exporter, time, { isOpen: openUntil !== undefined })
      if (rows) measurements.push(rows)
      return !held
    })
  }

  /** Counters are not in the archive, so those no longer held are kept as stored. */
  async #addStoredCounters(steps: readonly StepRows[]): Promise<void> {
    const { store, tier } = this.#parts
    for (const [from, of] of Map.groupBy(steps, ({ coverage }) => coverage.time)) {
      const found = await storedCounters(store, { tier, from, to: from + intervalMs })
      for (const step of of) {
        const figures = found.get(step.coverage.exporter)
        if (figures) step.measurements.push(counterRows(figures))
      }
    }
  }

  /**
   * Rebuilds intervals from the archive, the newest day first, and writes a day at once where it is
   * not large, because the store gives a whole day a single file; `written` is called with what was
   * written. Intervals of which the archive has dropped flows stay as they are stored. Stops once
   * `stop` is aborted, and returns false if some were left.
   */
  async redo(
    intervals: readonly number[],
    { written, stop }: { written: (batch: readonly number[]) => Promise<void>; stop?: AbortSignal },
  ): Promise<boolean> {
    const sorted = [...intervals].sort((a, b) => dayOf(b) - dayOf(a) || a - b)
    let [done, steps, rows] = [[] as number[], [] as StepRows[], 0]
    for (let at = 0; at < sorted.length;) {
      const batch = nextBatch(sorted, at)
      at += batch.length
      const made = await this.#stepsFromArchive(batch, stop)
      if (made === null) return false
      done.push(...batch)
      steps.push(...made)
      for (const { measurements } of made) for (const { count } of measurements) rows += count
      const isDayOver = at === sorted.length || dayOf(sorted[at]!) !== dayOf(batch[0]!)
      if (!isDayOver && rows < redoRowsMax) continue
      await this.#store(steps)
      await written(done)
      ;[done, steps, rows] = [[], [], 0]
    }
    return true
  }

  /** Null if stopped. */
  async #stepsFromArchive(
    batch: readonly number[],
    stop: AbortSignal | undefined,
  ): Promise<StepRows[] | null> {
    const { archive, store, coverage, local, flowMaxMs, tier, trackers } = this.#parts
    const from = batch[0]!
    const to = batch.at(-1)! + intervalMs
    const storedIn = Map.groupBy(await store.coverage({ tier, from, to }), ({ time }) => time)
    // What is stored counts flows that the archive no longer has.
    const made = batch.filter((each) => archive.isComplete(each) || !storedIn.has(each))
    this.keptAsStored += batch.length - made.length
    if (made.length === 0) return []
    const buckets = new Buckets({
      local,
      flowMaxMs,
      wholeFrom: made[0]!,
      only: new Set(made),
      ...(trackers && { trackers }),
    })
    for await (const flows of archive.read(made[0]!, to)) {
      if (stop?.aborted) return null
      buckets.add(flows)
    }
    const steps = made.flatMap((interval) => {
      const stored = new Map(storedIn.get(interval)?.map((each) => [each.exporter, each]))
      const exporters = [
        ...stored.keys(),
        ...coverage.exportersIn(interval),
        ...(this.#imported?.coverage.exportersIn(interval) ?? []),
      ]
      return this.stepsOf(buckets, interval, { exporters, stored })
    })
    const asked = this.#addHeldCounters(steps)
    await this.#addStoredCounters(asked.filter((step) => storedIn.has(step.coverage.time)))
    return steps
  }
}

function dayOf(interval: number): number {
  return Math.floor(interval / dayMs)
}

/** The next intervals of a day close enough for one read of the archive. */
function nextBatch(sorted: readonly number[], at: number): number[] {
  const first = sorted[at]!
  return sorted
    .slice(at, at + redoBatch)
    .filter((each) => each < first + redoBatch * intervalMs && dayOf(each) === dayOf(first))
}

/**
 * The coverage of an interval that has flows, although its exporter had not yet sent a datagram.
 */
function unseen(exporter: string, interval: number): Coverage {
  return {
    time: interval,
    exporter,
    known: 0,
    unknown: { 'not-seen': 1 },
    datagrams: 0,
    lostFlows: 0,
    lostFlowsEstimated: false,
  }
}

/** The counters of an interval's interfaces by exporter, as stored before. */
async function storedCounters(
  store: SeriesStore,
  range: SeriesRange,
): Promise<Map<string, CounterFigure[]>> {
  const rows = await store.top({
    ...range,
    measurement: 'counter',
    by: ['exporter', 'counter', 'direction'],
    order: 'bytes',
    limit: countersMax,
  })
  const figures = rows.map(({ key: { exporter = '', counter = '', direction = '' }, sum }) => {
    return { exporter, counter, direction, bytes: sum.bytes, packets: sum.packets }
  })
  return Map.groupBy(figures, ({ exporter }) => exporter)
}
