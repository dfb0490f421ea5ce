/** The keys of one measurement while a step is consolidated: sums, maxima and unknown parts of each row. */
import { emptyFigures, keepTop, keyTags, keyText, type CutOptions } from '../../store/cut.ts'
import {
  fieldNames,
  measurements,
  otherKey,
  type FieldName,
  type MeasurementName,
  type TagName,
} from '../../store/measurement.ts'
import type { MeasurementRows } from '../../store/series.ts'

const rowsAtStart = 16
const separator = '\u001F'

/** Figures of a row lie together: the sums of the fields, their maxima, their unknown parts. */
const fieldCount = fieldNames.length
const maxAt = fieldCount
const unknownAt = 2 * fieldCount
const figuresPerRow = 3 * fieldCount

/** A key without its direction, with what decides whether it is kept and how much of it is known. */
interface Key {
  text: string
  bytes: number
  isLocal: boolean
  isOther: boolean
  /** Known intervals with a row of `other` in which this key has a row. */
  knownBesideOther: number
  /** The interval that counted last towards it. */
  lastInterval: number
}

export class MeasurementTable {
  readonly measurement: MeasurementName
  readonly #options: CutOptions
  readonly #tags: TagName[]
  readonly #keys: Key[] = []
  readonly #keyIndexes = new Map<string, number>()
  readonly #rowIndexes = new Map<string, number>()
  readonly #rowTags: string[][]
  #keyOfRow = new Uint32Array(rowsAtStart)
  #figures = new Float64Array(rowsAtStart * figuresPerRow)
  #count = 0
  /** Known intervals without a row of `other`: in these, a key without a row counted 0. */
  #knownWithoutOther: number
  #known: number
  /** Set once the step is whole: which keys are kept; and the folded rows, by direction. */
  #kept: Uint8Array | null = null
  readonly #folded = new Map<string, Record<FieldName, number>>()

  /** `knownBefore`: known intervals that are past, in which the measurement had no row. */
  constructor(measurement: MeasurementName, knownBefore: number, options: CutOptions) {
    this.measurement = measurement
    this.#known = knownBefore
    this.#knownWithoutOther = knownBefore
    this.#options = options
    this.#tags = keyTags(measurement)
    this.#rowTags = measurements[measurement].tags.map(() => [])
  }

  /** Adds the rows of one 5-minute interval (null: it has none), which is known or not. */
  add(rows: MeasurementRows | null, interval: { time: number; isKnown: boolean }): void {
    const hasOther = rows !== null && this.#hasOther(rows)
    if (interval.isKnown) {
      this.#known++
      if (!hasOther) this.#knownWithoutOther++
    }
    if (!rows) return
    const countsPresence = interval.isKnown && hasOther
    const sums = fieldNames.map((field) => rows.sum[field])
    for (let i = 0; i < rows.count; i++) {
      const row = this.#rowOf(rows, i)
      const key = this.#keys[this.#keyOfRow[row]!]!
      key.bytes += rows.sum.bytes[i]!
      if (countsPresence && key.lastInterval !== interval.time) {
        key.lastInterval = interval.time
        key.knownBesideOther++
      }
      const at = row * figuresPerRow
      for (let field = 0; field < fieldCount; field++) {
        const value = sums[field]![i]!
        const figures = this.#figures
        figures[at + field] = figures[at + field]! + value
        if (!interval.isKnown)
          figures[at + unknownAt + field] = figures[at + unknownAt + field]! + value
        else if (value > figures[at + maxAt + field]!) figures[at + maxAt + field] = value
      }
    }
  }

