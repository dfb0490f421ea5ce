/**
 * Sends what the spool holds, the oldest write first. Of a step that was sent before, the rows that
 * are no more are written as zeros, and its coverage comes last: until then readers know nothing of it.
 */
import type { Tier } from '../../flow/interval.ts'
import type { StoreStatus } from '../../flow/status.ts'
import type { StepRows } from '../series.ts'
import { bucketOf } from './buckets.ts'
import { Delivery } from './delivery.ts'
import { faultOf } from './fault.ts'
import { coverageLine, retiredLine, rowLines } from './lines.ts'
import { Pause } from './pause.ts'
import type { Quarantine } from './quarantine.ts'
import type { InfluxSource } from './rows.ts'
import { isSame, type Spool, type SpoolEntry } from './spool.ts'
import { storedHeads } from './stored-heads.ts'

/** Rows of the steps that are sent together: bounds memory. */
const groupRowsMax = 40_000
/** A wait for InfluxDB ends when nothing has got through for so long. */
const patienceMs = 60_000

export interface SenderParts {
  spool: Spool
  source: InfluxSource
  quarantine: Quarantine
  tiers: readonly Tier[]
  now: () => number
}

export class Sender {
  readonly pause: Pause
  readonly #parts: SenderParts
  readonly #delivery: Delivery
  readonly #ending = new AbortController()
  readonly #waiters = new Set<() => void>()
  #wake: () => void = () => undefined
  #running: Promise<void> | null = null
  #lastError: string | null = null

  constructor(parts: SenderParts) {
    const { source, quarantine, spool, now } = parts
    this.#parts = parts
    this.pause = new Pause(now)
    this.#delivery = new Delivery({
      connection: source.connection,
      org: source.org,
      pause: this.pause,
      quarantine,
      points: spool.points,
      now,
      signal: this.#ending.signal,
    })
  }

  /** Begins, or goes on because there is more. */
  wake(): void {
    this.#running ??= this.#run()
    this.#wake()
  }

  /**
   * Resolves when InfluxDB has all that the spool held.
   * @throws InfluxFault when nothing has got through for a minute
   */
  async settled(): Promise<void> {
    const { spool, now } = this.#parts
    while (spool.pendingCount > 0) {
      this.wake()
      const { fault, since } = this.pause
      if (fault && now() - since > patienceMs) throw fault
      await this.#nextGroup(1000)
    }
  }

  /** Ends within about `graceMs`; what is not sent by then stays in the spool. */
  async close(graceMs: number): Promise<void> {
    const { spool, now } = this.#parts
    const deadline = now() + graceMs
    while (spool.pendingCount > 0 && !this.pause.fault && now() < deadline)
      await this.#nextGroup(Math.max(1, deadline - now()))
    this.#ending.abort()
    this.#wake()
    await this.#running
  }

  status(): StoreStatus {
    const { spool, source } = this.#parts
    const { inFlight, requests, url } = source.connection
    const { fault, since, retryAt } = this.pause
    const oldest = spool.oldestPending
    return {
      kind: 'influx',
      url,
      waiting: fault && {
        reason: fault.message,
        remedy: fault.remedy,
        since: since / 1000,
        retryAt: retryAt / 1000,
      },
      spool: {
        steps: spool.pendingCount,
        bytes: spool.bytes,
        bytesMax: spool.bytesMax,
        oldest: oldest === null ? null : oldest / 1000,
      },
      points: { ...spool.points },
      requests: { inFlight, ...requests },
      lastError: this.#lastError,
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      const group = this.#parts.spool.nextGroup(groupRowsMax)
      if (group.length === 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve))
        continue
      }
      try {
        await this.#send(group)
      } catch (error) {
        if (signal.aborted) return
        // Reading what InfluxDB has failed, or the disk did: both are tried again.
        const fault = faultOf(error, this.#parts.now())
        this.#lastError = fault.message
        this.pause.begin(fault)
        await this.#nextGroup(this.pause.leftMs)
      }
      for (const wake of this.#waiters) wake()
    }
  }

  /** Waits until a group has been sent, but no longer than that. */
  async #nextGroup(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms)
      const waiters = this.#waiters
      const { signal } = this.#ending
      function done() {
        clearTimeout(timer)
        waiters.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      waiters.add(done)
      signal.addEventListener('abort', done)
    })
  }

  async #send(group: readonly SpoolEntry[]): Promise<void> {
    const { spool, source, tiers } = this.#parts
    const name = group[0]!.tier
    const bucket = bucketOf(source.prefix, { name })
    const loaded = await this.#load(await spool.begin(group))
    const entries = loaded.map(({ entry }) => entry)
    const earlier = await this.#headsBefore(entries)
    const isCoarse = name !== tiers[0]!.name
    const lines: string[] = []
    const covered: string[] = []
    for (const { entry, step } of loaded) {
      const retired = earlier.get(entry)!
      for (const { head, line } of rowLines(step)) {
        lines.push(line)
        retired.delete(head)
      }
      for (const head of retired) lines.push(retiredLine(head, entry.time, isCoarse))
      covered.push(coverageLine(step.coverage))
    }
    await this.#delivery.deliver(bucket, lines)
    await this.#delivery.deliver(bucket, covered)
    await spool.finish(entries)
  }

  async #load(group: readonly SpoolEntry[]): Promise<{ entry: SpoolEntry; step: StepRows }[]> {
    const { spool } = this.#parts
    const loaded: { entry: SpoolEntry; step: StepRows }[] = []
    for (const entry of group) {
      const step = await spool.load(entry.now)
      if (step) loaded.push({ entry, step })
      else {
        this.#lastError = `a step in the spool cannot be read any more: ${entry.file}`
        await spool.lose(entry)
      }
    }
    return loaded
  }

  /** The rows that InfluxDB may have of these steps: as the spool remembers, or as InfluxDB says too. */
  async #headsBefore(entries: readonly SpoolEntry[]): Promise<Map<SpoolEntry, Set<string>>> {
    const { spool, source } = this.#parts
    const heads = new Map<SpoolEntry, Set<string>>(entries.map((entry) => [entry, new Set()]))
    const unknown: SpoolEntry[] = []
    for (const entry of entries) {
      let { isKnown } = entry
      for (const place of entry.stored) {
        if (isSame(place, entry.now)) continue
        const version = await spool.load(place)
        if (version) for (const { head } of rowLines(version)) heads.get(entry)!.add(head)
        else isKnown = false
      }
      if (!isKnown) unknown.push(entry)
    }
    const found = await storedHeads(source, unknown)
    for (const [entry, stored] of found) for (const head of stored) heads.get(entry)!.add(head)
    return heads
  }
}
