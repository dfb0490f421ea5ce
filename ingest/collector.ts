/**
 * The running collector: what is received is journalled, decoded and counted at once; a clock
 * publishes the archive and writes the series, in that order, one after the other.
 */
import { performance } from 'node:perf_hooks'

import type { Logger } from 'pino'

import { intervalMs, intervalStart } from '../flow/interval.ts'
import { reasonOf } from '../flow/reason.ts'
import type { Settings } from '../flow/settings.ts'
import type { IncidentsStatus } from '../flow/status.ts'
import type { Archive } from '../store/archive/archive.ts'
import type { ArchiveEntry } from '../store/archive/entry.ts'
import { collectAll } from '../store/garbage.ts'
import type { Buckets } from './buckets/buckets.ts'
import type { Consolidator } from './consolidate/consolidator.ts'
import type { CoverageTracker } from './coverage/coverage.ts'
import type { CounterTracker } from './counters/interface-counters.ts'
import type { IncidentWatch } from './incidents/watch.ts'
import type { Neighbours } from './coverage/neighbours.ts'
import type { Pipeline } from './pipeline.ts'
import type { Receiver } from './receive/receiver.ts'
import { takeBatch, type Batch } from './series/batch.ts'
import type { SeriesWriter } from './series/writer.ts'
import type { TrackerKeeper } from './trackers/keeper.ts'

export interface CollectorParts {
  settings: Settings
  archive: Archive
  buckets: Buckets
  coverage: CoverageTracker
  counters: CounterTracker
  /** The other collectors of a cluster, which hear some of the exporters' datagrams. */
  neighbours: Neighbours | null
  pipeline: Pipeline
  receiver: Receiver
  writer: SeriesWriter
  consolidator: Consolidator
  incidents: IncidentWatch
  trackers: TrackerKeeper
  /** Has memory that was freed go back to the system. */
  giveBack: () => void
  /** Whether small files of hours and days that are over become one: not where they are sent on as they are. */
  bundles: boolean
  log: Logger
}

/** Series are written at most this often, however often flows are published. */
const seriesEveryMs = 60_000
/**
 * Intervals are made again from the archive for at most so long in a tick, so many at a time. At the
 * end only a few, the newest: what is asked while no collector runs shall be whole, and what is left
 * stands on the manifest's list and is made at the next start.
 */
const redoInTick = { msMax: 5000, slice: 24 }
const redoAtEnd = { msMax: 1000, slice: 2 }
/** At the end, what is made of the archive, or of the series, is given up when it takes longer: it is made at the next start. */
const endMsMax = 2500
/** No file is begun to be sorted in a tick after so long: what comes in is published meanwhile, and a stop does not wait. */
const mergeMsMax = 5000
/** While something else takes as much memory as sorting, only more rows than this are sorted. */
const unsortedRowsMost = 10_000_000
/** Of the time, so much is spent on what comes in where sorting and bundling wait for a quieter moment. */
const busyShare = 0.4
/** Coverage of written intervals is kept this long, for datagrams that tell of a silence. */
const coverageHorizonMs = 2 * 3_600_000

export class Collector {
  publishedAt: number | null = null
  seriesWrittenAt: number | null = null
  lastError: string | null = null
  readonly #parts: CollectorParts
  /** Intervals to make again from the archive, as the archive's manifest keeps them. */
  readonly #redo: Set<number>
  /** Those of them that are made again for trackers alone: no flow of theirs is new. */
  readonly #forTrackers = new Set<number>()
  /** Intervals held in the buckets that changed since the series were written. */
  readonly #held = new Set<number>()
  #seriesDueMs = 0
  #utilization = performance.eventLoopUtilization()
  #remakeError: string | null = null
  readonly #ending = new AbortController()
  #work: Promise<void> = Promise.resolve()

  constructor(parts: CollectorParts) {
    this.#parts = parts
    this.#redo = new Set(parts.archive.redo())
  }

  /** The intervals that wait to be made again from the archive. */
  get redo(): ReadonlySet<number> {
    return this.#redo
  }

