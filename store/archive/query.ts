/** The flow archive as the API asks it: queries on the Parquet files that the manifest names. */
import { resolve } from 'node:path'

import type { NetworkSet } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'
import type { EventFlows } from '../../flow/incident/flow-table.ts'
import type { ExporterBreak } from '../../flow/incident/incident.ts'
import type {
  FlowListQuery,
  FlowScan,
  FlowSeriesQuery,
  FlowStore,
  FlowTopQuery,
  FlowWindow,
} from '../flows.ts'
import { unreadableSentences } from './entry.ts'
import { scanEventFlows } from './sql/event-flows.ts'
import { gather } from './held/gather.ts'
import { GatheredFlows } from './held/gathered.ts'
import { flowsOf, HeldFiles, type HeldFlows } from './held/held-files.ts'
import { heldSeries } from './held/held-series.ts'
import { TopThread } from './held/thread.ts'
import { HeldWindows } from './held/window.ts'
import { Keys } from './keys/keys.ts'
import { listFlows } from './sql/list.ts'
import { pauseMs } from './sql/openings.ts'
import { QueryEngine, type EngineLimits, type Session } from './sql/query-engine.ts'
import { exactSumMost, ReadableFiles, type ArchiveFiles } from './readable-files.ts'
import { EventsHere, type EventSource } from './scanned/event-source.ts'
import { Scanner, type Scanning } from './scanned/scanner.ts'
import { flowSeries } from './sql/series.ts'
import { emptySeries } from './answer/series-answer.ts'
import { topFlows } from './sql/top.ts'
import { emptyTop } from './answer/top-answer.ts'

export interface FlowStoreOptions extends Partial<EngineLimits> {
  /** The networks by which `direction` is told. */
  local: NetworkSet
  /** Windows whose files hold at most so many rows are asked of memory: see held/held-files.ts. */
  heldRows?: number
  /** Flows that pass a filter, and are not held, are gathered in memory where they are at most about so many: see held/gather.ts. */
  gatheredRows?: number
  /** Threads that go through files for long questions; with none, SQL answers them. */
  scanThreads?: number
  /** Whether what events are read from is read in this thread, which does nothing else. */
  readsHere?: boolean
}

/**
 * The default of that, files of which such a window may be made, and the least part of their rows that
 * must lie in it: of less, SQL reads less.
 */
const heldWindow = { rows: 300_000, files: 200, partLeast: 0.3 }

/**
 * Two threads, so that queries leave cores to others; memory for some millions of distinct keys, so
 * that the process with all else stays under 1 GiB.
 */
const defaultLimits: EngineLimits = { threads: 2, memoryBytes: 640 * 2 ** 20, queryMs: 50_000 }

/** The archive in `folder` for queries, whether or not it has been written to yet; any process may open it. */
export async function openFlowStore(
  folder: string,
  {
    local,
    heldRows = heldWindow.rows,
    gatheredRows = 600_000,
    scanThreads = 2,
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
    const onLetGo = (flows: HeldFlows) => this.#tops.letGo(flows)
    this.#held = new HeldFiles((path) => this.#flowsOf(path), { onLetGo })
    this.#heldRows = heldRows
    this.#gathered = new GatheredFlows(onLetGo)
    this.#gatheredRows = gatheredRows
    this.#scanner = new Scanner(scanThreads, { local: local.networks })
    this.#events = readsHere ? new EventsHere() : this.#scanner
  }

  series(query: FlowSeriesQuery) {
    const none = emptySeries(query)
    const local = this.#local.networks
    // Whether a record begins a connection is told by what came before it.
    const window = query.connections ? { ...query, from: query.from - pauseMs.most } : query
    return this.#files.read({ engine: this.#engine, window, none }, (session, files) => {
      const read = () => flowSeries(this.#scanning(session), files, { ...query, local })
      if (query.connections) return read()
      const held = (flows: HeldFlows[], asked: FlowSeriesQuery) =>
        heldSeries(this.#windows.of(flows, asked), asked, this.#local)
      return this.#answer({ session, files, query }, { held, read })
    })
  }

  top(query: FlowTopQuery) {
    const local = this.#local.networks
    const none = emptyTop(new Keys(query.by, local))
    const reading = { engine: this.#engine, window: query, none }
    return this.#files.read(reading, (session, files) => {
      const read = () => topFlows(this.#scanning(session), files, { ...query, local })
      const held = (flows: HeldFlows[], asked: FlowTopQuery) => this.#tops.top(flows, asked)
      return this.#answer({ session, files, query }, { held, read })
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
   * Once something has expired, flows are kept whole only from the oldest interval that is left: a
   * flow of that time may have been reported later, but none earlier.
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

  async leftOut(from: number, to: number) {
    if (!this.#files.hasProblems) return []
    const touching = new Set((await this.#files.touching({ from, to })).map(({ file }) => file))
    return this.#files.problems(touching)
  }

  async health() {
    const entries = await this.#files.entries()
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0)
    const putAside = unreadableSentences(await this.#files.value('unreadable'))
    return { bytes, problems: [...this.#files.problems(), ...putAside] }
  }

  async close() {
    this.#held.close()
    this.#gathered.close()
    this.#windows.close()
    // What runs is stopped first, and then told so; not that a thread had ended.
    await this.#engine.close()
    await this.#tops.close()
    await this.#scanner.close()
  }

  #scanning(session: Session): Scanning {
    return { scanner: this.#scanner, session }
  }

  async #flowsOf(path: string): Promise<FlowColumns> {
    const flows = await this.#scanner.flows(path)
    return flows ?? this.#engine.query(undefined, (session) => flowsOf(session, path))
  }

  /** What is told of flows in memory where these are not too many and sums are exact, or else of what is read of files. */
  async #answer<Query extends FlowWindow, Answer>(
    { session, files, query }: { session: Session; files: ArchiveFiles; query: Query },
    {
      held,
      read,
    }: {
      held: (flows: HeldFlows[], query: Query) => Promise<Answer | null>
      read: () => Promise<Answer>
    },
  ): Promise<Answer> {
    const whole = await this.#hold(files, session)
    const answer = whole && (await held(whole, query))
    if (answer !== null) return answer
    if (!query.filter) return read()
    const window = { ...query, paths: [...files.inside, ...files.edge] }
    const rowsMost = this.#gatheredRows
    return this.#gathered.ask(
      window,
      () => gather(this.#scanning(session), files, { query, rowsMost }),
      // All of them pass.
      async (flows) => (flows && (await held(flows, { ...query, filter: undefined }))) ?? read(),
    )
  }

  /** All flows of files; null where they are too many, too few of them are wanted, or sums may not be exact. */
  async #hold(
    { inside, edge, rows, rowsWithin }: ArchiveFiles,
    session: Session,
  ): Promise<HeldFlows[] | null> {
    const paths = [...inside, ...edge]
    if (rows > this.#heldRows || paths.length > heldWindow.files) return null
    const isPart = rowsWithin < rows * heldWindow.partLeast
    if (isPart && !paths.every((path) => this.#held.has(path))) return null
    const files = await Promise.all(paths.map((path) => this.#held.take(path)))
    session.goesOn()
    const most = files.reduce((sum, file) => sum + file.most, 0)
    return most > exactSumMost ? null : files
  }
}
