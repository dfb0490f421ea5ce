/**
 * Sums by step, exporter, key and direction: of flows that lie in one step as they come, summed; of
 * others one after the other, since SQL would take five times as long to take them apart.
 */
import { activeWithin, countUpTo } from '../../flow/spread.ts'
import { restDirections } from '../flows.ts'
import { fieldNames, type FieldName } from '../measurement.ts'
import { Table, type AnswerColumns } from './query-engine.ts'
import { QueryTooLarge } from './query-error.ts'

/** Flows as columns, read at once: to which key and direction they belong, from whom they come, and what they came to. */
export interface PlacedFlows {
  count: number
  /** Place of the key in the list of those asked for; one more for all others. */
  place: Int32Array
  /** Place in restDirections. */
  direction: Int32Array
  /** The address's halves, as two words each, the lower first. */
  exporterHigh: Uint32Array
  exporterLow: Uint32Array
  /** unix ms */
  first: Float64Array
  last: Float64Array
  bytes: Float64Array
  packets: Float64Array
}

/** Parts of flows (one a step that a flow touches) that one query may make. */
const partsMax = 100_000_000
/** Rows of an answer: steps × exporters × keys. */
export const rowsMax = 2_000_000
const rowsAtFirst = 4096
/** Sums from here on are carried, so that they are exact beyond what a double holds. */
const carried = 2 ** 52

/** Sums of whole numbers up to 2^53 each, by row, exact however great. */
class RowSums {
  #sums = new Float64Array(rowsAtFirst)
  /** How many times `carried` belongs to a row beside its sum. */
  readonly #carries = new Map<number, number>()

  add(row: number, value: number): void {
    const sums = this.#sums
    let sum = sums[row]! + (value < carried ? value : value - carried)
    if (value >= carried) this.#carry(row)
    if (sum >= carried) {
      sum -= carried
      this.#carry(row)
    }
    sums[row] = sum
  }

  /** Adds a whole number of any size. */
  addWhole(row: number, value: bigint): void {
    const carries = value / BigInt(carried)
    if (carries > 0n) this.#carries.set(row, (this.#carries.get(row) ?? 0) + Number(carries))
    this.add(row, Number(value % BigInt(carried)))
  }

  /** The double next to a row's sum. */
  of(row: number): number {
    const carries = this.#carries.get(row)
    const sum = this.#sums[row]!
    return carries === undefined ? sum : Number(BigInt(carries) * BigInt(carried) + BigInt(sum))
  }

