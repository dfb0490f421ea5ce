/**
 * Sums by step, exporter, key and direction. Flows within one step arrive as sums; the others are
 * split here one by one, because SQL takes five times as long for that.
 */
import { formatHalves } from '../../../flow/address.ts'
import { activeWithin, countUpTo } from '../../../flow/spread.ts'
import { restDirections } from '../../flows.ts'
import { fieldNames, type FieldName } from '../../measurement.ts'
import { ExactSums, type PackedSums } from './exact-sums.ts'
import type { AnswerColumns } from '../sql/query-engine.ts'
import { isOfOneGroup, type PlacedFlows } from './placed-flows.ts'
import type { PlacedSums } from './series-answer.ts'
import { NumberedCodes } from './numbered-codes.ts'
import { partsMax, rowsMax, tooManyParts, tooManyRows } from './series-limits.ts'

/** Sums of one window, for another thread or a longer window. */
export interface PackedSteps {
  /** Start of the first step, unix ms, and the number of steps. */
  from: number
  steps: number
  codes: readonly number[]
  sums: PackedSums
  parts: number
  exporters: Uint32Array[]
}

const fieldCount = fieldNames.length

export class StepSums {
  readonly #from: number
  readonly #to: number
  readonly #stepMs: number
  readonly #steps: number
  readonly #places: number
  /** A row for each step, exporter, key and direction. */
  readonly #rows = new NumberedCodes()
  /** The fields of each row, in the order of fieldNames. */
  readonly #sums = new ExactSums()
  #parts = 0
  /** By exporter, the words of its address: high, low. */
  readonly #exporters: Uint32Array[] = []
  readonly #exporterPlaces = new Map<string, number>()
  /** The exporter of the previous flow, and the words of its address. */
  #exporter = -1
  #exporterWords = new Uint32Array(4)

  /** The only field counted, if a single one is requested that is spread over a flow's lifetime. */
  readonly #only: 'bytes' | 'packets' | null

  /** For a window in whole steps, and this many keys. */
  constructor(
    window: { from: number; to: number; stepMs: number; only?: FieldName | undefined },
    places: number,
  ) {
    this.#only = window.only === 'bytes' || window.only === 'packets' ? window.only : null
    this.#from = window.from
    this.#to = window.to
    this.#stepMs = window.stepMs
    this.#steps = ((window.to - window.from) / window.stepMs) | 0
    this.#places = places
  }

