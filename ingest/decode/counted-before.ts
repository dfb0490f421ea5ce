/**
 * Exporters that count what they have counted before, which counts once here:
 *
 * - Cisco ASA, in events of a connection: an update counts what came since the last one, and the end counts everything;
 * - Juniper SRX, in totals of a flow (octetTotalCount): each record counts everything since the flow's start.
 */
import type { FlowColumns } from '../../flow/columns.ts'
import type { DatagramContext } from './context.ts'
import { CountedBefore, isRepeated, type CountedBeforeState } from './counted-stream.ts'
import { flowKey } from './flow-key.ts'
import { uptimeToleranceMs } from './limits.ts'
import { readUnsigned, wordSize } from './steps/numbers.ts'
import type { Batch, Place } from './steps/batch.ts'
import type { CompiledTemplate } from './templates/template.ts'

/** How records of a template count again: where they say what happened to which connection, or by totals. */
export type CountsAgain = { event: Place; connection: Place } | 'totals'

const countColumns = ['octetDeltaCount', 'packetDeltaCount'] as const
const countsPerFlow = 2 * countColumns.length
const wordsPerFlow = 3 + countsPerFlow

/** A flow, with what counted of it: octets and packets, then those of the other direction. */
interface CountedFlow {
  of: CountedBefore
  startMs: number
  endMs: number
  counts: number[]
}

/** firewallEvent */
const deleted = 2
const updated = 5
/** flowEndReason: active timeout. After any other, the flow does not go on. */
const activeTimeout = 2
const finOrReset = 0x05
/** Shorter than the least refresh interval and active timeout that can be set: not reported before, so nothing was forgotten. */
const refreshMsMin = { event: 60_000, total: 10_000 }
/** What has been idle for this long at its export has ended. */
const idleMs = 30_000
/** A start that moves by more than this is another one, with other flows. */
const bootToleranceMs = 60_000
/** Where none are, 1 of this many is remembered: they may be later. */
const sampledOf = 16
/** Flows of this many streams are distinguished, so that a key stays below 2^53. */
const streamNumberMax = 2 ** 20

const noFlows = null as FlowColumns | null

export class CountedFlows {
  readonly #flowsMax: number
  /** By stream and flow; the last used longest ago first. */
  readonly #byKey = new Map<number, CountedFlow>()
  readonly #restored = new Map<number, CountedBefore>()
  #streams = 0
  /** The record at hand: its row, and its place in the columns of the other direction. */
  #flows = noFlows
  #reverse = noFlows
  #row = 0
  #record = 0

  constructor(flowsMax: number) {
    this.#flowsMax = flowsMax
  }

  /**
   * Leaves out of a batch's records what counted before. The rows begin at `from`; `reverse` has the other direction, null
   * if records have none. Times must be as read.
   */
  leaveOut(
    context: DatagramContext,
    batch: Batch,
    { countsAgain, usesUptime }: CompiledTemplate,
    { from, reverse }: { from: number; reverse: FlowColumns | null },
  ): void {
    this.#follow(context)
    this.#flows = context.flows
    this.#reverse = reverse
    for (let record = 0; record < batch.records; record++) {
      this.#row = from + record
      this.#record = record
      if (countsAgain === 'totals') this.#total(context, usesUptime ? uptimeToleranceMs : 0)
      else if (countsAgain !== null) this.#event(context, batch, countsAgain)
    }
  }

  #follow({ stream, exportMs, uptimeMs }: DatagramContext): void {
    const held = stream.countedBefore
    const bootMs = uptimeMs < 0 ? held.bootMs : exportMs - uptimeMs
    // Not renumbered: another exporter behind the same address may share it.
    if (held.bootMs !== -1 && Math.abs(bootMs - held.bootMs) > bootToleranceMs)
      stream.countedBefore = new CountedBefore()
    const of = stream.countedBefore
    of.bootMs = bootMs
    if (of.number === 0) of.number = (this.#streams++ % streamNumberMax) + 1
  }

