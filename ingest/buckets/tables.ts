/**
 * Hash tables of the buckets: open addressing on typed arrays, because a Map of objects or strings
 * costs ten to fifty times as much per flow.
 */

/** Slots at the start; tables double when half full. */
const slotsMin = 64
/** Fields a key counts: bytes, packets, flows, active. */
const fields = 4

function mix(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  return (h ^ (h >>> 13)) >>> 0
}

/** What a key counts. */
export interface Counts {
  bytes: number
  packets: number
  flows: number
  active: number
}

/** Sums by a key of two 32-bit numbers, of which the second is never 0. */
export class CountTable {
  count = 0
  #mask = slotsMin - 1
  #a = new Uint32Array(slotsMin)
  #b = new Uint32Array(slotsMin)
  #sums = new Float64Array(slotsMin * fields)

  add(a: number, b: number, counts: Counts): void {
    let slot = mix(a, b) & this.#mask
    while (this.#b[slot] !== 0 && (this.#b[slot] !== b || this.#a[slot] !== a))
      slot = (slot + 1) & this.#mask
    if (this.#b[slot] === 0) {
      this.#a[slot] = a
      this.#b[slot] = b
      this.count++
    }
    const at = slot * fields
    this.#sums[at] = this.#sums[at]! + counts.bytes
    this.#sums[at + 1] = this.#sums[at + 1]! + counts.packets
    this.#sums[at + 2] = this.#sums[at + 2]! + counts.flows
    this.#sums[at + 3] = this.#sums[at + 3]! + counts.active
    if (this.count * 2 > this.#mask) this.#grow()
  }

  /** Calls back with each key and the place of its four sums. */
  forEach(visit: (a: number, b: number, sums: Float64Array, at: number) => void): void {
    for (let slot = 0; slot <= this.#mask; slot++)
      if (this.#b[slot] !== 0) visit(this.#a[slot]!, this.#b[slot]!, this.#sums, slot * fields)
  }

  /** Bytes held. */
  get bytes(): number {
    return (this.#mask + 1) * (8 + 8 * fields)
  }

  #grow(): void {
    const [a, b, sums, slots] = [this.#a, this.#b, this.#sums, this.#mask + 1]
    this.#mask = slots * 2 - 1
    this.#a = new Uint32Array(slots * 2)
    this.#b = new Uint32Array(slots * 2)
    this.#sums = new Float64Array(slots * 2 * fields)
    for (let from = 0; from < slots; from++) {
      if (b[from] === 0) continue
      let to = mix(a[from]!, b[from]!) & this.#mask
      while (this.#b[to] !== 0) to = (to + 1) & this.#mask
      this.#a[to] = a[from]!
      this.#b[to] = b[from]!
      this.#sums.set(sums.subarray(from * fields, from * fields + fields), to * fields)
    }
  }
}

/** Numbers addresses 0, 1, 2 … in the order in which they are first met. */
export class AddressTable {
  count = 0
  #mask = slotsMin - 1
  /** Index + 1 of the address in a slot; 0 is empty. */
  #slots = new Uint32Array(slotsMin)
  /** Four words an address, most significant first, by index. */
  words = new Uint32Array(slotsMin * 2)

  /** The index of an address; `count` has grown by one where it was new. */
  index(w0: number, w1: number, w2: number, w3: number): number {
    let slot = mix(w3 ^ w1, w2 ^ Math.imul(w0, 31)) & this.#mask
    for (;;) {
      const held = this.#slots[slot]!
      if (held === 0) return this.#insert(slot, [w0, w1, w2, w3])
      const at = (held - 1) * 4
      const words = this.words
      if (words[at + 3] === w3 && words[at + 2] === w2 && words[at + 1] === w1 && words[at] === w0)
        return held - 1
      slot = (slot + 1) & this.#mask
    }
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#slots.byteLength + this.words.byteLength
  }

  #insert(slot: number, address: readonly number[]): number {
    const index = this.count++
    if (index * 4 === this.words.length) {
      const words = new Uint32Array(this.words.length * 2)
      words.set(this.words)
      this.words = words
    }
    this.words.set(address, index * 4)
    this.#slots[slot] = index + 1
    if (this.count * 2 > this.#mask) this.#grow()
    return index
  }

  #grow(): void {
    const slots = (this.#mask + 1) * 2
    this.#mask = slots - 1
    this.#slots = new Uint32Array(slots)
    for (let index = 0; index < this.count; index++) {
      const at = index * 4
      const [w0, w1, w2, w3] = [0, 1, 2, 3].map((i) => this.words[at + i]!)
      let slot = mix(w3! ^ w1!, w2! ^ Math.imul(w0!, 31)) & this.#mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = index + 1
    }
  }
}
