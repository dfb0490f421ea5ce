/** Series on another machine, for the one process that writes them: behind a spool, so that writes never wait. */
import { mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { intervalMs, intervalStart, type Tier } from '../../flow/interval.ts'
import type { RemoteSeries } from '../remote/series.ts'
import type {
  Coverage,
  OtherCollectors,
  SeriesRange,
  SeriesStore,
  StepRows,
  TopQuery,
  ReadQuery,
} from '../series.ts'
import { Quarantine } from './quarantine.ts'
import { byTimeAndExporter } from '../shape.ts'
import { rankSteps } from './ranked.ts'
import { orAborted } from '../or-aborted.ts'
import { Sender, type SpooledStore } from './sender.ts'
import type { SpoolEntry } from './entry.ts'
import { Spool } from './spool.ts'

/** How long sent steps stay in the spool, back from the newest: the longest step is built from them. */
const keptMs = 26 * 3_600_000
/**
 * How long a query may still take when the process is about to end: a busy store needs seconds for
 * the coarser tiers.
 */
const lastQueryMs = 8000
/** How long sending may go on when the process ends. */
const graceMs = 3000

interface SpooledSeriesOptions {
  /** The folder of the spool. */
  folder: string
  /** The most bytes waiting on disk. */
  bytesMax: number
  /** The 5-minute tier first. */
  tiers: readonly Tier[]
  /** The file name for lines that the store cannot read. */
  quarantine: string
  now: () => number
  remote: RemoteSeries
  /** What other collectors wrote to the store; absent if there are none. */
  others?: Pick<OtherCollectors, 'views' | 'steps'>
  /** The store, as the sender needs it. */
  store: (spool: Spool) => SpooledStore
  /** Called on close. */
  close?: () => Promise<void>
}

/** Opens the series behind a spool. The store need not be up: writes wait. */
export async function openSpooledSeries(options: SpooledSeriesOptions): Promise<SeriesStore> {
  const { folder, bytesMax, now } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const spool = await Spool.open(folder, {
    bytesMax,
    // The current interval counts as new: the store has nothing of it to add.
    wholeFrom: intervalStart(now()),
    now,
  })
  const quarantine = new Quarantine(folder, options.quarantine)
  const sender = new Sender({ spool, store: options.store(spool), quarantine, now })
  if (spool.pendingCount > 0) sender.wake()
  return new SpooledSeries(options, spool, sender)
}

/** The same queries, which fail as soon as the signal is aborted, whether the store answers or not. */
function untilAborted(remote: RemoteSeries, signal: AbortSignal): RemoteSeries {
  return {
    steps: (range) => stepsUntilAborted(remote.steps(range), signal),
    coverage: (range) => orAborted(remote.coverage(range), signal),
    top: (query) => orAborted(remote.top(query), signal),
    read: (query) => orAborted(remote.read(query), signal),
    extent: (tier) => orAborted(remote.extent(tier), signal),
  }
}

async function* stepsUntilAborted(
  steps: AsyncIterable<StepRows>,
  signal: AbortSignal,
): AsyncGenerator<StepRows> {
  const iterator = steps[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await orAborted(iterator.next(), signal)
      if (step.done) return
      yield step.value
    }
  } finally {
    if (!signal.aborted) await iterator.return?.()
  }
}

class SpooledSeries implements SeriesStore {
  readonly #remote: RemoteSeries
  readonly #ending = new AbortController()
  readonly #spool: Spool
  readonly #sender: Sender
  readonly #finest: Tier
  readonly #end: () => Promise<void>
  /** First and last step by tier, once queried. */
  readonly #extents = new Map<string, { from: number; to: number }>()
  /** Earlier steps are no longer returned; the store deletes them by its own retention. */
  readonly #expired = new Map<string, number>()

  readonly others?: OtherCollectors

  constructor(options: SpooledSeriesOptions, spool: Spool, sender: Sender) {
    const { remote, tiers, close, others } = options
    this.#remote = untilAborted(remote, this.#ending.signal)
    this.#spool = spool
    this.#sender = sender
    this.#finest = tiers[0]!
    this.#end = close ?? (async () => undefined)
    if (others) this.others = this.#withOthers(others)
  }

  async write(tier: Tier, steps: readonly StepRows[]): Promise<void> {
    if (steps.length === 0) return
    await this.#spool.put(tier, steps)
    const held = this.#extents.get(tier.name)
    if (held)
      for (const { coverage } of steps) {
        held.from = Math.min(held.from, coverage.time)
        held.to = Math.max(held.to, coverage.time)
      }
    this.#sender.wake()
  }

