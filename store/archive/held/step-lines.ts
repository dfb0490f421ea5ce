/** Sums of a window's flows by step: one line per existing exporter, key and direction. */
import { formatHalves } from '../../../flow/address.ts'
import { restDirections } from '../../flows.ts'
import { fieldNames, type FieldName } from '../../measurement.ts'
import type { PlacedSums } from '../answer/series-answer.ts'
import { rowsMax, tooManyRows } from '../answer/series-limits.ts'
import type { KeyTable } from '../keys/key-table.ts'
import type { Parts } from './step-parts.ts'

/** Marks a step that no flow touched. */
const untouched = -1
/** The possible directions of a key. */
export const ways = restDirections.length

/** The line of flows of one exporter, key index and direction. */
export function lineOf(exporter: number, places: number, place: number, direction: number): number {
  return (exporter * places + place) * ways + direction
}

export class StepLines {
  readonly #grid: { from: number; stepMs: number; steps: number }
  readonly #fields: readonly FieldName[]
  /** By line: the sums of each field, concatenated. */
  readonly #lines: (Float64Array | undefined)[] = []

  constructor(
    { from, to, stepMs }: { from: number; to: number; stepMs: number },
    fields: readonly FieldName[],
  ) {
    this.#grid = { from, stepMs, steps: (to - from) / stepMs }
    this.#fields = fields
  }

  /** Adds flows; `lines` has the line of the nth, −1 if it does not count. */
  add(
    field: FieldName,
    { n: first, count, steps, starts, amounts }: Parts,
    lines: Int32Array,
  ): void {
    const offset = this.#fields.indexOf(field) * this.#grid.steps
    const all = this.#lines
    for (let i = 0; i < count; i++) {
      const number = lines[first + i]!
      if (number < 0) continue
      const line = (all[number] ??= this.#newLine())
      let at = offset + steps[i]!
      for (let part = starts[i]!; part < starts[i + 1]!; part++, at++) {
        const before = line[at]!
        line[at] = before === untouched ? amounts[part]! : before + amounts[part]!
      }
    }
  }

  #newLine(): Float64Array {
    return new Float64Array(this.#fields.length * this.#grid.steps).fill(untouched)
  }

  /**
   * The sums by exporter, key and direction, then time. `exporters` has the two halves of their
   * addresses by number; `places` is the number of key indices.
   * @throws QueryTooLarge if there are too many values
   */
  placed(exporters: KeyTable, places: number): PlacedSums {
    const { from, stepMs, steps } = this.#grid
    const byAddress = inOrder(exporters).filter(({ number }) =>
      this.#lines.slice(number * places * ways, (number + 1) * places * ways).some(Boolean),
    )
    const count = this.#lines.reduce((sum, line) => sum + (line ? touched(line, steps) : 0), 0)
    if (count > rowsMax) throw tooManyRows(stepMs)
    const nothing = new Float64Array(count)
    const sums = fieldNames.map((name) => [
      name,
      this.#fields.includes(name) ? new Float64Array(count) : nothing,
    ])
    const sum = Object.fromEntries(sums) as PlacedSums['sum']
    const [time, exporter] = [new Float64Array(count), new Uint32Array(count)]
    const [place, direction] = [new Int32Array(count), new Int32Array(count)]
    let row = 0
    byAddress.forEach(({ number }, rank) => {
      for (let key = 0; key < places * ways; key++) {
        const line = this.#lines[number * places * ways + key]
        if (!line) continue
        const start = row
        for (let step = 0; step < steps; step++) {
          if (line[step] === untouched) continue
          time[row] = from + step * stepMs
          this.#fields.forEach((field, i) => (sum[field][row] = line[i * steps + step]!))
          row++
        }
        exporter.fill(rank, start, row)
        place.fill(Math.floor(key / ways), start, row)
        direction.fill(key % ways, start, row)
      }
    })
    const texts = byAddress.map(({ high, low }) => formatHalves(high, low))
    return { count, time, exporter, exporters: texts, place, direction, sum }
  }
}

function touched(line: Float64Array, steps: number): number {
  let count = 0
  for (let step = 0; step < steps; step++) if (line[step] !== untouched) count++
  return count
}

/** The exporters ordered by address. */
function inOrder(exporters: KeyTable): { number: number; high: bigint; low: bigint }[] {
  const all = Array.from({ length: exporters.count }, (_, number) => {
    const [high, low] = exporters.valuesOf(number)
    return { number, high: high!, low: low! }
  })
  const key = ({ high, low }: { high: bigint; low: bigint }) =>
    (BigInt.asUintN(64, high) << 64n) | BigInt.asUintN(64, low)
  return all.sort((a, b) => (key(a) < key(b) ? -1 : 1))
}
