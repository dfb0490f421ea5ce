/**
 * Watches for incidents: intervals that changed are judged when they are over, in a thread of their
 * own, and again when late flows change them. What is still to be judged survives a restart.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

import type { Logger } from 'pino'

import { intervalMs } from '../../flow/interval.ts'
import type { Settings } from '../../flow/settings.ts'
import {
  IncidentLedger,
  IncidentReader,
  type IncidentSource,
  type SharedIncidents,
  type Verdict,
} from '../../store/incident/ledger.ts'
import { openSharedIncidents } from '../../store/open.ts'
import { spansOf, type IntervalSpan } from './spans.ts'

/** How the thread is set up. */
export interface JudgeWorkerData {
  settings: Settings
}

/** A span that is to be judged, or that the thread is to end. */
export type JudgeRequest = IntervalSpan | 'end'

export type JudgeAnswer = { verdicts: Verdict[] } | { error: string }

/** An interval is judged so long after its end: what was over by then has been reported and published. */
const earlyMs = 25_000
/** And once more, for what went on at its end and for exporters that report late. */
const settleMs = 100_000
/** One that goes on changing is not judged again before this. */
const againMs = 240_000
/** Flows that another collector has not sent by then are not waited for: it judges them when it is back. */
const partialMsMax = 3_600_000
/** Intervals that wait; of more the oldest are let go, and counted. */
const waitingMax = 8064
/** Reading flows makes much garbage, of which little lives on: with more room for it there is only more of it. */
const youngMiBMax = 12
/** The thread ends its call of DuckDB within a moment of being told. */
const endMsMax = 10_000

export class IncidentWatch {
  /** Why the last judging failed; it is tried again. */
  lastError: string | null = null
  judged = 0
  letGo = 0
  /** Intervals with too many flows to be judged. */
  notWhole = 0
  readonly #ledger: IncidentLedger
  readonly #shared: SharedIncidents | null
  readonly #workerData: JudgeWorkerData
  readonly #log: Logger
  readonly #onRest: () => void
  readonly #waiting: Set<number>
  /** When intervals were last judged, unix ms. */
  readonly #judgedMs = new Map<number, number>()
  #worker: Worker | null = null
  #work: Promise<void> | null = null
  #workerEnd: Promise<void> | null = null
  #isClosing = false
  #ended: Promise<void> | null = null

  private constructor(
    { ledger, shared }: { ledger: IncidentLedger; shared: SharedIncidents | null },
    workerData: JudgeWorkerData,
    { log, onRest }: { log: Logger; onRest: () => void },
  ) {
    this.#ledger = ledger
    this.#shared = shared
    this.#workerData = workerData
    this.#log = log
    this.#onRest = onRest
    this.#waiting = new Set(ledger.pending())
  }

  /** `onRest` is called whenever its thread has ended, which took much memory. */
  static async open(
    settings: Settings,
    log: Logger,
    onRest: () => void = () => undefined,
  ): Promise<IncidentWatch> {
    const shared = await openSharedIncidents(settings)
    const ledger = await IncidentLedger.open(settings.data, shared)
    return new IncidentWatch({ ledger, shared }, { settings }, { log, onRest })
  }