  /**
   * Adds flows that lie within one step: rows with its number, key index, direction, exporter and
   * integer sums.
   * @throws QueryTooLarge if there are too many rows
   */
  addWhole(table: AnswerColumns): void {
    const [steps, places, directions] = ['step', 'place', 'direction'].map((name) =>
      table.numbers(name),
    )
    const [highs, lows] = ['exporter_high', 'exporter_low'].map((name) => table.wholes(name))
    const counts = fieldNames.map((field) => table.wholes(field))
    for (let i = 0; i < table.count; i++) {
      const words = new Uint32Array(BigInt64Array.of(highs![i]!, lows![i]!).buffer)
      const key = this.#exporterOf(words) * this.#places + places![i]!
      const row = this.#row(key * restDirections.length + directions![i]!, steps![i]!)
      counts.forEach((each, field) => this.#sums.addWhole(row * fieldCount + field, each[i]!))
    }
  }

  /** Adds flows. @throws QueryTooLarge if they split into too many parts or rows */
  add(flows: PlacedFlows): void {
    if (this.#only === null) this.#addAll(flows)
    else this.#addOnly(flows, this.#only)
  }

  #addAll(flows: PlacedFlows): void {
    const [from, to, stepMs] = [this.#from, this.#to, this.#stepMs]
    const sums = this.#sums
    const { count, rows } = flows
    const { first: firsts, last: lasts, bytes: allBytes, packets: allPackets } = flows
    const isOneGroup = isOfOneGroup(flows)
    let group = 0
    for (let i = 0; i < count; i++) {
      const row = rows === null ? i : rows[i]!
      if (!isOneGroup || i === 0) group = this.#groupAt(flows, i, row)
      const first = firsts[row]!
      const last = lasts[row]!
      const bytes = allBytes[row]!
      const packets = allPackets[row]!
      const step = ((Math.max(first, from) - from) / stepMs) | 0
      const lastStep = ((Math.min(Math.max(first, last - 1), to - 1) - from) / stepMs) | 0
      this.#parts += lastStep - step
      if (this.#parts > partsMax) throw tooManyParts(stepMs)
      let start = from + step * stepMs
      // Most flows lie in one step, which gets all of their counts.
      if (step === lastStep && first >= start && last <= start + stepMs) {
        sums.addFour(this.#row(group, step) * fieldCount, bytes, packets, 1, last - first)
        continue
      }
      const life = last - first
      const isPlain = Math.max(bytes, packets) * life <= Number.MAX_SAFE_INTEGER
      let bytesBefore = first >= start ? 0 : countUpTo(bytes, first, last, start)
      let packetsBefore = first >= start ? 0 : countUpTo(packets, first, last, start)
      for (let each = step; each <= lastStep; each++) {
        const end = start + stepMs
        // With exact products, countUpTo equals this quotient; calling it would allocate numbers.
        const isPart = isPlain && end < last
        const bytesUpTo = isPart
          ? Math.floor((bytes * (end - first)) / life)
          : countUpTo(bytes, first, last, end)
        const packetsUpTo = isPart
          ? Math.floor((packets * (end - first)) / life)
          : countUpTo(packets, first, last, end)
        const begun = first >= start && first < end ? 1 : 0
        const active = activeWithin(first, last, start, end)
        sums.addFour(
          this.#row(group, each) * fieldCount,
          bytesUpTo - bytesBefore,
          packetsUpTo - packetsBefore,
          begun,
          active,
        )
        bytesBefore = bytesUpTo
        packetsBefore = packetsUpTo
        start = end
      }
    }
  }

  /** Adds only the flows' bytes or packets, in half the time. */
  #addOnly(flows: PlacedFlows, only: 'bytes' | 'packets'): void {
    const [from, to, stepMs] = [this.#from, this.#to, this.#stepMs]
    const sums = this.#sums
    const field = only === 'bytes' ? 0 : 1
    const { count: flowCount, rows, first: firsts, last: lasts } = flows
    const counts = flows[only]
    const isOneGroup = isOfOneGroup(flows)
    let group = 0
    for (let i = 0; i < flowCount; i++) {
      const row = rows === null ? i : rows[i]!
      if (!isOneGroup || i === 0) group = this.#groupAt(flows, i, row)
      const first = firsts[row]!
      const last = lasts[row]!
      const count = counts[row]!
      // Most flows lie in one step, which gets all of their counts.
      if (first >= from) {
        const step = ((first - from) / stepMs) | 0
        if (last <= from + (step + 1) * stepMs) {
          sums.add(this.#row(group, step) * fieldCount + field, count)
          continue
        }
      }
      const step = ((Math.max(first, from) - from) / stepMs) | 0
      const lastStep = ((Math.min(Math.max(first, last - 1), to - 1) - from) / stepMs) | 0
      this.#parts += lastStep - step
      if (this.#parts > partsMax) throw tooManyParts(stepMs)
      let end = from + step * stepMs
      const life = last - first
      const isPlain = count * life <= Number.MAX_SAFE_INTEGER
      let before = first >= end ? 0 : countUpTo(count, first, last, end)
      for (let each = step; each <= lastStep; each++) {
        end += stepMs
        let upTo = count
        // Same as countUpTo, whose call would allocate numbers.
        if (end < last)
          upTo = isPlain
            ? Math.floor((count * (end - first)) / life)
            : countUpTo(count, first, last, end)
        sums.add(this.#row(group, each) * fieldCount + field, upTo - before)
        before = upTo
      }
    }
  }

  /** The sums, to be merged into those of the same keys. */
  pack(): PackedSteps {
    const { codes } = this.#rows
    const places = codes.length * fieldCount
    const [from, steps] = [this.#from, this.#steps]
    const [parts, exporters] = [this.#parts, this.#exporters]
    return { from, steps, codes, sums: this.#sums.pack(places), parts, exporters }
  }

  /**
   * Adds sums of the same keys and steps, of a window that is within this one.
   * @throws QueryTooLarge if there are too many rows
   */
  merge({ from, steps, codes, sums, parts, exporters }: PackedSteps): void {
    const groups = this.#places * restDirections.length
    const stepsBefore = (from - this.#from) / this.#stepMs
    const ours = exporters.map((words) => this.#exporterOf(words))
    codes.forEach((code, other) => {
      const step = code % steps
      const group = (code - step) / steps
      const exporter = Math.floor(group / groups)
      const ourGroup = ours[exporter]! * groups + (group % groups)
      const row = this.#row(ourGroup, stepsBefore + step)
      for (let field = 0; field < fieldCount; field++)
        this.#sums.addPacked(row * fieldCount + field, sums, other * fieldCount + field)
    })
    this.#parts += parts
    if (this.#parts > partsMax) throw tooManyParts(this.#stepMs)
  }

  /**
   * The sums by exporter, key and direction, then time: the same order for the same flows, in
   * whatever order they were added.
   */
  placed(): PlacedSums {
    const { codes, count } = this.#rows
    const [steps, ways] = [this.#steps, restDirections.length]
    const ofExporter = this.#places * ways * steps
    const byAddress = [...this.#exporters.keys()].sort((a, b) => this.#compare(a, b))
    const ranks = new Uint32Array(byAddress.length)
    byAddress.forEach((exporter, rank) => (ranks[exporter] = rank))
    const ordered = new Float64Array(count)
    codes.forEach((code, row) => {
      const exporter = Math.floor(code / ofExporter)
      ordered[row] = code + (ranks[exporter]! - exporter) * ofExporter
    })
    ordered.sort()
    const fields = fieldNames.flatMap((field, i) => ((this.#only ?? field) === field ? [i] : []))
    const numbers = () => new Float64Array(count)
    const sum = { bytes: numbers(), packets: numbers(), flows: numbers(), active: numbers() }
    const [time, exporter] = [numbers(), new Uint32Array(count)]
    const [place, direction] = [new Int32Array(count), new Int32Array(count)]
    for (let n = 0; n < count; n++) {
      const rank = Math.floor(ordered[n]! / ofExporter)
      const within = ordered[n]! - rank * ofExporter
      const step = within % steps
      const key = (within - step) / steps
      time[n] = this.#from + step * this.#stepMs
      exporter[n] = rank
      direction[n] = key % ways
      place[n] = Math.floor(key / ways)
      const row = this.#rows.at(byAddress[rank]! * ofExporter + within)
      for (const i of fields) sum[fieldNames[i]!][n] = this.#sums.of(row * fieldCount + i)
    }
    const exporters = byAddress.map((each) => {
      const [high, low] = new BigInt64Array(this.#exporters[each]!.buffer)
      return formatHalves(high!, low!)
    })
    return { count, time, exporter, exporters, place, direction, sum }
  }

  #groupAt(flows: PlacedFlows, i: number, row: number): number {
    const { place, direction } = flows
    const key = this.#exporterAt(flows, row) * this.#places + (place === null ? 0 : place[i]!)
    return key * restDirections.length + (direction === null ? 0 : direction[i]!)
  }

  /** Flows of one exporter are contiguous, or there is only one. */
  #exporterAt({ exporterHigh, exporterLow }: PlacedFlows, row: number): number {
    const at = 2 * row
    const words = this.#exporterWords
    if (
      this.#exporter < 0 ||
      words[2] !== exporterLow[at] ||
      words[3] !== exporterLow[at + 1] ||
      words[0] !== exporterHigh[at] ||
      words[1] !== exporterHigh[at + 1]
    ) {
      this.#exporterWords = Uint32Array.of(
        exporterHigh[at]!,
        exporterHigh[at + 1]!,
        exporterLow[at]!,
        exporterLow[at + 1]!,
      )
      this.#exporter = this.#exporterOf(this.#exporterWords)
    }
    return this.#exporter
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
    const known = this.#rows.at(code)
    return known < 0 ? this.#newRow(code) : known
  }

  #newRow(code: number): number {
    if (this.#rows.count >= rowsMax) throw tooManyRows(this.#stepMs)
    const row = this.#rows.add(code)
    this.#sums.reach(fieldCount * (row + 1) - 1)
    return row
  }

  #compare(a: number, b: number): number {
    const [one, other] = [this.#exporters[a]!, this.#exporters[b]!]
    const at = [1, 0, 3, 2].find((word) => one[word] !== other[word])
    return at === undefined ? 0 : one[at]! - other[at]!
  }
}
