/**
 * Consolidation: makes the coarser tiers from the 5-minute series. The clock only wakes it; a
 * durable list of steps to make (again) and the stored data decide what it does, so a missed,
 * doubled or late wake-up changes nothing. Every step is made from 5-minute rows, so that maxima
 * and cuts stay exact at every tier.
 */
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

import { intervalMs, type Tier } from '../../flow/interval.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { CutOptions } from '../../store/cut.ts'
import { mergeRuns } from '../../store/merge-steps.ts'
import type { SeriesRange, SeriesStore, StepRows } from '../../store/series.ts'
import { LastedRow } from './lasted.ts'
import { listMissing } from './missing.ts'
import { Pace } from './pace.ts'
import { nameOf, RedoList, type RedoStep } from './redo.ts'
import { spansOf, type Span } from './span.ts'
import { StepConsolidation } from './step.ts'
import { SpanViews } from './views.ts'

/**
 * At the end of the collector, open steps up to this long are made once more; longer ones state
 * until when they were counted.
 */
const endStepMsMax = 2 * 3_600_000
/** How long to wait until other collectors see what was written; steps they do not see yet are made later. */
const shownMsMax = 5000
/** Most rows gathered before they are written, over all tiers: bounds memory. */
const pendingRowsMax = 200_000

interface ConsolidatorParts extends CutOptions {
  store: SeriesStore
  /** The 5-minute tier first. */
  tiers: readonly Tier[]
  redo: RedoList
}

interface RunOptions {
  isComplete?: boolean
  isLast?: boolean
  stop?: AbortSignal
}

export class Consolidator {
  readonly #parts: ConsolidatorParts
  readonly #finest: Tier
  readonly #pace: Pace
  readonly #lasted = new LastedRow()
  /** By step that other collectors share: how much of it was visible when it was last made. */
  readonly #builtFrom = new Map<string, number>()
  #pending = new Map<Tier, StepRows[]>()
  #pendingRows = 0
  #made: RedoStep[] = []
  #work: Promise<void> = Promise.resolve()
  /** Settings, and so tiers, change only between starts. */
  #isMissingListed = false

  constructor(parts: ConsolidatorParts) {
    this.#parts = parts
    this.#finest = parts.tiers[0]!
    this.#pace = new Pace(parts.tiers)
  }

  /**
   * Lists the steps of 5-minute intervals (starts, unix ms) that are about to be written, or were:
   * a later run makes them, even after a crash. Durable when it resolves; call it before the write,
   * so that nothing is missed.
   */
  intervalsWritten(intervals: readonly number[]): Promise<void> {
    return this.#parts.redo.add(intervals)
  }

  /** How many steps are waiting to be made. An open step stays until it is closed. */
  get redoCount(): number {
    return this.#parts.redo.steps().length
  }

  /**
   * Makes the steps that are due, then expires what exceeds its tier's retention, counted from the
   * newest stored interval. Steps that end after `nowMs` are marked open, and made again.
   * `isComplete`: makes all listed steps now; `isLast`: the short ones. Runs follow one another;
   * whatever a failed or stopped run left is made by the next.
   */
  run(nowMs: number, { isComplete = false, isLast = false, stop }: RunOptions = {}): Promise<void> {
    const stepMsMax = isComplete ? Number.POSITIVE_INFINITY : isLast ? endStepMsMax : 0
    const done = this.#work.then(() => this.#run(nowMs, stepMsMax, stop))
    this.#work = done.catch(() => undefined)
    return done
  }

  /** Waits for the current run. */
  async close(): Promise<void> {
    await this.#work
    await this.#parts.redo.close()
  }

