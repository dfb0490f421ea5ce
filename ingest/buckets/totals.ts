/**
 * The totals of one exporter in one interval. A flow counts twice, for its receiver and for its
 * sender, by host, service and direction; all measurements are summed from these when rows are made
 * (see rows.ts). A table per measurement would cost four times as much per flow.
 */
import { ipv4Marker } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'
import { intervalMs } from '../../flow/interval.ts'
import { servicePort } from '../../flow/service.ts'
import { activeWithin, countWithin } from '../../flow/spread.ts'
import type { MeasurementRows } from '../../store/series.ts'
import { AddressTable } from './address-table.ts'
import { directions, hostKeysMax, hostsMax, serviceCode } from './codes.ts'
import { HostTable } from './host-table.ts'
import { beyondMark, HostsListed, isIPv4Key, numberedMark, plainCode } from './hosts-listed.ts'
import { countInterfaces } from './interface-sums.ts'
import { JoinedCounts, PackedCounts, type HostCounts } from './packed-counts.ts'
import { rowsOf, type TrackerNames } from './rows.ts'
import { amountCount, CountTable } from './tables.ts'

/** Interfaces are keyed by index and way. */
const wayCodes = 4

/** Smaller tables are not packed. */
const packedBytesMin = 1 << 20

/**
 * Keys that cannot be found once they are packed: this part of the most, beyond it, is for late
 * flows of their hosts.
 */
const latePart = 1 / 8

/** Rows counted at once; the arrays below hold this many. */
const rowsAtOnce = 2048
/** Keys and amounts of the rows being counted; all totals share it, because one thread counts. */
const keyed = {
  flows: 1 as 0 | 1,
  hosts: new Int32Array(2 * rowsAtOnce),
  codes: new Int32Array(2 * rowsAtOnce),
  bytes: new Float64Array(rowsAtOnce),
  packets: new Float64Array(rowsAtOnce),
  active: new Float64Array(rowsAtOnce),
}

/** How a flow lies in an interval: entirely; or it spans several and began in this one, or before it. */
export type RowPart = 'whole' | 'begun' | 'continued'

export class Totals {
  /** Amounts of one share: bytes, packets, flows, active. The caller fills it before `addTracked`. */
  readonly amounts = new Float64Array(4)
  readonly #interval: number
  readonly #keysMax: number
  /**
   * Key: an IPv4 address or the number of another, and code + 1 (0 would mark a free slot), with
   * marks (see hosts-listed.ts).
   */
  #hosts: HostTable
  /** The counts packed so far. */
  readonly #packed: PackedCounts[] = []
  /** Non-IPv4 addresses. */
  readonly #others = new AddressTable()
  /** The IPv4 addresses, once there may be too many to keep separately. */
  #known: AddressTable | null = null
  readonly #interfaces = new CountTable({ codes: wayCodes })
  /** By tracker number; each counts once per direction. */
  #trackers: CountTable | null = null
  /** The last key made by `#find`. */
  #host = 0
  #mark = 0

  /**
   * For the interval that starts at `interval`, unix ms; `expected` is the likely number of keys.
   */
  constructor(interval: number, expected = 0, keysMax = hostKeysMax) {
    this.#interval = interval
    this.#keysMax = keysMax
    this.#hosts = new HostTable(expected)
  }

