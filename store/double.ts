/**
 * Two series stores at once, for the time in which one is to take the other's place: what is written
 * goes to both, all questions are answered by the first. What the second lacks is copied from the
 * first: what lay there before double writing began, a stretch after the other, and what the second
 * would not take. So long as both are written to, a stretch that was found equal stays equal.
 *
 *     clickhouse/migrated-to-clickhouse.jsonl    how far each tier was compared, and steps that are owed
 */
import { setTimeout as sleep } from 'node:timers/promises'

import { intervalStart, type Tier } from '../flow/interval.ts'
import { reasonOf } from '../flow/reason.ts'
import type { AlsoStatus, StoreStatus } from '../flow/status.ts'
import type { Manifest } from './manifest.ts'
import { copyStretch, type Stretch } from './migrate.ts'
import type {
  OtherCollectors,
  ReadQuery,
  SeriesRange,
  SeriesStore,
  StepRows,
  TopQuery,
} from './series.ts'

/** A step that the second store would not take. */
export interface OwedStep {
  /** Its name in the manifest. */
  file: string
  tier: string
  time: number
  exporter: string
}

export interface DoubledParts {
  first: SeriesStore
  second: SeriesStore
  kind: AlsoStatus['kind']
  tiers: readonly Tier[]
  /** By the name of each tier, up to when (unix ms) both were found equal; and the steps that are owed. */
  progress: Manifest<OwedStep>
  now: () => number
  /** When all is equal, or something failed, it is looked again after so long. */
  restMs?: number
}

/** Steps of a tier that are compared at once. */
const stepsAtOnce = 288
const restMsDefault = 5000
/** At the end, what is being copied is given so long. */
const graceMs = 3000

export class DoubledSeries implements SeriesStore {
  readonly #parts: DoubledParts
  readonly #ending = new AbortController()
  /** Writes that are going on, as the names of their steps. */
  readonly #writing = new Set<readonly string[]>()
  /** Steps that were written since the stretch was begun that is being copied. */
  #written = new Set<string>()
  #lastError: string | null = null
  #copying: Promise<void> = Promise.resolve()
  readonly others?: OtherCollectors
  readonly status?: () => StoreStatus

  constructor(parts: DoubledParts) {
    this.#parts = parts
    const { first } = parts
    if (first.others) this.others = first.others
    if (first.status) this.status = () => first.status!()
  }

  /** Begins to copy what the second store lacks, beside all else. */
  follow(): void {
    this.#copying = this.#follow()
  }

  /** Done when the first has it. What the second will not take is owed to it, and holds up nothing. */
  async write(tier: Tier, steps: readonly StepRows[]): Promise<void> {
    const { first, second, progress } = this.#parts
    const names = steps.map(({ coverage }) => owedName(tier, coverage))
    this.#writing.add(names)
    for (const name of names) this.#written.add(name)
    try {
      await first.write(tier, steps)
      const held = new Set(progress.entries().map(({ file }) => file))
      try {
        await second.write(tier, steps)
        const remove = names.filter((name) => held.has(name))
        if (remove.length > 0) await progress.commit({ remove })
      } catch (error) {
        this.#lastError = reasonOf(error)
        const add = steps.map(({ coverage: { time, exporter } }, i) => {
          return { file: names[i]!, tier: tier.name, time, exporter }
        })
        await progress.commit({ add })
      }
    } finally {
      this.#writing.delete(names)
    }
  }

  steps(range: SeriesRange & { exporter: string }) {
    return this.#parts.first.steps(range)
  }

  coverage(range: SeriesRange) {
    return this.#parts.first.coverage(range)
  }

  top(query: TopQuery) {
    return this.#parts.first.top(query)
  }

  read(query: ReadQuery) {
    return this.#parts.first.read(query)
  }

  extent(tier: Tier) {
    return this.#parts.first.extent(tier)
  }