  /** Makes the steps that are due, and all steps up to `stepMsMax`. */
  async #run(nowMs: number, stepMsMax: number, stop?: AbortSignal): Promise<void> {
    if (!this.#isMissingListed) this.#isMissingListed = await listMissing(this.#parts)
    const due = this.#parts.redo
      .steps()
      .filter((step) => step.tier.stepMs <= stepMsMax || this.#pace.isDue(step, nowMs))
    this.#pending = new Map()
    this.#pendingRows = 0
    this.#made = []
    if (due.length > 0) await this.#show(stepMsMax)
    for (const span of spansOf(due)) {
      if (stop?.aborted) break
      if (!this.#isShown(span)) continue
      const unsure = await this.#makeSpan({ ...span, stop }, nowMs)
      if (unsure === null) break
      this.#made.push(...span.steps.filter((step) => !unsure.has(nameOf(step))))
      if (this.#pendingRows >= pendingRowsMax) await this.#takeOff(nowMs)
    }
    await this.#takeOff(nowMs)
    this.#forget(nowMs)
    await this.#expire(nowMs, stepMsMax === Number.POSITIVE_INFINITY)
  }

  /** Writes the gathered rows. */
  async #flush(): Promise<void> {
    for (const [tier, steps] of this.#pending) await this.#parts.store.write(tier, steps)
    this.#pending = new Map()
    this.#pendingRows = 0
  }

  /** Writes the gathered rows, then removes closed steps that were made from the list. */
  async #takeOff(nowMs: number): Promise<void> {
    await this.#flush()
    const closed = this.#made.filter(({ tier, time }) => time + tier.stepMs <= nowMs)
    await this.#parts.redo.remove(closed)
    this.#pace.made(this.#made, nowMs)
    this.#made = []
  }

  /**
   * Waits until other collectors see what this one wrote; without limit if all steps are to be
   * made.
   */
  async #show(stepMsMax: number): Promise<void> {
    const { store } = this.#parts
    if (!store.others) return
    if (stepMsMax === Number.POSITIVE_INFINITY) await store.settled?.()
    else await store.others.shown(shownMsMax)
  }

  #isShown({ from, to }: Span): boolean {
    const { others } = this.#parts.store
    return others === undefined || others.isShown({ tier: this.#finest, from, to })
  }

  /** Makes the steps of a span; returns the names of those to make again, or null if stopped. */
  async #makeSpan(
    span: Span & { stop: AbortSignal | undefined },
    nowMs: number,
  ): Promise<Set<string> | null> {
    const { store } = this.#parts
    const range = { tier: this.#finest, from: span.from, to: span.to }
    const views = new SpanViews((await store.others?.views(range)) ?? null)
    const coverage = await store.coverage(range)
    for (const exporter of new Set(coverage.map((each) => each.exporter))) {
      const steps = await this.#whole(span, exporter)
      await this.#makeSteps({ ...span, steps, views }, exporter, nowMs)
      if (span.stop?.aborted) return null
    }
    return this.#unsure(span, views)
  }

  /**
   * Shared steps of which more is visible than when they were last made: replicas may show another
   * collector's rows a moment later, so steps are made until nothing is new.
   */
  #unsure(span: Span, views: SpanViews): Set<string> {
    const unsure = new Set<string>()
    for (const step of span.steps) {
      const name = nameOf(step)
      const versionSum = views.sharedVersionSum(step.time, step.time + step.tier.stepMs)
      if (versionSum === 0 || this.#builtFrom.get(name) === versionSum) this.#builtFrom.delete(name)
      else {
        this.#builtFrom.set(name, versionSum)
        unsure.add(name)
      }
    }
    return unsure
  }

  /** Leaves out steps that are stored already and have lost 5-minute intervals to expiry. */
  async #whole(span: Span, exporter: string): Promise<RedoStep[]> {
    const expired = this.#parts.redo.expired()[this.#finest.name] ?? Number.NEGATIVE_INFINITY
    if (span.from >= expired) return span.steps
    const whole: RedoStep[] = []
    for (const step of span.steps) {
      const { tier, time } = step
      const range = { tier, from: time, to: time + tier.stepMs, exporters: [exporter] }
      const isStored = time < expired && (await this.#parts.store.coverage(range)).length > 0
      if (!isStored) whole.push(step)
    }
    return whole
  }

  /** Reads the 5-minute steps of a span once for all its steps, which close as time advances. */
  async #makeSteps(
    span: Span & { views: SpanViews; stop: AbortSignal | undefined },
    exporter: string,
    nowMs: number,
  ): Promise<void> {
    const { top, isLocal } = this.#parts
    const tiers = [...new Set(span.steps.map(({ tier }) => tier))]
    const due = new Set(span.steps.map(nameOf))
    const open = new Map<Tier, StepConsolidation>()
    const range = { tier: this.#finest, from: span.from, to: span.to, exporter }
    for await (const step of this.#steps(range, span.views)) {
      // This thread also decodes datagrams: it must not be blocked for long.
      await setImmediate()
      if (span.stop?.aborted) return
      for (const tier of tiers) {
        const time = Math.floor(step.coverage.time / tier.stepMs) * tier.stepMs
        if (!due.has(nameOf({ tier, time }))) continue
        let making = open.get(tier)
        if (making && making.time !== time) {
          await this.#finish(tier, making, { exporter, views: span.views })
          making = undefined
        }
        if (!making) {
          const options = { time, stepMs: tier.stepMs, nowMs, top, isLocal }
          open.set(tier, (making = new StepConsolidation(exporter, options)))
        }
        making.add(step)
      }
    }
    for (const [tier, making] of open)
      await this.#finish(tier, making, { exporter, views: span.views })
  }

  /** The 5-minute steps of an exporter: this collector's, merged with the others' if they have any. */
  #steps(range: SeriesRange & { exporter: string }, views: SpanViews): AsyncIterable<StepRows> {
    const { store } = this.#parts
    const own = store.steps(range)
    const isShared = views.isShared(range.exporter, range.from, range.to)
    return store.others && isShared ? mergeRuns(own, store.others.steps(range)) : own
  }

  async #finish(
    tier: Tier,
    making: StepConsolidation,
    { exporter, views }: { exporter: string; views: SpanViews },
  ): Promise<void> {
    if (making.endFirstRound()) {
      const range = { tier: this.#finest, from: making.time, to: making.end, exporter }
      for await (const step of this.#steps(range, views)) making.addAgain(step)
    }
    await setImmediate()
    const step = { ...making.finish(), ...views.builtFrom(exporter, making.time, making.end) }
    const held = this.#pending.get(tier)
    if (held) held.push(step)
    else this.#pending.set(tier, [step])
    for (const { count } of step.measurements) this.#pendingRows += count
    if (this.#pendingRows >= pendingRowsMax) await this.#flush()
  }

  #forget(nowMs: number): void {
    const listed = new Set(this.#parts.redo.steps().map(nameOf))
    for (const name of this.#builtFrom.keys()) if (!listed.has(name)) this.#builtFrom.delete(name)
    this.#pace.forget(listed, nowMs)
  }

  /**
   * Expires what exceeds retention, except 5-minute rows that the list still needs. Ages count back
   * from the newest row, but not from one later than now: it is of a time when the clock was wrong.
   * Nor, while collecting, from one much newer than all before, until that has lasted: the clock
   * may be ahead.
   */
  async #expire(nowMs: number, isComplete: boolean): Promise<void> {
    const { store, tiers, redo } = this.#parts
    const extent = await store.extent(this.#finest)
    if (!extent) return
    const foundMs = Math.min(extent.to, nowMs)
    const newestMs = isComplete ? foundMs : this.#lasted.of(foundMs, tiers, redo.expired())
    const needed = redo
      .steps()
      .reduce((least, { time }) => Math.min(least, time), Number.POSITIVE_INFINITY)
    const expired = { ...redo.expired() }
    let isChanged = false
    for (const tier of tiers) {
      const limit = newestMs + intervalMs - tier.keepMs
      const held = tier === this.#finest ? Math.min(limit, needed) : limit
      const before = Math.floor(held / tier.stepMs) * tier.stepMs
      await store.expire(tier, before)
      if (before <= (expired[tier.name] ?? Number.NEGATIVE_INFINITY)) continue
      expired[tier.name] = before
      isChanged = true
    }
    if (isChanged) await redo.setExpired(expired)
  }
}

/** Opens the consolidator of a data folder; its list is state/consolidation.jsonl. */
export async function openConsolidator(
  settings: Settings,
  store: SeriesStore,
): Promise<Consolidator> {
  const { tiers, top, local } = settings
  const path = join(settings.data, 'state', 'consolidation.jsonl')
  const redo = await RedoList.open(path, tiers.slice(1))
  return new Consolidator({ store, tiers, redo, top, isLocal: (host) => local.hasText(host) })
}
