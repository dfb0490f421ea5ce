/**
 * Totals of 5-minute intervals, flows spread over the intervals they lived in. An interval that is
 * held here whole takes late flows at once; any other is only marked, to be made again from the
 * archive.
 */
import { addressAt, type NetworkSet } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { servicePort } from '../../flow/service.ts'
import { activeWithin, countWithin } from '../../flow/spread.ts'
import type { MeasurementRows } from '../../store/series.ts'
import { Totals, type Share } from './totals.ts'

export interface BucketsOptions {
  local: NetworkSet
  /** A flow that began longer before its receipt than this stays out of the series. */
  flowMaxMs: number
  /** Intervals from this start (unix ms) on are held whole, unless they were forgotten since. */
  wholeFrom: number
  /** Only these intervals are counted, nothing is marked: for making them again from the archive. */
  only?: ReadonlySet<number>
}

/** Closed intervals are held this long for late flows. */
const horizonMs = 3_600_000
/** Beyond this, closed intervals are let go early; late flows are then taken from the archive. */
const totalsBytesMax = 192 << 20

export class Buckets {
  /** Flows that were too old to count (see BucketsOptions.flowMaxMs). */
  tooLate = 0
  readonly #options: BucketsOptions
  readonly #intervals = new Map<number, Map<string, Totals>>()
  #dirty = new Set<number>()
  #redo = new Set<number>()
  #wholeFrom: number
  /** Flows before this lie in archive files that are gone; set by the owner of the archive. */
  oldestArchivedMs = Number.NEGATIVE_INFINITY
  readonly #share: Share & { source: Uint32Array; destination: Uint32Array } = {
    source: new Uint32Array(4),
    destination: new Uint32Array(4),
    protocol: 0,
    servicePort: 0,
    ingressInterface: 0,
    egressInterface: 0,
    bytes: 0,
    packets: 0,
    flows: 0,
    active: 0,
  }
  readonly #exporter = { words: new Uint32Array(4).fill(0xffffffff), text: '' }

  constructor(options: BucketsOptions) {
    this.#options = options
    this.#wholeFrom = options.wholeFrom
  }

  /** Counts every row of the columns. */
  add(flows: FlowColumns): void {
    for (let i = 0; i < flows.count; i++) this.#addFlow(flows, i)
  }

  /** The intervals held here that changed since the last call, and those to be made again from the archive. */
  takeChanged(): { dirty: number[]; redo: number[] } {
    const changed = { dirty: [...this.#dirty], redo: [...this.#redo] }
    this.#dirty = new Set()
    this.#redo = new Set()
    return changed
  }

  /** Puts intervals back that takeChanged gave and that could not be written. */
  putBack(intervals: readonly number[]): void {
    for (const interval of intervals) {
      if (this.#intervals.has(interval)) this.#dirty.add(interval)
      else this.#redo.add(interval)
    }
  }

  /** Whether an interval is held whole, with or without flows. */
  isHeld(interval: number): boolean {
    return interval >= this.#wholeFrom || this.#intervals.has(interval)
  }

  /** The rows of an interval by exporter (address as text), hosts cut to the `top`; see Totals.rows. */
  rows(interval: number, top?: number): Map<string, MeasurementRows[]> {
    const exporters = this.#intervals.get(interval) ?? new Map<string, Totals>()
    return new Map([...exporters].map(([exporter, totals]) => [exporter, totals.rows(top)]))
  }

  /** Lets go of intervals that are written and past the horizon, or the oldest where memory is short. */
  forget(nowMs: number): void {
    const closed = [...this.#intervals.keys()]
      .filter((interval) => !this.#dirty.has(interval) && interval + intervalMs <= nowMs)
      .sort((a, b) => a - b)
    let bytes = this.bytes
    for (const interval of closed) {
      if (interval >= nowMs - horizonMs && bytes <= totalsBytesMax) break
      for (const totals of this.#intervals.get(interval)!.values()) bytes -= totals.bytes
      this.#intervals.delete(interval)
      this.#wholeFrom = Math.max(this.#wholeFrom, interval + intervalMs)
    }
  }

  /** Bytes held by the totals. */
  get bytes(): number {
    let sum = 0
    for (const exporters of this.#intervals.values())
      for (const totals of exporters.values()) sum += totals.bytes
    return sum
  }

  #addFlow(flows: FlowColumns, i: number): void {
    const first = flows.flowStartMilliseconds[i]!
    const last = Math.max(first, flows.flowEndMilliseconds[i]!)
    const received = flows.collectionTimeMilliseconds[i]!
    if (received - first > this.#options.flowMaxMs || first < this.oldestArchivedMs) {
      this.tooLate++
      return
    }
    const rate = flows.samplingInterval[i]!
    const octets = flows.octetDeltaCount[i]! * rate
    const packets = flows.packetDeltaCount[i]! * rate
    this.#describe(flows, i)
    const share = this.#share
    const start = intervalStart(first)
    const end = last > first ? intervalStart(last - 1) : start
    for (let interval = start; interval <= end; interval += intervalMs) {
      const totals = this.#totals(interval, flows, i)
      if (!totals) continue
      const isWhole = start === end
      const to = interval + intervalMs
      share.bytes = isWhole ? octets : countWithin(octets, { first, last }, interval, to)
      share.packets = isWhole ? packets : countWithin(packets, { first, last }, interval, to)
      share.flows = interval === start ? 1 : 0
      share.active = activeWithin(first, last, interval, to)
      totals.add(share)
    }
  }

  #describe(flows: FlowColumns, i: number): void {
    const share = this.#share
    copyWords(share.source, flows.sourceAddressHigh, flows.sourceAddressLow, i)
    copyWords(share.destination, flows.destinationAddressHigh, flows.destinationAddressLow, i)
    share.protocol = flows.protocolIdentifier[i]!
    share.servicePort = servicePort(
      share.protocol,
      flows.sourceTransportPort[i]!,
      flows.destinationTransportPort[i]!,
    )
    share.ingressInterface = flows.ingressInterface[i]!
    share.egressInterface = flows.egressInterface[i]!
  }

  /** The totals a share goes to; null where the interval is not held, which is then marked. */
  #totals(interval: number, flows: FlowColumns, i: number): Totals | null {
    const { only, local } = this.#options
    if (only ? !only.has(interval) : interval < this.#wholeFrom && !this.#intervals.has(interval)) {
      if (!only) this.#redo.add(interval)
      return null
    }
    let exporters = this.#intervals.get(interval)
    if (!exporters) this.#intervals.set(interval, (exporters = new Map<string, Totals>()))
    const exporter = this.#exporterText(flows, i)
    let totals = exporters.get(exporter)
    if (!totals) exporters.set(exporter, (totals = new Totals(local)))
    this.#dirty.add(interval)
    return totals
  }

  /** Flows of one exporter come together, so the text of the last one mostly serves. */
  #exporterText(flows: FlowColumns, i: number): string {
    const { words } = this.#exporter
    const [high, low] = [flows.exporterAddressHigh, flows.exporterAddressLow]
    if (
      words[3] !== low[2 * i] ||
      words[2] !== low[2 * i + 1] ||
      words[1] !== high[2 * i] ||
      words[0] !== high[2 * i + 1]
    ) {
      copyWords(words, high, low, i)
      this.#exporter.text = addressAt(high, low, i)
    }
    return this.#exporter.text
  }
}

function copyWords(target: Uint32Array, high: Uint32Array, low: Uint32Array, i: number): void {
  target[0] = high[2 * i + 1]!
  target[1] = high[2 * i]!
  target[2] = low[2 * i + 1]!
  target[3] = low[2 * i]!
}
