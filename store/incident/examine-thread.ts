/** A thread that examines flows, so that the thread that answers requests is not kept busy for seconds. */
import type { Connections } from '../../flow/incident/flows/connections.ts'
import type { Finding } from '../../flow/incident/finding.ts'
import type { FlowTable } from '../../flow/incident/flows/flow-table.ts'
import type { HostColumns } from '../../flow/incident/flows/hosts.ts'
import type { Examined } from '../../flow/incident/find.ts'
import { Scene, type Counted, type SeenFlows } from '../../flow/incident/scene/scene.ts'
import type { SilenceContext } from '../../flow/incident/silence/silence.ts'
import { WorkerThread } from '../process/worker-thread.ts'

/** A table without its methods, as it is sent. */
type TableColumns = Omit<FlowTable, 'hosts' | 'append' | 'add' | 'adopt' | 'keep'>

export interface ExamineRequest extends Omit<SeenFlows, 'table'> {
  kind: 'examine'
  columns: TableColumns
  hosts: HostColumns
  context: SilenceContext | null
}

/** What of a scene takes long to find. */
export interface ExamineAnswers {
  examine: { counted: Counted; connections: Connections; findings: Finding[] }
}

export class ExamineThread {
  /** Started on first use. */
  #thread: WorkerThread<ExamineRequest, ExamineAnswers> | null = null

  /** One examination follows another. */
  #turn: Promise<unknown> = Promise.resolve()

  /** See Examine. @throws the error if the thread ends, which an abort makes it do (the next call starts another) */
  examine(
    seen: SeenFlows,
    context: SilenceContext | null,
    signal?: AbortSignal,
  ): Promise<Examined> {
    const examined = this.#turn.then(() => this.#examine(seen, context, signal))
    // Without what was found, which is large.
    this.#turn = examined.then(nothing, nothing)
    return examined
  }

  async #examine(
    { table, grid, counted }: SeenFlows,
    context: SilenceContext | null,
    signal?: AbortSignal,
  ): Promise<Examined> {
    signal?.throwIfAborted()
    const thread = this.#running()
    const end = () => void thread.terminate()
    signal?.addEventListener('abort', end)
    try {
      const { hosts, ...columns } = table
      const request = { columns, hosts: hosts.columns, grid, counted, context }
      const made = await thread.ask({ kind: 'examine', ...request })
      const scene = new Scene(table, grid, made.counted, made.connections)
      return { scene, findings: made.findings }
    } finally {
      signal?.removeEventListener('abort', end)
    }
  }

  async close(): Promise<void> {
    await this.#thread?.terminate()
  }

  #running(): WorkerThread<ExamineRequest, ExamineAnswers> {
    if (this.#thread && !this.#thread.hasEnded) return this.#thread
    const url = new URL('examine-worker.ts', import.meta.url)
    this.#thread = new WorkerThread<ExamineRequest, ExamineAnswers>('explanations', url, null)
    this.#thread.unref()
    return this.#thread
  }
}

function nothing(): void {}
