/** The sums, peers and times of given keys, from flows added one row group at a time. */
import type { NetworkSet } from '../../../flow/address.ts'
import { Keys, type End } from '../keys/keys.ts'
import { ScratchMemory } from '../scratch-memory.ts'
import type { DetailsQuery, DetailsFound, Scan } from './requests.ts'
import { KeyNumbers } from './key-numbers.ts'
import { Peers, type PackedPeers } from './peers.ts'
import type { Counts, SelectedGroup } from './selected-group.ts'

type Sums = Omit<DetailsFound, 'peers'>

const counted = ['bytes', 'packets', 'flows'] as const

interface PackedDetails {
  sums: Sums
  peers: PackedPeers
}

/** The flows whose key is requested, and the index of that key. */
const scratch = new ScratchMemory<'flows' | 'places'>()

export class Details implements Scan<PackedDetails, DetailsFound> {
  readonly #keys: Keys
  readonly #numbers: KeyNumbers
  readonly #peers: Peers
  readonly #sums: Sums

  constructor(query: DetailsQuery, local: NetworkSet) {
    this.#keys = new Keys(query.by, local.networks)
    this.#numbers = new KeyNumbers(this.#keys, { local })
    this.#numbers.add(query.keys)
    const { count } = this.#numbers.table
    this.#peers = new Peers(count)
    this.#sums = {
      bytes: new Float64Array(count),
      packets: new Float64Array(count),
      flows: new Float64Array(count),
      first: new Float64Array(count).fill(Number.POSITIVE_INFINITY),
      last: new Float64Array(count).fill(Number.NEGATIVE_INFINITY),
      total: { bytes: 0, packets: 0, flows: 0 },
    }
  }

  get keys(): number {
    return this.#peers.keys
  }

  take(selected: SelectedGroup): void {
    this.#addTotal(selected)
    for (const end of this.#keys.ends) this.#takeEnd(selected, end)
  }

  #takeEnd(selected: SelectedGroup, end: End): void {
    const numbers = this.#numbers.found(selected, end)
    let count = 0
    const ofFlows = new Int32Array(scratch.of('flows', 4 * numbers.length))
    const ofPlaces = new Int32Array(scratch.of('places', 4 * numbers.length))
    // Branch-free: which flows are requested cannot be predicted.
    for (let n = 0; n < numbers.length; n++) {
      const number = numbers[n]!
      ofFlows[count] = n
      ofPlaces[count] = number
      count += ~number >>> 31
    }
    if (count === 0) return
    const flows = ofFlows.subarray(0, count)
    const places = ofPlaces.subarray(0, count)
    this.#addCounts(selected, flows, places)
    const { group, rows } = selected
    for (let i = 0; i < count; i++) flows[i] = rows[flows[i]!]!
    this.#peers.add(group.addresses(`${this.#keys.peer(end)}Address`), flows, places)
  }

  #addTotal(selected: SelectedGroup): void {
    const { rows } = selected
    const { total } = this.#sums
    const ends = this.#keys.ends.length
    total.bytes += ends * sumOf(selected.counts('bytes'), rows)
    total.packets += ends * sumOf(selected.counts('packets'), rows)
    total.flows += ends * rows.length
  }

  #addCounts(selected: SelectedGroup, flows: Int32Array, places: Int32Array): void {
    const { group, rows } = selected
    const [ofBytes, ofPackets] = [selected.counts('bytes'), selected.counts('packets')]
    const { first, last } = group
    const sums = this.#sums
    for (let i = 0; i < flows.length; i++) {
      const n = flows[i]!
      const place = places[i]!
      const row = rows[n]!
      sums.bytes[place]! += ofBytes.values[ofBytes.isByRow ? row : n]!
      sums.packets[place]! += ofPackets.values[ofPackets.isByRow ? row : n]!
      sums.flows[place]! += 1
      if (first[row]! < sums.first[place]!) sums.first[place] = first[row]!
      if (last[row]! > sums.last[place]!) sums.last[place] = last[row]!
    }
  }

  pack(): PackedDetails {
    return { sums: this.#sums, peers: this.#peers.pack() }
  }

  merge({ sums, peers }: PackedDetails): void {
    this.#peers.merge(peers)
    const ours = this.#sums
    for (const name of counted) ours.total[name] += sums.total[name]
    for (let place = 0; place < sums.flows.length; place++) {
      for (const name of counted) ours[name][place]! += sums[name][place]!
      ours.first[place] = Math.min(ours.first[place]!, sums.first[place]!)
      ours.last[place] = Math.max(ours.last[place]!, sums.last[place]!)
    }
  }

  found(): DetailsFound {
    return { ...this.#sums, peers: this.#peers.counts() }
  }
}

function sumOf({ values, isByRow }: Counts, rows: Int32Array): number {
  let sum = 0
  if (isByRow) for (let n = 0; n < rows.length; n++) sum += values[rows[n]!]!
  else for (let n = 0; n < rows.length; n++) sum += values[n]!
  return sum
}
