/**
 * The totals of one exporter in one interval. A flow counts twice, for its receiver and for its
 * sender, by host, service and direction; every measurement is added up from these when rows are
 * made (see rows.ts). A table for each measurement would cost four times as much per flow.
 */
import type { NetworkSet } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'
import { servicePort } from '../../flow/service.ts'
import type { MeasurementRows } from '../../store/series.ts'
import { AddressTable, type AddressCounts } from './address-table.ts'
import { directionOf } from '../directions.ts'
import { beyondHosts, directions, hostsMax, serviceCode, serviceCodes } from './codes.ts'
import { rowsOf, type TrackerNames } from './rows.ts'
import { amountCount, CountTable } from './tables.ts'

/** Interfaces are keyed by index and way (in 1, out 2). */
const wayCodes = 4

/** The sizes of another interval's tables, which the next one is likely to need. */
export interface Sizes {
  hosts: AddressCounts
  services: number
}

/** Rows that are counted at once; the arrays below have room for so many. */
const rowsAtOnce = 2048
/** What is known of the rows that are being counted; used again for all totals, as one thread counts. */
const sources = new Int32Array(rowsAtOnce)
const destinations = new Int32Array(rowsAtOnce)
const receivers = { a: new Int32Array(rowsAtOnce), b: new Int32Array(rowsAtOnce) }
const senders = { a: new Int32Array(rowsAtOnce), b: new Int32Array(rowsAtOnce) }
const rowAmounts = new Float64Array(rowsAtOnce * amountCount)

export class Totals {
  /** Amounts of one share: bytes, packets, flows, active. The caller fills it before `add`. */
  readonly amounts = new Float64Array(4)
  readonly #local: NetworkSet
  /** Local addresses are marked. */
  readonly #addresses: AddressTable
  /** Key: number of the address, and code + 1 (0 would mark a free slot). */
  readonly #services: CountTable
  readonly #interfaces = new CountTable({ codes: wayCodes })
  /** By number of the tracker; each counts once a direction. */
  #trackers: CountTable | null = null

  constructor(local: NetworkSet, expected: Sizes = { hosts: { all: 0, ipv4: 0 }, services: 0 }) {
    this.#local = local
    this.#addresses = new AddressTable(expected.hosts)
    this.#services = new CountTable({ codes: serviceCodes + 1, expected: expected.services })
  }

  /**
   * Counts rows of flows that lie wholly in this interval. It does what
   * `add` and `addInterfaces` do for each, one look-up of all rows after the other.
   */
  addRows(flows: FlowColumns, rows: Int32Array): void {
    for (let at = 0; at < rows.length; at += rowsAtOnce) {
      const part = rows.subarray(at, at + rowsAtOnce)
      this.#hosts(part, sources, flows.sourceAddressHigh, flows.sourceAddressLow)
      this.#hosts(part, destinations, flows.destinationAddressHigh, flows.destinationAddressLow)
      readAmounts(flows, part)
      readKeys(flows, part)
      this.#services.addRows({ ...receivers, amounts: rowAmounts }, part.length)
      this.#services.addRows({ ...senders, amounts: rowAmounts }, part.length)
      this.#interfaceRows(flows, part)
    }
  }

