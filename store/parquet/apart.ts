/**
 * The embedded series store in a process of its own, for ingest: DuckDB, needed to write and query
 * the files, costs a process that has loaded it some 60 MiB for good, but is needed only for a
 * moment each minute. The process starts with the first request and ends after a short idle time;
 * while it runs it is the only writer.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { Tier } from '../../flow/interval.ts'
import { WorkerProcess } from '../process/worker-process.ts'
import type {
  Coverage,
  ReadQuery,
  SeriesRange,
  SeriesRead,
  SeriesStore,
  StepRows,
  TopQuery,
  TopRows,
} from '../series.ts'

/** Requests to the process. */
export type ApartRequest =
  /** The first request. */
  | ({ kind: 'open' } & Opening)
  | { kind: 'write'; tier: Tier; steps: readonly StepRows[] }
  | { kind: 'coverage'; range: SeriesRange }
  | { kind: 'top'; query: TopQuery }
  | { kind: 'read'; query: ReadQuery }
  | { kind: 'extent'; tier: Tier }
  | { kind: 'expire'; tier: Tier; before: number }
  /** Begins a reading of steps, returns the next of them, and ends it. */
  | { kind: 'begin'; reading: number; range: SeriesRange & { exporter: string } }
  | { kind: 'next' | 'leave'; reading: number }
  /** Closes everything and ends the process; the last request. */
  | { kind: 'end' }

export interface ApartAnswers {
  open: null
  write: null
  coverage: Coverage[]
  top: TopRows
  read: SeriesRead
  extent: { from: number; to: number } | null
  expire: null
  begin: null
  /** At most some thousand rows at once; null when there are no more. */
  next: StepRows[] | null
  leave: null
  /** See ParquetSeries.unjoinedIn; of the tiers that were written. */
  end: Record<string, string | null>
}

export interface Opening {
  /** The folder of the series. */
  folder: string
  /** The socket that admits one process at a time: see store/disk/lock.ts. */
  lock: string
  /** Whether the previous process ended cleanly, so that nothing needs repair. */
  isClean: boolean
}

type SeriesProcess = WorkerProcess<ApartRequest, ApartAnswers>

/** The young generation holds rows in transit, which are soon released. */
const semiSpaceMiBMax = 2
/** Requests come in quick succession, once a minute. */
const idleMs = 500
/** Everything is closed by then. */
const endMsMax = 10_000

export class SeriesApart implements SeriesStore {
  readonly #place: Omit<Opening, 'isClean'>
  #process: { worker: SeriesProcess; opened: Promise<null> } | null = null
  #ending: Promise<void> = Promise.resolve()
  /** Whether the last process ended cleanly. */
  #isClean = false
  /** By tier, as the processes have told. */
  readonly #unjoined: Record<string, string | null> = {}
  /** Requests in progress, including readings of steps. */
  #asking = 0
  #readings = 0
  #idle: NodeJS.Timeout | undefined

  constructor(place: Omit<Opening, 'isClean'>) {
    this.#place = place
  }

  /**
   * Opens the series in a folder; only this process and those it starts may write them.
   * @throws the reason why the series cannot be opened
   */
  static async open(place: Omit<Opening, 'isClean'>): Promise<SeriesApart> {
    const store = new SeriesApart(place)
    await store.#with(async () => undefined)
    return store
  }

  async write(tier: Tier, steps: readonly StepRows[]): Promise<void> {
    await this.#with((worker) => worker.ask({ kind: 'write', tier, steps }))
  }

  async *steps(range: SeriesRange & { exporter: string }): AsyncGenerator<StepRows> {
    const reading = ++this.#readings
    const worker = await this.#begin()
    try {
      await worker.ask({ kind: 'begin', reading, range })
      for (;;) {
        const steps = await worker.ask({ kind: 'next', reading })
        if (steps === null) return
        for (const step of steps) yield step
        await nextTurn()
      }
    } finally {
      await worker.ask({ kind: 'leave', reading }).catch(() => undefined)
      this.#done()
    }
  }

  coverage(range: SeriesRange): Promise<Coverage[]> {
    return this.#with((worker) => worker.ask({ kind: 'coverage', range }))
  }

  top(query: TopQuery): Promise<TopRows> {
    return this.#with((worker) => worker.ask({ kind: 'top', query }))
  }

  read(query: ReadQuery): Promise<SeriesRead> {
    return this.#with((worker) => worker.ask({ kind: 'read', query }))
  }

  extent(tier: Tier): Promise<{ from: number; to: number } | null> {
    return this.#with((worker) => worker.ask({ kind: 'extent', tier }))
  }

  async expire(tier: Tier, before: number): Promise<void> {
    await this.#with((worker) => worker.ask({ kind: 'expire', tier, before }))
  }

  unjoined(): string | null {
    return Object.values(this.#unjoined).find((reason) => reason !== null) ?? null
  }

  /** Ends the process, if it runs. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    this.#end()
    await this.#ending
  }

  async #with<Answer>(work: (worker: SeriesProcess) => Promise<Answer>): Promise<Answer> {
    const worker = await this.#begin()
    try {
      return await work(worker)
    } finally {
      this.#done()
    }
  }

  /** The open process; it stays open until the caller is done with it. */
  async #begin(): Promise<SeriesProcess> {
    this.#asking++
    clearTimeout(this.#idle)
    try {
      await this.#ending
      if (this.#process?.worker.hasEnded) this.#process = null
      this.#process ??= this.#start()
      const { worker, opened } = this.#process
      await opened
      return worker
    } catch (error) {
      this.#done()
      this.#end()
      throw error
    }
  }

  #start() {
    const url = new URL('apart-worker.ts', import.meta.url)
    const worker: SeriesProcess = new WorkerProcess('series', url, { semiSpaceMiBMax })
    const opened = worker.ask({ kind: 'open', ...this.#place, isClean: this.#isClean })
    this.#isClean = false
    return { worker, opened }
  }

  #done(): void {
    if (--this.#asking > 0) return
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#end(), idleMs).unref()
  }

  #end(): void {
    const process = this.#process
    if (!process) return
    this.#process = null
    const { worker, opened } = process
    const end = async () => {
      try {
        await opened
        Object.assign(this.#unjoined, await worker.ask({ kind: 'end' }))
        this.#isClean = true
        await worker.ended(endMsMax)
      } catch {
        // If it could not be opened or was killed, the next one repairs the folder.
        await worker.ended(0)
      }
    }
    this.#ending = end()
  }
}
