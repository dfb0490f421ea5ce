/** The totals of one exporter in one interval, by every measurement. */
import { formatAddress, type NetworkSet } from '../../flow/address.ts'
import { protocolName } from '../../flow/protocol.ts'
import { portText } from '../../flow/service.ts'
import { measurements, otherKey, type MeasurementName } from '../../store/measurement.ts'
import type { FieldColumns, MeasurementRows } from '../../store/series.ts'
import { keptKeys } from './choose.ts'
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

  /**
   * The rows of every measurement; of hosts only the `top` are made, and what is not is added up in
   * rows named `other`. The other measurements are uncut.
   */
  rows(top: number = Number.POSITIVE_INFINITY): MeasurementRows[] {
    const ranking = {
      top,
      isLocal: (host: number) => this.#isLocal[host] === 1,
      compare: (a: number, b: number) => this.#compare(a, b),
    }
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
      rowsOf(
        'host',
        this.#host,
        (a, b) => ({ host: this.#text(a), direction: direction(b, 2) }),
        keptKeys(this.#host, ranking),
      ),
      rowsOf('port', this.#port, (_, b) => ({ ...service(b, 4), direction: direction(b, 4) })),
      rowsOf('protocol', this.#protocol, (_, b) => ({
        protocol: protocolName(Math.floor((b - 1) / 4)),
        direction: direction(b, 4),
      })),
      rowsOf(
        'host_port',
        this.#hostPort,
        (a, b) => ({ host: this.#text(a), ...service(b, 2), direction: direction(b, 2) }),
        keptKeys(this.#hostPort, ranking),
      ),
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

  #compare(a: number, b: number): number {
    const words = this.#addresses.words
    for (let i = 0; i < 4; i++) {
      const order = words[a * 4 + i]! - words[b * 4 + i]!
      if (order !== 0) return order
    }
    return 0
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
  isKept: ((a: number, b: number) => boolean) | null = null,
): MeasurementRows {
  const tags: Record<string, string[]> = {}
  for (const tag of measurements[measurement].tags) tags[tag] = []
  const kept: number[] = []
  /** Sums of what is not kept, by direction in or out. */
  const others = new Map<number, number[]>()
  let held: Float64Array = new Float64Array(0)
  table.forEach((a, b, sums, at) => {
    held = sums
    if (!isKept || isKept(a, b)) {
      for (const [tag, value] of Object.entries(tagsOf(a, b))) tags[tag]!.push(value)
      kept.push(at)
      return
    }
    const way = (b - 1) & 1
    const other = others.get(way) ?? [0, 0, 0, 0]
    for (let field = 0; field < 4; field++) other[field] = other[field]! + sums[at + field]!
    others.set(way, other)
  })
  for (const way of others.keys())
    for (const tag of measurements[measurement].tags)
      tags[tag]!.push(tag === 'direction' ? directions[way]! : otherKey)
  const rows = [...others.values()]
  const column = (field: number) =>
    Float64Array.from([
      ...kept.map((at) => held[at + field]!),
      ...rows.map((other) => other[field]!),
    ])
  const sum: FieldColumns = {
    bytes: column(0),
    packets: column(1),
    flows: column(2),
    active: column(3),
  }
  return { measurement, count: kept.length + rows.length, tags, sum }
}

type MeasurementTags = Record<string, string>
