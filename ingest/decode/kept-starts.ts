/**
 * Exporters that keep a session's start in each of its records, and count in them what came since the record before
 * (octetDeltaCount): such a record begins here where the one before it ended. Spread from the session's start on, an hour's
 * download in records of a minute would be a slope up to that hour's end.
 */
import type { DatagramContext } from './context.ts'
import { flowKey } from './flow-key.ts'
import { uptimeToleranceMs } from './limits.ts'

/** Shorter records are spread as they are. */
const recordMsMin = 120_000
/** The least active timeout that can be set: what ends sooner after a record is no later one of its session. */
const laterMsMin = 10_000
/** Places that a session may have: the one whose end is oldest is given to another session. */
const placesPerSession = 4

/** The sessions with long records, by hash: the table's size never changes. */
export class KeptStarts {
  readonly #sessionsMax: number
  /** Made when the first long record comes. */
  #keys = new Float64Array(0)
  #starts = this.#keys
  #ends = this.#keys
  /** Whether the session's start was kept in a later record. */
  #isKept = new Uint8Array(0)

  /** `sessionsMax` is a power of 2. */
  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax
  }

  /** Has the rows from `from` on begin where the record before them ended. Times must be as read. */
  begin(context: DatagramContext, usesUptime: boolean, from: number): void {
    const { flowStartMilliseconds: starts, flowEndMilliseconds: ends, count } = context.flows
    for (let row = from; row < count; row++)
      if (ends[row]! - starts[row]! >= recordMsMin && starts[row]! > 0)
        starts[row] = this.#startOf(context, row, usesUptime ? uptimeToleranceMs : 0)
  }

  #startOf({ flows, exporter, stream }: DatagramContext, row: number, toleranceMs: number): number {
    const start = flows.flowStartMilliseconds[row]!
    const end = flows.flowEndMilliseconds[row]!
    const [w0, w1, w2, w3] = exporter.words
    const version = stream.version.charCodeAt(1)
    const from = (stream.sourcePort << 8) ^ version ^ Math.imul(stream.domain, 0x9e3779b1)
    const key = flowKey(flows, row, w0 ^ w1 ^ w2 ^ w3 ^ from)
    const place = this.#placeOf(key)
    const held = this.#ends[place]!
    if (this.#keys[place] !== key || Math.abs(start - this.#starts[place]!) > toleranceMs) {
      this.#put(place, key, start, end)
      return start
    }
    if (end - held < laterMsMin) return start
    this.#ends[place] = end
    this.#isKept[place] = 1
    return held
  }

  /** The place of a session, or the one that it may take. */
  #placeOf(key: number): number {
    if (this.#keys.length === 0) this.#make()
    const first = (key % (this.#sessionsMax / placesPerSession)) * placesPerSession
    let oldest = first
    for (let place = first; place < first + placesPerSession; place++) {
      if (this.#keys[place] === key) return place
      if (this.#ends[place]! < this.#ends[oldest]!) oldest = place
    }
    return oldest
  }

  #put(place: number, key: number, start: number, end: number): void {
    this.#keys[place] = key
    this.#starts[place] = start
    this.#ends[place] = end
    this.#isKept[place] = 0
  }

  #make(): void {
    this.#keys = new Float64Array(this.#sessionsMax)
    this.#starts = new Float64Array(this.#sessionsMax)
    this.#ends = new Float64Array(this.#sessionsMax)
    this.#isKept = new Uint8Array(this.#sessionsMax)
  }

  /** For a snapshot: key, start and end of each session whose start was kept. */
  snapshot(): number[] {
    const state: number[] = []
    for (let place = 0; place < this.#keys.length; place++)
      if (this.#isKept[place] === 1)
        state.push(this.#keys[place]!, this.#starts[place]!, this.#ends[place]!)
    return state
  }

  /** Restores what `snapshot` gave. */
  restore(state: readonly number[]): void {
    for (let at = 0; at + 3 <= state.length; at += 3) {
      const [key, start, end] = state.slice(at, at + 3)
      const place = this.#placeOf(key!)
      this.#put(place, key!, start!, end!)
      this.#isKept[place] = 1
    }
  }
}
