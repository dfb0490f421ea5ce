/** A collector over a real archive and series, whose flows, coverage and clock a test sets. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'

import { pino } from 'pino'

import { NetworkSet } from '../../flow/address.ts'
import type { Tier } from '../../flow/interval.ts'
import { Buckets } from '../../ingest/buckets/buckets.ts'
import { Collector, type CollectorParts } from '../../ingest/collector.ts'
import { CoverageTracker } from '../../ingest/coverage/coverage.ts'
import { CounterTracker } from '../../ingest/counters/interface-counters.ts'
import { IncidentWatch } from '../../ingest/incidents/watch.ts'
import { SeriesWriter } from '../../ingest/series/writer.ts'
import { Archive } from '../../store/archive/archive.ts'
import { openParquetSeries } from '../../store/parquet/series.ts'
import { readSettings } from '../settings.ts'
import { columnsOf, t0, testFlow } from '../store/archive/archived.ts'

export interface Collecting {
  tier: Tier
  archive: Archive
  store: Awaited<ReturnType<typeof openParquetSeries>>
  buckets: Buckets
  coverage: CoverageTracker
  counters: CounterTracker
  /** Counts and archives a flow that began and ended at a time. */
  take: (at: number, octets: number) => void
  /**
   * The same for a flow that was received, which counts in the position in the journal, and is
   * counted at the next look.
   */
  receive: (at: number, octets: number) => void
  /** Called where a tick waits for the receiver. */
  meanwhile: (work: () => void) => void
  /** A tick at a time; returns what failed. */
  tick: (nowMs: number) => Promise<string | null>
  /** Closes the files, without a last tick, as a kill does. */
  close: () => Promise<void>
}

/**
 * Collects into a data folder, from t0 on, with what an earlier collector left there; closed at the
 * end of the test.
 */
export async function openCollecting(t: TestContext, data: string): Promise<Collecting> {
  const settings = readSettings({ WEIR_DATA: data })
  const tier = settings.tiers[0]!
  const archive = await Archive.open(join(data, 'archive'))
  const store = await openParquetSeries(join(data, 'series'))
  const local = new NetworkSet([])
  const flowMaxMs = 365 * 86_400_000
  const buckets = new Buckets({ local, flowMaxMs, wholeFrom: t0 })
  const coverage = new CoverageTracker(t0)
  const counters = new CounterTracker()
  const writer = new SeriesWriter({
    archive,
    store,
    coverage,
    counters,
    tier,
    local,
    top: 10,
    flowMaxMs,
  })
  const log = pino({ level: 'silent' })
  const incidents = await IncidentWatch.open(settings, log)
  const nothing = () => undefined
  let takenUntilMs = t0
  let between: () => void = nothing
  const position = { segment: 0, offset: 0 }
  const received: [at: number, octets: number][] = []
  const take = (at: number, octets: number) => {
    const flows = columnsOf([testFlow({ first: at, last: at, octets })])
    buckets.add(flows)
    archive.add(flows)
  }
  const parts = {
    settings,
    archive,
    buckets,
    coverage,
    counters,
    neighbours: null,
    pipeline: {
      drain: () => {
        for (const [at, octets] of received.splice(0)) take(at, octets)
      },
    },
    receiver: {
      get position() {
        return { ...position }
      },
      release: async () => undefined,
      takenUntilMs: () => takenUntilMs,
      status: async () => {
        between()
        return { journal: { dropped: 0 }, waiting: 0 }
      },
    },
    writer,
    consolidator: { intervalsWritten: async () => undefined, run: async () => undefined },
    incidents: {
      isJudging: false,
      changed: (intervals: readonly number[]) => incidents.changed(intervals),
      wake: nothing,
    },
    trackers: { look: async () => null, fill: async () => [] },
    returnFreedMemory: nothing,
    bundles: false,
    log,
  } as unknown as CollectorParts
  const collector = new Collector(parts)
  let closed: Promise<unknown> | null = null
  const close = async () => {
    await (closed ??= Promise.all([archive.close(), store.close(), incidents.close()]))
  }
  // A failed test does not get to its own end, and the archive's threads keep the process alive.
  t.after(close)
  return {
    tier,
    archive,
    store,
    buckets,
    coverage,
    counters,
    take,
    receive: (at, octets) => {
      position.offset++
      received.push([at, octets])
    },
    meanwhile: (work) => {
      between = work
    },
    tick: async (nowMs) => {
      takenUntilMs = nowMs
      await collector.tick()
      return collector.lastError
    },
    close,
  }
}
