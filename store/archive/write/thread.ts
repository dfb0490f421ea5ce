/**
 * The archive's two threads, as the thread that owns them sees them: one writes incoming flows, the
 * other sorts files.
 */
import { WorkerThread } from '../../process/worker-thread.ts'
import type { SentBlock } from './block-pool.ts'
import type { JudgedForms } from '../format/column-form.ts'
import type { ArchiveEntry } from '../entry.ts'
import type { Niceness } from '../../process/priority.ts'

export type ArchiveRequest =
  /** Empties the staging folder; must come first. */
  | { kind: 'open' }
  | { kind: 'add'; block: SentBlock }
  /** Writes the rows added so far, one file for each `fileMs` of receipt. */
  | { kind: 'seal' }
  /** Writes the rows of files, sorted, as the file `target`. */
  | (Merging & Judged & { kind: 'merge' })
  /** Reads files from end to end and names those that cannot be read. */
  | { kind: 'check'; files: string[] }
  /** Closes open files; must come last. */
  | { kind: 'end' }

export interface Merging {
  interval: number
  files: string[]
  target: string
}

/** The encodings chosen for columns so far; choosing one takes as long as writing the column. */
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

export interface ArchiveWorkerData {
  folder: string
  memoryLimit: string
  /** Files with fewer rows get no list of their greatest hosts. */
  listedRowsMin: number
  /** The time of receipt that a file covers, ms: a multiple of an interval. */
  fileMs: number
  /** Its priority. */
  niceness: Niceness
}

/** Rows are outside V8's heap, and everything else is soon garbage: more space would only hold more garbage. */
const youngMiBMax = 3

export class ArchiveThread extends WorkerThread<ArchiveRequest, ArchiveAnswers> {
  constructor(workerData: ArchiveWorkerData, name = 'archive') {
    super(name, new URL('worker.ts', import.meta.url), workerData, { youngMiBMax })
  }

  /** Ends the thread after its last answer: terminating it within a DuckDB call would end the process. */
  async close(): Promise<void> {
    await this.ask({ kind: 'end' }).catch(() => undefined)
    await this.terminate()
  }
}

/** The sorting thread. It runs only while there is something to sort, since it takes as much memory as writing. */
export class SortingThread {
  readonly #workerData: ArchiveWorkerData
  #thread: ArchiveThread | null = null
  /** Kept here for the next thread. */
  #judged: JudgedForms = new Map()

  constructor(workerData: ArchiveWorkerData) {
    this.#workerData = workerData
  }

  async merge(merging: Merging): Promise<ArchiveEntry> {
    const request = { kind: 'merge', judged: this.#judged, ...merging } as const
    const { entry, judged } = await this.#begun().ask(request)
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

  /** Ends the thread after its last answer; a later request starts another. */
  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = null
    await thread?.close()
  }
}