  /** What is known of the looking for incidents. */
  get incidents(): IncidentsStatus {
    const { waiting, judged, letGo, notWhole, lastError } = this.#parts.incidents
    return { waiting, judged, letGo, notWhole, lastError }
  }

  /**
   * Has what goes on end soon, since the last tick is to come: what can be done at the next start, as sorting files and
   * making series again, is given up.
   */
  endSoon(): void {
    this.#ending.abort()
    this.#parts.archive.endSorting()
    this.#parts.incidents.endSoon()
  }

  /** One wake-up of the clock. Ticks never run beside each other; a failure is shown and tried again. */
  tick(isLast = false): Promise<void> {
    this.#work = this.#work
      .then(() => this.#tick(isLast))
      .then(({ wroteSeries }) => {
        // Rows and steps are garbage now that nothing of the tick is left, and sorting takes as much again.
        if (wroteSeries) collectAll()
        this.#parts.giveBack()
      })
      .catch((error: unknown) => {
        this.lastError = reasonOf(error)
        this.#parts.log.error({ error }, 'publishing failed; it is tried again at the next tick')
      })
    return this.#work
  }

  async #tick(isLast: boolean): Promise<{ wroteSeries: boolean }> {
    const { archive, buckets, coverage, receiver, settings, trackers, incidents, neighbours } =
      this.#parts
    const changedTrackers = await trackers.look()
    // While datagrams wait, time stands where they are: nothing is judged before all of it is counted.
    const nowMs = receiver.takenUntilMs()
    coverage.heartbeat(nowMs)
    this.#takeIn()
    if (isLast) coverage.resume(nowMs)
    const writesSeries = isLast || nowMs >= this.#seriesDueMs
    const batch = writesSeries
      ? await takeBatch(this.#parts, { held: this.#held, redo: this.#redo })
      : null
    // What came while rows were made is sealed with the rest: its intervals are written once more.
    if (batch) this.#takeIn()
    const takenUp = changedTrackers && this.#takeUpTrackers(changedTrackers, nowMs)
    const position = receiver.position
    try {
      await archive.publish({
        journal: position,
        redo: [...this.#held, ...this.#redo, ...(batch?.intervals ?? [])],
        set: {
          coverage: coverage.snapshot(),
          breaks: coverage.breaks.list(),
          ...neighbours?.snapshot(),
          ...takenUp,
        },
      })
    } catch (error) {
      batch?.putBack()
      if (changedTrackers) trackers.changed()
      throw error
    }
    this.publishedAt = Date.now()
    await receiver.release(position)
    buckets.pack(nowMs)
    for (const interval of await trackers.fill()) {
      this.#held.delete(interval)
      this.#redo.add(interval)
    }
    if (batch) await this.#writeSeries(batch, nowMs, isLast)
    else if (!isLast) await this.#remake(nowMs, { onlyRedo: true })
    // Rows that were just made and written leave as much behind for a while as judging takes.
    const isTaken = incidents.isJudging || batch !== null
    if (!isLast && sortsNow(archive.entries(), { isTaken })) await this.#sort(nowMs)
    await archive.expire({
      keepMs: settings.archiveKeepMs,
      maxBytes: settings.archiveMaxBytes,
      now: nowMs,
    })
    if (!isLast) incidents.wake(nowMs)
    this.lastError = this.#remakeError
    return { wroteSeries: batch !== null }
  }

  async #sort(nowMs: number): Promise<void> {
    const { archive, bundles } = this.#parts
    const isBusy = this.#isBusy()
    await archive.merge(intervalStart(nowMs), { isBusy, msMax: mergeMsMax })
    if (!isBusy && bundles) await archive.bundle(nowMs)
    await archive.endSortingThread()
  }

  /** Whether this thread has had much to do since it was last asked. */
  #isBusy(): boolean {
    const before = this.#utilization
    this.#utilization = performance.eventLoopUtilization()
    return performance.eventLoopUtilization(this.#utilization, before).utilization > busyShare
  }

  /** Counts all that has come, and notes which intervals it changed. */
  #takeIn(): void {
    const { buckets, neighbours, pipeline } = this.#parts
    pipeline.drain()
    neighbours?.settle(pipeline.decoder)
    const changed = buckets.takeChanged()
    for (const interval of changed.dirty) this.#held.add(interval)
    for (const interval of changed.redo) {
      this.#redo.add(interval)
      this.#forTrackers.delete(interval)
    }
  }