  async *steps(range: SeriesRange & { exporter: string }): AsyncGenerator<StepRows> {
    const clipped = this.#clip(range)
    const { tier, exporter } = clipped
    const local = new Map(
      this.#local({ ...clipped, exporters: [exporter] }).map((each) => [each.time, each]),
    )
    const times = new Set(local.keys())
    if (!this.#isWhole(clipped))
      for (const { time } of await this.#remoteCoverage({ ...clipped, exporters: [exporter] }))
        times.add(time)
    /** Consecutive steps that only the store has. */
    let run: number[] = []
    const remote = () => {
      const [from, to] = [run[0]!, run.at(-1)! + tier.stepMs]
      run = []
      return this.#remote.steps({ tier, from, to, exporter })
    }
    for (const time of [...times].sort((a, b) => a - b)) {
      const entry = local.get(time)
      if (!entry) {
        run.push(time)
        continue
      }
      if (run.length > 0) yield* remote()
      yield await this.#load(entry)
    }
    if (run.length > 0) yield* remote()
  }

  async coverage(range: SeriesRange): Promise<Coverage[]> {
    const clipped = this.#clip(range)
    const found = new Map<string, Coverage>()
    const add = (each: Coverage) => found.set(`${each.time} ${each.exporter}`, each)
    if (!this.#isWhole(clipped)) (await this.#remoteCoverage(clipped)).forEach(add)
    for (const entry of this.#local(clipped)) add((await this.#load(entry)).coverage)
    return [...found.values()].sort(byTimeAndExporter)
  }

  async top(query: TopQuery) {
    const clipped = this.#clip(query)
    if (this.#isWhole(clipped)) {
      const steps: StepRows[] = []
      for (const entry of this.#local(clipped)) steps.push(await this.#load(entry))
      return rankSteps(clipped, steps)
    }
    await this.#sent(clipped)
    return this.#remote.top(clipped)
  }

  async read(query: ReadQuery) {
    const clipped = this.#clip(query)
    await this.#sent(clipped)
    return this.#remote.read(clipped)
  }

  /** Queried from the store once; until it has answered, what the spool knows. */
  async extent(tier: Tier): Promise<{ from: number; to: number } | null> {
    const expired = this.#expired.get(tier.name) ?? Number.NEGATIVE_INFINITY
    const held = this.#extents.get(tier.name) ?? (await this.#askExtent(tier))
    if (!held || held.to < expired) return null
    return { from: Math.max(held.from, expired), to: held.to }
  }

  /**
   * Hides earlier steps, in this process, and releases what the spool no longer needs. The store itself
   * deletes by its own retention (deleting by request was measured on InfluxDB at 0.2 to 1 s a step).
   */
  async expire(tier: Tier, before: number): Promise<void> {
    this.#expired.set(tier.name, Math.max(before, this.#expired.get(tier.name) ?? before))
    await this.#spool.expire(tier, before)
    const newest = await this.extent(this.#finest)
    if (newest) await this.#spool.forget(tier, newest.to - keptMs)
  }

  endSoon(): void {
    setTimeout(() => this.#ending.abort(new Error('the process is ending')), lastQueryMs).unref()
  }

  settled(): Promise<void> {
    return this.#sender.settled()
  }

  status() {
    return this.#sender.status()
  }

  async close(): Promise<void> {
    await this.#sender.close(graceMs)
    await this.#spool.close()
    await this.#end()
  }

  #withOthers(others: Pick<OtherCollectors, 'views' | 'steps'>): OtherCollectors {
    return {
      shown: async (msMax) => {
        if (this.#sender.pause.fault) return
        const ended = new AbortController()
        const signal = AbortSignal.any([ended.signal, this.#ending.signal])
        await Promise.race([
          this.settled().catch(() => undefined),
          sleep(msMax, undefined, { signal }).catch(() => undefined),
        ])
        ended.abort()
      },
      isShown: (range) => this.#local(range).every(({ isSent }) => isSent),
      views: async (range) => {
        if (this.#sender.pause.fault) throw this.#sender.pause.fault
        return orAborted(others.views(range), this.#ending.signal)
      },
      steps: (range) => stepsUntilAborted(others.steps(range), this.#ending.signal),
    }
  }

  #clip<Range extends SeriesRange>(range: Range): Range {
    const expired = this.#expired.get(range.tier.name) ?? Number.NEGATIVE_INFINITY
    return { ...range, from: Math.max(range.from, expired) }
  }

  /** Whether all existing steps of a range are in the spool. */
  #isWhole({ tier, from, to }: SeriesRange): boolean {
    return from >= to || (tier.stepMs === intervalMs && from >= this.#spool.wholeFrom)
  }

  #local({ tier, from, to, exporters }: SeriesRange): SpoolEntry[] {
    return this.#spool
      .entriesIn({ tier, from, to })
      .filter(({ exporter }) => !exporters || exporters.includes(exporter))
  }

  /** @throws StoreFault, at once if the store is known to be away */
  async #remoteCoverage(range: SeriesRange): Promise<Coverage[]> {
    if (this.#sender.pause.fault) throw this.#sender.pause.fault
    return this.#remote.coverage(range)
  }

  /**
   * Waits until the store has what was written of a range.
   * @throws StoreFault, at once if the store is known to be away
   */
  async #sent(range: SeriesRange): Promise<void> {
    if (this.#sender.pause.fault) throw this.#sender.pause.fault
    if (this.#local(range).some(({ isSent }) => !isSent)) await this.settled()
  }

  async #load(entry: SpoolEntry): Promise<StepRows> {
    const step = await this.#spool.load(entry.now)
    if (step) return step
    await this.#spool.lose(entry)
    throw new Error(`a step in the spool cannot be read any more: ${entry.file}; look at the disk`)
  }

  async #askExtent(tier: Tier): Promise<{ from: number; to: number } | null> {
    const times = this.#local({ tier, from: -8.64e15, to: 8.64e15 }).map(({ time }) => time)
    const local = times.reduce<{ from: number; to: number } | null>(
      (held, time) => ({
        from: Math.min(held?.from ?? time, time),
        to: Math.max(held?.to ?? time, time),
      }),
      null,
    )
    if (this.#sender.pause.fault) return local
    const found = await this.#remote.extent(tier).catch(() => undefined)
    if (found === undefined) return local
    const from = Math.min(found?.from ?? Infinity, local?.from ?? Infinity)
    const to = Math.max(found?.to ?? -Infinity, local?.to ?? -Infinity)
    if (from > to) return null
    const extent = { from, to }
    this.#extents.set(tier.name, extent)
    return extent
  }
}
