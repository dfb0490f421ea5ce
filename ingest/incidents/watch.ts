/**
 * Watches for incidents: changed intervals are judged when they are over, in a separate process,
 * and again when late flows change them. The list of pending intervals survives a restart.
 */
import type { Logger } from 'pino'

import { intervalMs } from '../../flow/interval.ts'
import { reasonOf } from '../../flow/reason.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import {
  IncidentLedger,
  IncidentReader,
  type IncidentSource,
  type SharedIncidents,
} from '../../store/incident/ledger.ts'
import { openSharedIncidents } from '../../store/open.ts'
import { JudgeProcess } from './judge-process.ts'
import { spansOf, type IntervalSpan } from './spans.ts'

/** An interval is judged this long after its end: flows that ended by then have been reported and published. */
const earlyMs = 25_000
/** And again after this long, for what continued at its end and for exporters that report late. */
const settleMs = 100_000
/** An interval that keeps changing is not judged again before this. */
const againMs = 240_000
/** While series are rebuilt, older intervals wait: those of earlier days show what is usual, and may come later. */
const recentMs = 3_600_000
/** Flows that another collector has not sent by then are not awaited: it judges them when it is back. */
const partialMsMax = 3_600_000
/** Most pending intervals; beyond that, the oldest are dropped and counted. */
const waitingMax = 8064

/** What judges: a process. */
type Judge = Pick<JudgeProcess, 'judge' | 'end' | 'hasEnded'>

export class IncidentWatch {
  /** Why the last judgement failed; it will be retried. */
  lastError: string | null = null
  judged = 0
  dropped = 0
  /** Intervals with too many flows to judge. */
  notWhole = 0
  readonly #ledger: IncidentLedger
  readonly #shared: SharedIncidents | null
  readonly #settings: Settings
  readonly #log: Logger
  readonly #waiting: Set<number>
  /** When intervals were last judged, unix ms. */
  readonly #judgedMs = new Map<number, number>()
  /** Intervals whose judgement failed, the latest last. */
  readonly #failed = new Set<number>()
  readonly #begin: () => Judge
  #judge: Judge | null = null
  #work: Promise<void> | null = null
  #isClosing = false
  #ended: Promise<void> | null = null

  private constructor(
    { ledger, shared }: { ledger: IncidentLedger; shared: SharedIncidents | null },
    settings: Settings,
    { log, begin }: { log: Logger; begin: () => Judge },
  ) {
    this.#begin = begin
    this.#ledger = ledger
    this.#shared = shared
    this.#settings = settings
    this.#log = log
    this.#waiting = new Set(ledger.pending())
  }

  /** `begin` starts what judges; tests give another. */
  static async open(
    settings: Settings,
    log: Logger,
    begin: () => Judge = () => new JudgeProcess(settings),
  ): Promise<IncidentWatch> {
    const shared = await openSharedIncidents(settings)
    const ledger = await IncidentLedger.open(settings.data, shared)
    return new IncidentWatch({ ledger, shared }, settings, { log, begin })
  }