  async #writeSeries(batch: Batch, nowMs: number, isLast: boolean): Promise<void> {
    const { archive, buckets, consolidator, coverage, incidents, writer } = this.#parts
    try {
      await consolidator.intervalsWritten(batch.intervals)
      await writer.write(batch.steps)
      const isDone = (each: number) => !this.#redo.has(each) && !this.#held.has(each)
      await archive.clearRedo(batch.intervals.filter(isDone))
    } catch (error) {
      batch.putBack()
      throw error
    }
    this.#seriesDueMs = nowMs + seriesEveryMs - 1000
    this.seriesWrittenAt = Date.now()
    incidents.changed(batch.intervals)
    buckets.forget(nowMs, this.#held)
    coverage.forget(intervalStart(nowMs) - coverageHorizonMs)
    await this.#remake(nowMs, { isLast })
  }

  /**
   * What is made of stored series: it may have to wait for a store that is away. What is left stands
   * on durable lists, and holds up nothing else.
   */
  async #remake(nowMs: number, { isLast = false, onlyRedo = false }): Promise<void> {
    const stop = () => (isLast ? AbortSignal.timeout(endMsMax) : this.#ending.signal)
    try {
      await this.#redoFromArchive(isLast ? redoAtEnd : redoInTick, stop())
      if (!onlyRedo) await this.#parts.consolidator.run(nowMs, { isLast, stop: stop() })
      this.#remakeError = null
    } catch (error) {
      this.#remakeError = reasonOf(error)
      this.#parts.log.warn({ error }, 'coarser tiers wait; they are made at the next tick')
    }
  }

  /** Follows trackers as they are now: at the moment at which the archive is sealed. */
  #takeUpTrackers(documents: Parameters<TrackerKeeper['takeUp']>[0], nowMs: number) {
    const { redo: again, held, set } = this.#parts.trackers.takeUp(documents, nowMs)
    for (const interval of held) this.#held.add(interval)
    for (const interval of again) {
      if (!this.#redo.has(interval)) this.#forTrackers.add(interval)
      this.#redo.add(interval)
    }
    return set
  }

  /** Makes intervals again, the newest first and only for a while: what is left waits for the next tick. */
  async #redoFromArchive({ msMax, slice }: typeof redoInTick, stop: AbortSignal): Promise<void> {
    const { archive, consolidator, incidents, writer } = this.#parts
    const until = performance.now() + msMax
    const intervals = [...this.#redo].sort((a, b) => b - a)
    const written = async (done: readonly number[]) => {
      incidents.changed(done.filter((interval) => !this.#forTrackers.delete(interval)))
      await consolidator.intervalsWritten(done)
      for (const interval of done) this.#redo.delete(interval)
      await archive.clearRedo(done.filter((each) => !this.#held.has(each)))
    }
    for (let at = 0; at < intervals.length && performance.now() < until; at += slice)
      if (!(await writer.redo(intervals.slice(at, at + slice), { written, stop }))) return
  }
}

/** Whether files are to be sorted now, or once the memory for it is not taken. */
export function sortsNow(
  entries: readonly Pick<ArchiveEntry, 'isChunk' | 'rows'>[],
  { isTaken }: { isTaken: boolean },
): boolean {
  if (!isTaken) return true
  const unsorted = entries.reduce((sum, { isChunk, rows }) => (isChunk ? sum + rows : sum), 0)
  return unsorted > unsortedRowsMost
}

/** The first interval that no archived flow touches: from there on buckets hold intervals whole. */
export function wholeFrom(archive: Archive): number {
  const lastMs = archive
    .entries()
    .reduce((most, entry) => Math.max(most, entry.lastMax), Number.NEGATIVE_INFINITY)
  return Number.isFinite(lastMs) ? intervalStart(lastMs) + intervalMs : lastMs
}
