/**
 * One measurement during the consolidation of a step: sums, maxima and unknown parts of each row.
 */
import { emptyFigures, keepTop, type CutOptions } from '../../store/cut.ts'
import {
  fieldNames,
  measurements,
  otherKey,
  type MeasurementName,
} from '../../store/measurement.ts'
import type { MeasurementRows } from '../../store/series.ts'
import { IntervalLog, loggedRowsMax } from './interval-log.ts'
import { RowIndex } from './row-index.ts'

const rowsAtStart = 16

/** The figures of a row are adjacent: field sums, then maxima, then unknown parts. */
const fieldCount = fieldNames.length
const maxAt = fieldCount
const unknownAt = 2 * fieldCount
const figuresPerRow = 3 * fieldCount

/** What determines whether a key is kept, and how much of it is known. */
interface Standing {
  bytes: number
  /** Known intervals with rows of both `other` and this key. */
  knownBesideOther: number
  /** The last interval counted in `knownBesideOther`. */
  lastInterval: number
}

export interface TableOptions extends CutOptions {
  /** 5-minute rows kept in memory for the maxima of cut keys. */
  loggedRowsMax?: number | undefined
}

export class MeasurementTable {
  readonly measurement: MeasurementName
  readonly #options: TableOptions
  readonly #index: RowIndex
  readonly #standings: Standing[] = []
  readonly #log: IntervalLog
  #figures = new Float64Array(rowsAtStart * figuresPerRow)
  #known: number
  /** Known intervals without a row of `other`: there, a key without a row counted 0. */
  #knownWithoutOther: number
  /** Once keys are cut: 1 for each key kept. */
  #kept: Uint8Array | null = null
  /** Directions of the cut rows, and their largest 5-minute sums by direction. */
  readonly #directions: string[] = []
  #foldedMax = new Float64Array(0)
  /** For each row, the index of its direction in the sums of cut rows; -1 if it is kept. */
  #places = new Int8Array(0)

  /** `knownBefore`: past known intervals in which the measurement had no row. */
  constructor(measurement: MeasurementName, knownBefore: number, options: TableOptions) {
    this.measurement = measurement
    this.#known = knownBefore
    this.#knownWithoutOther = knownBefore
    this.#options = options
    this.#index = new RowIndex(measurement)
    this.#log = new IntervalLog(options.loggedRowsMax ?? loggedRowsMax)
  }

  /** Adds the rows of one 5-minute interval (null: none). */
  add(rows: MeasurementRows | null, interval: { time: number; isKnown: boolean }): void {
    const hasOther = rows !== null && this.#hasOther(rows)
    if (interval.isKnown) {
      this.#known++
      if (!hasOther) this.#knownWithoutOther++
    }
    if (!rows) return
    const columns = this.#index.columnsOf(rows)
    const sums = fieldNames.map((field) => rows.sum[field])
    for (let i = 0; i < rows.count; i++) {
      const row = this.#index.rowOf(columns, i)
      const standing = this.#standingOf(row)
      standing.bytes += rows.sum.bytes[i]!
      if (interval.isKnown && hasOther && standing.lastInterval !== interval.time) {
        standing.lastInterval = interval.time
        standing.knownBesideOther++
      }
      this.#addFigures(row, sums, { i, isKnown: interval.isKnown })
      if (interval.isKnown) this.#log.add(row, sums, i)
    }
    this.#log.end()
  }

