/**
 * Delivers lines to a store, retrying until it has them, with a limited number of concurrent
 * requests. Unreadable lines are found and put aside; refused ones are counted.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import type { FaultKind, StoreFault } from './fault.ts'
import type { Pause } from './pause.ts'
import { orAborted } from '../or-aborted.ts'
import type { Quarantine } from './quarantine.ts'
import { countNotTaken, type Counted, type NotTakenMs } from './points.ts'

/** More refusals in a row than this are not the fault of single lines. */
const refusalsMax = 24

/** How a store accepts lines. */
export interface LineStore {
  /** The most lines per request. */
  linesMax: number
  /** Concurrent requests. */
  requestsMax: number
  /** Sends lines to a bucket or table. @throws errors for `faultOf` */
  post(target: string, lines: readonly string[], signal: AbortSignal): Promise<void>
  /**
   * Called before the first lines, and again after the store was away. @throws errors for `faultOf`
   */
  ready(): Promise<void>
  /** Converts any failure to a fault. */
  faultOf(error: unknown, nowMs: number): StoreFault
}

interface DeliveryParts {
  store: LineStore
  pause: Pause
  quarantine: Quarantine
  counted: Counted
  now: () => number
  /** Aborts all waits and requests. */
  signal: AbortSignal
}

/** A line that the store refused when sent alone. */
interface Refused {
  line: string
  fault: StoreFault
}

/** What to do with the lines of a failed request. */
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
  /** Requests that the store accepted. */
  #taken = 0
  /** Refusals since the last accepted request. */
  #refusals = 0

  constructor(parts: DeliveryParts) {
    this.#parts = parts
    this.#linesMax = parts.store.linesMax
  }

  /** Resolves when the store has all lines except those counted or put aside. */
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
   * The lines of one request. Lines refused even alone are put aside if they are refused again
   * after the store has accepted others; while it accepts none at all, the lines are not at fault.
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

  /** Whether the store accepts one of these lines that is not among the refused. */
  async #takesOthers(
    target: string,
    lines: readonly string[],
    refused: readonly string[],
  ): Promise<boolean> {
    const isRefused = new Set(refused)
    const other = lines.find((line) => !isRefused.has(line))
    return other !== undefined && (await this.#try(target, [other])) === null
  }

  /** Delivers lines, split if that helps; returns those that were refused alone. */
  async #divide(target: string, lines: readonly string[]): Promise<Refused[]> {
    const { points } = this.#parts.counted
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

  /** Sends lines once the pause is over; returns the fault, or null. */
  async #try(target: string, lines: readonly string[]): Promise<StoreFault | null> {
    const { store, pause, signal, now } = this.#parts
    for (let left = pause.leftMs; left > 0; left = pause.leftMs)
      await sleep(left, undefined, { signal })
    try {
      signal.throwIfAborted()
      if (!this.#isReady) await orAborted(store.ready(), signal)
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

  /** The store took all but some of the lines: the good ones are in. */
  #count(fault: StoreFault, lines: number): void {
    const { pause, counted } = this.#parts
    const dropped = Math.min(lines, fault.dropped ?? 0)
    this.#notTaken(fault.isRetention ? 'refusedByRetention' : 'refused', dropped)
    counted.points.sent += lines - dropped
    pause.end()
    this.#taken++
    this.#refusals = 0
  }

  async #putAside(lines: readonly string[], fault: StoreFault): Promise<void> {
    const { quarantine, now } = this.#parts
    await quarantine.add(lines, { reason: fault.message, now: now() })
    this.#notTaken('quarantined', lines.length)
  }

  #notTaken(reason: keyof NotTakenMs, points: number): void {
    const { counted, now } = this.#parts
    countNotTaken(counted, { reason, points, nowMs: now() })
  }
}

/** A partial write that does not say how many lines it dropped is treated as a refusal of all. */
function remedyOf(fault: StoreFault): Remedy {
  if (fault.kind === 'partial' && fault.dropped === null) return 'divide'
  return remedyByKind[fault.kind]
}