  /** Makes room for a row. */
  reach(row: number): void {
    if (row < this.#sums.length) return
    const grown = new Float64Array(this.#sums.length * 2)
    grown.set(this.#sums)
    this.#sums = grown
  }

  #carry(row: number): void {
    this.#carries.set(row, (this.#carries.get(row) ?? 0) + 1)
  }
}

export class StepSums {
  readonly #from: number
  readonly #to: number
  readonly #stepMs: number
  readonly #steps: number
  readonly #places: number
  /** Row of a step, exporter, key and direction. */
  readonly #rows = new Map<number, number>()
  #codes: number[] = []
  readonly #sums: Record<FieldName, RowSums> = {
    bytes: new RowSums(),
    packets: new RowSums(),
    flows: new RowSums(),
    active: new RowSums(),
  }
  #parts = 0
  /** Of each exporter, the words of its address: high, low. */
  readonly #exporters: Uint32Array[] = []
  readonly #exporterPlaces = new Map<string, number>()
  /** The exporter of the last flow. */
  #exporter = -1

  /** Of a window in whole steps, for keys in so many places. */
  constructor(window: { from: number; to: number; stepMs: number }, places: number) {
    this.#from = window.from
    this.#to = window.to
    this.#stepMs = window.stepMs
    this.#steps = (window.to - window.from) / window.stepMs
    this.#places = places
  }

  /**
   * Counts in what flows came to that lie wholly in one step: rows with its number, the place of their
   * key, direction, exporter and whole sums.
   * @throws QueryTooLarge where there are too many rows
   */
  addWhole(table: AnswerColumns): void {
    const [steps, places, directions] = ['step', 'place', 'direction'].map((name) => table.numbers(name)) // prettier-ignore
    const [highs, lows] = ['exporter_high', 'exporter_low'].map((name) => table.wholes(name))
    const counts = fieldNames.map((field) => table.wholes(field))
    for (let i = 0; i < table.count; i++) {
      const words = new Uint32Array(BigInt64Array.of(highs![i]!, lows![i]!).buffer)
      const key = this.#exporterOf(words) * this.#places + places![i]!
      const row = this.#row(key * restDirections.length + directions![i]!, steps![i]!)
      fieldNames.forEach((field, at) => this.#sums[field].addWhole(row, counts[at]![i]!))
    }
  }

  /**
   * Counts flows in.
   * @throws QueryTooLarge where they fall into too many parts or rows
   */
  add(flows: PlacedFlows): void {
    const [from, to, stepMs] = [this.#from, this.#to, this.#stepMs]
    const sums = this.#sums
    for (let i = 0; i < flows.count; i++) {
      const group = this.#group(flows, i)
      const [first, last] = [flows.first[i]!, flows.last[i]!]
      const [bytes, packets] = [flows.bytes[i]!, flows.packets[i]!]
      const step = Math.trunc((Math.max(first, from) - from) / stepMs)
      const lastStep = Math.trunc((Math.min(Math.max(first, last - 1), to - 1) - from) / stepMs)
      this.#parts += lastStep - step + 1
      if (this.#parts > partsMax) throw tooManyParts(stepMs)
      let start = from + step * stepMs
      let bytesBefore = countUpTo(bytes, first, last, start)
      let packetsBefore = countUpTo(packets, first, last, start)
      for (let at = step; at <= lastStep; at++) {
        const end = start + stepMs
        const bytesUpTo = countUpTo(bytes, first, last, end)
        const packetsUpTo = countUpTo(packets, first, last, end)
        const row = this.#row(group, at)
        sums.bytes.add(row, bytesUpTo - bytesBefore)
        sums.packets.add(row, packetsUpTo - packetsBefore)
        if (first >= start && first < end) sums.flows.add(row, 1)
        sums.active.add(row, activeWithin(first, last, start, end))
        bytesBefore = bytesUpTo
        packetsBefore = packetsUpTo
        start = end
      }
    }
  }

  /** What was counted, by time: see assembleSeries. */
  table(): Table {
    const rows = this.#inOrder()
    const columns: Record<string, unknown[]> = { time: [], exporter_high: [], exporter_low: [], place: [], direction: [] } // prettier-ignore
    for (const row of rows) {
      const code = this.#codes[row]!
      const group = Math.floor(code / this.#steps)
      const key = Math.floor(group / restDirections.length)
      const [high, low] = new BigInt64Array(this.#exporters[Math.floor(key / this.#places)]!.buffer)
      columns['time']!.push(this.#from + (code % this.#steps) * this.#stepMs)
      columns['exporter_high']!.push(high)
      columns['exporter_low']!.push(low)
      columns['place']!.push(key % this.#places)
      columns['direction']!.push(group % restDirections.length)
    }
    for (const field of fieldNames) {
      const sums = this.#sums[field]
      columns[field] = Array.from(rows, (row) => sums.of(row))
    }
    return new Table(rows.length, columns)
  }

  /** A number for a flow's exporter, key and direction. */
  #group({ exporterHigh, exporterLow, place, direction }: PlacedFlows, i: number): number {
    const at = 2 * i
    const known = this.#exporters[this.#exporter]
    // Flows of one exporter come one after the other, or there is but one.
    if (
      known === undefined ||
      known[2] !== exporterLow[at] ||
      known[3] !== exporterLow[at + 1] ||
      known[0] !== exporterHigh[at] ||
      known[1] !== exporterHigh[at + 1]
    )
      this.#exporter = this.#exporterOf(
        Uint32Array.of(exporterHigh[at]!, exporterHigh[at + 1]!, exporterLow[at]!, exporterLow[at + 1]!), // prettier-ignore
      )
    const key = this.#exporter * this.#places + place[i]!
    return key * restDirections.length + direction[i]!
  }

  #exporterOf(words: Uint32Array): number {
    const key = words.join(' ')
    const known = this.#exporterPlaces.get(key)
    if (known !== undefined) return known
    this.#exporterPlaces.set(key, this.#exporters.length)
    return this.#exporters.push(words) - 1
  }

  #row(group: number, step: number): number {
    const code = group * this.#steps + step
    const known = this.#rows.get(code)
    if (known !== undefined) return known
    const row = this.#codes.length
    if (row >= rowsMax) throw tooManyRows(this.#stepMs)
    this.#rows.set(code, row)
    this.#codes.push(code)
    for (const field of fieldNames) this.#sums[field].reach(row)
    return row
  }

  /** The rows by step, then exporter, key and direction: the same for the same flows, in whatever order they came. */
  #inOrder(): Uint32Array {
    const byAddress = [...this.#exporters.keys()].sort((a, b) => this.#compare(a, b))
    const ranks = new Float64Array(byAddress.length)
    byAddress.forEach((exporter, rank) => (ranks[exporter] = rank))
    const groups = this.#places * restDirections.length
    const orders = Float64Array.from(this.#codes, (code) => {
      const group = Math.floor(code / this.#steps)
      const rank = ranks[Math.floor(group / groups)]!
      return (code % this.#steps) * byAddress.length * groups + rank * groups + (group % groups)
    })
    return Uint32Array.from(orders.keys()).sort((a, b) => orders[a]! - orders[b]!)
  }

  #compare(a: number, b: number): number {
    const [one, other] = [this.#exporters[a]!, this.#exporters[b]!]
    const at = [1, 0, 3, 2].find((word) => one[word] !== other[word])
    return at === undefined ? 0 : one[at]! - other[at]!
  }
}

function tooManyParts(stepMs: number): QueryTooLarge {
  return new QueryTooLarge(
    `flows fall into more than ${partsMax} parts at steps of ${stepMs / 1000} s`,
    'ask for a longer step, a shorter time, or filter more',
    partsMax + 1,
  )
}

function tooManyRows(stepMs: number): QueryTooLarge {
  return new QueryTooLarge(
    `at steps of ${stepMs / 1000} s the answer has more than ${rowsMax} values`,
    'ask for a longer step, a shorter time, or fewer keys',
    rowsMax + 1,
  )
}
