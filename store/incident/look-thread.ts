/** A thread that looks at flows, so that the thread that answers requests is not kept busy for seconds. */
import type { Connections } from '../../flow/incident/connections.ts'
import type { Finding } from '../../flow/incident/finding.ts'
import type { FlowTable } from '../../flow/incident/flow-table.ts'
import type { HostColumns } from '../../flow/incident/hosts.ts'
import type { Looked, Seen } from '../../flow/incident/look.ts'
import { Scene, type Counted } from '../../flow/incident/scene.ts'
import type { SilenceContext } from '../../flow/incident/silence.ts'
import { WorkerThread } from '../worker-thread.ts'

/** A table without its methods, as it is sent. */
type TableColumns = Omit<FlowTable, 'hosts' | 'append' | 'add' | 'adopt' | 'keep'>

export interface LookRequest extends Omit<Seen, 'table'> {
  kind: 'look'
  columns: TableColumns
  hosts: HostColumns
  context: SilenceContext | null
}

/** What of a scene takes long to find. */
export interface LookAnswers {
  look: { counted: Counted; connections: Connections; findings: Finding[] }
}

export class LookThread {
  /** Started on first use. */
  #thread: WorkerThread<LookRequest, LookAnswers> | null = null

  /** Looks follow one another. */
  #turn: Promise<unknown> = Promise.resolve()

  /** See Look. @throws the error if the thread ends, which an abort makes it do (the next call starts another) */
  look(seen: Seen, context: SilenceContext | null, signal?: AbortSignal): Promise<Looked> {
    const looked = this.#turn.then(() => this.#look(seen, context, signal))
    // Without what was found, which is large.
    this.#turn = looked.then(nothing, nothing)
    return looked
  }

  async #look(
    { table, grid, counted }: Seen,
    context: SilenceContext | null,
    signal?: AbortSignal,
  ): Promise<Looked> {
    signal?.throwIfAborted()
    const thread = this.#running()
    const end = () => void thread.terminate()
    signal?.addEventListener('abort', end)
    try {
      const { hosts, ...columns } = table
      const request = { columns, hosts: hosts.columns, grid, counted, context }
      const made = await thread.ask({ kind: 'look', ...request })
      const scene = new Scene(table, grid, made.counted, made.connections)
      return { scene, findings: made.findings }
    } finally {
      signal?.removeEventListener('abort', end)
    }
  }

  async close(): Promise<void> {
    await this.#thread?.terminate()
  }

  #running(): WorkerThread<LookRequest, LookAnswers> {
    if (this.#thread && !this.#thread.hasEnded) return this.#thread
    const url = new URL('look-worker.ts', import.meta.url)
    this.#thread = new WorkerThread<LookRequest, LookAnswers>('explanations', url, null)
    this.#thread.unref()
    return this.#thread
  }
}

function nothing(): void {}
