/**
 * The flow archive, reader's side: queries over the Parquet files in the manifest. Each is answered
 * by the first of four ways that applies: files held in memory (held/), flows gathered in memory
 * for several queries (held/gathered.ts), threads that scan row groups (scanned/), DuckDB (sql/).
 */
import assert from 'node:assert'
import { resolve } from 'node:path'

import type { NetworkSet } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'
import type { EventFlows } from '../../flow/incident/flows/flow-table.ts'
import type { ExporterBreak } from '../../flow/incident/incident.ts'
import type {
  FlowListQuery,
  FlowScan,
  FlowSeriesQuery,
  FlowStore,
  FlowTopQuery,
  FlowWindow,
} from '../flows.ts'
import { firstFew } from '../remarks.ts'
import { emptySeries } from './answer/series-answer.ts'
import { emptyTop } from './answer/top-answer.ts'
import { unreadableSentences, type ArchiveValues } from './entry.ts'
import { gather } from './held/gather.ts'
import { GatheredFlows } from './held/gathered.ts'
import { flowsOf, HeldFiles, type HeldFlows } from './held/held-files.ts'
import { heldSeries } from './held/held-series.ts'
import { TopThread } from './held/thread.ts'
import { HeldWindows } from './held/held-windows.ts'
import { Keys } from './keys/keys.ts'
import { exactSumMax, ReadableFiles, type ArchiveFiles } from './readable-files.ts'
import { EventsHere, type EventSource } from './scanned/event-source.ts'
import { scannedSeries } from './scanned/scanned-series.ts'
import { scannedTop } from './scanned/scanned-top.ts'
import { Scanner } from './scanned/scanner.ts'
import { scanEventFlows } from './sql/event-flows.ts'
import { listFlows } from './sql/list.ts'
import { pauseMs } from './sql/openings.ts'
import { QueryEngine, type EngineLimits, type Session } from './sql/query-engine.ts'
import { sqlSeries } from './sql/series.ts'
import { sqlTop } from './sql/top.ts'

interface FlowStoreOptions extends Partial<EngineLimits> {
  /** The local networks; they determine a flow's `direction`. */
  local: NetworkSet
  /** A window is answered from memory if its files hold at most this many rows. Default: 300,000. */
  heldRows?: number
  /** Flows that pass a filter are gathered in memory if there are at most about this many. Default: 600,000. */
  gatheredRows?: number
  /** Threads that scan files. Default: 2; with 0, SQL answers what they would. */
  scanThreads?: number
  /** Reads the flows of events in the calling thread, if that has nothing else to do. Default: false. */
  readsHere?: boolean
}

/**
 * Windows answered from memory have at most this many rows and files, and need at least this share
 * of the files' rows: for a smaller share, SQL reads less.
 */
const heldWindow = { rows: 300_000, files: 200, partMin: 0.3 }
/** The same number as held rows, about 80 bytes each: see held/held-files.ts. */
const gatheredRowsMax = 600_000
const scanThreadsDefault = 2

/**
 * Two threads, so that queries leave cores free; memory for some millions of distinct keys, so that
 * the whole process stays under 1 GiB.
 */
const defaultLimits: EngineLimits = { threads: 2, memoryBytes: 640 * 2 ** 20, queryMs: 50_000 }

/** Opens the archive in `folder` for queries, from any number of processes; it may still be empty. */
export async function openFlowStore(
  folder: string,
  {
    local,
    heldRows = heldWindow.rows,
    gatheredRows = gatheredRowsMax,
    scanThreads = scanThreadsDefault,
    readsHere = false,
    ...limits
  }: FlowStoreOptions,
): Promise<FlowStore> {
  const root = resolve(folder)
  const engine = await QueryEngine.open(root, { ...defaultLimits, ...limits })
  return new ArchiveQueries(engine, new ReadableFiles(root), {
    local,
    heldRows,
    gatheredRows,
    scanThreads,
    readsHere,
  })
}