  /** Where incidents are read. */
  get source(): IncidentSource {
    return this.#shared ?? new IncidentReader(this.#workerData.settings.data)
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether something is being judged. */
  get isJudging(): boolean {
    return this.#work !== null
  }

  /** Says that intervals (unix ms) have other flows than before. */
  changed(intervals: readonly number[]): void {
    for (const interval of intervals) this.#waiting.add(interval)
    const over = this.#waiting.size - waitingMax
    if (over <= 0) return
    for (const interval of [...this.#waiting].sort((a, b) => a - b).slice(0, over))
      this.#waiting.delete(interval)
    this.letGo += over
  }

  /** Judges what is due, unless that is going on. Returns at once. */
  wake(nowMs: number): void {
    if (this.#work || this.#isClosing) return
    this.#work = this.#judgeDue(nowMs)
      .catch((error: unknown) => {
        this.lastError = error instanceof Error ? error.message : String(error)
        this.#log.error({ error }, 'incidents could not be looked for; it is tried again')
      })
      .finally(() => {
        this.#work = null
      })
  }

  /** Has the judging that goes on end soon; what is not judged waits for the next start. */
  endSoon(): void {
    this.#isClosing = true
    this.#ended ??= this.#endWorker()
  }

  async close(): Promise<void> {
    this.endSoon()
    await this.#ended
    await this.#work
    await this.#ledger.await([...this.#waiting])
    await this.#ledger.close()
    await this.#shared?.close()
  }

  /** A thread that is terminated in the middle of a call of DuckDB takes the process with it: it ends itself. */
  #endWorker(): Promise<void> {
    const worker = this.#worker
    if (!worker) return Promise.resolve()
    // It is told once, whoever wants it to end.
    return (this.#workerEnd ??= endOf(worker).finally(() => {
      this.#workerEnd = null
      this.#onRest()
    }))
  }

  async #judgeDue(nowMs: number): Promise<void> {
    await this.#ledger.await([...this.#waiting])
    const due = [...this.#waiting].filter((interval) => this.#isDue(interval, nowMs))
    for (const span of spansOf(due)) {
      if (this.#isClosing) return
      const intervals = due.filter((each) => each >= span.from && each < span.to)
      // Exporters that moved are judged when the flows of all collectors are there, or long have not come.
      const waiting = new Set<number>()
      // What changes from now on is judged again.
      for (const interval of intervals) this.#waiting.delete(interval)
      try {
        const lookFrom = await this.#ledger.beginOf(span)
        for (const verdict of await this.#ask({ ...span, lookFrom })) {
          if (!verdict.isWhole) this.notWhole++
          await this.#ledger.judged(verdict)
          if (verdict.isPartial) for (const interval of intervals) waiting.add(interval)
        }
      } catch (error) {
        for (const interval of intervals) this.#waiting.add(interval)
        throw error
      }
      for (const interval of intervals) {
        this.#judgedMs.set(interval, nowMs)
        const isWaiting = waiting.has(interval) && nowMs < interval + partialMsMax
        if (isWaiting || isEarly(interval, nowMs)) this.#waiting.add(interval)
      }
      this.judged += intervals.length
    }
    for (const [interval, at] of this.#judgedMs)
      if (at < nowMs - againMs) this.#judgedMs.delete(interval)
    this.lastError = null
    // Until minutes later there is nothing to judge, and it would hold what it took.
    await this.#endWorker()
  }

  #isDue(interval: number, nowMs: number): boolean {
    const judgedMs = this.#judgedMs.get(interval)
    if (judgedMs === undefined) return nowMs >= interval + intervalMs + earlyMs
    if (isEarly(interval, judgedMs)) return !isEarly(interval, nowMs)
    return judgedMs <= nowMs - againMs
  }

  async #ask(span: IntervalSpan): Promise<Verdict[]> {
    const worker = (this.#worker ??= this.#start())
    worker.postMessage(span, [])
    const answer = await Promise.race([
      once(worker, 'message').then(([message]) => message as JudgeAnswer),
      once(worker, 'exit').then((): JudgeAnswer => ({ error: 'the thread has ended' })),
    ])
    if ('error' in answer) throw new Error(`incidents: ${answer.error}`)
    return answer.verdicts
  }

  #start(): Worker {
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: this.#workerData,
      resourceLimits: { maxYoungGenerationSizeMb: youngMiBMax },
    })
    worker.once('error', (error) => this.#log.error({ error }, 'the thread for incidents failed'))
    worker.once('exit', () => {
      this.#worker = null
    })
    return worker
  }
}

async function endOf(worker: Worker): Promise<void> {
  const ended = once(worker, 'exit')
  worker.postMessage('end' satisfies JudgeRequest, [])
  await Promise.race([ended, sleep(endMsMax, undefined, { ref: false })])
  await worker.terminate()
}

/** Whether some of an interval's flows may still be on their way. */
function isEarly(interval: number, nowMs: number): boolean {
  return nowMs < interval + intervalMs + settleMs
}
