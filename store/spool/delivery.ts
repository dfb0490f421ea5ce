/**
 * Delivers lines to a store: again and again until it has them, so many requests at a time at the
 * most. What it cannot read is found and put aside; what it will not take is counted.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import type { FaultKind, StoreFault } from './fault.ts'
import type { Pause } from './pause.ts'
import type { Quarantine } from './quarantine.ts'
import type { PointCounts } from './spool.ts'

/** So many refusals of parts of a batch in a row are no matter of a line, but of all. */
const refusalsMax = 24

/** How a store takes lines. */
export interface LineStore {
  /** Lines of one request. */
  linesMax: number
  /** Requests at a time. */
  requestsMax: number
  /** Sends lines to a bucket or table. @throws what `faultOf` reads */
  post(target: string, lines: readonly string[], signal: AbortSignal): Promise<void>
  /** Asked before the first lines, and again after the store was away. @throws what `faultOf` reads */
  ready(): Promise<void>
  /** Any failure as a fault. */
  faultOf(error: unknown, nowMs: number): StoreFault
}

export interface DeliveryParts {
  store: LineStore
  pause: Pause
  quarantine: Quarantine
  points: PointCounts
  now: () => number
  /** Ends all waiting and all requests. */
  signal: AbortSignal
}

/** A line that the store refused alone. */
interface Refused {
  line: string
  fault: StoreFault
}

/** What is done with the lines of a request that failed. */
type Remedy = 'wait' | 'divide' | 'count'

const remedyByKind: Record<FaultKind, Remedy> = {
  away: 'wait',
  busy: 'wait',
  refused: 'wait',
  missing: 'wait',
  unsupported: 'wait',
  malformed: 'divide',
  tooLarge: 'divide',
  partial: 'count',
}

export class Delivery {
  readonly #parts: DeliveryParts
  #linesMax: number
  #isReady = false
  /** Requests of which the store took the lines. */
  #taken = 0
  /** Refusals since something was last taken. */
  #refusals = 0

  constructor(parts: DeliveryParts) {
    this.#parts = parts
    this.#linesMax = parts.store.linesMax
  }

  /** Resolves when the store has all lines but those that were counted or put aside. */
  async deliver(target: string, lines: readonly string[]): Promise<void> {
    let at = 0
    const work = async () => {
      while (at < lines.length) {
        const batch = lines.slice(at, at + this.#linesMax)
        at += batch.length
        await this.#batch(target, batch)
      }
    }
    await Promise.all(Array.from({ length: this.#parts.store.requestsMax }, work))
  }

  /**
   * One request's lines. Those that are refused even alone are put aside if they are refused again
   * after the store has taken others; while it takes none at all, the fault is not theirs.
   */
  async #batch(target: string, lines: readonly string[]): Promise<void> {
    const { pause } = this.#parts
    let left = await this.#divide(target, lines)
    while (left.length > 0) {
      const before = this.#taken
      const again: Refused[] = []
      for (const { line } of left) again.push(...(await this.#divide(target, [line])))
      const [first] = again
      if (!first) return
      const lone = again.map(({ line }) => line)
      if (this.#taken > before || (await this.#takesOthers(target, lines, lone)))
        return this.#putAside(lone, first.fault)
      pause.begin(first.fault)
      left = again
    }
  }

  /** Whether the store takes a line of these that is not one of the refused. */
  async #takesOthers(
    target: string,
    lines: readonly string[],
    refused: readonly string[],
  ): Promise<boolean> {
    const isRefused = new Set(refused)
    const other = lines.find((line) => !isRefused.has(line))
    return other !== undefined && (await this.#try(target, [other])) === null
  }

  /** Delivers lines, divided where that is what helps; gives those that were refused alone. */
  async #divide(target: string, lines: readonly string[]): Promise<Refused[]> {
    const { points } = this.#parts
    const refused: Refused[] = []
    for (let left = lines; left.length > 0;) {
      const fault = await this.#try(target, left)
      if (!fault) {
        points.sent += left.length
        break
      }
      const remedy = remedyOf(fault)
      if (remedy === 'count') {
        this.#count(fault, left.length)
        break
      }
      if (remedy === 'wait' || ++this.#refusals > refusalsMax) {
        this.#parts.pause.begin(fault)
        this.#refusals = 0
        if (fault.kind === 'away') this.#isReady = false
        continue
      }
      const named = fault.named(left)
      if (named.size > 0) {
        await this.#putAside([...named], fault)
        left = left.filter((line) => !named.has(line))
      } else if (left.length === 1) {
        refused.push({ line: left[0]!, fault })
        break
      } else {
        const half = left.length >> 1
        if (fault.kind === 'tooLarge') this.#linesMax = half
        refused.push(...(await this.#divide(target, left.slice(0, half))))
        left = left.slice(half)
      }
    }
    return refused
  }

  /** Sends lines once it may; gives what went wrong, or null. */
  async #try(target: string, lines: readonly string[]): Promise<StoreFault | null> {
    const { store, pause, signal, now } = this.#parts
    for (let left = pause.leftMs; left > 0; left = pause.leftMs)
      await sleep(left, undefined, { signal })
    try {
      signal.throwIfAborted()
      if (!this.#isReady) await store.ready()
      this.#isReady = true
      await store.post(target, lines, signal)
    } catch (error) {
      signal.throwIfAborted()
      return store.faultOf(error, now())
    }
    pause.end()
    this.#taken++
    this.#refusals = 0
    this.#linesMax = Math.min(store.linesMax, Math.ceil(this.#linesMax * 1.1))
    return null
  }

  /** the store took the lines but for some: the good ones are in. */
  #count(fault: StoreFault, lines: number): void {
    const { pause, points } = this.#parts
    const dropped = Math.min(lines, fault.dropped ?? 0)
    if (fault.isRetention) points.refusedByRetention += dropped
    else points.refused += dropped
    points.sent += lines - dropped
    pause.end()
    this.#taken++
    this.#refusals = 0
  }

  async #putAside(lines: readonly string[], fault: StoreFault): Promise<void> {
    const { quarantine, points, now } = this.#parts
    await quarantine.add(lines, { reason: fault.message, now: now() })
    points.quarantined += lines.length
  }
}

/** A partial write that does not say how many it dropped is taken for a refusal of the whole. */
function remedyOf(fault: StoreFault): Remedy {
  if (fault.kind === 'partial' && fault.dropped === null) return 'divide'
  return remedyByKind[fault.kind]
}
