/**
 * The totals of one exporter in one interval. A flow counts twice, for its receiver and for its
 * sender, by host, service and direction; every measurement is added up from these when rows are
 * made (see rows.ts). A table for each measurement would cost four times as much per flow.
 */
import type { NetworkSet } from '../../flow/address.ts'
import type { MeasurementRows } from '../../store/series.ts'
import { beyondHosts, directions, hostsMax, serviceCodes } from './codes.ts'
import { rowsOf, type TrackerNames } from './rows.ts'
import { AddressTable, amountCount, CountTable } from './tables.ts'

/** Interfaces are keyed by index and way (in 1, out 2). */
const wayCodes = 4

/** The sizes of another interval's tables, which the next one is likely to need. */
export interface Sizes {
  hosts: number
  services: number
}

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

  constructor(local: NetworkSet, expected: Sizes = { hosts: 0, services: 0 }) {
    this.#local = local
    this.#addresses = new AddressTable(expected.hosts)
    this.#services = new CountTable({ codes: serviceCodes + 1, expected: expected.services })
  }

  /** The number of an address and whether it is local, as number × 2 + (1 or 0). */
  host(w0: number, w1: number, w2: number, w3: number): number {
    const found = this.#addresses.find(w0, w1, w2, w3)
    return found >= 0 ? found : this.#newHost(w0, w1, w2, w3)
  }

  /** Counts `amounts` for a flow between two hosts (see host) of a service (see serviceCode). */
  add(source: number, destination: number, service: number): void {
    const direction = directionOf[(source & 1) * 2 + (destination & 1)]!
    const code = (service | (direction << 1)) + 1
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
    return { hosts: this.#addresses.count, services: this.#services.count }
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

const directionCount = directions.length
const noTrackers: TrackerNames = { idOf: () => null }

/** The direction's code by locality of source × 2 + of destination. */
export const directionOf = [3, 0, 1, 2]