  async expire(tier: Tier, before: number): Promise<void> {
    await this.#parts.first.expire(tier, before)
    await this.#parts.second.expire(tier, before).catch((error: unknown) => {
      this.#lastError = reasonOf(error)
    })
  }

  async settled(): Promise<void> {
    await this.#parts.first.settled?.()
  }

  /** How the second store stands. */
  also(): AlsoStatus {
    const { second, kind, tiers, progress } = this.#parts
    const store = second.status?.()
    return {
      kind,
      through: Object.fromEntries(
        tiers.map(({ name }) => [name, (progress.value<number>(name) ?? 0) / 1000]),
      ),
      owed: progress.entries().length,
      lastError: this.#lastError,
      ...(store ? { store } : {}),
    }
  }

  async close(): Promise<void> {
    const { first, second, progress } = this.#parts
    this.#ending.abort()
    await Promise.race([this.#copying, sleep(graceMs)])
    await second.close()
    await first.close()
    await progress.close()
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ending
    const { restMs = restMsDefault } = this.#parts
    while (!signal.aborted) {
      let hasMore = false
      try {
        await this.#settleOwed()
        for (const tier of this.#parts.tiers) hasMore = (await this.#next(tier)) || hasMore
        this.#lastError = null
      } catch (error) {
        if (signal.aborted) return
        this.#lastError = reasonOf(error)
      }
      if (!hasMore) await sleep(restMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Copies and compares the next steps of a tier that are over; false where there are none. */
  async #next(tier: Tier): Promise<boolean> {
    const { first, progress, kind, now } = this.#parts
    const extent = await first.extent(tier)
    if (!extent) return false
    const from = Math.max(
      progress.value<number>(tier.name) ?? 0,
      extent.from,
      keptFrom(kind, tier, now()),
    )
    // The newest step still changes.
    const to = Math.min(from + stepsAtOnce * tier.stepMs, extent.to)
    if (to <= from) return false
    await this.#copy({ tier, from, to })
    await progress.commit({ set: { [tier.name]: to } })
    return to < extent.to
  }

  async #settleOwed(): Promise<void> {
    const { progress, tiers } = this.#parts
    const owed = progress.entries()
    const steps = new Map(owed.map((each) => [`${each.tier} ${each.time}`, each]))
    for (const { tier: name, time } of steps.values()) {
      const tier = tiers.find((each) => each.name === name)
      if (tier) await this.#copy({ tier, from: time, to: time + tier.stepMs })
      // A step that was written meanwhile may be owed anew.
      const paid = owed.filter((each) => each.tier === name && each.time === time)
      const remove = paid.map(({ file }) => file).filter((file) => !this.#written.has(file))
      await progress.commit({ remove })
    }
  }

  /**
   * A step that is written meanwhile is left to that write, which comes to the second store later than
   * what is read here: so an old version never follows a newer one. For half of the time it rests,
   * since the thread is the one that receives datagrams.
   */
  async #copy(stretch: Stretch): Promise<void> {
    const { first, second } = this.#parts
    const { signal } = this.#ending
    this.#written = new Set([...this.#writing].flat())
    const { promise: ended, reject } = Promise.withResolvers<never>()
    ended.catch(() => undefined)
    const end = () => reject(new Error('the collector ends'))
    signal.addEventListener('abort', end, { once: true })
    let since = performance.now()
    try {
      await copyStretch(first, second, stretch, {
        replaces: true,
        isWritten: (step) => this.#written.has(owedName(stretch.tier, step)),
        ended,
        rest: async () => {
          await sleep(performance.now() - since, undefined, { signal })
          since = performance.now()
        },
      })
    } finally {
      signal.removeEventListener('abort', end)
    }
  }
}

/** What ClickHouse would not keep is not sent to it: its retention is by the clock. */
export function keptFrom(kind: AlsoStatus['kind'], tier: Tier, nowMs: number): number {
  return kind === 'clickhouse' ? intervalStart(nowMs - tier.keepMs, tier.stepMs) + tier.stepMs : 0
}

function owedName(tier: Tier, { time, exporter }: { time: number; exporter: string }): string {
  return `${tier.name} ${time} ${exporter}`
}
