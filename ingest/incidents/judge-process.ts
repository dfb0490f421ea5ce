/** The parent's side of the judging process: started when there is something to judge, ended afterwards. */
import type { Settings } from '../../flow/settings/settings.ts'
import { WorkerProcess } from '../../store/process/worker-process.ts'
import type { Verdict } from '../../store/incident/ledger.ts'
import type { IntervalSpan } from './spans.ts'

export type JudgeRequest =
  /** Must come first. */
  | { kind: 'open'; settings: Settings }
  | { kind: 'judge'; span: IntervalSpan }
  /** Closes everything and ends the process; must come last. */
  | { kind: 'end' }

export interface JudgeAnswers {
  open: null
  judge: Verdict[]
  end: null
}

/** Few new objects survive: more space would only hold more garbage. */
const semiSpaceMiBMax = 1
/** It leaves its DuckDB call within a moment of being told. */
const endMsMax = 10_000

export class JudgeProcess {
  readonly #process = new WorkerProcess<JudgeRequest, JudgeAnswers>(
    'incidents',
    new URL('worker.ts', import.meta.url),
    { semiSpaceMiBMax },
  )
  readonly #opened: Promise<null>
  #end: Promise<void> | null = null

  constructor(settings: Settings) {
    this.#opened = this.#process.ask({ kind: 'open', settings })
    // Later requests report the error.
    this.#opened.catch(() => undefined)
  }

  get hasEnded(): boolean {
    return this.#process.hasEnded
  }

  /** @throws the error that prevented judging */
  async judge(span: IntervalSpan): Promise<Verdict[]> {
    await this.#opened
    return this.#process.ask({ kind: 'judge', span })
  }

  /** Ends it, and abandons the current judgement. */
  end(): Promise<void> {
    return (this.#end ??= this.#endNow())
  }

  #endNow(): Promise<void> {
    this.#process.giveUp('judging')
    // Its exit shows the result.
    this.#process.ask({ kind: 'end' }).catch(() => undefined)
    return this.#process.ended(endMsMax)
  }
}