  /** Where incidents are read from. */
  get source(): IncidentSource {
    return this.#shared ?? new IncidentReader(this.#settings.data)
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether judging is in progress. */
  get isJudging(): boolean {
    return this.#work !== null
  }

  /** Records that the flows of intervals (unix ms) have changed. Durable when it resolves. */
  async changed(intervals: readonly number[]): Promise<void> {
    for (const interval of intervals) this.#waiting.add(interval)
    const over = Math.max(0, this.#waiting.size - waitingMax)
    const oldest = over > 0 ? [...this.#waiting].sort((a, b) => a - b).slice(0, over) : []
    await this.#ledger.addPending(intervals, oldest)
    for (const interval of oldest) {
      this.#waiting.delete(interval)
      this.#failed.delete(interval)
    }
    this.dropped += over
  }

  /** Judges what is due, unless that is in progress. Returns at once. `isRebuilding`: series are, with new flows. */
  wake(nowMs: number, { isRebuilding = false } = {}): void {
    if (this.#work || this.#isClosing) return
    const fromMs = isRebuilding ? nowMs - recentMs : Number.NEGATIVE_INFINITY
    this.#work = this.#judgeDue(nowMs, fromMs)
      .catch((error: unknown) => {
        // What was ended has not failed: the next start judges the rest.
        if (this.#isClosing) return
        this.lastError = reasonOf(error)
        this.#log.error({ error }, 'the search for incidents failed; the next wake-up tries again')
      })
      .finally(() => {
        this.#work = null
      })
  }

  /** Ends the current judgement soon; what is not judged waits for the next start. */
  endSoon(): void {
    this.#isClosing = true
    this.#ended ??= this.#endJudge()
  }

  async close(): Promise<void> {
    this.endSoon()
    await this.#ended
    await this.#work
    // Another may have started at that moment.
    await this.#endJudge()
    await this.#ledger.close()
    await this.#shared?.close()
  }

  /** It is ended only once, whoever requests it. */
  async #endJudge(): Promise<void> {
    const judge = this.#judge
    await judge?.end()
    if (this.#judge === judge) this.#judge = null
  }

  /**
   * Judges the intervals from `fromMs` on that are due. Those that failed come last, one by one: one that kills the
   * process, or takes too long, must not keep all others from being judged.
   */
  async #judgeDue(nowMs: number, fromMs: number): Promise<void> {
    const due = [...this.#waiting].filter(
      (interval) => interval >= fromMs && this.#isDue(interval, nowMs),
    )
    const failed = [...this.#failed].filter((interval) => due.includes(interval))
    const spans = spansOf(due.filter((interval) => !this.#failed.has(interval)))
    for (const span of [...spans, ...failed.flatMap((interval) => spansOf([interval]))]) {
      if (this.#isClosing) return
      const intervals = due.filter((each) => each >= span.from && each < span.to)
      await this.#judgeSpan(span, { intervals, nowMs })
      for (const interval of intervals) {
        this.#judgedMs.set(interval, nowMs)
        this.#failed.delete(interval)
      }
      this.judged += intervals.length
    }
    for (const [interval, at] of this.#judgedMs)
      if (at < nowMs - againMs) this.#judgedMs.delete(interval)
    this.lastError = null
    // There is nothing to judge for minutes, and it would keep its memory.
    await this.#endJudge()
  }

  /**
   * Judges the intervals of a span; what changes from now on is judged again. So is an interval of which some flows may
   * still arrive, and one in which an exporter moved from one collector to another, until the flows of all collectors
   * have arrived, or are long overdue.
   */
  async #judgeSpan(
    span: IntervalSpan,
    { intervals, nowMs }: { intervals: readonly number[]; nowMs: number },
  ): Promise<void> {
    for (const interval of intervals) this.#waiting.delete(interval)
    try {
      const look = await this.#ledger.reachOf(span)
      for (const verdict of await this.#begun().judge({ ...span, look })) {
        if (!verdict.isWhole) this.notWhole++
        for (const interval of intervals) {
          if (interval < verdict.from || interval >= verdict.to) continue
          const isWaiting = verdict.isPartial && nowMs < interval + partialMsMax
          if (isWaiting || isEarly(interval, nowMs)) this.#waiting.add(interval)
        }
        await this.#ledger.judged(verdict, (interval) => this.#waiting.has(interval))
      }
    } catch (error) {
      this.#putBack(intervals)
      throw error
    }
  }

  /** Intervals whose judgement failed wait behind all others. */
  #putBack(intervals: readonly number[]): void {
    for (const interval of intervals) {
      this.#waiting.add(interval)
      this.#failed.delete(interval)
      this.#failed.add(interval)
    }
  }

  #isDue(interval: number, nowMs: number): boolean {
    const judgedMs = this.#judgedMs.get(interval)
    if (judgedMs === undefined) return nowMs >= interval + intervalMs + earlyMs
    if (isEarly(interval, judgedMs)) return !isEarly(interval, nowMs)
    return judgedMs <= nowMs - againMs
  }

  #begun(): Judge {
    if (this.#judge?.hasEnded) this.#judge = null
    return (this.#judge ??= this.#begin())
  }
}

/** Whether some of an interval's flows may still arrive. */
function isEarly(interval: number, nowMs: number): boolean {
  return nowMs < interval + intervalMs + settleMs
}