/** A query on certain files, with its deadline. */
interface FileQuery<Query extends FlowWindow> {
  session: Session
  files: ArchiveFiles
  query: Query
}

/** The ways to answer one kind of query. */
interface Ways<Query extends FlowWindow, Answer> {
  /** From flows in memory; null if the sums would not be exact. */
  fromMemory: (flows: HeldFlows[], query: Query) => Promise<Answer | null>
  fromFiles: () => Promise<Answer>
}

class ArchiveQueries implements FlowStore {
  readonly #engine: QueryEngine
  readonly #files: ReadableFiles
  readonly #local: NetworkSet
  readonly #held: HeldFiles
  readonly #windows = new HeldWindows()
  readonly #tops: TopThread
  readonly #heldRows: number
  readonly #gathered: GatheredFlows
  readonly #gatheredRows: number
  readonly #scanner: Scanner
  readonly #events: EventSource

  constructor(
    engine: QueryEngine,
    files: ReadableFiles,
    {
      local,
      heldRows,
      gatheredRows,
      scanThreads,
      readsHere,
    }: Required<Omit<FlowStoreOptions, keyof EngineLimits>>,
  ) {
    this.#engine = engine
    this.#files = files
    this.#local = local
    this.#tops = new TopThread({ local: local.networks })
    const onEvict = (flows: HeldFlows) => this.#tops.evict(flows)
    this.#held = new HeldFiles((path) => this.#flowsOf(path), { onEvict })
    this.#heldRows = heldRows
    this.#gathered = new GatheredFlows(onEvict)
    this.#gatheredRows = gatheredRows
    this.#scanner = new Scanner(scanThreads, { local: local.networks })
    this.#events = readsHere ? new EventsHere() : this.#scanner
  }

