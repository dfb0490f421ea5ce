/** The archive's own threads, seen from outside: requests go in, answers come back. One writes what comes in, the other sorts. */
import { AskedThread } from '../../asked-thread.ts'
import type { SentBlock } from './block-pool.ts'
import type { JudgedForms } from '../format/column-form.ts'
import type { ArchiveEntry } from '../entry.ts'
import type { Niceness } from '../../priority.ts'

/** What the thread is asked for. */
export type ArchiveRequest =
  /** Makes the folder ready; asked first. */
  | { kind: 'open' }
  | { kind: 'add'; block: SentBlock }
  /** Writes the rows that wait as files, each of one receipt interval. */
  | { kind: 'seal' }
  /** Writes the rows of files of one interval as the file `target`, with columns in the forms that were judged before. */
  | (Merging & Judged & { kind: 'merge' })
  /** Reads files whole and tells those that cannot be. */
  | { kind: 'check'; files: string[] }
  /** Closes what is open; asked last. */
  | { kind: 'end' }

export interface Merging {
  interval: number
  files: string[]
  target: string
}

/** In which forms columns are kept, as far as it is judged. */
export interface Judged {
  judged: JudgedForms
}

export interface ArchiveAnswers {
  open: null
  add: null
  seal: ArchiveEntry[]
  merge: Judged & { entry: ArchiveEntry }
  check: { file: string; message: string }[]
  end: null
}

/** How the thread is set up. */
export interface ArchiveWorkerData {
  folder: string
  memoryLimit: string
  /** Files with fewer rows get no list of their greatest hosts. */
  listedRowsMin: number
  /** Who may go before it. */
  niceness: Niceness
}

/** Rows lie in memory of their own, and what else is made for them is garbage at once: with more room there is only more of it. */
const youngMiBMax = 3

export class ArchiveThread extends AskedThread<ArchiveRequest, ArchiveAnswers> {
  constructor(workerData: ArchiveWorkerData, name = 'archive') {
    super(name, new URL('worker.ts', import.meta.url), workerData, { youngMiBMax })
  }

  /** Ends the thread when what it was asked is done: terminated in a call of DuckDB it would take the process with it. */
  async close(): Promise<void> {
    await this.ask({ kind: 'end' }).catch(() => undefined)
    await this.terminate()
  }
}

/** The thread that sorts: made when there is something to sort, and ended after it, since it holds as much as all that writes. */
export class SortingThread {
  readonly #workerData: ArchiveWorkerData
  #thread: ArchiveThread | null = null
  /** Threads come and go, and to judge takes as long as to write. */
  #judged: JudgedForms = new Map()

  constructor(workerData: ArchiveWorkerData) {
    this.#workerData = workerData
  }

  async merge(merging: Merging): Promise<ArchiveEntry> {
    const asked = { kind: 'merge', judged: this.#judged, ...merging } as const
    const { entry, judged } = await this.#begun().ask(asked)
    this.#judged = judged
    return entry
  }

  check(files: string[]): Promise<ArchiveAnswers['check']> {
    return this.#begun().ask({ kind: 'check', files })
  }

  giveUp(target: string): void {
    this.#thread?.giveUp(target)
  }

  #begun(): ArchiveThread {
    if (this.#thread?.hasEnded) this.#thread = null
    return (this.#thread ??= new ArchiveThread(this.#workerData, 'sorting'))
  }

  /** Ends the thread when what it was asked is done; what is asked later begins another. */
  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = null
    await thread?.close()
  }
}