  /**
   * Decides which keys are kept, once all intervals are in. True where some are cut: then the maxima
   * of `other` need every interval once more, by addAgain.
   */
  cut(): boolean {
    const named = this.#keys.filter((key) => !key.isOther)
    if (named.length <= this.#options.top) return false
    const kept = keepTop(named, this.#options.top)
    this.#kept = new Uint8Array(this.#keys.length)
    let next = 0
    for (const [i, key] of this.#keys.entries()) this.#kept[i] = key.isOther ? 0 : kept[next++]!
    return true
  }

  /** Second round: what is not kept of one interval, added up for the maxima of `other`. */
  addAgain(rows: MeasurementRows, isKnown: boolean): void {
    if (!this.#kept || !isKnown) return
    const folded = new Map<string, Record<FieldName, number>>()
    for (let i = 0; i < rows.count; i++) {
      if (this.#isKept(this.#rowOf(rows, i))) continue
      const sums = figuresOf(folded, rows.tags.direction![i]!)
      for (const field of fieldNames) sums[field] += rows.sum[field][i]!
    }
    for (const [direction, sums] of folded) {
      const most = figuresOf(this.#folded, direction)
      for (const field of fieldNames) most[field] = Math.max(most[field], sums[field])
    }
  }

  /** The consolidated rows. */
  rows(): MeasurementRows {
    const listed: number[] = []
    const others = new Map<string, number[]>()
    const directions = this.#rowTags.at(-1)!
    for (let row = 0; row < this.#count; row++) {
      if (this.#isKept(row)) listed.push(row)
      else {
        const held = others.get(directions[row]!)
        if (held) held.push(row)
        else others.set(directions[row]!, [row])
      }
    }
    const count = listed.length + others.size
    const made: MeasurementRows = {
      measurement: this.measurement,
      count,
      tags: {},
      sum: emptyFigures(count),
      max: emptyFigures(count),
      unknown: emptyFigures(count),
      known: new Float64Array(count),
    }
    for (const [i, tag] of measurements[this.measurement].tags.entries()) {
      const ofOther = [...others.keys()].map((each) => (tag === 'direction' ? each : otherKey))
      made.tags[tag] = [...listed.map((row) => this.#rowTags[i]![row]!), ...ofOther]
    }
    for (const [at, row] of listed.entries()) this.#copyRow(made, at, row)
    let at = listed.length
    for (const [direction, rows] of others) this.#foldRows(made, at++, { direction, rows })
    return made
  }

  #copyRow(made: MeasurementRows, at: number, row: number): void {
    for (const [i, field] of fieldNames.entries()) {
      made.sum[field][at] = this.#figure(row, i)
      made.max![field][at] = this.#figure(row, maxAt + i)
      made.unknown![field][at] = this.#figure(row, unknownAt + i)
    }
    const key = this.#keys[this.#keyOfRow[row]!]!
    made.known![at] = key.isOther ? this.#known : this.#knownWithoutOther + key.knownBesideOther
  }

  #foldRows(
    made: MeasurementRows,
    at: number,
    { direction, rows }: { direction: string; rows: readonly number[] },
  ): void {
    const most = figuresOf(this.#folded, direction)
    for (const [i, field] of fieldNames.entries()) {
      for (const row of rows) {
        made.sum[field][at] = made.sum[field][at]! + this.#figure(row, i)
        made.unknown![field][at] = made.unknown![field][at]! + this.#figure(row, unknownAt + i)
      }
      made.max![field][at] = most[field]
    }
    made.known![at] = this.#known
  }

  #figure(row: number, at: number): number {
    return this.#figures[row * figuresPerRow + at]!
  }

  /** Without a cut, rows of `other` are rows like all. */
  #isKept(row: number): boolean {
    return this.#kept === null || this.#kept[this.#keyOfRow[row]!] === 1
  }

  #hasOther(rows: MeasurementRows): boolean {
    const tag = this.#tags[0]
    return tag !== undefined && rows.tags[tag]!.includes(otherKey)
  }

  #rowOf(rows: MeasurementRows, i: number): number {
    const direction = rows.tags.direction![i]!
    const keyName = this.#tags.length === 0 ? '' : keyText(this.#tags, rows, i)
    const name = keyName + separator + direction
    const known = this.#rowIndexes.get(name)
    if (known !== undefined) return known
    const row = this.#count++
    if (row === this.#keyOfRow.length) this.#grow(row * 2)
    this.#rowIndexes.set(name, row)
    this.#keyOfRow[row] = this.#keyIndex(keyName, rows, i)
    for (const [at, tag] of measurements[this.measurement].tags.entries())
      this.#rowTags[at]!.push(rows.tags[tag]![i]!)
    return row
  }

  #keyIndex(text: string, rows: MeasurementRows, i: number): number {
    const known = this.#keyIndexes.get(text)
    if (known !== undefined) return known
    const host = this.#tags.includes('host') ? rows.tags.host![i]! : null
    const [first] = this.#tags
    this.#keys.push({
      text,
      bytes: 0,
      isLocal: host !== null && this.#options.isLocal(host),
      isOther: first !== undefined && rows.tags[first]![i] === otherKey,
      knownBesideOther: 0,
      lastInterval: Number.NaN,
    })
    this.#keyIndexes.set(text, this.#keys.length - 1)
    return this.#keys.length - 1
  }

  #grow(length: number): void {
    const keyOfRow = new Uint32Array(length)
    keyOfRow.set(this.#keyOfRow)
    this.#keyOfRow = keyOfRow
    const figures = new Float64Array(length * figuresPerRow)
    figures.set(this.#figures)
    this.#figures = figures
  }
}

function figuresOf(
  byDirection: Map<string, Record<FieldName, number>>,
  direction: string,
): Record<FieldName, number> {
  let figures = byDirection.get(direction)
  if (!figures)
    byDirection.set(direction, (figures = { bytes: 0, packets: 0, flows: 0, active: 0 }))
  return figures
}
