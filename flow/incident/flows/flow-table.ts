/** The flows around an event, one table per exporter, small enough for many passes. */
import { addressAt, type NetworkSet } from '../../address.ts'
import { Hosts } from './hosts.ts'

/**
 * Flows as columns; times unix ms, counts scaled by sampling. An address half is two 32-bit words
 * per row, low word first.
 */
export interface EventFlows {
  count: number
  first: Float64Array
  last: Float64Array
  bytes: Float64Array
  packets: Float64Array
  exporterHigh: Uint32Array
  exporterLow: Uint32Array
  sourceHigh: Uint32Array
  sourceLow: Uint32Array
  destinationHigh: Uint32Array
  destinationLow: Uint32Array
  sourcePort: Int32Array
  destinationPort: Int32Array
  protocol: Int32Array
  tcpFlags: Int32Array
  sampling: Int32Array
}

/** Columns with room for `rows` flows, and none in them. */
export function createEventFlows(rows: number): EventFlows {
  return {
    count: 0,
    first: new Float64Array(rows),
    last: new Float64Array(rows),
    bytes: new Float64Array(rows),
    packets: new Float64Array(rows),
    exporterHigh: new Uint32Array(2 * rows),
    exporterLow: new Uint32Array(2 * rows),
    sourceHigh: new Uint32Array(2 * rows),
    sourceLow: new Uint32Array(2 * rows),
    destinationHigh: new Uint32Array(2 * rows),
    destinationLow: new Uint32Array(2 * rows),
    sourcePort: new Int32Array(rows),
    destinationPort: new Int32Array(rows),
    protocol: new Int32Array(rows),
    tcpFlags: new Int32Array(rows),
    sampling: new Int32Array(rows),
  }
}

/** Columns that a table takes over without copying them. */
type TakenColumns = Pick<
  FlowTable,
  | 'count'
  | 'first'
  | 'last'
  | 'bytes'
  | 'packets'
  | 'sourcePort'
  | 'destinationPort'
  | 'protocol'
  | 'tcpFlags'
> &
  Pick<EventFlows, 'sourceHigh' | 'sourceLow' | 'destinationHigh' | 'destinationLow'>

const firstCapacity = 4096

/** Flows of one exporter. Hosts are indices into `hosts`; a flow that ends before its start ends at its start. */
export class FlowTable {
  readonly exporter: string
  readonly hosts: Hosts
  count = 0
  first = new Float64Array(firstCapacity)
  last = new Float64Array(firstCapacity)
  bytes = new Float64Array(firstCapacity)
  packets = new Float64Array(firstCapacity)
  source = new Uint32Array(firstCapacity)
  destination = new Uint32Array(firstCapacity)
  sourcePort = new Uint16Array(firstCapacity)
  destinationPort = new Uint16Array(firstCapacity)
  protocol = new Uint8Array(firstCapacity)
  tcpFlags = new Uint16Array(firstCapacity)
  /** The greatest sampling interval of any flow: 1 if every packet was counted. */
  sampling = 1
  /** The least one. */
  samplingMin = Number.POSITIVE_INFINITY
  /** Rows left out because they were those of others after address translation: see translated.ts. */
  translated = 0
  /** When its exporter was away, unix ms, in order of time: what passed then was not reported. */
  breaks: readonly { from: number; to: number }[] = []

  constructor(exporter: string, hosts: Hosts) {
    this.exporter = exporter
    this.hosts = hosts
  }

  /** Appends an empty row; returns its number. */
  append(): number {
    if (this.count === this.first.length) this.#grow()
    return this.count++
  }

