/**
 * Delivers lines to a bucket: again and again until InfluxDB has them, two requests at a time at the
 * most. What it cannot read is found and put aside; what it will not take is counted.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import { checkVersion, type Connection } from './connection.ts'
import { faultOf, InfluxFault, type FaultKind } from './fault.ts'
import type { Pause } from './pause.ts'
import type { Quarantine } from './quarantine.ts'
import type { PointCounts } from './spool.ts'

/** InfluxDB's own advice for the size of a request. */
const linesMax = 5000
/** Requests at a time. */
export const requestsMax = 2
/** So many refusals of parts of a batch in a row are no matter of a line, but of all. */
const refusalsMax = 24

export interface DeliveryParts {
  connection: Connection
  org: string
  pause: Pause
  quarantine: Quarantine
  points: PointCounts
  now: () => number
  /** Ends all waiting and all requests. */
  signal: AbortSignal
}

/** A line that InfluxDB refused alone. */
interface Refused {
  line: string
  fault: InfluxFault
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
  #linesMax = linesMax
  #isVersionKnown = false
  /** Requests of which InfluxDB took the lines. */
  #taken = 0
  /** Refusals since something was last taken. */
  #refusals = 0

  constructor(parts: DeliveryParts) {
    this.#parts = parts
  }

  /** Resolves when InfluxDB has all lines but those that were counted or put aside. */
  async deliver(bucket: string, lines: readonly string[]): Promise<void> {
    let at = 0
    const work = async () => {
      while (at < lines.length) {
        const batch = lines.slice(at, at + this.#linesMax)
        at += batch.length
        await this.#batch(bucket, batch)
      }
    }
    await Promise.all(Array.from({ length: requestsMax }, work))
  }

  /**
   * One request's lines. Those that are refused even alone are put aside if they are refused again
   * after InfluxDB has taken others; while it takes none at all, the fault is not theirs.
   */
  async #batch(bucket: string, lines: readonly string[]): Promise<void> {
    const { pause } = this.#parts
    let left = await this.#divide(bucket, lines)
    while (left.length > 0) {
      const before = this.#taken
      const again: Refused[] = []
      for (const { line } of left) again.push(...(await this.#divide(bucket, [line])))
      const [first] = again
      if (!first) return
      const lone = again.map(({ line }) => line)
      if (this.#taken > before || (await this.#takesOthers(bucket, lines, lone)))
        return this.#putAside(lone, first.fault)
      pause.begin(first.fault)
      left = again
    }
  }

  /** Whether InfluxDB takes a line of these that is not one of the refused. */
  async #takesOthers(
    bucket: string,
    lines: readonly string[],
    refused: readonly string[],
  ): Promise<boolean> {
    const isRefused = new Set(refused)
    const other = lines.find((line) => !isRefused.has(line))
    return other !== undefined && (await this.#try(bucket, [other])) === null
  }

  /** Delivers lines, divided where that is what helps; gives those that were refused alone. */
  async #divide(bucket: string, lines: readonly string[]): Promise<Refused[]> {
    const { points } = this.#parts
    const refused: Refused[] = []
    for (let left = lines; left.length > 0;) {
      const fault = await this.#try(bucket, left)
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
        if (fault.kind === 'away') this.#isVersionKnown = false
        continue
      }
      const named = namedLines(fault, left)
      if (named.size > 0) {
        await this.#putAside([...named], fault)
        left = left.filter((line) => !named.has(line))
      } else if (left.length === 1) {
        refused.push({ line: left[0]!, fault })
        break
      } else {
        const half = left.length >> 1
        if (fault.kind === 'tooLarge') this.#linesMax = half
        refused.push(...(await this.#divide(bucket, left.slice(0, half))))
        left = left.slice(half)
      }
    }
    return refused
  }

  /** Sends lines once it may; gives what went wrong, or null. */
  async #try(bucket: string, lines: readonly string[]): Promise<InfluxFault | null> {
    const { connection, org, pause, signal, now } = this.#parts
    for (let left = pause.leftMs; left > 0; left = pause.leftMs)
      await sleep(left, undefined, { signal })
    try {
      signal.throwIfAborted()
      if (!this.#isVersionKnown) checkVersion(await connection.version())
      this.#isVersionKnown = true
      const query = new URLSearchParams({ org, bucket, precision: 's' }).toString()
      const headers = { 'content-type': 'text/plain; charset=utf-8' }
      const body = lines.join('\n')
      const request = { method: 'POST', body, headers, isCompressible: true, signal } as const
      await connection.request(`/api/v2/write?${query}`, request)
    } catch (error) {
      signal.throwIfAborted()
      return faultOf(error, now())
    }
    pause.end()
    this.#taken++
    this.#refusals = 0
    this.#linesMax = Math.min(linesMax, Math.ceil(this.#linesMax * 1.1))
    return null
  }

  /** InfluxDB took the lines but for some: the good ones are in. */
  #count(fault: InfluxFault, lines: number): void {
    const { pause, points } = this.#parts
    const dropped = Math.min(lines, droppedPoints(fault) ?? 0)
    if (/retention/i.test(fault.text)) points.refusedByRetention += dropped
    else points.refused += dropped
    points.sent += lines - dropped
    pause.end()
    this.#taken++
    this.#refusals = 0
  }

  async #putAside(lines: readonly string[], fault: InfluxFault): Promise<void> {
    const { quarantine, points, now } = this.#parts
    await quarantine.add(lines, { reason: fault.message, now: now() })
    points.quarantined += lines.length
  }
}

/** A partial write that does not say how many it dropped is taken for a refusal of the whole. */
function remedyOf(fault: InfluxFault): Remedy {
  if (fault.kind === 'partial' && droppedPoints(fault) === null) return 'divide'
  return remedyByKind[fault.kind]
}

/** How many points InfluxDB says it dropped, or null. */
function droppedPoints({ text }: InfluxFault): number | null {
  const match = /dropped\s*=?\s*(\d+)/.exec(text)
  return match ? Number(match[1]) : null
}

/** The lines that InfluxDB says it cannot read: it repeats them, in quotes. */
function namedLines({ kind, text }: InfluxFault, lines: readonly string[]): Set<string> {
  if (kind !== 'malformed' || !text.includes('unable to parse')) return new Set()
  return new Set(lines.filter((line) => text.includes(`'${line}'`)))
}
