/**
 * Evaluates alerts: values when their interval is over, incidents and silences as they occur. An
 * alert that cannot be evaluated is shown as a problem.
 */
import type { Logger } from 'pino'

import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { reasonOf } from '../../flow/reason.ts'
import type { AlertEvent, AlertState, AlertSubject, KeptAlert } from '../../store/alert.ts'
import {
  StateRefused,
  type StateDocument,
  type StateReading,
  type StateWriting,
} from '../../store/state/state.ts'
import { describe, dueInterval, settleMs, type Described } from './described.ts'
import { observeNow, occurrences, type Occurrence, type Sources } from './observe.ts'
import { observeTracker } from './observe-tracker.ts'
import { LostShares } from './lost-shares.ts'
import { MissingExporters } from './missing.ts'
import { isRecent, RecentValues } from './recent-values.ts'
import { newsOf } from './runs.ts'
import { SeenSums } from './seen-sums.ts'
import type { AlertSender } from './sender.ts'
import { Standings, type Standing } from './standings.ts'

/** How often values are evaluated again: late flows change them. */
const valuesMs = 15_000
/** How many intervals are evaluated again: the longest configurable run, plus one. */
const lookBack = 13
/** Ticks are seconds apart: after a longer pause, the process started, or its machine slept or had its clock set. */
const pauseMsMin = 60_000
/** Incident ids remembered per alert. */
const incidentsMax = 200

interface EngineParts {
  sources: Sources
  state: StateReading & StateWriting
  sender: AlertSender
  /** Whether this process sends alerts; absent: always. */
  sendsAlerts?: (nowMs: number) => Promise<boolean>
  log: Logger
}

type Valued = Extract<AlertSubject, { kind: 'tracker' | 'loss' | 'disk' }>
type Happening = Extract<AlertSubject, { kind: 'incident' | 'silent' }>
type Document = StateDocument<KeptAlert>
/**
 * The time of a round, unix ms, and the flows lost in the last closed interval, by exporter,
 * percent; null if an earlier round evaluated that interval.
 */
interface Round {
  nowMs: number
  lost: Map<string, number> | null
}

