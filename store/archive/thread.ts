/** The archive's own thread, seen from outside: requests go in, answers come back. */
import { Worker } from 'node:worker_threads'

import type { FlowBlock } from './columns.ts'
import type { ArchiveEntry } from './entry.ts'

/** What the thread is asked for. */
export type ArchiveRequest =
  /** Makes the folder ready; asked first. */
  | { kind: 'open' }
  | { kind: 'add'; block: FlowBlock }
  /** Writes the rows that wait as one file a receipt interval. */
  | { kind: 'seal' }
  /** Writes the rows of files of one interval as the file `target`. */
  | { kind: 'merge'; interval: number; files: string[]; target: string }
  /** Reads files whole and tells those that cannot be. */
  | { kind: 'check'; files: string[] }

export interface ArchiveAnswers {
  open: null
  add: null
  seal: ArchiveEntry[]
  merge: ArchiveEntry
  check: { file: string; message: string }[]
}

/** How the thread is set up. */
export interface ArchiveWorkerData {
  folder: string
  memoryLimit: string
}

export type ThreadMessage = { id: number; result: unknown } | { id: number; error: string }

interface Waiting {
  resolve: (result: never) => void
  reject: (error: Error) => void
}

export class ArchiveThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #requests = 0
  /** Why the thread has ended, once it has. */
  #ended: Error | null = null

  constructor(workerData: ArchiveWorkerData) {
    this.#worker = new Worker(new URL('worker.ts', import.meta.url), { workerData })
    this.#worker.on('message', (message: ThreadMessage) => this.#take(message))
    this.#worker.on('error', (error) => this.#end(error as Error))
    this.#worker.on('exit', (code) => this.#end(new Error(`it ended with code ${code}`)))
  }

  /**
   * Asks the thread; requests are worked off one after the other.
   * @throws what went wrong; every time, once the thread has ended
   */
  ask<Request extends ArchiveRequest>(
    request: Request,
    transfer: ArrayBuffer[] = [],
  ): Promise<ArchiveAnswers[Request['kind']]> {
    if (this.#ended) return Promise.reject(this.#ended)
    const id = ++this.#requests
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, request }, transfer)
    })
  }

  /** Ends the thread when what it was asked is done: terminated in a call of DuckDB it would take the process with it. */
  async close(): Promise<void> {
    await this.ask({ kind: 'check', files: [] }).catch(() => undefined)
    await this.#worker.terminate()
  }

  #take(message: ThreadMessage): void {
    const request = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('error' in message) request?.reject(new Error(`archive: ${message.error}`))
    else request?.resolve(message.result as never)
  }

  #end(error: Error): void {
    this.#ended ??= new Error(`the archive's thread has ended: ${error.message}`, { cause: error })
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }
}
