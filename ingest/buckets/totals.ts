/** The totals of one exporter in one interval, by every measurement. */
import { formatAddress, type NetworkSet } from '../../flow/address.ts'
import { protocolName } from '../../flow/protocol.ts'
import { portText } from '../../flow/service.ts'
import { measurements, type MeasurementName } from '../../store/measurement.ts'
import type { FieldColumns, MeasurementRows } from '../../store/series.ts'
import { AddressTable, CountTable, type Counts } from './tables.ts'

/** Directions as they are stored; the index is the code used in keys. */
export const directions = ['in', 'out', 'internal', 'transit'] as const
/** Service ports run from −2 (none) and −1 (ephemeral) to 65535. */
const portOffset = 2
const portCount = 65_538

/** What of a flow falls into an interval, and what it is. Reused from flow to flow. */
export interface Share extends Counts {
  source: readonly number[] | Uint32Array
  destination: readonly number[] | Uint32Array
  protocol: number
  servicePort: number
  ingressInterface: number
  egressInterface: number
}

export class Totals {
  readonly #local: NetworkSet
  readonly #addresses = new AddressTable()
  /** Whether the address of that index is local: 1 or 0. */
  #isLocal = new Uint8Array(64)
  readonly #total = new CountTable()
  readonly #interface = new CountTable()
  readonly #host = new CountTable()
  readonly #port = new CountTable()
  readonly #protocol = new CountTable()
  readonly #hostPort = new CountTable()

  constructor(local: NetworkSet) {
    this.#local = local
  }

  /** Counts a share. The keys' second word is one more than its code, since 0 marks a free slot. */
  add(share: Share): void {
    const source = this.#index(share.source)
    const destination = this.#index(share.destination)
    const fromLocal = this.#isLocal[source] === 1
    const toLocal = this.#isLocal[destination] === 1
    const direction = fromLocal ? (toLocal ? 2 : 1) : toLocal ? 0 : 3
    const service = share.protocol * portCount + share.servicePort + portOffset
    this.#total.add(0, direction + 1, share)
    this.#protocol.add(0, share.protocol * 4 + direction + 1, share)
    this.#port.add(0, service * 4 + direction + 1, share)
    this.#host.add(destination, 1, share)
    this.#host.add(source, 2, share)
    this.#hostPort.add(destination, service * 2 + 1, share)
    this.#hostPort.add(source, service * 2 + 2, share)
    if (share.ingressInterface !== 0) this.#interface.add(share.ingressInterface, 1, share)
    if (share.egressInterface !== 0) this.#interface.add(share.egressInterface, 2, share)
  }

  /** Bytes held, near enough to bound memory by. */
  get bytes(): number {
    return (
      this.#addresses.bytes +
      this.#host.bytes +
      this.#hostPort.bytes +
      this.#port.bytes +
      this.#interface.bytes
    )
  }

  /** The rows of every measurement, uncut. */
  rows(): MeasurementRows[] {
    const direction = (b: number, count: number) => directions[(b - 1) % count]!
    const service = (b: number, count: number) => {
      const code = Math.floor((b - 1) / count)
      return {
        protocol: protocolName(Math.floor(code / portCount)),
        port: portText((code % portCount) - portOffset),
      }
    }
    return [
      rowsOf('total', this.#total, (_, b) => ({ direction: direction(b, 4) })),
      rowsOf('interface', this.#interface, (a, b) => ({
        interface: String(a),
        direction: direction(b, 2),
      })),
      rowsOf('host', this.#host, (a, b) => ({ host: this.#text(a), direction: direction(b, 2) })),
      rowsOf('port', this.#port, (_, b) => ({ ...service(b, 4), direction: direction(b, 4) })),
      rowsOf('protocol', this.#protocol, (_, b) => ({
        protocol: protocolName(Math.floor((b - 1) / 4)),
        direction: direction(b, 4),
      })),
      rowsOf('host_port', this.#hostPort, (a, b) => ({
        host: this.#text(a),
        ...service(b, 2),
        direction: direction(b, 2),
      })),
    ]
  }

  #index(words: readonly number[] | Uint32Array): number {
    const [w0, w1, w2, w3] = [words[0]!, words[1]!, words[2]!, words[3]!]
    const known = this.#addresses.count
    const index = this.#addresses.index(w0, w1, w2, w3)
    if (index === known) {
      if (index === this.#isLocal.length) {
        const grown = new Uint8Array(index * 2)
        grown.set(this.#isLocal)
        this.#isLocal = grown
      }
      this.#isLocal[index] = this.#local.has(w0, w1, w2, w3) ? 1 : 0
    }
    return index
  }

  #text(index: number): string {
    const words = this.#addresses.words
    const at = index * 4
    return formatAddress(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
  }
}

function rowsOf(
  measurement: MeasurementName,
  table: CountTable,
  tagsOf: (a: number, b: number) => MeasurementTags,
): MeasurementRows {
  const sum: FieldColumns = {
    bytes: new Float64Array(table.count),
    packets: new Float64Array(table.count),
    flows: new Float64Array(table.count),
    active: new Float64Array(table.count),
  }
  const tags: Record<string, string[]> = {}
  for (const tag of measurements[measurement].tags) tags[tag] = []
  let row = 0
  table.forEach((a, b, sums, at) => {
    for (const [tag, value] of Object.entries(tagsOf(a, b))) tags[tag]!.push(value)
    sum.bytes[row] = sums[at]!
    sum.packets[row] = sums[at + 1]!
    sum.flows[row] = sums[at + 2]!
    sum.active[row] = sums[at + 3]!
    row++
  })
  return { measurement, count: row, tags, sum }
}

type MeasurementTags = Record<string, string>
