/**
 * The running collector: datagrams are journalled, decoded and counted at once; a clock publishes
 * the archive, then writes the series.
 */
import { performance } from 'node:perf_hooks'

import type { Logger } from 'pino'

import { intervalStart } from '../flow/interval.ts'
import { reasonOf } from '../flow/reason.ts'
import type { Settings } from '../flow/settings/settings.ts'
import type { IncidentsStatus } from '../flow/status.ts'
import type { Archive } from '../store/archive/archive.ts'
import { collectAll } from '../store/process/garbage.ts'
import type { Buckets } from './buckets/buckets.ts'
import type { Consolidator } from './consolidate/consolidator.ts'
import { ClockSteps } from './coverage/clock-steps.ts'
import type { CoverageTracker } from './coverage/coverage.ts'
import type { CounterTracker } from './counters/interface-counters.ts'
import type { IncidentWatch } from './incidents/watch.ts'
import type { Neighbours } from './coverage/neighbours.ts'
import type { Pipeline } from './pipeline.ts'
import type { Receiver } from './receive/receiver.ts'
import type { ReceiverStatus } from './receive/thread.ts'
import { DueIntervals } from './series/due.ts'
import { markedIntervals, takeBatch, type Batch } from './series/batch.ts'
import { redoFromArchive } from './series/redo.ts'
import type { SeriesWriter } from './series/writer.ts'
import { sortsNow, ThreadLoad } from './sorting.ts'
import type { TrackerKeeper } from './trackers/keeper.ts'

export interface CollectorParts {
  settings: Settings
  archive: Archive
  buckets: Buckets
  coverage: CoverageTracker
  counters: CounterTracker
  /** The other collectors of a cluster, which may receive some of the exporters' datagrams. */
  neighbours: Neighbours | null
  pipeline: Pipeline
  receiver: Receiver
  writer: SeriesWriter
  consolidator: Consolidator
  incidents: IncidentWatch
  trackers: TrackerKeeper
  /** Returns freed memory to the operating system. */
  returnFreedMemory: () => void
  /**
   * Whether to bundle the small files of a past hour or day; false if files are sent to another
   * machine as they are.
   */
  bundles: boolean
  log: Logger
}

/** The trackers after user changes; null if unchanged. */
type ChangedTrackers = Awaited<ReturnType<TrackerKeeper['look']>>

/** Series are written at most this often, after a failure at every other tick; flows are published at every tick. */
const [seriesEveryMs, seriesAgainMs] = [60_000, 25_000]
/** A tick may be this early and still write the series that are due. */
const seriesEarlyMs = 1000
const atNextTick = 'the next tick tries again'
const atNextStart = 'the next start publishes what the journal holds'
/**
 * How long a tick rebuilds intervals from the archive, and how many it reads at once. The last tick
 * rebuilds only the newest few, so that queries are complete while no collector runs; the next start rebuilds the rest.
 */
const redoInTick = { msMax: 5000, slice: 24 }
const redoAtEnd = { msMax: 1000, slice: 2 }
/** The last tick abandons rebuilding and consolidation after this long; the next start finishes both. */
const endMsMax = 2500
/**
 * After this long, a tick starts sorting no more files, so that flows are published on time and a
 * stop need not wait.
 */
const mergeMsMax = 5000
/** Coverage of written intervals is kept this long: a late datagram may still explain a gap in them. */
const coverageHorizonMs = 2 * 3_600_000

export class Collector {
  publishedAt: number | null = null
  seriesWrittenAt: number | null = null
  lastError: string | null = null
  readonly #parts: CollectorParts
  readonly #due: DueIntervals
  #seriesDueMs = 0
  readonly #load = new ThreadLoad()
  #remakeError: string | null = null
  readonly #clock = new ClockSteps()
  /** How many of the datagrams that the journal did not take have been published. */
  #publishedUnjournalled = 0
  readonly #ending = new AbortController()
  #work: Promise<void> = Promise.resolve()

  constructor(parts: CollectorParts) {
    this.#parts = parts
    this.#due = new DueIntervals(parts.archive.redo())
  }

  /** Intervals waiting to be rebuilt from the archive. */
  get redo(): ReadonlySet<number> {
    return this.#due.redo
  }