  series(query: FlowSeriesQuery) {
    const { from, to, stepMs, connections } = query
    assert((to - from) % stepMs === 0, `${from} to ${to} is not whole steps of ${stepMs} ms`)
    const withLocal = { ...query, local: this.#local.networks }
    // Whether a record begins a connection depends on the records before it.
    const window = connections ? { ...query, from: from - pauseMs.most } : query
    const reading = { engine: this.#engine, window, none: emptySeries(query) }
    return this.#files.read(reading, (session, files) => {
      const bySql = () => sqlSeries(session, files, withLocal)
      if (connections) return bySql()
      const fromMemory = (flows: HeldFlows[], narrowed: FlowSeriesQuery) =>
        heldSeries(this.#windows.of(flows, narrowed), narrowed, this.#local)
      const fromFiles = async () => {
        const scanning = { scanner: this.#scanner, session }
        return (await scannedSeries(scanning, files, withLocal)) ?? bySql()
      }
      return this.#answer({ session, files, query }, { fromMemory, fromFiles })
    })
  }

  top(query: FlowTopQuery) {
    const withLocal = { ...query, local: this.#local.networks }
    const none = emptyTop(new Keys(query.by, withLocal.local))
    const reading = { engine: this.#engine, window: query, none }
    return this.#files.read(reading, (session, files) => {
      const fromMemory = (flows: HeldFlows[], narrowed: FlowTopQuery) =>
        this.#tops.top(flows, narrowed)
      const fromFiles = async () => {
        const scanning = { scanner: this.#scanner, session }
        return (await scannedTop(scanning, files, withLocal)) ?? sqlTop(session, files, withLocal)
      }
      return this.#answer({ session, files, query }, { fromMemory, fromFiles })
    })
  }

  list(query: FlowListQuery) {
    const none = { flows: [], more: false }
    return this.#files.read({ engine: this.#engine, window: query, none }, (session, files) =>
      listFlows(session, files, query),
    )
  }

  scan(query: FlowScan, start: () => (flows: EventFlows) => void) {
    const window = { ...query, include: 'any' as const }
    return this.#files.read(
      { engine: this.#engine, window, none: undefined },
      async (session, files) =>
        scanEventFlows(session, files, { query, take: start(), source: this.#events }),
    )
  }

  async breaks() {
    return (await this.#files.value<ExporterBreak[]>('breaks')) ?? []
  }

  /**
   * Once files have expired, flows are complete only from the oldest remaining interval on: a flow of that time may
   * have been reported later, but none earlier.
   */
  async extent(from: number, to: number) {
    const times = await this.#files.times()
    const rows = times.rowsTouching({ from, to })
    const hasExpired = (await this.#files.value<boolean>('hasExpired')) === true
    const first = hasExpired ? times.firstInterval : times.first
    return Number.isFinite(first)
      ? { rows, first, last: times.last }
      : { rows, first: null, last: null }
  }

  unreadable(from: number, to: number) {
    return this.#files.unreadable({ from, to })
  }

  async remarks(from: number, to: number) {
    const putAside = (await this.#files.value<ArchiveValues['unreadable']>('unreadable')) ?? []
    const ofWindow = unreadableSentences(
      putAside.filter(({ firstMin = to, lastMax = from }) => firstMin < to && lastMax >= from),
    )
    const touching = this.#files.hasProblems ? await this.#files.touching({ from, to }) : []
    const leftOut = this.#files.problems(new Set(touching.map(({ file }) => file)))
    return firstFew([...leftOut, ...ofWindow], 'other archive file')
  }

  async health() {
    const entries = await this.#files.entries()
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0)
    const putAside = unreadableSentences(
      await this.#files.value<ArchiveValues['unreadable']>('unreadable'),
    )
    return { bytes, problems: [...this.#files.problems(), ...putAside] }
  }

  async close() {
    this.#held.close()
    this.#gathered.close()
    this.#windows.close()
    // The engine first, so that running queries fail as stopped, not because their thread has ended.
    await this.#engine.close()
    await this.#tops.close()
    await this.#scanner.close()
  }

  async #flowsOf(path: string): Promise<FlowColumns> {
    const flows = await this.#scanner.flows(path)
    return flows ?? this.#engine.query(undefined, (session) => flowsOf(session, path))
  }

  /** Answers from files in memory, else from gathered flows, else from the files themselves. */
  async #answer<Query extends FlowWindow, Answer>(
    fileQuery: FileQuery<Query>,
    { fromMemory, fromFiles }: Ways<Query, Answer>,
  ): Promise<Answer> {
    const { session, files, query } = fileQuery
    const flows = await this.#hold(files, session)
    const answer = flows && (await fromMemory(flows, query))
    if (answer !== null) return answer
    if (!query.filter) return fromFiles()
    const scanning = { scanner: this.#scanner, session }
    return this.#gathered.ask(
      { ...query, paths: [...files.inside, ...files.edge] },
      () => gather(scanning, files, { query, rowsMax: this.#gatheredRows }),
      async (gathered) => {
        // The gathered flows already pass the filter.
        const unfiltered = { ...query, filter: undefined }
        return (gathered && (await fromMemory(gathered, unfiltered))) ?? fromFiles()
      },
    )
  }

  /** All flows of the files; null if there are too many, too few are needed, or sums might be inexact. */
  async #hold(
    { inside, edge, rows, rowsWithin }: ArchiveFiles,
    session: Session,
  ): Promise<HeldFlows[] | null> {
    const paths = [...inside, ...edge]
    if (rows > this.#heldRows || paths.length > heldWindow.files) return null
    const isSmallPart = rowsWithin < rows * heldWindow.partMin
    if (isSmallPart && !paths.every((path) => this.#held.has(path))) return null
    const files = await Promise.all(paths.map((path) => this.#held.take(path)))
    session.goesOn()
    const most = files.reduce((sum, file) => sum + file.most, 0)
    return most > exactSumMax ? null : files
  }
}
