/**
 * A bounded sample of passing flows: a subset of the 5-tuples, each with all of its records in both
 * directions, so that connections can be joined. When the sample grows too large, half of the
 * 5-tuples are dropped.
 */
import { isIcmp } from '../../icmp.ts'
import { hashWords } from './address-index.ts'
import { FlowTable, type EventFlows } from './flow-table.ts'

/** Kept rows as columns; a table takes over those it has in common. */
interface KeptRows {
  count: number
  first: Float64Array<ArrayBuffer>
  last: Float64Array<ArrayBuffer>
  bytes: Float64Array<ArrayBuffer>
  packets: Float64Array<ArrayBuffer>
  sourceHigh: Uint32Array<ArrayBuffer>
  sourceLow: Uint32Array<ArrayBuffer>
  destinationHigh: Uint32Array<ArrayBuffer>
  destinationLow: Uint32Array<ArrayBuffer>
  sourcePort: Uint16Array<ArrayBuffer>
  destinationPort: Uint16Array<ArrayBuffer>
  protocol: Uint8Array<ArrayBuffer>
  tcpFlags: Uint16Array<ArrayBuffer>
}

const halves = ['sourceHigh', 'sourceLow', 'destinationHigh', 'destinationLow'] as const
const numbers = [
  'first', 'last', 'bytes', 'packets', 'sourcePort', 'destinationPort', 'protocol', 'tcpFlags',
] as const // prettier-ignore

/** If one 5-tuple alone has more records than fit, further thinning would drop all others. */
const timesMax = 2 ** 20

export class Sample {
  /** 1 in this many 5-tuples is kept: a power of two. */
  times = 1
  readonly #rowsMax: number
  #kept: KeptRows
  readonly #hashes: Uint32Array<ArrayBuffer>
  /** The sampling intervals of all rows. */
  readonly #sampling = { least: Number.POSITIVE_INFINITY, most: 1 }

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax
    this.#kept = roomFor(rowsMax)
    this.#hashes = new Uint32Array(rowsMax)
  }

  /** Keeps row `i` if its 5-tuple is in the sample. */
  add(flows: EventFlows, i: number): void {
    const hash = tupleHash(flows, i)
    if ((hash & (this.times - 1)) !== 0) return
    while (this.#kept.count === this.#rowsMax) {
      if (this.times >= timesMax) return
      this.times *= 2
      this.#thin()
    }
    if ((hash & (this.times - 1)) !== 0) return
    const at = this.#kept.count++
    this.#hashes[at] = hash
    this.#sampling.most = Math.max(this.#sampling.most, flows.sampling[i]!)
    this.#sampling.least = Math.min(this.#sampling.least, flows.sampling[i]!)
    copyRow(flows, i, { to: this.#kept, at })
  }

  /** Moves all kept rows into an empty table and leaves the sample empty. */
  putInto(table: FlowTable): void {
    const kept = this.#kept
    this.#kept = roomFor(0)
    table.adopt(kept, this.#sampling)
    // Joining connections takes as much memory next, so this is freed now, not by the garbage collector.
    for (const name of halves) kept[name].buffer.transfer(0)
    this.#hashes.buffer.transfer(0)
  }

  #thin(): void {
    const kept = this.#kept
    let at = 0
    for (let i = 0; i < kept.count; i++) {
      const hash = this.#hashes[i]!
      if ((hash & (this.times - 1)) !== 0) continue
      this.#hashes[at] = hash
      if (at !== i) copyRow(kept, i, { to: kept, at })
      at++
    }
    kept.count = at
  }
}

function roomFor(rows: number): KeptRows {
  const doubles = () => new Float64Array(rows)
  const words = () => new Uint32Array(2 * rows)
  const shorts = () => new Uint16Array(rows)
  return {
    count: 0,
    first: doubles(), last: doubles(), bytes: doubles(), packets: doubles(),
    sourceHigh: words(), sourceLow: words(), destinationHigh: words(), destinationLow: words(),
    sourcePort: shorts(), destinationPort: shorts(), protocol: new Uint8Array(rows), tcpFlags: shorts(),
  } // prettier-ignore
}

function copyRow(
  from: EventFlows | KeptRows,
  i: number,
  { to, at }: { to: KeptRows; at: number },
): void {
  for (const name of numbers) to[name][at] = from[name][i]!
  for (const name of halves) {
    putWord(to[name], 2 * at, from[name][2 * i]!)
    putWord(to[name], 2 * at + 1, from[name][2 * i + 1]!)
  }
}

/** Pages that are never written stay unallocated: the upper half of IPv4 addresses is zero. */
function putWord(words: Uint32Array, at: number, word: number): void {
  if (words[at] !== word) words[at] = word
}

/** The same for both directions of a 5-tuple. */
function tupleHash(flows: EventFlows, i: number): number {
  const hasPorts = !isIcmp(flows.protocol[i]!)
  const source = hasPorts ? flows.sourcePort[i]! : 0
  const destination = hasPorts ? flows.destinationPort[i]! : 0
  const one = endHash(flows.sourceHigh, flows.sourceLow, i, source)
  const other = endHash(flows.destinationHigh, flows.destinationLow, i, destination)
  let mixed = Math.imul((one + other) ^ flows.protocol[i]!, 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ Math.imul(one ^ other, 0x85ebca6b), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 13)) >>> 0
}

function endHash(high: Uint32Array, low: Uint32Array, i: number, port: number): number {
  const address = hashWords(high[2 * i + 1]!, high[2 * i]!, low[2 * i + 1]!, low[2 * i]!)
  return Math.imul(Math.imul(address, 0x9e3779b1) ^ port, 0x85ebca6b) >>> 0
}
