/**
 * Two series stores at once, while one is to replace the other: everything is written to both, and the
 * first answers all queries. What the second lacks is copied from the first: data from before double
 * writing began, range by range, and steps that the second refused. As long as both are written to, a
 * range once found equal stays equal.
 *
 *     clickhouse/migrated-to-clickhouse.jsonl    how far each tier has been compared, and owed steps
 */
import { setTimeout as sleep } from 'node:timers/promises'

import { intervalStart, type Tier } from '../../flow/interval.ts'
import { reasonOf } from '../../flow/reason.ts'
import type { AlsoStatus, StoreStatus } from '../../flow/status.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { copyStretch, type Stretch } from './migrate.ts'
import type {
  OtherCollectors,
  ReadQuery,
  SeriesRange,
  SeriesStore,
  StepRows,
  TopQuery,
} from '../series.ts'

/** A step that the second store refused. */
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
  /** For each tier, by name, the time (unix ms) up to which both are equal; and the owed steps. */
  progress: Manifest<OwedStep>
  now: () => number
  /** Delay before the next look when all is equal, or after a failure. */
  restMs?: number
}

/** Steps of a tier compared at once. */
const stepsAtOnce = 288
const restMsDefault = 5000
/** How long a copy in progress may take at the end. */
const graceMs = 3000

export class DoubledSeries implements SeriesStore {
  readonly #parts: DoubledParts
  readonly #ending = new AbortController()
  /** Writes in progress, as the names of their steps. */
  readonly #writing = new Set<readonly string[]>()
  /** Steps written since the copy of the current range began. */
  #written = new Set<string>()
  #lastError: string | null = null
  #copying: Promise<void> = Promise.resolve()
  readonly others?: OtherCollectors
  readonly status?: () => StoreStatus
  readonly unjoined?: () => string | null

  constructor(parts: DoubledParts) {
    this.#parts = parts
    const { first } = parts
    if (first.others) this.others = first.others
    if (first.status) this.status = () => first.status!()
    if (first.unjoined) this.unjoined = () => first.unjoined!()
  }

  /** Starts copying what the second store lacks, in the background. */
  follow(): void {
    this.#copying = this.#follow()
  }

  /**
   * Resolves when the first store has it. What the second refuses is owed to it, and delays nothing.
   */
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

  endSoon(): void {
    this.#parts.first.endSoon?.()
    this.#parts.second.endSoon?.()
  }

  /** The status of the second store. */
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
    await Promise.race([this.#copying, sleep(graceMs, undefined, { ref: false })])
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

  /** Copies and compares the next finished steps of a tier; false if there are none. */
  async #next(tier: Tier): Promise<boolean> {
    const { first, progress, kind, now } = this.#parts
    const all = rangeToCopy(await first.extent(tier), { tier, kind, nowMs: now() })
    if (!all) return false
    const from = Math.max(progress.value<number>(tier.name) ?? 0, all.from)
    const to = Math.min(from + stepsAtOnce * tier.stepMs, all.to)
    if (to <= from) return false
    await this.#copy({ tier, from, to })
    await progress.commit({ set: { [tier.name]: to } })
    return to < all.to
  }

  async #settleOwed(): Promise<void> {
    const { progress, tiers } = this.#parts
    const owed = progress.entries()
    const steps = new Map(owed.map((each) => [`${each.tier} ${each.time}`, each]))
    for (const { tier: name, time } of steps.values()) {
      const tier = tiers.find((each) => each.name === name)
      if (tier) await this.#copy({ tier, from: time, to: time + tier.stepMs })
      // A step written in the meantime may be owed again.
      const paid = owed.filter((each) => each.tier === name && each.time === time)
      const remove = paid.map(({ file }) => file).filter((file) => !this.#written.has(file))
      await progress.commit({ remove })
    }
  }

  /**
   * A step written during the copy is left to that write, which reaches the second store after the
   * data read here: so an old version never follows a newer one. It rests half of the time, because
   * this is the thread that receives datagrams.
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

/**
 * The steps of a tier that the second store has to be given, [from, to), of those from the first to
 * the newest of `extent`; null if there are none: the newest still changes, and is written to both.
 */
export function rangeToCopy(
  extent: { from: number; to: number } | null,
  { tier, kind, nowMs }: { tier: Tier; kind: AlsoStatus['kind']; nowMs: number },
): { from: number; to: number } | null {
  if (!extent) return null
  const from = Math.max(extent.from, keptFrom(kind, tier, nowMs))
  return from < extent.to ? { from, to: extent.to } : null
}

/**
 * The start of what ClickHouse keeps: older steps are not sent, since its retention is by the
 * clock.
 */
export function keptFrom(kind: AlsoStatus['kind'], tier: Tier, nowMs: number): number {
  return kind === 'clickhouse' ? intervalStart(nowMs - tier.keepMs, tier.stepMs) + tier.stepMs : 0
}

function owedName(tier: Tier, { time, exporter }: { time: number; exporter: string }): string {
  return `${tier.name} ${time} ${exporter}`
}
