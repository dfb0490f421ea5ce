/**
 * Exporters that count what they have counted before, which counts once here:
 *
 * - Cisco ASA, in events of a connection: an update counts what came since the last one, and the end counts everything;
 * - Juniper SRX, in totals of a flow (octetTotalCount): each record counts everything since the flow's start.
 */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { DatagramContext } from '../context.ts'
import { uptimeToleranceMs } from '../limits.ts'
import type { Batch, Place } from '../steps/batch.ts'
import { readUnsigned, wordSize } from '../steps/numbers.ts'
import type { CompiledTemplate } from '../templates/template.ts'
import type { CountedFlow, CountedFlows } from './flows.ts'
import { countsPerRecord, RecordAtHand } from './record.ts'
import { CountedBefore, isRepeated } from './stream.ts'

/** How records of a template count again: where they say what happened to which connection, or by totals. */
export type CountsAgain = { event: Place; connection: Place } | 'totals'

/** firewallEvent */
const deleted = 2
const updated = 5
/** flowEndReason: active timeout. After any other, the flow does not go on. */
const activeTimeout = 2
const finOrReset = 0x05
/**
 * Shorter than the least refresh interval and active timeout that can be set: not reported before,
 * so nothing was forgotten.
 */
const refreshMsMin = { event: 60_000, total: 10_000 }
/** What has been idle for this long at its export has ended. */
const idleMs = 30_000
/** A start that moves by more than this is another one, with other flows. */
const bootToleranceMs = 60_000
/** Where none are, 1 of this many is remembered: they may be later. */
const sampledOf = 16
/** Subtracted from a record of which nothing counts. */
const everything = Array.from({ length: countsPerRecord }, () => Number.POSITIVE_INFINITY)

export class CountedAgain {
  readonly #counted: CountedFlows
  readonly #record = new RecordAtHand()

  constructor(counted: CountedFlows) {
    this.#counted = counted
  }

  /**
   * Leaves out of a batch's records what counted before. The rows begin at `from`; `reverse` has
   * the other direction, null if records have none. Times must be as read.
   */
  leaveOut(
    context: DatagramContext,
    batch: Batch,
    { countsAgain, usesUptime }: CompiledTemplate,
    { from, reverse }: { from: number; reverse: FlowColumns | null },
  ): void {
    this.#follow(context)
    const toleranceMs = usesUptime ? uptimeToleranceMs : 0
    this.#record.begin(context.flows, reverse)
    for (let index = 0; index < batch.records; index++) {
      this.#record.moveTo(from + index, index)
      if (countsAgain === 'totals') this.#total(context, toleranceMs)
      else if (countsAgain !== null) this.#event(context, batch, countsAgain)
    }
  }

  /** Forgets what is remembered about a stream if its exporter started anew, with other flows. */
  #follow({ stream, exportMs, uptimeMs }: DatagramContext): void {
    const held = stream.countedBefore
    const bootMs = uptimeMs < 0 ? held.bootMs : exportMs - uptimeMs
    // Not renumbered: another exporter behind the same address may share it.
    if (held.bootMs !== -1 && Math.abs(bootMs - held.bootMs) > bootToleranceMs)
      stream.countedBefore = new CountedBefore()
    const of = stream.countedBefore
    of.bootMs = bootMs
    if (of.number === 0) of.number = this.#counted.nextNumber()
  }

  #event(
    context: DatagramContext,
    { view, offset, stride }: Batch,
    { event, connection }: Exclude<CountsAgain, 'totals'>,
  ): void {
    const of = context.stream.countedBefore
    const record = this.#record
    const at = offset + record.index * stride
    const kind = readUnsigned(view, at + event.offset, event.length)
    if (kind !== deleted && kind !== updated) return
    const id = readUnsigned(view, at + connection.offset, connection.length)
    const key = of.number * wordSize + (id % wordSize)
    const held = this.#counted.get(key)
    if (kind === updated) {
      of.seen(true, this.#counted.flowsMax)
      this.#keep(context, key, {
        of,
        startMs: held?.startMs ?? record.startMs,
        endMs: Math.max(held?.endMs ?? 0, record.endMs),
        counts: record.counts.map((count, i) => (held?.counts[i] ?? 0) + count),
      })
      if (held) record.beginAt(held.endMs)
      return
    }
    this.#counted.delete(key)
    // The number of a connection whose end was lost is used again; an end with less than its
    // updates does not count everything.
    const isKnown =
      held !== undefined &&
      record.startMs <= held.startMs &&
      record.startMs >= of.forgottenMs &&
      record.isAtLeast(held.counts)
    this.#takeAway(of, isKnown ? held.counts : null, refreshMsMin.event)
    if (isKnown) record.beginAt(held.endMs)
  }

  #total(context: DatagramContext, toleranceMs: number): void {
    const of = context.stream.countedBefore
    const record = this.#record
    const { startMs, endMs } = record
    if (startMs === 0 || endMs < startMs) return
    const { flowsMax } = this.#counted
    const key = record.key(of.number)
    if (of.first >= flowsMax && !isRepeated(of) && key % sampledOf > 0) return
    const held = this.#counted.get(key)
    const totals = record.counts
    const isSame =
      held !== undefined &&
      Math.abs(startMs - held.startMs) <= toleranceMs &&
      startMs <= held.endMs &&
      held.endMs < endMs &&
      record.isAtLeast(held.counts)
    if (isSame) record.beginAt(held.endMs)
    this.#takeAway(of, isSame ? held.counts : null, refreshMsMin.total)
    const goesOn = this.#goesOn(context)
    if (isSame || goesOn) of.seen(isSame, flowsMax)
    const flow = { of, startMs: isSame ? held.startMs : startMs, endMs, counts: totals }
    if (goesOn) this.#keep(context, key, flow)
    else this.#counted.delete(key)
  }

  /** Whether the flow at hand may be reported again. */
  #goesOn({ exportMs }: DatagramContext): boolean {
    const { flowEndReason, tcpControlBits, endMs } = this.#record
    if (flowEndReason !== 0) return flowEndReason === activeTimeout
    return (tcpControlBits & finOrReset) === 0 && exportMs - endMs < idleMs
  }

  /** Takes from the record at hand what counted before; all of it, if what counted is forgotten. */
  #takeAway(of: CountedBefore, counted: readonly number[] | null, longMs: number): void {
    const record = this.#record
    const { startMs, endMs } = record
    const mayBeForgotten = startMs < of.forgottenMs && endMs - startMs >= longMs && isRepeated(of)
    if (counted !== null) record.subtract(counted)
    else if (mayBeForgotten) record.subtract(everything)
  }

  #keep({ exporter }: DatagramContext, key: number, flow: CountedFlow): void {
    exporter.problem('counted-forgotten', this.#counted.keep(key, flow))
  }
}
