/** The 5-minute values of a measurement's rows, kept until it is decided which of them are cut. */
import { fieldNames } from '../../store/measurement.ts'

/** Default number of rows kept, 36 bytes each; beyond, they are read again. */
export const loggedRowsMax = 1_000_000
const rowsAtStart = 256
const fieldCount = fieldNames.length

export class IntervalLog {
  #rows = new Uint32Array(rowsAtStart)
  #values = new Float64Array(rowsAtStart * fieldCount)
  #count = 0
  /** The end of each interval's rows. */
  readonly #ends: number[] = []
  readonly #rowsMax: number
  /** False once there were too many rows. */
  isWhole = true

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax
  }

  /** Ends an interval: the rows added since the last end belong to it. */
  end(): void {
    this.#ends.push(this.#count)
  }

  /** Adds a row of the current interval by its number, with its field values. */
  add(row: number, sums: readonly Float64Array[], i: number): void {
    if (!this.isWhole) return
    const isFull = this.#count === Math.min(this.#rows.length, this.#rowsMax)
    if (isFull && !this.#grow()) return
    this.#rows[this.#count] = row
    const at = this.#count * fieldCount
    for (let field = 0; field < fieldCount; field++) this.#values[at + field] = sums[field]![i]!
    this.#count++
  }

  /**
   * Calls `visit` for each interval with its sums by place; rows with a negative place are skipped.
   */
  sumIntervals(places: Int8Array, placeCount: number, visit: (sums: Float64Array) => void): void {
    const sums = new Float64Array(placeCount * fieldCount)
    let entry = 0
    for (const end of this.#ends) {
      sums.fill(0)
      for (; entry < end; entry++) {
        const to = places[this.#rows[entry]!]! * fieldCount
        if (to < 0) continue
        for (let field = 0; field < fieldCount; field++)
          sums[to + field] = sums[to + field]! + this.#values[entry * fieldCount + field]!
      }
      visit(sums)
    }
  }

  #grow(): boolean {
    this.isWhole = this.#count < this.#rowsMax
    const length = Math.min(this.#rows.length * 2, this.#rowsMax)
    const rows = new Uint32Array(this.isWhole ? length : 0)
    const values = new Float64Array(this.isWhole ? length * fieldCount : 0)
    if (this.isWhole) {
      rows.set(this.#rows)
      values.set(this.#values)
    }
    this.#rows = rows
    this.#values = values
    return this.isWhole
  }
}
