/**
 * Firewalls that report a connection while it lasts, and all of it once more at its end: Cisco ASA counts in an update what
 * came since the last one, and in the record of the end everything. What was counted before is not counted again.
 */
import type { FlowColumns } from '../../flow/columns.ts'
import type { DatagramContext } from './context.ts'
import { readUnsigned, wordSize } from './steps/numbers.ts'
import type { Batch, Place } from './steps/batch.ts'

/** firewallEvent */
const deleted = 2
const updated = 5

/** Where records say what happened, and to which connection. */
export interface EventPlaces {
  event: Place
  connection: Place
}

/** What is known of a stream's updates. */
export class StreamUpdates {
  /** Whether there have been any. */
  areSent = false
  /** Updates of connections that began since then are remembered: unix ms by the exporter's clock; -1: of none. */
  sinceMs = -1
  /** When the exporter started, by the clocks in its headers. */
  bootMs = -1
  /** Distinguishes its connections from those of other streams, and of before a restart. */
  number = 0
}

/** Connections of this many streams are distinguished, so that a key stays below 2^53. */
const streamNumberMax = 2 ** 20
/** A start that moves by more than this is another one: its connections are numbered anew. */
const bootToleranceMs = 60_000

const countColumns = ['octetDeltaCount', 'packetDeltaCount'] as const
const countsPerRecord = 2 * countColumns.length

/** What updates of a connection counted, in both directions; its first start and its last end. */
interface Counted {
  updates: StreamUpdates
  counts: number[]
  startMs: number
  endMs: number
}

const noFlows = null as FlowColumns | null

export class CountedConnections {
  readonly #connectionsMax: number
  /** By stream and connection, updated longest ago first. */
  readonly #byKey = new Map<number, Counted>()
  #streams = 0
  /** The record at hand: its row, and its place in the columns of the other direction. */
  #flows = noFlows
  #reverse = noFlows
  #row = 0
  #record = 0

  constructor(connectionsMax: number) {
    this.#connectionsMax = connectionsMax
  }

  /**
   * Takes note of the updates among a batch's records, and takes from records of an end what updates counted. The rows
   * begin at `from`; `reverse` has the other direction, null if records have none.
   */
  leaveOutCounted(
    context: DatagramContext,
    batch: Batch,
    { event, connection }: EventPlaces,
    { from, reverse }: { from: number; reverse: FlowColumns | null },
  ): void {
    this.#follow(context)
    this.#flows = context.flows
    this.#reverse = reverse
    for (let record = 0; record < batch.records; record++) {
      const at = batch.offset + record * batch.stride
      const kind = readUnsigned(batch.view, at + event.offset, event.length)
      if (kind !== deleted && kind !== updated) continue
      this.#row = from + record
      this.#record = record
      const id = readUnsigned(batch.view, at + connection.offset, connection.length)
      const key = context.stream.updates.number * wordSize + (id % wordSize)
      if (kind === updated) this.#add(context, key)
      else this.#takeFrom(context.stream.updates, key)
    }
  }

  #follow({ stream: { updates }, exportMs, uptimeMs }: DatagramContext): void {
    const bootMs = uptimeMs < 0 ? updates.bootMs : exportMs - uptimeMs
    const isRestarted = Math.abs(bootMs - updates.bootMs) > bootToleranceMs
    updates.bootMs = bootMs
    if (updates.number > 0 && !isRestarted) return
    if (updates.number > 0 || updates.sinceMs < 0) updates.sinceMs = exportMs
    updates.number = (this.#streams++ % streamNumberMax) + 1
  }

  #add({ exporter, flows, stream: { updates } }: DatagramContext, key: number): void {
    updates.areSent = true
    const startMs = flows.flowStartMilliseconds[this.#row]!
    const endMs = flows.flowEndMilliseconds[this.#row]!
    const counts = [0, 0, 0, 0]
    const counted = this.#byKey.get(key) ?? { updates, counts, startMs, endMs }
    for (let i = 0; i < countsPerRecord; i++) counted.counts[i]! += this.#count(i)
    counted.endMs = Math.max(counted.endMs, endMs)
    this.#byKey.delete(key)
    this.#byKey.set(key, counted)
    if (this.#byKey.size > this.#connectionsMax)
      exporter.problem('updates-forgotten', this.#forget())
  }

  /** Forgets an eighth of all connections: one at a time, each would step over all that are deleted. Returns how many. */
  #forget(): number {
    const most = Math.ceil(this.#byKey.size / 8)
    let forgotten = 0
    for (const [key, { updates, endMs }] of this.#byKey) {
      if (forgotten === most) break
      this.#byKey.delete(key)
      updates.sinceMs = Math.max(updates.sinceMs, endMs)
      forgotten++
    }
    return forgotten
  }

  #takeFrom(updates: StreamUpdates, key: number): void {
    const startMs = this.#flows!.flowStartMilliseconds[this.#row]!
    const counted = this.#byKey.get(key)
    this.#byKey.delete(key)
    // It began before updates were remembered, and was counted by them.
    const isCountedBefore = updates.areSent && startMs < updates.sinceMs
    // The number of a connection that ended without a word is used again.
    const before = counted && startMs <= counted.startMs ? counted.counts : null
    if (!isCountedBefore && before === null) return
    for (let i = 0; i < countsPerRecord; i++)
      this.#setCount(i, isCountedBefore ? 0 : Math.max(0, this.#count(i) - before![i]!))
  }

  /** One of the record's counts: octets and packets of the flow, then of its other direction. */
  #count(i: number): number {
    const name = countColumns[i % countColumns.length]!
    if (i < countColumns.length) return this.#flows![name][this.#row]!
    return this.#reverse === null ? 0 : this.#reverse[name][this.#record]!
  }

  #setCount(i: number, count: number): void {
    const name = countColumns[i % countColumns.length]!
    if (i < countColumns.length) this.#flows![name][this.#row] = count
    else if (this.#reverse !== null) this.#reverse[name][this.#record] = count
  }
}