  #hosts(rows: Int32Array, codes: Int32Array, high: Uint32Array, low: Uint32Array): void {
    this.#addresses.findRows(rows, high, low, codes)
    for (let i = 0; i < rows.length; i++) {
      if (codes[i]! >= 0) continue
      const at = 2 * rows[i]!
      codes[i] = this.host(high[at + 1]!, high[at]!, low[at + 1]!, low[at]!)
    }
  }

  #interfaceRows({ ingressInterface, egressInterface }: FlowColumns, rows: Int32Array): void {
    for (let i = 0; i < rows.length; i++) {
      const ingress = ingressInterface[rows[i]!]!
      const egress = egressInterface[rows[i]!]!
      if (ingress !== 0) this.#interfaces.add(ingress, 1, rowAmounts, amountCount * i)
      if (egress !== 0) this.#interfaces.add(egress, 2, rowAmounts, amountCount * i)
    }
  }

  /** The number of an address and whether it is local, as number × 2 + (1 or 0). */
  host(w0: number, w1: number, w2: number, w3: number): number {
    const found = this.#addresses.find(w0, w1, w2, w3)
    return found >= 0 ? found : this.#newHost(w0, w1, w2, w3)
  }

  /** Counts `amounts` for a flow between two hosts (see host) of a service (see serviceCode). */
  add(source: number, destination: number, service: number): void {
    const code = receiverCode(service, source, destination)
    this.#services.add(destination >>> 1, code, this.amounts)
    this.#services.add(source >>> 1, code + 1, this.amounts)
  }

  /** Counts `amounts` for the interfaces it came in and went out by; 0 is not said. */
  addInterfaces(ingress: number, egress: number): void {
    if (ingress !== 0) this.#interfaces.add(ingress, 1, this.amounts)
    if (egress !== 0) this.#interfaces.add(egress, 2, this.amounts)
  }

  /** Counts `amounts` for a tracker and direction (its code). */
  addTracked(tracker: number, direction: number): void {
    this.#trackers ??= new CountTable({ codes: 2, ways: directionCount })
    const at = this.#trackers.place(tracker, 1) + direction * amountCount
    const { slots } = this.#trackers
    for (let i = 0; i < amountCount; i++) slots[at + i] = slots[at + i]! + this.amounts[i]!
  }

  /** Adds what a tracker counted to sums by direction; see TrackerSums. */
  addTrackerSums(tracker: number, sums: Float64Array): void {
    if (!this.#trackers) return
    const at = this.#trackers.place(tracker, 1)
    for (let i = 0; i < sums.length; i++) sums[i]! += this.#trackers.slots[at + i]!
  }

  /** Forgets what a tracker counted. */
  clear(tracker: number): void {
    if (!this.#trackers) return
    const at = this.#trackers.place(tracker, 1)
    this.#trackers.slots.fill(0, at, at + directionCount * amountCount)
  }

  /** Bytes held. */
  get bytes(): number {
    const trackers = this.#trackers?.bytes ?? 0
    return this.#addresses.bytes + this.#services.bytes + this.#interfaces.bytes + trackers
  }

  get sizes(): Sizes {
    return { hosts: this.#addresses.counts, services: this.#services.count }
  }

  /**
   * The rows of every measurement; of hosts only the `top` are made, and what is not is added up in
   * rows named `other`. The other measurements are uncut.
   */
  rows(
    top: number = Number.POSITIVE_INFINITY,
    names: TrackerNames = noTrackers,
  ): MeasurementRows[] {
    const { words, isMarked } = this.#addresses.list()
    const [services, interfaces, trackers] = [this.#services, this.#interfaces, this.#trackers]
    return rowsOf({ words, isLocal: isMarked, services, interfaces, trackers, names }, top)
  }

  #newHost(w0: number, w1: number, w2: number, w3: number): number {
    const isLocal = this.#local.has(w0, w1, w2, w3)
    if (this.#addresses.count >= hostsMax) return beyondHosts * 2 + (isLocal ? 1 : 0)
    return this.#addresses.add([w0, w1, w2, w3], isLocal)
  }
}

/** Amounts of rows that lie wholly in an interval. */
function readAmounts(flows: FlowColumns, rows: Int32Array): void {
  const { samplingInterval, octetDeltaCount, packetDeltaCount } = flows
  const { flowStartMilliseconds, flowEndMilliseconds } = flows
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const rate = samplingInterval[row]!
    const at = amountCount * i
    rowAmounts[at] = octetDeltaCount[row]! * rate
    rowAmounts[at + 1] = packetDeltaCount[row]! * rate
    rowAmounts[at + 2] = 1
    rowAmounts[at + 3] = Math.max(0, flowEndMilliseconds[row]! - flowStartMilliseconds[row]!)
  }
}

/** Keys by which rows count for their receivers and for their senders, of the codes of their hosts. */
function readKeys(flows: FlowColumns, rows: Int32Array): void {
  const { protocolIdentifier, sourceTransportPort, destinationTransportPort } = flows
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const protocol = protocolIdentifier[row]!
    const port = servicePort(protocol, sourceTransportPort[row]!, destinationTransportPort[row]!)
    const source = sources[i]!
    const destination = destinations[i]!
    const code = receiverCode(serviceCode(protocol, port), source, destination)
    receivers.a[i] = destination >>> 1
    receivers.b[i] = code
    senders.a[i] = source >>> 1
    senders.b[i] = code + 1
  }
}

/** The second half of the key by which a flow counts for its receiver; one more is its sender's. */
function receiverCode(service: number, source: number, destination: number): number {
  return (service | (directionOf[(source & 1) * 2 + (destination & 1)]! << 1)) + 1
}

const directionCount = directions.length
const noTrackers: TrackerNames = { idOf: () => null }