  /** Counts rows of flows with their direction codes; `part` says how they lie in this interval. */
  addRows(flows: FlowColumns, rows: Int32Array, codes: Uint8Array, part: RowPart = 'whole'): void {
    const { ingressInterface: ingress, egressInterface: egress } = flows
    keyed.flows = part === 'continued' ? 0 : 1
    for (let at = 0; at < rows.length; at += rowsAtOnce) {
      const some = rows.subarray(at, at + rowsAtOnce)
      this.#watchHosts(some.length)
      if (part === 'whole') readAmounts(flows, some)
      else readShares(flows, some, this.#interval)
      this.#readKeys(flows, some, codes)
      this.#hosts.addRows(keyed, some.length)
      countInterfaces(this.#interfaces, { ingress, egress, rows: some }, keyed)
    }
  }

  /** Adds `amounts` to a tracker and direction code. */
  addTracked(tracker: number, direction: number): void {
    this.#trackers ??= new CountTable({ codes: 2, ways: directionCount })
    const at = this.#trackers.place(tracker, 1) + direction * amountCount
    const { slots } = this.#trackers
    for (let i = 0; i < amountCount; i++) slots[at + i] = slots[at + i]! + this.amounts[i]!
  }

  /** Adds a tracker's counts, times a factor, to sums by direction; see TrackerSums. */
  addTrackerSums(tracker: number, sums: Float64Array, factor: number): void {
    if (!this.#trackers) return
    const at = this.#trackers.place(tracker, 1)
    for (let i = 0; i < sums.length; i++) sums[i]! += factor * this.#trackers.slots[at + i]!
  }

  /** Clears a tracker's counts. */
  clear(tracker: number): void {
    if (!this.#trackers) return
    const at = this.#trackers.place(tracker, 1)
    this.#trackers.slots.fill(0, at, at + directionCount * amountCount)
  }

  /** Whether packing would free much memory. */
  get isPackable(): boolean {
    return this.#hosts.bytes >= packedBytesMin
  }

  /** Packs the counts so far: most of them will not change any more. */
  pack(): void {
    if (!this.isPackable) return
    const packed = PackedCounts.of(this.#hosts)
    if (!packed) return
    this.#packed.push(packed)
    this.#hosts.free()
    this.#hosts = new HostTable()
  }

  /** Frees the large tables; not to be used afterwards. */
  free(): void {
    this.#hosts.free()
    for (const packed of this.#packed) packed.free()
    this.#others.free()
    this.#known?.free()
  }

  /** Bytes held. */
  get bytes(): number {
    const trackers = this.#trackers?.bytes ?? 0
    const addresses = this.#others.bytes + (this.#known?.bytes ?? 0)
    const packed = this.#packed.reduce((sum, { bytes }) => sum + bytes, 0)
    return addresses + this.#hosts.bytes + packed + this.#interfaces.bytes + trackers
  }

  /** Number of keys: another interval is likely to need as many. */
  get keys(): number {
    return this.#counts.count
  }

  /**
   * The rows of every measurement. Only the `top` hosts get rows; all others are summed in rows
   * named `other`. Other measurements are complete.
   */
  rows(
    top: number = Number.POSITIVE_INFINITY,
    names: TrackerNames = noTrackers,
  ): MeasurementRows[] {
    const [interfaces, trackers] = [this.#interfaces, this.#trackers]
    const hosts = new HostsListed(this.#counts, this.#others)
    const rows = rowsOf({ hosts, interfaces, trackers, names }, top)
    hosts.free()
    return rows
  }

  get #counts(): HostCounts {
    return this.#packed.length === 0 ? this.#hosts : new JoinedCounts(this.#packed, this.#hosts)
  }

  /** Makes the two keys of each row, its receiver's and its sender's. */
  #readKeys(flows: FlowColumns, rows: Int32Array, directionCodes: Uint8Array): void {
    const { sourceAddressHigh, sourceAddressLow, destinationAddressHigh, destinationAddressLow } =
      flows
    const { protocolIdentifier, sourceTransportPort, destinationTransportPort } = flows
    const { hosts, codes } = keyed
    const late = this.#packed.length > 0 ? latePart * this.#keysMax : 0
    const isFull = this.keys >= this.#keysMax + late
    const isWatched = isFull || this.#known !== null
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      const at = 2 * row
      const protocol = protocolIdentifier[row]!
      const port = servicePort(protocol, sourceTransportPort[row]!, destinationTransportPort[row]!)
      const code = (serviceCode(protocol, port) | (directionCodes[row]! << 1)) + 1
      hosts[2 * i] = destinationAddressLow[at]!
      hosts[2 * i + 1] = sourceAddressLow[at]!
      codes[2 * i] = code
      codes[2 * i + 1] = code + 1
      const marker = sourceAddressLow[at + 1]! | destinationAddressLow[at + 1]!
      const both = sourceAddressLow[at + 1]! & destinationAddressLow[at + 1]!
      const sources = sourceAddressHigh[at]! | sourceAddressHigh[at + 1]!
      const destinations = destinationAddressHigh[at]! | destinationAddressHigh[at + 1]!
      const isIPv4 = (sources | destinations) === 0 && marker === ipv4Marker && both === ipv4Marker
      if (isIPv4 && !isWatched) continue
      this.#makeKey(destinationAddressHigh, destinationAddressLow, row)
      hosts[2 * i] = this.#host
      codes[2 * i] = code | this.#mark
      this.#makeKey(sourceAddressHigh, sourceAddressLow, row)
      hosts[2 * i + 1] = this.#host
      codes[2 * i + 1] = (code + 1) | this.#mark
      if (isFull) this.#keepKeys(2 * i)
    }
  }

  /** Of a row's two keys, from this index on, leaves the host of a new one out. */
  #keepKeys(from: number): void {
    const { hosts, codes } = keyed
    for (let i = from; i < from + 2; i++) {
      if (this.#hosts.has(hosts[i]!, codes[i]!)) continue
      hosts[i] = 0
      codes[i] = plainCode(codes[i]!) | beyondMark
    }
  }

  /** Makes the host and mark of an address's key. */
  #makeKey(high: Uint32Array, low: Uint32Array, row: number): void {
    const at = 2 * row
    const [w0, w1, w2, w3] = [high[at + 1]!, high[at]!, low[at + 1]!, low[at]!]
    const isIPv4 = w2 === ipv4Marker && w1 === 0 && w0 === 0
    this.#host = w3
    this.#mark = isIPv4 ? 0 : numberedMark
    const table = isIPv4 ? this.#known : this.#others
    if (!table) return
    let number = table.find(w0, w1, w2, w3)
    if (number < 0 && this.#hostCount < hostsMax) number = table.add([w0, w1, w2, w3])
    if (number < 0) {
      this.#host = 0
      this.#mark = beyondMark
    } else if (!isIPv4) this.#host = number
  }

  /** Hosts kept separately, once they are numbered; 0 before, when they are below the limit. */
  get #hostCount(): number {
    return this.#known ? this.#known.count + this.#others.count : 0
  }

  /**
   * Starts numbering hosts when keys may exceed the limit; with fewer keys, there are fewer hosts
   * than the limit.
   */
  #watchHosts(rows: number): void {
    if (this.#known || this.keys + 2 * rows <= hostsMax) return
    const known = new AddressTable({ all: hostsMax, ipv4: hostsMax })
    this.#counts.forEach((host, code) => {
      if (!isIPv4Key(code) || known.find(0, 0, ipv4Marker, host) >= 0) return
      known.add([0, 0, ipv4Marker, host])
    })
    this.#known = known
  }
}

/** Reads the amounts of rows that lie within one interval. */
function readAmounts(flows: FlowColumns, rows: Int32Array): void {
  const { samplingInterval, octetDeltaCount, packetDeltaCount } = flows
  const { flowStartMilliseconds, flowEndMilliseconds } = flows
  const { bytes, packets, active } = keyed
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const rate = samplingInterval[row]!
    bytes[i] = octetDeltaCount[row]! * rate
    packets[i] = packetDeltaCount[row]! * rate
    active[i] = Math.max(0, flowEndMilliseconds[row]! - flowStartMilliseconds[row]!)
  }
}

/** Reads the share of rows that falls into an interval. */
function readShares(flows: FlowColumns, rows: Int32Array, interval: number): void {
  const { samplingInterval, octetDeltaCount, packetDeltaCount } = flows
  const { flowStartMilliseconds, flowEndMilliseconds } = flows
  const { bytes, packets, active } = keyed
  const to = interval + intervalMs
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const rate = samplingInterval[row]!
    const first = flowStartMilliseconds[row]!
    const last = Math.max(first, flowEndMilliseconds[row]!)
    bytes[i] = countWithin(octetDeltaCount[row]! * rate, { first, last }, interval, to)
    packets[i] = countWithin(packetDeltaCount[row]! * rate, { first, last }, interval, to)
    active[i] = activeWithin(first, last, interval, to)
  }
}

const directionCount = directions.length
const noTrackers: TrackerNames = { idOf: () => null }