  /** Datagrams that are neither published nor in the journal. */
  unjournalled({ journal: { dropped } }: Pick<ReceiverStatus, 'journal'>): number {
    return dropped - this.#publishedUnjournalled
  }

  /** How far the search for incidents has come. */
  get incidents(): IncidentsStatus {
    const { waiting, judged, dropped, notWhole, lastError } = this.#parts.incidents
    return { waiting, judged, dropped, notWhole, lastError }
  }

  /**
   * Abandons work that the next start can do, such as sorting files and rebuilding series. Followed
   * by the last tick.
   */
  endSoon(): void {
    this.#ending.abort()
    this.#parts.archive.endSorting()
    this.#parts.incidents.endSoon()
  }

  /**
   * Publishes the flows received so far, and the series if they are due. Ticks run one after the
   * other. Never rejects: a failure is logged, shown as `lastError`, and tried again by the next
   * tick.
   */
  tick({ isLast = false } = {}): Promise<void> {
    this.#work = this.#work
      .then(() => this.#tick(isLast))
      .then(({ wroteSeries }) => {
        // The rows and steps of the tick are garbage now, as much memory as sorting takes.
        if (wroteSeries) collectAll()
        this.#parts.returnFreedMemory()
      })
      .catch((error: unknown) => {
        this.lastError = reasonOf(error)
        this.#parts.log.error({ error }, `publishing failed; ${isLast ? atNextStart : atNextTick}`)
      })
    return this.#work
  }

  async #tick(isLast: boolean): Promise<{ wroteSeries: boolean }> {
    const { buckets, coverage, incidents, receiver, trackers } = this.#parts
    const changedTrackers = await trackers.look(this.#ending.signal)
    const received = await receiver.status()
    // While datagrams wait, the clock is the last datagram counted, so nothing is judged too early.
    const nowMs = receiver.takenUntilMs()
    const step = this.#clock.look(Date.now(), performance.now())
    coverage.clockSays(nowMs)
    coverage.heartbeat(nowMs)
    this.#takeIn()
    if (step) coverage.clockSetForward(step)
    if (isLast) coverage.resume(nowMs)
    const isDue = isLast || this.#isSeriesDue(nowMs)
    const batch = isDue ? await takeBatch(this.#parts, this.#due) : null
    const marked = await this.#publish(batch, changedTrackers, nowMs)
    if (received.waiting === 0) this.#publishedUnjournalled = received.journal.dropped
    buckets.pack(nowMs)
    this.#due.noLongerHeld(await trackers.fill())
    // Neither series that cannot be written nor files that cannot be sorted keep the archive from being bounded.
    const failures: unknown[] = []
    const failed = (error: unknown) => void failures.push(error)
    if (batch) await this.#writeSeries(batch, nowMs, { isLast, marked }).catch(failed)
    else if (!isLast) await this.#remake(nowMs, { onlyRedo: true })
    // A batch just written holds as much memory for a while as judging takes, and so does an
    // interval until it is packed.
    const isMemoryTaken = incidents.isJudging || batch !== null || buckets.awaitsPacking(nowMs)
    if (!isLast) await this.#sort(nowMs, { isMemoryTaken }).catch(failed)
    await this.#expire(nowMs)
    if (!isLast) incidents.wake(nowMs, { isRebuilding: this.#due.isRebuilding })
    if (failures.length > 0) throw failures[0]
    this.lastError = this.#remakeError
    return { wroteSeries: batch !== null }
  }

  /** Also if the clock was set back since they were written. */
  #isSeriesDue(nowMs: number): boolean {
    return nowMs >= this.#seriesDueMs || nowMs < this.#seriesDueMs - seriesEveryMs
  }

  /**
   * Publishes all flows counted so far, then deletes their journal. Returns the intervals with
   * coverage or counters that are still to be written: they are published as to be rebuilt, because
   * the journal does not bring them back.
   * @throws if the archive cannot be written
   */
  async #publish(
    batch: Batch | null,
    changedTrackers: ChangedTrackers,
    nowMs: number,
  ): Promise<ReadonlySet<number>> {
    const { archive, coverage, neighbours, receiver, trackers } = this.#parts
    // Flows that arrived since are published with it, and their intervals written again. From here
    // until the archive has been asked nothing may be awaited: its flows, the position in the
    // journal and the coverage are of one moment.
    this.#takeIn()
    const takenUp = changedTrackers && trackers.takeUp(changedTrackers, nowMs)
    if (takenUp) this.#due.addForTrackers(takenUp)
    const { position } = receiver
    const marked = markedIntervals(this.#parts)
    try {
      await archive.publish({
        journal: position,
        redo: [...this.#due.all(), ...(batch?.intervals ?? []), ...marked],
        set: {
          coverage: coverage.snapshot(),
          breaks: coverage.breaks.list(),
          ...neighbours?.snapshot(),
          ...takenUp?.set,
        },
      })
    } catch (error) {
      batch?.putBack()
      if (changedTrackers) trackers.changed()
      throw error
    }
    this.publishedAt = Date.now()
    await receiver.release(position)
    return marked
  }

  /** Sorts and bundles files, unless the memory for it is in use. */
  async #sort(nowMs: number, { isMemoryTaken }: { isMemoryTaken: boolean }): Promise<void> {
    const { archive, bundles } = this.#parts
    if (!sortsNow(archive.entries(), { isTaken: isMemoryTaken })) return
    const isBusy = this.#load.isBusy()
    await archive.merge(intervalStart(nowMs), { isBusy, msMax: mergeMsMax })
    if (!isBusy && bundles) await archive.bundle(nowMs)
    await archive.endSortingThread()
  }

  async #expire(nowMs: number): Promise<void> {
    const { archive, buckets, settings } = this.#parts
    const { archiveKeepMs: keepMs, archiveMaxBytes: maxBytes } = settings
    await archive.expire({ keepMs, maxBytes, now: nowMs })
    buckets.rebuiltFrom = archive.completeFrom()
  }

  /** Counts the flows received so far, and notes which intervals they changed. */
  #takeIn(): void {
    const { buckets, neighbours, pipeline } = this.#parts
    pipeline.drain()
    neighbours?.settle(pipeline.decoder)
    this.#due.add(buckets.takeChanged())
  }

  async #writeSeries(
    batch: Batch,
    nowMs: number,
    { isLast, marked }: { isLast: boolean; marked: ReadonlySet<number> },
  ): Promise<void> {
    const { archive, buckets, consolidator, coverage, incidents, writer } = this.#parts
    try {
      await consolidator.intervalsWritten(batch.intervals)
      await writer.write(batch.steps)
      // While they are on one of the two lists, the next start has them judged.
      await incidents.changed(batch.intervals)
      const isDone = (each: number) => !this.#due.has(each) && !marked.has(each)
      await archive.clearRedo(batch.intervals.filter(isDone))
    } catch (error) {
      batch.putBack()
      // Not in each tick: files are sorted in one without a batch.
      this.#seriesDueMs = nowMs + seriesAgainMs
      throw error
    }
    this.#seriesDueMs = nowMs + seriesEveryMs - seriesEarlyMs
    this.seriesWrittenAt = Date.now()
    buckets.forget(nowMs, this.#due.held)
    coverage.forget(intervalStart(nowMs) - coverageHorizonMs)
    await this.#remake(nowMs, { isLast })
  }

  /**
   * Rebuilds intervals and consolidates. Both read stored series and may have to wait for an
   * unreachable store: a failure blocks nothing else, because the remaining work stays on durable
   * lists.
   */
  async #remake(nowMs: number, { isLast = false, onlyRedo = false }): Promise<void> {
    const stop = () => (isLast ? AbortSignal.timeout(endMsMax) : this.#ending.signal)
    try {
      await redoFromArchive(this.#parts, this.#due, {
        ...(isLast ? redoAtEnd : redoInTick),
        stop: stop(),
      })
      if (!onlyRedo) await this.#parts.consolidator.run(nowMs, { isLast, stop: stop() })
      this.#remakeError = null
    } catch (error) {
      this.#remakeError = reasonOf(error)
      this.#parts.log.warn(
        { error },
        'intervals and coarser tiers wait for the series store; the next tick tries again',
      )
    }
  }
}
