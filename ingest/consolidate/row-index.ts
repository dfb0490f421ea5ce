/** Numbers the keys and rows of a measurement in order of appearance. */
import { keyTags } from '../../store/cut.ts'
import {
  measurements,
  otherKey,
  type MeasurementName,
  type TagName,
} from '../../store/measurement.ts'
import type { MeasurementRows } from '../../store/series.ts'

/** A key without its direction. */
interface IndexedKey {
  number: number
  text: string
  host: string | null
  isOther: boolean
  /** Its rows: one per direction. */
  directions: string[]
  rows: number[]
}

/**
 * A tree with a level for each tag of the key: looking up tags one by one is faster than joining
 * them into one string, which would be hashed anew each time.
 */
type Level = Map<string, Level | IndexedKey>

const separator = '\u001F'

export class RowIndex {
  readonly keys: IndexedKey[] = []
  /** The key number of each row. */
  readonly keyOfRow: number[] = []
  /** The tags of each row, one column per tag, direction last. */
  readonly tags: string[][]
  readonly #tagNames: readonly TagName[]
  readonly #keyTagCount: number
  readonly #root: Level = new Map()

  constructor(measurement: MeasurementName) {
    this.#tagNames = measurements[measurement].tags
    this.#keyTagCount = keyTags(measurement).length
    this.tags = this.#tagNames.map(() => [])
  }

  /** The tag columns of rows, as rowOf takes them. */
  columnsOf(rows: MeasurementRows): readonly string[][] {
    return this.#tagNames.map((tag) => rows.tags[tag]!)
  }

  /** The number of a row by its tags; the next free one if it is new. */
  rowOf(columns: readonly string[][], i: number): number {
    let level: Level = this.#root
    for (let tag = 0; tag < this.#keyTagCount - 1; tag++) {
      const text = columns[tag]![i]!
      let next = level.get(text) as Level | undefined
      if (!next) level.set(text, (next = new Map()))
      level = next
    }
    const last = this.#keyTagCount === 0 ? '' : columns[this.#keyTagCount - 1]![i]!
    const key =
      (level.get(last) as IndexedKey | undefined) ?? this.#addKey(level, last, { columns, i })
    const direction = columns[this.#keyTagCount]![i]!
    for (let at = 0; at < key.directions.length; at++)
      if (key.directions[at] === direction) return key.rows[at]!
    return this.#addRow(key, columns, i)
  }

  #addKey(
    level: Level,
    last: string,
    { columns, i }: { columns: readonly string[][]; i: number },
  ): IndexedKey {
    const texts = columns.slice(0, this.#keyTagCount).map((column) => column[i]!)
    const key: IndexedKey = {
      number: this.keys.length,
      text: texts.join(separator),
      host: this.#tagNames[0] === 'host' ? texts[0]! : null,
      isOther: texts[0] === otherKey,
      directions: [],
      rows: [],
    }
    this.keys.push(key)
    level.set(last, key)
    return key
  }

  #addRow(key: IndexedKey, columns: readonly string[][], i: number): number {
    const row = this.keyOfRow.length
    key.directions.push(columns[this.#keyTagCount]![i]!)
    key.rows.push(row)
    this.keyOfRow.push(key.number)
    for (const [tag, column] of columns.entries()) this.tags[tag]!.push(column[i]!)
    return row
  }
}
