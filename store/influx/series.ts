/** The series in InfluxDB, for the one process that writes them: behind a spool, so that writing never waits. */
import { mkdir } from 'node:fs/promises'

import { intervalMs, intervalStart, type Tier } from '../../flow/interval.ts'
import type { InfluxSettings } from '../../flow/settings.ts'
import type {
  Coverage,
  SeriesRange,
  SeriesStore,
  StepRows,
  TopQuery,
  ReadQuery,
} from '../series.ts'
import { readCoverage, readExtent } from './answers.ts'
import { checkToken, Connection, tokenOf } from './connection.ts'
import { requestsMax } from './delivery.ts'
import { Quarantine } from './quarantine.ts'
import { compareText, rankSteps } from './ranked.ts'
import { InfluxReader } from './reader.ts'
import type { InfluxSource } from './rows.ts'
import { Sender } from './sender.ts'
import { Spool, type SpoolEntry } from './spool.ts'
import { readSteps } from './steps.ts'

/** Steps that were sent stay in the spool for so long after the newest: the longest step is made of them. */
const keptMs = 26 * 3_600_000
/** A request without an answer by then is given up: ingest waits for some of them. */
const timeoutDefaultMs = 20_000
/** What may still be sent when the process ends. */
const graceMs = 3000

export interface InfluxSeriesOptions {
  settings: InfluxSettings
  /** Where the spool is. */
  folder: string
  /** The 5-minute tier first. */
  tiers: readonly Tier[]
  now?: () => number
  /** When a request is given up. */
  timeoutMs?: number
}

/**
 * Opens the series for the one process that writes them. InfluxDB need not be there: what is written
 * waits in the spool.
 * @throws SettingsError where the token cannot be read
 */
export async function openInfluxSeries(options: InfluxSeriesOptions): Promise<SeriesStore> {
  const { settings, folder, tiers, now = Date.now, timeoutMs = timeoutDefaultMs } = options
  await checkToken(settings)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { url, org, prefix, spoolMaxBytes } = settings
  const spool = await Spool.open(folder, {
    bytesMax: spoolMaxBytes,
    // The interval that is going on is taken for a new one: of it InfluxDB has nothing to add.
    wholeFrom: intervalStart(now()),
  })
  const connection = new Connection({ url, token: tokenOf(settings), timeoutMs, requestsMax, now })
  const source = { connection, org, prefix }
  const quarantine = new Quarantine(folder)
  const sender = new Sender({ spool, source, quarantine, tiers, now })
  if (spool.pendingCount > 0) sender.wake()
  return new InfluxSeries(source, { spool, sender, finest: tiers[0]! })
}

class InfluxSeries extends InfluxReader implements SeriesStore {
  readonly #spool: Spool
  readonly #sender: Sender
  readonly #finest: Tier
  /** First and last step by tier, once they were asked for. */
  readonly #extents = new Map<string, { from: number; to: number }>()
  /** What lies before is not given any more; InfluxDB deletes it by its own retention. */
  readonly #expired = new Map<string, number>()