export class AlertEngine {
  readonly states = new Map<string, AlertState>()
  readonly #parts: EngineParts
  /** Of losses and the disk; values of trackers are always available. */
  readonly #recent = new RecentValues()
  readonly #seen = new SeenSums()
  readonly #missing = new MissingExporters()
  /** When the last tick was, and since when there was no pause between ticks: somebody listened, unix ms. */
  #tickMs = Number.NEGATIVE_INFINITY
  #watchedFrom = Number.NEGATIVE_INFINITY
  #evaluatedUntil: number | null = null
  #evaluatedMs = 0
  readonly #lost = new LostShares()
  /** As of the start of this round. */
  readonly #standings: Standings
  #isFailing = false
  /** In progress. */
  #round: Promise<void> | null = null

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#standings = new Standings(parts.state)
  }

  /**
   * Evaluates all due alerts, unless a round is still in progress: a slow store must not make them later and later.
   * Never rejects: a failure is logged once, until a round succeeds.
   */
  tick(nowMs: number): Promise<void> {
    if (Math.abs(nowMs - this.#tickMs) > pauseMsMin) this.#watchedFrom = nowMs
    this.#tickMs = nowMs
    return (this.#round ??= this.#tryRound(nowMs).finally(() => (this.#round = null)))
  }

  /** Sends an alert now, whatever its condition, like a real one. Returns the result. */
  async test(id: string, alert: KeptAlert, nowMs: number): Promise<AlertEvent> {
    const { subject } = alert
    const interval = dueInterval(alert, nowMs)
    await this.#parts.sendsAlerts?.(nowMs)
    const found = isValued(subject)
      ? (
          await this.#observe({ id, body: alert }, subject, { interval, back: 1, lost: new Map() })
        )[0]
      : (await occurrences(subject, nowMs, this.#parts.sources))[0]
    const nothing = {
      say: async () => 'There is nothing to tell of now.',
      evidence: '',
      path: '/',
      from: interval,
      to: interval + intervalMs,
    }
    return this.#parts.sender.send({ id, alert, found: found ?? nothing, isTest: true }, nowMs)
  }

  async #tryRound(nowMs: number): Promise<void> {
    try {
      await this.#evaluateAll(nowMs)
      this.#isFailing = false
    } catch (error) {
      // Only once, since rounds are seconds apart.
      if (!this.#isFailing)
        this.#parts.log.error(
          { error },
          'alerts could not be evaluated; the next round tries again',
        )
      this.#isFailing = true
    }
  }

  async #evaluateAll(nowMs: number): Promise<void> {
    const alerts = await this.#parts.state.list<KeptAlert>('alerts')
    for (const id of this.states.keys())
      if (!alerts.some((alert) => alert.id === id)) this.#forget(id)
    this.#seen.keepOnly(alerts.map(({ body }) => body.subject))
    if (alerts.length > 0 && (await this.#parts.sendsAlerts?.(nowMs)) === false) return this.#rest()
    await this.#standings.read()
    const closed = intervalStart(nowMs - settleMs) - intervalMs
    const lost =
      closed === this.#evaluatedUntil
        ? null
        : this.#lost.take(this.#parts.sources.exporters(), this.#watchedFrom)
    const evaluatesValues = lost !== null || nowMs - this.#evaluatedMs >= valuesMs
    this.#evaluatedUntil = closed
    if (evaluatesValues) this.#evaluatedMs = nowMs
    if (lost) this.#recent.forgetOld(nowMs)
    for (const alert of alerts)
      try {
        await this.#evaluate(alert, { nowMs, lost, evaluatesValues })
      } catch (error) {
        // Another process changed the standing: the next round reads it again.
        if (error instanceof StateRefused && error.reason === 'changed') continue
        const problem = reasonOf(error)
        this.states.set(alert.id, { is: 'problem', value: null, at: nowMs / 1000, problem })
      }
  }

  async #evaluate(
    alert: Document,
    { nowMs, lost, evaluatesValues }: Round & { evaluatesValues: boolean },
  ): Promise<void> {
    const { subject, isOn = true } = alert.body
    if (!isOn) this.#state(alert, 'waiting', null, nowMs)
    else if (!isValued(subject)) await this.#happenings(alert, subject, nowMs)
    else if (evaluatesValues) await this.#values(alert, subject, { nowMs, lost })
  }

  async #values(alert: Document, subject: Valued, { nowMs, lost }: Round): Promise<void> {
    const { id, body } = alert
    // Subjects that need a store query, or change once per interval, are evaluated once per interval.
    if (!lost && (subject.kind !== 'tracker' || body.condition?.is === 'unusual')) return
    const interval = dueInterval(body, nowMs)
    const observed = { interval, back: lookBack, lost: lost ?? new Map<string, number>() }
    const standing = this.#standings.of(id)
    const all = await this.#observe(alert, subject, observed)
    let worst: [AlertState['is'], number | null] = ['well', all.at(-1)?.value ?? null]
    for (const key of new Set(all.map((each) => each.key))) {
      const now = all.filter((each) => each.key === key)
      const judged =
        subject.kind === 'tracker' ? now : this.#recent.add(alert, now, { key, count: lookBack })
      await this.#reportNews(alert, standing, { key, judged, nowMs })
      const last = judged.at(-1)
      if (last?.isAmiss)
        worst = [standing.told[key] === last.interval ? 'told' : 'amiss', last.value]
    }
    this.#state(alert, ...worst, nowMs)
  }

  /**
   * Sends the news of one key, or records up to which interval nothing needs to be sent. Values of losses and of the
   * disk never change: their mark goes when the run is over.
   */
  async #reportNews(
    alert: Document,
    standing: Standing,
    { key, judged, nowMs }: { key: string; judged: Described[]; nowMs: number },
  ): Promise<void> {
    const { repeat, intervals = 1, subject } = alert.body
    const reportedUntil = standing.told[key] ?? null
    const isEach = repeat === 'each'
    const isReported = subject.kind !== 'tracker' && continues(judged, reportedUntil)
    const news = newsOf(judged, { intervals, isEach, reportedUntil, isReported })
    const found = judged.find((each) => each.interval === news.toReport)
    if (found) return this.#decide({ alert, standing, found, until: news.reportedUntil! }, nowMs)
    const isOver = subject.kind !== 'tracker' && judged.at(-1)?.isAmiss === false
    const until = isOver ? null : news.reportedUntil
    if (until === reportedUntil) return
    if (until === null) delete standing.told[key]
    else standing.told[key] = until
    forgetOldMarks(standing, nowMs)
    await this.#standings.keep(alert.id, standing)
  }

  async #happenings(alert: Document, subject: Happening, nowMs: number): Promise<void> {
    const standing = this.#standings.of(alert.id)
    const found = await occurrences(subject, nowMs, this.#parts.sources)
    const isSilence = subject.kind === 'silent'
    for (const key of Object.keys(standing.told)) {
      if (!isSilence || found.some((each) => each.key === key)) continue
      delete standing.told[key]
      await this.#standings.keep(alert.id, standing)
    }
    const isOld = ({ key }: Occurrence) =>
      isSilence ? Object.hasOwn(standing.told, key) : standing.incidents.includes(key)
    // A silence while nobody listened is none of the exporter's.
    const isSure = !isSilence || nowMs - this.#watchedFrom > subject.seconds * 1000
    const sure = found.filter((each) => isSure || isOld(each))
    // Events that ended before the alert was created are not news.
    for (const each of sure.filter(({ to }) => to > alert.createdAt))
      if (!isOld(each)) await this.#decide({ alert, standing, found: each, until: nowMs }, nowMs)
    this.#state(alert, sure.length === 0 ? 'well' : 'told', sure.length, nowMs)
  }

  /** Sends an alert unless it is muted; recorded before sending, so that a crash does not send it twice. */
  async #decide(
    {
      alert: { id, body },
      standing,
      found,
      until,
    }: { alert: Document; standing: Standing; found: Occurrence; until: number },
    nowMs: number,
  ): Promise<void> {
    const quietMs = (body.quietMinutes ?? 0) * 60_000
    if (standing.lastMs !== null && nowMs - standing.lastMs < quietMs) return
    if (body.subject.kind === 'incident')
      standing.incidents = [...standing.incidents, found.key].slice(-incidentsMax)
    else standing.told[found.key] = until
    if (isValued(body.subject)) forgetOldMarks(standing, nowMs)
    standing.lastMs = nowMs
    await this.#standings.keep(id, standing)
    void this.#parts.sender.send({ id, alert: body, found, isTest: false }, nowMs)
  }

  /** While another collector sends alerts, nothing is kept here; what it sent is in the state. */
  #rest(): void {
    this.states.clear()
    this.#recent.clear()
    this.#lost.forget()
    this.#evaluatedUntil = null
  }

  #forget(id: string): void {
    this.states.delete(id)
    this.#recent.forget(id)
  }

  #state(alert: Document, is: AlertState['is'], value: number | null, nowMs: number): void {
    this.states.set(alert.id, { is, value, at: nowMs / 1000, problem: null })
  }

  /** The known values of a subject, as shown in alerts. */
  async #observe(
    { id, body: alert }: { id: string; body: KeptAlert },
    subject: Valued,
    { interval, back, lost }: { interval: number; back: number; lost: ReadonlyMap<string, number> },
  ): Promise<Described[]> {
    const { sources } = this.#parts
    const { condition } = alert
    const earlier = condition?.is === 'unusual' ? condition.observations : 0
    const observed =
      subject.kind === 'tracker'
        ? await observeTracker(subject, interval, {
            sources,
            back,
            earlier,
            seen: this.#seen,
            missing: this.#missing,
          })
        : await observeNow(subject, interval, {
            sources,
            lost,
            earlier: (key) => this.#recent.valuesOf(id, key),
          })
    return observed.flatMap((each) => describe(each, alert, sources.wording.zone) ?? [])
  }
}

function isValued(subject: AlertSubject): subject is Valued {
  return subject.kind !== 'incident' && subject.kind !== 'silent'
}

/**
 * Whether a run of losses or of the disk was reported before a restart: its mark stays until it ends, while its
 * values are lost. After a longer pause, whatever is amiss is news.
 */
function continues([first]: readonly Described[], reportedUntil: number | null): boolean {
  if (reportedUntil === null || !first || first.interval <= reportedUntil) return false
  return first.interval - reportedUntil <= lookBack * intervalMs
}

/**
 * Drops marks of subjects that had nothing to report for a day: exporters come and go. Intervals that old are not
 * evaluated again (RecentValues, lookBack), so they are not reported a second time.
 */
function forgetOldMarks({ told }: Standing, nowMs: number): void {
  for (const [key, until] of Object.entries(told)) if (!isRecent(until, nowMs)) delete told[key]
}
