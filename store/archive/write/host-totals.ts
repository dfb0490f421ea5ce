/** The bytes of each host in some files, each flow counted for both of its ends, for the host list in the footer. */
import { formatHalves } from '../../../flow/address.ts'
import { archiveColumns } from '../columns.ts'
import type { HostSums } from './host-list.ts'
import { freeBuffer } from '../../process/freed-memory.ts'
import type { ScratchMemory } from '../scratch-memory.ts'
import type { SourceFiles } from '../read-back/source-files.ts'

const slotsMin = 1 << 12
const hostWords = 4

/** The `count` largest hosts of the files' flows; sums are exact as far as doubles are. */
export async function greatestHosts(
  source: SourceFiles,
  count: number,
  scratch: ScratchMemory,
): Promise<HostSums> {
  const { rows } = source
  const [countRoom, highRoom, lowRoom] = (['first', 'second', 'third'] as const).map((use) =>
    scratch.of(use, 8 * rows),
  ) as [ArrayBuffer, ArrayBuffer, ArrayBuffer]
  const read = (name: string, room: ArrayBuffer) =>
    source.read(
      archiveColumns.find((column) => column.name === name)!,
      room,
    )
  const counts = async (name: string) => {
    const found = (await read(name, countRoom)) as Float64Array
    return scaled(found, (await read('samplingInterval', highRoom)) as Uint32Array)
  }
  const packets = 2 * sumOf(await counts('packetDeltaCount'))
  const bytes = await counts('octetDeltaCount')
  const hosts = new HostTotals()
  for (const end of ['source', 'destination']) {
    const highs = (await read(`${end}AddressHigh`, highRoom)) as Uint32Array
    hosts.add(highs, (await read(`${end}AddressLow`, lowRoom)) as Uint32Array, bytes)
  }
  const total = { bytes: 2 * sumOf(bytes), packets, flows: 2 * rows }
  const greatest = hosts.greatest(count)
  hosts.free()
  return { ...greatest, total }
}

/** Scales in place, by the rule of `bytes` in sql/expressions.ts. */
function scaled(counts: Float64Array, rates: Uint32Array): Float64Array {
  for (let row = 0; row < counts.length; row++)
    if (rates[row] !== 1)
      counts[row] = Math.min(counts[row]! * rates[row]!, Number.MAX_SAFE_INTEGER)
  return counts
}

function sumOf(counts: Float64Array): number {
  let sum = 0
  for (let row = 0; row < counts.length; row++) sum += counts[row]!
  return sum
}

/** Sums by address, in a table with open addressing. */
class HostTotals {
  /** By slot, the number of the host + 1. */
  #slots = new Int32Array(slotsMin)
  /** By number of the host: its address, lowest word first, and its bytes. */
  #words = new Uint32Array((hostWords * slotsMin) / 2)
  #bytes = new Float64Array(slotsMin / 2)
  #count = 0

  /** Frees the table at once: it may take as much memory as everything else. */
  free(): void {
    for (const array of [this.#slots, this.#words, this.#bytes]) freeBuffer(array)
  }

  /** Adds bytes by row to the hosts with these address halves. */
  add(highs: Uint32Array, lows: Uint32Array, bytes: Float64Array): void {
    for (let row = 0; row < bytes.length; row++) {
      const at = 2 * row
      const host = this.#numberOf(lows[at]!, lows[at + 1]!, highs[at]!, highs[at + 1]!)
      this.#bytes[host]! += bytes[row]!
    }
  }

  /** The `count` largest, ties by address, and the bytes of the next one. */
  greatest(count: number): Pick<HostSums, 'hosts' | 'restMax'> {
    const before = (a: number, b: number) =>
      this.#bytes[b]! - this.#bytes[a]! || this.#compare(a, b)
    let found: number[] = []
    let least = Number.NEGATIVE_INFINITY
    const sort = () => {
      found = found.sort(before).slice(0, count + 1)
      if (found.length > count) least = this.#bytes[found[count]!]!
    }
    for (let host = 0; host < this.#count; host++) {
      if (this.#bytes[host]! < least) continue
      found.push(host)
      if (found.length > 4 * (count + 1)) sort()
    }
    sort()
    const listed = found
      .slice(0, count)
      .map((host) => [this.#address(host), this.#bytes[host]!] as const)
    return { hosts: new Map(listed), restMax: count < found.length ? least : 0 }
  }

  #numberOf(w0: number, w1: number, w2: number, w3: number): number {
    const mask = this.#slots.length - 1
    let slot = mixed(w0, w1, w2, w3) & mask
    for (;;) {
      const host = this.#slots[slot]! - 1
      if (host < 0) return this.#add(slot, [w0, w1, w2, w3])
      const at = host * hostWords
      const words = this.#words
      if (words[at] === w0 && words[at + 1] === w1 && words[at + 2] === w2 && words[at + 3] === w3)
        return host
      slot = (slot + 1) & mask
    }
  }

  #add(slot: number, words: readonly number[]): number {
    const host = this.#count++
    this.#words.set(words, host * hostWords)
    this.#slots[slot] = this.#count
    if (this.#count === this.#bytes.length) this.#grow()
    return host
  }

  #grow(): void {
    this.#words = grown(this.#words, new Uint32Array(2 * this.#words.length))
    this.#bytes = grown(this.#bytes, new Float64Array(2 * this.#bytes.length))
    const length = 2 * this.#slots.length
    freeBuffer(this.#slots)
    this.#slots = new Int32Array(length)
    const [words, slots] = [this.#words, this.#slots]
    const mask = slots.length - 1
    for (let host = 0; host < this.#count; host++) {
      const at = host * hostWords
      let slot = mixed(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = host + 1
    }
  }

  /** Compares as signed halves, in DuckDB's order. */
  #compare(a: number, b: number): number {
    const [one, other] = [this.#halves(a), this.#halves(b)]
    const place = one[0] === other[0] ? 1 : 0
    return one[place] < other[place] ? -1 : 1
  }

  #halves(host: number): [high: bigint, low: bigint] {
    const at = host * hostWords
    const [low, high] = new BigInt64Array(this.#words.slice(at, at + hostWords).buffer)
    return [high!, low!]
  }

  #address(host: number): string {
    return formatHalves(...this.#halves(host))
  }
}

/** A larger array with the content of `from`. */
function grown<Array extends Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(
  from: Array,
  to: Array,
): Array {
  to.set(from)
  freeBuffer(from)
  return to
}

function mixed(w0: number, w1: number, w2: number, w3: number): number {
  let hash = Math.imul(
    w0 ^ Math.imul(w1 ^ Math.imul(w2 ^ Math.imul(w3, 0x27d4eb2f), 0x165667b1), 0x85ebca6b),
    0x9e3779b1,
  )
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) >>> 8
}