  constructor(source: InfluxSource, parts: { spool: Spool; sender: Sender; finest: Tier }) {
    super(source)
    this.#spool = parts.spool
    this.#sender = parts.sender
    this.#finest = parts.finest
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

  override async *steps(range: SeriesRange & { exporter: string }): AsyncGenerator<StepRows> {
    const clipped = this.#clip(range)
    const { tier, exporter } = clipped
    const local = new Map(
      this.#local({ ...clipped, exporters: [exporter] }).map((each) => [each.time, each]),
    )
    const times = new Set(local.keys())
    if (!this.#isWhole(clipped))
      for (const { time } of await this.#remoteCoverage({ ...clipped, exporters: [exporter] }))
        times.add(time)
    /** Steps that only InfluxDB has, one behind the other. */
    let run: number[] = []
    const remote = () => {
      const [from, to] = [run[0]!, run.at(-1)! + tier.stepMs]
      run = []
      return readSteps(this.source, { tier, from, to, exporter })
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

  override async coverage(range: SeriesRange): Promise<Coverage[]> {
    const clipped = this.#clip(range)
    const found = new Map<string, Coverage>()
    const add = (each: Coverage) => found.set(`${each.time} ${each.exporter}`, each)
    if (!this.#isWhole(clipped)) (await this.#remoteCoverage(clipped)).forEach(add)
    for (const entry of this.#local(clipped)) add((await this.#load(entry)).coverage)
    return [...found.values()].sort(
      (a, b) => a.time - b.time || compareText(a.exporter, b.exporter),
    )
  }

  override async top(query: TopQuery) {
    const clipped = this.#clip(query)
    if (this.#isWhole(clipped)) {
      const steps: StepRows[] = []
      for (const entry of this.#local(clipped)) steps.push(await this.#load(entry))
      return rankSteps(clipped, steps)
    }
    await this.#sent(clipped)
    return super.top(clipped)
  }

  override async read(query: ReadQuery) {
    const clipped = this.#clip(query)
    await this.#sent(clipped)
    return super.read(clipped)
  }

  /** Asked of InfluxDB once; while it has not answered, what the spool knows. */
  override async extent(tier: Tier): Promise<{ from: number; to: number } | null> {
    const expired = this.#expired.get(tier.name) ?? Number.NEGATIVE_INFINITY
    const held = this.#extents.get(tier.name) ?? (await this.#askExtent(tier))
    if (!held || held.to < expired) return null
    return { from: Math.max(held.from, expired), to: held.to }
  }

  /**
   * Hides what lies before, in this process, and lets go of what the spool no longer needs. InfluxDB
   * itself deletes by the retention of the bucket: deleting by request was measured at 0.2 to 1 s a step.
   */
  async expire(tier: Tier, before: number): Promise<void> {
    this.#expired.set(tier.name, Math.max(before, this.#expired.get(tier.name) ?? before))
    const newest = await this.extent(this.#finest)
    if (newest) await this.#spool.forget(tier, newest.to - keptMs)
  }

  settled(): Promise<void> {
    return this.#sender.settled()
  }

  status() {
    return this.#sender.status()
  }

  override async close(): Promise<void> {
    await this.#sender.close(graceMs)
    await this.#spool.close()
  }

  #clip<Range extends SeriesRange>(range: Range): Range {
    const expired = this.#expired.get(range.tier.name) ?? Number.NEGATIVE_INFINITY
    return { ...range, from: Math.max(range.from, expired) }
  }

  /** Whether all steps of a range that there are lie in the spool. */
  #isWhole({ tier, from, to }: SeriesRange): boolean {
    return from >= to || (tier.stepMs === intervalMs && from >= this.#spool.wholeFrom)
  }

  #local({ tier, from, to, exporters }: SeriesRange): SpoolEntry[] {
    return this.#spool
      .entriesIn({ tier, from, to })
      .filter(({ exporter }) => !exporters || exporters.includes(exporter))
  }

  /** @throws InfluxFault, at once where InfluxDB is known to be away */
  async #remoteCoverage(range: SeriesRange): Promise<Coverage[]> {
    if (this.#sender.pause.fault) throw this.#sender.pause.fault
    return readCoverage(this.source, range)
  }

  /**
   * Waits until InfluxDB has what was written of a range.
   * @throws InfluxFault, at once where InfluxDB is known to be away
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
    const found = await readExtent(this.source, tier).catch(() => undefined)
    if (found === undefined) return local
    const from = Math.min(found?.from ?? Infinity, local?.from ?? Infinity)
    const to = Math.max(found?.to ?? -Infinity, local?.to ?? -Infinity)
    if (from > to) return null
    const extent = { from, to }
    this.#extents.set(tier.name, extent)
    return extent
  }
}