  /**
   * Decides which keys are kept, after all intervals. True if some are cut and there were too many
   * values to keep: then the maxima of `other` need every interval again, by addAgain.
   */
  cut(): boolean {
    const { keys, keyOfRow, tags } = this.#index
    const named = keys.flatMap(({ text, host, isOther }, i) => {
      if (isOther) return []
      const isLocal = host !== null && this.#options.isLocal(host)
      return [{ i, text, isLocal, bytes: this.#standings[i]!.bytes }]
    })
    if (named.length <= this.#options.top || this.measurement === 'tracker') return false
    const kept = keepTop(named, this.#options.top)
    this.#kept = new Uint8Array(keys.length)
    for (const [at, { i }] of named.entries()) this.#kept[i] = kept[at]!
    const cutRows = [...keyOfRow.keys()].filter((row) => !this.#isKept(row))
    this.#directions.push(...new Set(cutRows.map((row) => tags.at(-1)![row]!)))
    this.#foldedMax = new Float64Array(this.#directions.length * fieldCount)
    this.#places = Int8Array.from(keyOfRow, (_, row) =>
      this.#isKept(row) ? -1 : this.#directions.indexOf(tags.at(-1)![row]!),
    )
    if (!this.#log.isWhole) return true
    this.#log.sumIntervals(this.#places, this.#directions.length, (sums) => this.#raise(sums))
    return false
  }

  /** Second round: sums the cut rows of one interval for the maxima of `other`. */
  addAgain(rows: MeasurementRows, isKnown: boolean): void {
    if (!this.#kept || this.#log.isWhole || !isKnown) return
    const sums = new Float64Array(this.#foldedMax.length)
    const columns = this.#index.columnsOf(rows)
    for (let i = 0; i < rows.count; i++) {
      const to = this.#places[this.#index.rowOf(columns, i)]! * fieldCount
      if (to < 0) continue
      for (const [field, name] of fieldNames.entries())
        sums[to + field] = sums[to + field]! + rows.sum[name][i]!
    }
    this.#raise(sums)
  }

  /** The consolidated rows. */
  rows(): MeasurementRows {
    const { keyOfRow, tags } = this.#index
    const listed: number[] = []
    const folded: number[][] = this.#directions.map(() => [])
    for (let row = 0; row < keyOfRow.length; row++) {
      if (this.#isKept(row)) listed.push(row)
      else folded[this.#directions.indexOf(tags.at(-1)![row]!)]!.push(row)
    }
    const count = listed.length + folded.length
    const made = {
      measurement: this.measurement,
      count,
      tags: {} as MeasurementRows['tags'],
      sum: emptyFigures(count),
      max: emptyFigures(count),
      unknown: emptyFigures(count),
      known: new Float64Array(count),
    }
    for (const [i, tag] of measurements[this.measurement].tags.entries()) {
      const ofFolded = this.#directions.map((each) => (tag === 'direction' ? each : otherKey))
      made.tags[tag] = [...listed.map((row) => tags[i]![row]!), ...ofFolded]
    }
    for (const [field, name] of fieldNames.entries()) {
      for (const [at, row] of listed.entries()) {
        made.sum[name][at] = this.#figure(row, field)
        made.max[name][at] = this.#figure(row, maxAt + field)
        made.unknown[name][at] = this.#figure(row, unknownAt + field)
      }
      for (const [place, rows] of folded.entries()) {
        const at = listed.length + place
        for (const row of rows) {
          made.sum[name][at] = made.sum[name][at]! + this.#figure(row, field)
          made.unknown[name][at] = made.unknown[name][at]! + this.#figure(row, unknownAt + field)
        }
        made.max[name][at] = this.#foldedMax[place * fieldCount + field]!
      }
    }
    made.known.fill(this.#known)
    for (const [at, row] of listed.entries()) made.known[at] = this.#knownOf(row)
    return made
  }

  #addFigures(
    row: number,
    sums: readonly Float64Array[],
    { i, isKnown }: { i: number; isKnown: boolean },
  ): void {
    const at = row * figuresPerRow
    if (at >= this.#figures.length) {
      const grown = new Float64Array(this.#figures.length * 2)
      grown.set(this.#figures)
      this.#figures = grown
    }
    const figures = this.#figures
    for (let field = 0; field < fieldCount; field++) {
      const value = sums[field]![i]!
      figures[at + field] = figures[at + field]! + value
      if (!isKnown) figures[at + unknownAt + field] = figures[at + unknownAt + field]! + value
      else if (value > figures[at + maxAt + field]!) figures[at + maxAt + field] = value
    }
  }

  #standingOf(row: number): Standing {
    const key = this.#index.keyOfRow[row]!
    return (this.#standings[key] ??= { bytes: 0, knownBesideOther: 0, lastInterval: Number.NaN })
  }

  #figure(row: number, at: number): number {
    return this.#figures[row * figuresPerRow + at]!
  }

  #knownOf(row: number): number {
    const key = this.#index.keyOfRow[row]!
    if (this.#index.keys[key]!.isOther) return this.#known
    return this.#knownWithoutOther + this.#standings[key]!.knownBesideOther
  }

  /** If nothing is cut, rows of `other` are ordinary rows. */
  #isKept(row: number): boolean {
    return this.#kept === null || this.#kept[this.#index.keyOfRow[row]!] === 1
  }

  #raise(sums: Float64Array): void {
    for (let i = 0; i < sums.length; i++)
      if (sums[i]! > this.#foldedMax[i]!) this.#foldedMax[i] = sums[i]!
  }

  #hasOther(rows: MeasurementRows): boolean {
    const [first] = measurements[this.measurement].tags
    return first !== 'direction' && rows.tags[first]!.includes(otherKey)
  }
}
