/** What some keys came to, with their peers and times, out of flows that come a row group after the other. */
import type { NetworkSet } from '../../../flow/address.ts'
import { Keys, type End } from '../keys.ts'
import type { DetailsAsked, DetailsFound, Scan } from './asked.ts'
import { KeyNumbers } from './key-numbers.ts'
import { Peers, type PackedPeers } from './peers.ts'
import type { SelectedGroup } from './selected-group.ts'

export interface PackedDetails {
  found: DetailsFound
  peers: PackedPeers
}

export class Details implements Scan<PackedDetails, DetailsFound> {
  readonly #keys: Keys
  readonly #numbers: KeyNumbers
  readonly #peers: Peers
  readonly #found: DetailsFound

  constructor(asked: DetailsAsked, local: NetworkSet) {
    this.#keys = new Keys(asked.by, local.networks)
    this.#numbers = new KeyNumbers(this.#keys, { local })
    this.#numbers.add(asked.keys)
    const { count } = this.#numbers.table
    this.#peers = new Peers(count)
    this.#found = {
      bytes: new Float64Array(count),
      packets: new Float64Array(count),
      flows: new Float64Array(count),
      peers: this.#peers.counts,
      first: new Float64Array(count).fill(Number.POSITIVE_INFINITY),
      last: new Float64Array(count).fill(Number.NEGATIVE_INFINITY),
    }
  }

  get keys(): number {
    return this.#peers.pairs
  }

  take(selected: SelectedGroup): void {
    for (const end of this.#keys.ends) this.#takeEnd(selected, end)
  }

  #takeEnd(selected: SelectedGroup, end: End): void {
    const numbers = this.#numbers.found(selected, end)
    const found = new Int32Array(numbers.length)
    let count = 0
    for (let n = 0; n < numbers.length; n++) if (numbers[n]! >= 0) found[count++] = n
    if (count === 0) return
    this.#addCounts(selected, numbers, found.subarray(0, count))
    const { group, rows } = selected
    const peer = this.#keys.peer(end)
    const halves = {
      high: group.flows[`${peer}AddressHigh`],
      low: group.flows[`${peer}AddressLow`],
    }
    for (let i = 0; i < count; i++) this.#peers.add(numbers[found[i]!]!, halves, rows[found[i]!]!)
  }

  #addCounts(selected: SelectedGroup, numbers: Int32Array, found: Int32Array): void {
    const { group, rows } = selected
    const sums = this.#found
    const [bytes, packets] = [selected.counts('bytes'), selected.counts('packets')]
    const { first, last } = group
    for (const n of found) {
      const number = numbers[n]!
      const row = rows[n]!
      sums.bytes[number]! += bytes.values[bytes.isByRow ? row : n]!
      sums.packets[number]! += packets.values[packets.isByRow ? row : n]!
      sums.flows[number]! += 1
      if (first[row]! < sums.first[number]!) sums.first[number] = first[row]!
      if (last[row]! > sums.last[number]!) sums.last[number] = last[row]!
    }
  }

  pack(): PackedDetails {
    return { found: this.#found, peers: this.#peers.pack() }
  }

  merge({ found, peers }: PackedDetails): void {
    this.#peers.merge(peers)
    const ours = this.#found
    for (let place = 0; place < found.flows.length; place++) {
      for (const name of ['bytes', 'packets', 'flows'] as const)
        ours[name][place]! += found[name][place]!
      ours.first[place] = Math.min(ours.first[place]!, found.first[place]!)
      ours.last[place] = Math.max(ours.last[place]!, found.last[place]!)
    }
  }

  found(): DetailsFound {
    return this.#found
  }
}
