/** The process in which times are judged, seen from outside: begun when there is something to judge, ended after it. */
import type { Settings } from '../../flow/settings.ts'
import { AskedProcess } from '../../store/asked-process.ts'
import type { Verdict } from '../../store/incident/ledger.ts'
import type { IntervalSpan } from './spans.ts'

export type JudgeRequest =
  /** Asked first. */
  | { kind: 'open'; settings: Settings }
  | { kind: 'judge'; span: IntervalSpan }
  /** Closes what is open and ends the process; asked last. */
  | { kind: 'end' }

export interface JudgeAnswers {
  open: null
  judge: Verdict[]
  end: null
}

/** Little of what is made anew lives on: with more room there is only more of it. */
const semiSpaceMiBMax = 1
/** It ends its call of DuckDB within a moment of being told. */
const endMsMax = 10_000

export class JudgeProcess {
  readonly #process = new AskedProcess<JudgeRequest, JudgeAnswers>(
    'incidents',
    new URL('worker.ts', import.meta.url),
    { semiSpaceMiBMax },
  )
  readonly #opened: Promise<null>
  #end: Promise<void> | null = null

  constructor(settings: Settings) {
    this.#opened = this.#process.ask({ kind: 'open', settings })
    // Who asks for something is told.
    this.#opened.catch(() => undefined)
  }

  get hasEnded(): boolean {
    return this.#process.hasEnded
  }

  /** @throws why it could not be judged */
  async judge(span: IntervalSpan): Promise<Verdict[]> {
    await this.#opened
    return this.#process.ask({ kind: 'judge', span })
  }

  /** Ends it, and gives up what is being judged. */
  end(): Promise<void> {
    return (this.#end ??= this.#endNow())
  }

  #endNow(): Promise<void> {
    this.#process.giveUp('judging')
    // What became of it is seen by its end.
    this.#process.ask({ kind: 'end' }).catch(() => undefined)
    return this.#process.ended(endMsMax)
  }
}
