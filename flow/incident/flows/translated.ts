/**
 * Traffic that an exporter reports on both sides of its address translation: once with the host's address, once with
 * its own. It is counted once, as the host's; else the router would be named beside the host, and all traffic doubled.
 */
import type { FlowTable } from './flow-table.ts'

/** The two records of a packet begin within two neighbouring slots of this length, ms. */
const slotMs = 1000
const none = -1
/**
 * Of the bytes between remote ends: less of them by chance are the same as those of a local host,
 * as with one packet of 1 in 1000.
 */
const translatedShareMin = 0.5

/**
 * Removes each record between two remote ends for which there is one between a local host and one
 * of these ends, the same in everything but that host's address and port; none, if these are not
 * most of the bytes between remote ends. Returns how many.
 */
export function dropTranslated(table: FlowTable): number {
  const { count, hosts, source, destination, bytes } = table
  const places = Uint8Array.from({ length: count }, (_, row) => {
    const [isFrom, isTo] = [hosts.isLocal(source[row]!), hosts.isLocal(destination[row]!)]
    return isFrom === isTo ? (isFrom ? place.inside : place.outside) : place.across
  })
  if (!places.includes(place.outside) || !places.includes(place.across)) return 0
  const across = new Across(table)
  for (let row = 0; row < count; row++)
    if (places[row] === place.across)
      across.add(row, hosts.isLocal(source[row]!) ? 'destination' : 'source')
  const isKept = places.map((each, row) => (each === place.outside && across.take(row) ? 0 : 1))
  let [outside, translated] = [0, 0]
  for (let row = 0; row < count; row++) {
    if (places[row] !== place.outside) continue
    outside += bytes[row]!
    if (isKept[row] === 0) translated += bytes[row]!
  }
  return translated < translatedShareMin * outside ? 0 : table.keep(isKept)
}

/** Where the ends of a record are: both local, both remote, or one of each. */
const place = { inside: 0, outside: 1, across: 2 } as const

type End = 'source' | 'destination'

/** Records with one remote end, each of which can be taken once. */
class Across {
  readonly #table: FlowTable
  /** The first row by hash, and after each row the next one. */
  readonly #first: Int32Array
  readonly #next: Int32Array

  constructor(table: FlowTable) {
    this.#table = table
    this.#first = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(16, table.count)))).fill(none)
    this.#next = new Int32Array(table.count).fill(none)
  }

  add(row: number, remote: End): void {
    const at = this.#place(row, remote, this.#slot(row))
    this.#next[row] = this.#first[at]!
    this.#first[at] = row
  }

  /** Whether there was one that is the same as a row, with either end of that row as the remote one. */
  take(row: number): boolean {
    const slot = this.#slot(row)
    return (['source', 'destination'] as const).some((remote) =>
      [slot, slot - 1, slot + 1].some((near) => this.#takeFrom(row, remote, near)),
    )
  }

  #takeFrom(row: number, remote: End, slot: number): boolean {
    const at = this.#place(row, remote, slot)
    for (let before = none, each = this.#first[at]!; each !== none; each = this.#next[each]!) {
      if (this.#slot(each) === slot && this.#isSame(each, row, remote)) {
        // A row is taken out, so that the like of it is found at once.
        if (before === none) this.#first[at] = this.#next[each]!
        else this.#next[before] = this.#next[each]!
        return true
      }
      before = each
    }
    return false
  }

  #isSame(a: number, b: number, remote: End): boolean {
    const { hosts, protocol, bytes, packets, [remote]: host, [portOf[remote]]: port } = this.#table
    return (
      !hosts.isLocal(host[a]!) &&
      host[a] === host[b] &&
      port[a] === port[b] &&
      protocol[a] === protocol[b] &&
      bytes[a] === bytes[b] &&
      packets[a] === packets[b]
    )
  }

  #slot(row: number): number {
    return Math.floor(this.#table.first[row]! / slotMs)
  }

  /** By all that must be the same: many records to one port differ in little. */
  #place(row: number, remote: End, slot: number): number {
    const { bytes, packets, protocol, [remote]: host, [portOf[remote]]: port } = this.#table
    let mixed = Math.imul(host[row]!, 0x9e3779b1) ^ Math.imul(port[row]! + 1, 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 15) ^ slot, 0xc2b2ae35) ^ bytes[row]!
    mixed = Math.imul(mixed ^ (mixed >>> 15) ^ protocol[row]!, 0x2c1b3c6d) ^ packets[row]!
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x9e3779b1)
    return ((mixed ^ (mixed >>> 13)) >>> 0) & (this.#first.length - 1)
  }
}

const portOf = { source: 'sourcePort', destination: 'destinationPort' } as const
