/**
 * Exporters that keep a session's start in each of its records, and count in them what came since
 * the record before (octetDeltaCount): such a record begins here where the one before it ended.
 * Spread from the session's start on, an hour's download in records of a minute would be a slope up
 * to that hour's end.
 */
import type { FlowColumns } from '../../flow/columns.ts'
import type { DatagramContext } from './context.ts'
import { flowKey } from './flow-key.ts'
import { uptimeToleranceMs } from './limits.ts'
import type { Stream } from './exporters/stream.ts'
import type { Batch } from './steps/batch.ts'
import { wordSize } from './steps/numbers.ts'
import type { CompiledTemplate } from './templates/template.ts'

/** Shorter records are spread as they are. */
const recordMsMin = 120_000
/** The least active timeout that can be set: what ends sooner after a record is no later one of its session. */
const laterMsMin = 10_000
/** Places that a session may have: the one whose end is oldest is given to another session. */
const placesPerSession = 4
/**
 * Of a stream in which fewer than 1 of `keptOf` long records kept its session's start, after that
 * many, 1 of `sampledOf` is remembered: they would take the places of those that do.
 */
const keptOf = 1024
const sampledOf = 16
/** Words of a session in a snapshot. */
const wordsPerSession = 5

/** The sessions with long records, by hash: the table's size never changes. */
export class KeptStarts {
  readonly #sessionsMax: number
  /** Made when the first long record comes. */
  #keys = new Float64Array(0)
  /** A session's start as the exporter sends it, which its clock does not move: an uptime, or unix ms. */
  #starts = this.#keys
  /** The same as unix ms, and when its last record ended, and began: 0 for the first. */
  #startsMs = this.#keys
  #endsMs = this.#keys
  #beginsMs = this.#keys

  /** `sessionsMax` is a power of 2. */
  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax
  }

  /**
   * Has the rows from `from` on begin where the record before them ended, and so the other
   * direction, if it has times of its own (`reverse`; null: records have none). Times must be as
   * read.
   */
  begin(
    context: DatagramContext,
    batch: Batch,
    compiled: CompiledTemplate,
    { from, reverse }: { from: number; reverse: FlowColumns | null },
  ): void {
    const { flowStartMilliseconds: starts, flowEndMilliseconds: ends, count } = context.flows
    // Of 8 bytes, what should be an uptime is unix ms: see steps/times.ts.
    const isUptime = compiled.usesUptime && compiled.uptimeEnd?.length === 4
    const bootMs = isUptime ? batch.exportMs - batch.uptimeMs : 0
    for (let row = from; row < count; row++) {
      if (ends[row]! - starts[row]! < recordMsMin || starts[row]! <= 0) continue
      const beginMs = this.#beginOf(context, row, bootMs)
      starts[row] = beginMs
      const replies = reverse?.flowStartMilliseconds
      if (replies && replies[row - from]! > 0)
        replies[row - from] = Math.max(replies[row - from]!, beginMs)
    }
  }

  #beginOf(context: DatagramContext, row: number, bootMs: number): number {
    const { flows } = context
    const { longRecords } = context.stream
    const startMs = flows.flowStartMilliseconds[row]!
    const isRare = longRecords.kept * keptOf < longRecords.all - keptOf
    if (isRare && !isSampled(flows, row)) return startMs
    const endMs = flows.flowEndMilliseconds[row]!
    // Uptimes wrap while a session goes on.
    const start = bootMs === 0 ? startMs : (startMs - bootMs + wordSize) % wordSize
    const key = flowKey(flows, row, seedOf(context))
    this.#count(longRecords)
    const place = this.#placeOf(key)
    if (this.#keys[place] !== key || this.#starts[place] !== start) {
      this.#keys[place] = key
      this.#starts[place] = start
      return this.#put(place, startMs, endMs, 0)
    }
    // By how much the exporter's clock was set since then, if by more than its export times are rounded.
    const setMs = startMs - this.#startsMs[place]!
    const movedMs = Math.abs(setMs) > uptimeToleranceMs ? setMs : 0
    const lastMs = this.#endsMs[place]! + movedMs
    if (endMs - lastMs >= laterMsMin) {
      longRecords.kept++
      return this.#put(place, startMs, endMs, lastMs)
    }
    // The same record again, one that came late, or what came soon after it: of the last one's time.
    const beginMs = Math.max(startMs, this.#beginsMs[place]! + movedMs)
    return endMs > beginMs ? beginMs : startMs
  }

  /** Counts a record; what as many as are remembered say counts half after as many again. */
  #count(records: Stream['longRecords']): void {
    if (++records.all < 2 * this.#sessionsMax) return
    records.all >>>= 1
    records.kept >>>= 1
  }

  /** The place of a session, or the one that it may take. */
  #placeOf(key: number): number {
    if (this.#keys.length === 0) this.#make()
    const first = (key % (this.#sessionsMax / placesPerSession)) * placesPerSession
    let oldest = first
    for (let place = first; place < first + placesPerSession; place++) {
      if (this.#keys[place] === key) return place
      if (this.#endsMs[place]! < this.#endsMs[oldest]!) oldest = place
    }
    return oldest
  }

  /** Takes a session's record, which began at `beginMs`, or at its start (0); returns when. */
  #put(place: number, startMs: number, endMs: number, beginMs: number): number {
    this.#startsMs[place] = startMs
    this.#endsMs[place] = endMs
    this.#beginsMs[place] = beginMs
    return beginMs || startMs
  }

  #make(): void {
    this.#keys = new Float64Array(this.#sessionsMax)
    this.#starts = new Float64Array(this.#sessionsMax)
    this.#startsMs = new Float64Array(this.#sessionsMax)
    this.#endsMs = new Float64Array(this.#sessionsMax)
    this.#beginsMs = new Float64Array(this.#sessionsMax)
  }

  /** For a snapshot: key, start and times of each session whose start was kept in a later record. */
  snapshot(): number[] {
    const state: number[] = []
    for (let place = 0; place < this.#keys.length; place++)
      if (this.#beginsMs[place]! > 0)
        state.push(
          this.#keys[place]!,
          this.#starts[place]!,
          this.#startsMs[place]!,
          this.#endsMs[place]!,
          this.#beginsMs[place]!,
        )
    return state
  }

  /** Restores what `snapshot` gave. */
  restore(state: readonly number[]): void {
    for (let at = 0; at + wordsPerSession <= state.length; at += wordsPerSession) {
      const [key, start, startMs, endMs, beginMs] = state.slice(at, at + wordsPerSession)
      const place = this.#placeOf(key!)
      this.#keys[place] = key!
      this.#starts[place] = start!
      this.#put(place, startMs!, endMs!, beginMs!)
    }
  }
}

/** Whether a row is of one of the sessions that are remembered where few keep their start. */
function isSampled(flows: FlowColumns, row: number): boolean {
  const source = flows.sourceAddressLow[2 * row]! ^ flows.sourceTransportPort[row]!
  const destination = flows.destinationAddressLow[2 * row]! ^ flows.destinationTransportPort[row]!
  return mixed(mixed(0, source), destination) % sampledOf === 0
}

/** Tells the streams of all exporters apart. */
function seedOf({ exporter, stream }: DatagramContext): number {
  const [w0, w1, w2, w3] = exporter.words
  const version = stream.version.charCodeAt(1)
  const address = mixed(mixed(mixed(mixed(0, w0), w1), w2), w3)
  return mixed(mixed(mixed(address, version), stream.domain), stream.sourcePort)
}

function mixed(seed: number, word: number): number {
  const product = Math.imul(seed ^ word, 0x9e3779b1)
  return product ^ (product >>> 15)
}
