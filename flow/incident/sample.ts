/**
 * A part of the flows that pass, of a bounded size: of the 5-tuples some are kept, each with all of
 * its records in both directions, so that connections can be joined of it. Where it becomes too
 * many, every other 5-tuple goes.
 */
import { FlowTable, type EventFlows } from './flow-table.ts'
import { hashWords } from './address-index.ts'

const doubles = ['first', 'last', 'bytes', 'packets'] as const
const halves = ['sourceHigh', 'sourceLow', 'destinationHigh', 'destinationLow'] as const
const integers = ['sourcePort', 'destinationPort', 'protocol', 'tcpFlags', 'sampling'] as const

/** Where one 5-tuple alone has more records than there is room for, thinning further takes everybody else away. */
const timesMost = 2 ** 20

export class Sample {
  /** One of so many 5-tuples is kept: a power of two. */
  times = 1
  readonly #rowsMost: number
  readonly #kept: EventFlows
  readonly #hashes: Uint32Array

  constructor(rowsMost: number) {
    this.#rowsMost = rowsMost
    const words = () => new Uint32Array(2 * rowsMost)
    const numbers = () => new Float64Array(rowsMost)
    const whole = () => new Int32Array(rowsMost)
    this.#hashes = new Uint32Array(rowsMost)
    this.#kept = {
      count: 0,
      first: numbers(), last: numbers(), bytes: numbers(), packets: numbers(),
      exporterHigh: new Uint32Array(0), exporterLow: new Uint32Array(0),
      sourceHigh: words(), sourceLow: words(), destinationHigh: words(), destinationLow: words(),
      sourcePort: whole(), destinationPort: whole(), protocol: whole(), tcpFlags: whole(), sampling: whole(),
    } // prettier-ignore
  }

  /** Keeps row `i`, if its 5-tuple is one of those that are kept. */
  add(flows: EventFlows, i: number): void {
    const hash = tupleHash(flows, i)
    if ((hash & (this.times - 1)) !== 0) return
    while (this.#kept.count === this.#rowsMost) {
      if (this.times >= timesMost) return
      this.times *= 2
      this.#thin()
    }
    if ((hash & (this.times - 1)) !== 0) return
    const at = this.#kept.count++
    this.#hashes[at] = hash
    copyRow(flows, i, { to: this.#kept, at })
  }

  /** Puts all that is kept into a table. */
  putInto(table: FlowTable): void {
    for (let i = 0; i < this.#kept.count; i++) table.add(this.#kept, i)
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

function copyRow(from: EventFlows, i: number, { to, at }: { to: EventFlows; at: number }): void {
  for (const name of doubles) to[name][at] = from[name][i]!
  for (const name of halves) {
    to[name][2 * at] = from[name][2 * i]!
    to[name][2 * at + 1] = from[name][2 * i + 1]!
  }
  for (const name of integers) to[name][at] = from[name][i]!
}

/** The same for both directions of a 5-tuple. */
function tupleHash(flows: EventFlows, i: number): number {
  const one = endHash(flows.sourceHigh, flows.sourceLow, i, flows.sourcePort[i]!)
  const other = endHash(flows.destinationHigh, flows.destinationLow, i, flows.destinationPort[i]!)
  let mixed = Math.imul((one + other) ^ flows.protocol[i]!, 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ Math.imul(one ^ other, 0x85ebca6b), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 13)) >>> 0
}

function endHash(high: Uint32Array, low: Uint32Array, i: number, port: number): number {
  const address = hashWords(high[2 * i + 1]!, high[2 * i]!, low[2 * i + 1]!, low[2 * i]!)
  return Math.imul(Math.imul(address, 0x9e3779b1) ^ port, 0x85ebca6b) >>> 0
}