  /** Appends row `i`. */
  add(flows: EventFlows, i: number): void {
    const at = this.append()
    const first = flows.first[i]!
    this.first[at] = first
    this.last[at] = Math.max(first, flows.last[i]!)
    this.bytes[at] = flows.bytes[i]!
    this.packets[at] = flows.packets[i]!
    this.source[at] = this.hosts.at(flows.sourceHigh, flows.sourceLow, i)
    this.destination[at] = this.hosts.at(flows.destinationHigh, flows.destinationLow, i)
    this.sourcePort[at] = flows.sourcePort[i]!
    this.destinationPort[at] = flows.destinationPort[i]!
    this.protocol[at] = flows.protocol[i]!
    this.tcpFlags[at] = flows.tcpFlags[i]!
    this.sampling = Math.max(this.sampling, flows.sampling[i]!)
    this.samplingMin = Math.min(this.samplingMin, flows.sampling[i]!)
  }

  /** Makes the columns the rows of this empty table; only the ends are copied. */
  adopt(columns: TakenColumns, sampling: { least: number; most: number }): void {
    const { count, sourceHigh, sourceLow, destinationHigh, destinationLow } = columns
    this.count = count
    this.first = columns.first
    this.last = columns.last
    this.bytes = columns.bytes
    this.packets = columns.packets
    this.sourcePort = columns.sourcePort
    this.destinationPort = columns.destinationPort
    this.protocol = columns.protocol
    this.tcpFlags = columns.tcpFlags
    this.sampling = sampling.most
    this.samplingMin = sampling.least
    this.source = new Uint32Array(columns.first.length)
    this.destination = new Uint32Array(columns.first.length)
    for (let i = 0; i < count; i++) {
      this.last[i] = Math.max(this.first[i]!, this.last[i]!)
      this.source[i] = this.hosts.at(sourceHigh, sourceLow, i)
      this.destination[i] = this.hosts.at(destinationHigh, destinationLow, i)
    }
  }

  /** Keeps only the rows for which `isKept` is 1; returns how many others there were. */
  keep(isKept: Uint8Array): number {
    const { first, last, bytes, packets, source, destination } = this
    const { sourcePort, destinationPort, protocol, tcpFlags, count } = this
    for (const column of [
      first,
      last,
      bytes,
      packets,
      source,
      destination,
      sourcePort,
      destinationPort,
      protocol,
      tcpFlags,
    ]) {
      this.count = 0
      for (let row = 0; row < count; row++)
        if (isKept[row] === 1) column[this.count++] = column[row]!
    }
    return count - this.count
  }

  #grow(): void {
    const capacity = Math.max(firstCapacity, this.first.length * 2)
    const doubles = (column: Float64Array) => grown(column, new Float64Array(capacity))
    const shorts = (column: Uint16Array) => grown(column, new Uint16Array(capacity))
    this.first = doubles(this.first)
    this.last = doubles(this.last)
    this.bytes = doubles(this.bytes)
    this.packets = doubles(this.packets)
    this.source = grown(this.source, new Uint32Array(capacity))
    this.destination = grown(this.destination, new Uint32Array(capacity))
    this.sourcePort = shorts(this.sourcePort)
    this.destinationPort = shorts(this.destinationPort)
    this.protocol = grown(this.protocol, new Uint8Array(capacity))
    this.tcpFlags = shorts(this.tcpFlags)
  }
}

type Column = Float64Array | Uint32Array | Uint16Array | Uint8Array

function grown<Kind extends Column>(from: Column, to: Kind): Kind {
  to.set(from)
  return to
}

/** Flows of several exporters, in separate tables with common host numbers. */
export class FlowTables {
  readonly hosts: Hosts
  readonly #exporters: Hosts
  readonly #tables: FlowTable[] = []

  constructor(local: NetworkSet) {
    this.hosts = new Hosts(local)
    this.#exporters = new Hosts(local)
  }

  add(flows: EventFlows): void {
    const { exporterHigh, exporterLow } = flows
    for (let i = 0; i < flows.count; i++) {
      const place = this.#exporters.at(exporterHigh, exporterLow, i)
      this.#tables[place] ??= new FlowTable(addressAt(exporterHigh, exporterLow, i), this.hosts)
      this.#tables[place].add(flows, i)
    }
  }

  get tables(): readonly FlowTable[] {
    return this.#tables
  }
}
