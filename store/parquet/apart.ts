/**
 * The embedded series store in a process of its own, for ingest: DuckDB, which alone knows how to write and ask the files, takes
 * some 60 MiB of whoever has once loaded it, and is needed for a moment each minute. The process is begun when something is asked
 * and ended when nothing was for a while; it is the one writer meanwhile.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { Tier } from '../../flow/interval.ts'
import { AskedProcess } from '../asked-process.ts'
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

/** What the process is asked for. */
export type ApartRequest =
  /** Asked first. */
  | ({ kind: 'open' } & Opening)
  | { kind: 'write'; tier: Tier; steps: readonly StepRows[] }
  | { kind: 'coverage'; range: SeriesRange }
  | { kind: 'top'; query: TopQuery }
  | { kind: 'read'; query: ReadQuery }
  | { kind: 'extent'; tier: Tier }
  | { kind: 'expire'; tier: Tier; before: number }
  /** Begins a reading of steps, gives the next of them, and ends it. */
  | { kind: 'begin'; reading: number; range: SeriesRange & { exporter: string } }
  | { kind: 'next' | 'leave'; reading: number }
  /** Closes what is open and ends the process; asked last. */
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
  /** No more than some thousand rows at once; null when there are no more. */
  next: StepRows[] | null
  leave: null
  end: null
}

export interface Opening {
  /** Where the series are. */
  folder: string
  /** The socket by which one process at a time is kept to them: see store/lock.ts. */
  lock: string
  /** Whether the one before ended in order, so that nothing is to be put right. */
  isClean: boolean
}

type SeriesProcess = AskedProcess<ApartRequest, ApartAnswers>

/** What it makes anew are rows on their way, which are soon let go. */
const semiSpaceMiBMax = 2
/** What is asked comes in quick succession, each minute. */
const idleMs = 500
/** It has closed all by then. */
const endMsMax = 10_000

export class SeriesApart implements SeriesStore {
  readonly #place: Omit<Opening, 'isClean'>
  #process: { asked: SeriesProcess; opened: Promise<null> } | null = null
  #ending: Promise<void> = Promise.resolve()
  /** Whether the last process ended in order. */
  #isClean = false
  /** What is being asked, readings of steps among it. */
  #asking = 0
  #readings = 0
  #idle: NodeJS.Timeout | undefined

  constructor(place: Omit<Opening, 'isClean'>) {
    this.#place = place
  }

  /**
   * Opens the series in a folder, whose one writer this process and those that it begins are.
   * @throws what keeps them from being opened
   */
  static async open(place: Omit<Opening, 'isClean'>): Promise<SeriesApart> {
    const store = new SeriesApart(place)
    await store.#with(async () => undefined)
    return store
  }

  async write(tier: Tier, steps: readonly StepRows[]): Promise<void> {
    await this.#with((asked) => asked.ask({ kind: 'write', tier, steps }))
  }

  async *steps(range: SeriesRange & { exporter: string }): AsyncGenerator<StepRows> {
    const reading = ++this.#readings
    const asked = await this.#begin()
    try {
      await asked.ask({ kind: 'begin', reading, range })
      for (;;) {
        const steps = await asked.ask({ kind: 'next', reading })
        if (steps === null) return
        for (const step of steps) yield step
        await nextTurn()
      }
    } finally {
      await asked.ask({ kind: 'leave', reading }).catch(() => undefined)
      this.#done()
    }
  }

  coverage(range: SeriesRange): Promise<Coverage[]> {
    return this.#with((asked) => asked.ask({ kind: 'coverage', range }))
  }

  top(query: TopQuery): Promise<TopRows> {
    return this.#with((asked) => asked.ask({ kind: 'top', query }))
  }

  read(query: ReadQuery): Promise<SeriesRead> {
    return this.#with((asked) => asked.ask({ kind: 'read', query }))
  }

  extent(tier: Tier): Promise<{ from: number; to: number } | null> {
    return this.#with((asked) => asked.ask({ kind: 'extent', tier }))
  }

  async expire(tier: Tier, before: number): Promise<void> {
    await this.#with((asked) => asked.ask({ kind: 'expire', tier, before }))
  }

  /** Ends the process, if there is one. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    this.#end()
    await this.#ending
  }

  async #with<Answer>(work: (asked: SeriesProcess) => Promise<Answer>): Promise<Answer> {
    const asked = await this.#begin()
    try {
      return await work(asked)
    } finally {
      this.#done()
    }
  }

  /** The process that is open, which stays so until it is said to be done. */
  async #begin(): Promise<SeriesProcess> {
    this.#asking++
    clearTimeout(this.#idle)
    try {
      await this.#ending
      if (this.#process?.asked.hasEnded) this.#process = null
      this.#process ??= this.#start()
      const { asked, opened } = this.#process
      await opened
      return asked
    } catch (error) {
      this.#done()
      this.#end()
      throw error
    }
  }

  #start() {
    const url = new URL('apart-worker.ts', import.meta.url)
    const asked: SeriesProcess = new AskedProcess('series', url, { semiSpaceMiBMax })
    const opened = asked.ask({ kind: 'open', ...this.#place, isClean: this.#isClean })
    this.#isClean = false
    return { asked, opened }
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
    const { asked, opened } = process
    const end = async () => {
      try {
        await opened
        await asked.ask({ kind: 'end' })
        this.#isClean = true
        await asked.ended(endMsMax)
      } catch {
        // One that could not be opened, or was killed, is put right by the next.
        await asked.ended(0)
      }
    }
    this.#ending = end()
  }
}