  #event(
    context: DatagramContext,
    batch: Batch,
    { event, connection }: Exclude<CountsAgain, 'totals'>,
  ): void {
    const of = context.stream.countedBefore
    const at = batch.offset + this.#record * batch.stride
    const kind = readUnsigned(batch.view, at + event.offset, event.length)
    if (kind !== deleted && kind !== updated) return
    const id = readUnsigned(batch.view, at + connection.offset, connection.length)
    const key = of.number * wordSize + (id % wordSize)
    const held = this.#byKey.get(key)
    if (kind === updated) {
      of.seen(true, this.#flowsMax)
      const flow = held ?? this.#flowAtHand(of, [0, 0, 0, 0])
      for (let i = 0; i < countsPerFlow; i++) flow.counts[i]! += this.#count(i)
      const endMs = this.#endMs
      if (held !== undefined) this.#beginAt(held.endMs)
      flow.endMs = Math.max(flow.endMs, endMs)
      this.#keep(context, key, flow)
      return
    }
    this.#byKey.delete(key)
    // The number of a connection whose end was lost is used again; an end with less than its updates does not count everything.
    const isKnown =
      held !== undefined &&
      this.#startMs <= held.startMs &&
      this.#startMs >= of.forgottenMs &&
      this.#isAtLeast(held)
    this.#takeAway(of, isKnown ? held.counts : null, refreshMsMin.event)
    if (isKnown) this.#beginAt(held.endMs)
  }

  #total(context: DatagramContext, toleranceMs: number): void {
    const of = context.stream.countedBefore
    const startMs = this.#startMs
    const endMs = this.#endMs
    if (startMs === 0 || endMs < startMs) return
    const key = flowKey(this.#flows!, this.#row, of.number)
    if (of.first >= this.#flowsMax && !isRepeated(of) && key % sampledOf > 0) return
    const held = this.#byKey.get(key)
    const totals = [this.#count(0), this.#count(1), this.#count(2), this.#count(3)]
    const isSame =
      held !== undefined &&
      Math.abs(startMs - held.startMs) <= toleranceMs &&
      startMs <= held.endMs &&
      held.endMs < endMs &&
      this.#isAtLeast(held)
    if (isSame) this.#beginAt(held.endMs)
    const flow = this.#flowAtHand(of, totals)
    flow.startMs = isSame ? held.startMs : startMs
    this.#takeAway(of, isSame ? held.counts : null, refreshMsMin.total)
    const goesOn = this.#goesOn(context)
    if (isSame || goesOn) of.seen(isSame, this.#flowsMax)
    if (goesOn) this.#keep(context, key, flow)
    else this.#byKey.delete(key)
  }

  /** The record at hand counts what came after this time: its own start is the connection's. */
  #beginAt(ms: number): void {
    if (ms > this.#startMs && ms < this.#endMs) this.#flows!.flowStartMilliseconds[this.#row] = ms
  }

  /** Whether the flow at hand may be reported again. */
  #goesOn({ exportMs }: DatagramContext): boolean {
    const { flowEndReason, tcpControlBits } = this.#flows!
    const reason = flowEndReason[this.#row]!
    if (reason !== 0) return reason === activeTimeout
    return (tcpControlBits[this.#row]! & finOrReset) === 0 && exportMs - this.#endMs < idleMs
  }

  /** Takes from the record at hand what counted before; all of it, if what counted is forgotten. */
  #takeAway(of: CountedBefore, counted: readonly number[] | null, longMs: number): void {
    const mayBeForgotten =
      this.#startMs < of.forgottenMs && this.#endMs - this.#startMs >= longMs && isRepeated(of)
    if (counted === null && !mayBeForgotten) return
    for (let i = 0; i < countsPerFlow; i++)
      this.#setCount(i, counted === null ? 0 : Math.max(0, this.#count(i) - counted[i]!))
  }

  #flowAtHand(of: CountedBefore, counts: number[]): CountedFlow {
    return { of, startMs: this.#startMs, endMs: this.#endMs, counts }
  }

  #keep({ exporter }: DatagramContext, key: number, flow: CountedFlow): void {
    this.#byKey.delete(key)
    this.#byKey.set(key, flow)
    if (this.#byKey.size > this.#flowsMax) exporter.problem('counted-forgotten', this.#forget())
  }

  /**
   * Forgets an eighth of all flows: one at a time, each would step over all that are deleted. Returns how many of them may
   * be reported again.
   */
  #forget(): number {
    const left = this.#byKey.size - Math.ceil(this.#byKey.size / 8)
    let forgotten = 0
    for (const [key, { of, endMs }] of this.#byKey) {
      if (this.#byKey.size === left) break
      this.#byKey.delete(key)
      of.forgottenMs = Math.max(of.forgottenMs, endMs)
      if (isRepeated(of)) forgotten++
    }
    return forgotten
  }

  /** Whether the record at hand counts no less than a flow did before. */
  #isAtLeast({ counts }: CountedFlow): boolean {
    return counts.every((count, i) => count <= this.#count(i))
  }

  get #startMs(): number {
    return this.#flows!.flowStartMilliseconds[this.#row]!
  }

  get #endMs(): number {
    return this.#flows!.flowEndMilliseconds[this.#row]!
  }

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

  /** What is remembered about each stream. */
  snapshot(): Map<CountedBefore, CountedBeforeState> {
    const states = new Map<CountedBefore, CountedBeforeState>()
    for (const [key, { of, startMs, endMs, counts }] of this.#byKey) {
      const state = states.get(of) ?? Object.assign({}, of, { flows: [] as number[] })
      states.set(of, state)
      state.flows.push(key, startMs, endMs, ...counts)
    }
    return states
  }

  /** Restores what is remembered about one stream, for all streams that shared it. */
  restore({ flows, ...held }: CountedBeforeState): CountedBefore {
    const of = this.#restored.get(held.number) ?? Object.assign(new CountedBefore(), held)
    this.#restored.set(held.number, of)
    this.#streams = Math.max(this.#streams, of.number)
    for (
      let at = 0;
      at + wordsPerFlow <= flows.length && this.#byKey.size < this.#flowsMax;
      at += wordsPerFlow
    ) {
      const [key, startMs, endMs, ...counts] = flows.slice(at, at + wordsPerFlow)
      this.#byKey.set(key!, { of, startMs: startMs!, endMs: endMs!, counts })
    }
    return of
  }
}
