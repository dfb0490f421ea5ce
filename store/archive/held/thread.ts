/**
 * A thread for the top tables of held files, which it shares with the answering thread: a page
 * requests its chart and its tables together, and one core took twice as long for all of it.
 */
import type { Network } from '../../../flow/address.ts'
import type { FlowTop, FlowTopQuery } from '../../flows.ts'
import { WorkerThread } from '../../process/worker-thread.ts'
import type { HeldFlows } from './held-files.ts'

export type HeldRequest =
  | { kind: 'hold'; file: number; flows: HeldFlows }
  | { kind: 'evict'; file: number }
  /** Refers to files that the thread holds. */
  | { kind: 'top'; files: readonly number[]; query: Omit<FlowTopQuery, 'signal' | 'progress'> }

export interface HeldAnswers {
  hold: null
  evict: null
  top: FlowTop
}

export interface HeldWorkerData {
  local: readonly Network[]
}

export class TopThread {
  readonly #workerData: HeldWorkerData
  /** Started on first use. */
  #thread: WorkerThread<HeldRequest, HeldAnswers> | null = null
  /** The files that the thread holds, by number. */
  readonly #held = new Map<HeldFlows, number>()
  readonly #gone = new WeakSet<HeldFlows>()
  #files = 0

  constructor(workerData: HeldWorkerData) {
    this.#workerData = workerData
  }

  /**
   * The largest keys from held files: see heldTop.
   * @throws the signal's reason if aborted; the error if the thread ends (the next call starts another)
   */
  async top(files: readonly HeldFlows[], query: FlowTopQuery): Promise<FlowTop> {
    const { signal, progress: _, ...rest } = query
    if (this.#thread?.hasEnded) {
      this.#thread = null
      this.#held.clear()
    }
    const thread = (this.#thread ??= this.#begin())
    const numbers = files.map((flows) => this.#hold(thread, flows))
    try {
      const top = await thread.ask({ kind: 'top', files: numbers, query: rest })
      signal?.throwIfAborted()
      return top
    } finally {
      for (const flows of files) if (this.#gone.has(flows)) this.#forget(flows)
    }
  }

  /** Releases a file that is no longer held, once the requests that use it are answered. */
  evict(flows: HeldFlows): void {
    this.#gone.add(flows)
    this.#forget(flows)
  }

  async close(): Promise<void> {
    await this.#thread?.terminate()
  }

  #forget(flows: HeldFlows): void {
    const file = this.#held.get(flows)
    if (file === undefined) return
    this.#held.delete(flows)
    // If the thread has ended, the next request reports why.
    this.#thread?.ask({ kind: 'evict', file }).catch(() => undefined)
  }

  #begin(): WorkerThread<HeldRequest, HeldAnswers> {
    const url = new URL('worker.ts', import.meta.url)
    const thread = new WorkerThread<HeldRequest, HeldAnswers>('top tables', url, this.#workerData)
    thread.unref()
    return thread
  }

  #hold(thread: WorkerThread<HeldRequest, HeldAnswers>, flows: HeldFlows): number {
    const held = this.#held.get(flows)
    if (held !== undefined) return held
    const file = ++this.#files
    this.#held.set(flows, file)
    thread.ask({ kind: 'hold', file, flows }).catch(() => undefined)
    return file
  }
}
