/**
 * The columns of one row group, each read on first use: a query needs few of them, and none but the
 * filter's if no row passes. Buffers are reused from group to group.
 */
import { readSync } from 'node:fs'

import { columnNames, flowColumns, type ColumnKind } from '../../../flow/columns.ts'
import { packHalves, pickHalves, unpackHalves } from '../../../flow/filter/packed-halves.ts'
import type { AddressHalf, DistinctHalves, FilteredFlows } from '../../../flow/filter/predicate.ts'
import { archiveColumns, columnArrays, isWide } from '../columns.ts'
import { copyNumbers, copyPairs } from './copy-rows.ts'
import type { Dictionaries } from './dictionaries.ts'
import type { KeptRows } from './passing-rows.ts'
import type { ColumnPlace, GroupPlace, Words } from '../format/footer.ts'
import { beyondBytes, type RowsWithin } from '../format/packed-bytes.ts'
import {
  fillFromEntries,
  freePages,
  readDictionary,
  readPages,
  readPlaces,
  readValues,
  type Entries,
  type Values,
} from '../format/page-values.ts'

const wordRange = 2 ** 32
/** Reading a row individually takes this many times as long as in a loop over all. */
const fewTimes = 4
const startPlace = columnNames.indexOf('flowStartMilliseconds')

/** The buffer of a column, and its value if it is the same throughout. */
interface ColumnBuffer {
  values: Values
  single: string | null
}

/** The distinct values of a column, also as words: see Entries. */
type ReadEntries = Entries & DistinctHalves

/** Provides columns of flows like FlowColumns. */
export class ReadColumns implements Pick<FilteredFlows, 'distinct'> {
  readonly #dictionaries: Dictionaries
  readonly #buffers: (ColumnBuffer | undefined)[] = []
  readonly #placeBuffers: (Uint16Array | undefined)[] = []
  readonly #wordBuffers: (ArrayBuffer | undefined)[] = []
  /** The columns read of this group: values by row; for u64 columns entries, or null if there are none. */
  #read: (Values | undefined)[] = []
  #entries: (ReadEntries | null | undefined)[] = []
  #group: GroupPlace | null = null
  /** The rows for which columns are read from now on. */
  #within: RowsWithin = { from: 0, to: 0, few: null }
  /** Null: rows are those of the group. */
  #kept: KeptRows | null = null
  #rows = 0
  #file = -1
  #bytes = Buffer.alloc(0)
  capacity = 0
  count = 0
  readonly stale = { low: 0, high: 0, commonLow: 0, commonHigh: 0, rows: 0 }

  constructor(dictionaries: Dictionaries) {
    this.#dictionaries = dictionaries
  }

  /** Switches to another row group of an open file, with nothing read yet. */
  turnTo(file: number, group: GroupPlace): void {
    freePages()
    this.#dictionaries.freePassing()
    this.#file = file
    this.#group = group
    this.#read = []
    this.#entries = []
    this.#within = { from: 0, to: group.rows, few: null }
    this.#kept = null
    this.#rows = this.capacity = this.count = group.rows
  }

  /**
   * Restricts reading to these rows (ascending, at least one): columns read later may be left
   * undefined in all other rows. The list must not change until the next turnTo.
   */
  narrowTo(rows: Int32Array): void {
    if (this.#kept === null && rows.length > 0) this.#within = withinOf(rows)
  }

  /** From now on the kept rows are rows 0, 1, 2 … until the next turnTo, and no others exist. */
  compactTo(kept: KeptRows): void {
    this.narrowTo(kept.rows)
    this.#kept = kept
    this.count = kept.rows.length
  }

  /** Frees its memory: left to the garbage collector, it would take twice as much. Unusable afterwards. */
  free(): void {
    freePages()
    this.#dictionaries.freePassing()
    for (const buffer of this.#buffers.splice(0))
      (buffer?.values.buffer as ArrayBuffer | undefined)?.transfer(0)
    for (const buffer of this.#placeBuffers.splice(0))
      (buffer?.buffer as ArrayBuffer | undefined)?.transfer(0)
    for (const buffer of this.#wordBuffers.splice(0)) buffer?.transfer(0)
    this.#bytes = Buffer.alloc(0)
  }

  at(place: number): Values {
    // A single value fills the column of all rows; single durations do not make single times.
    const isFilled = this.isSingle(place) && !archiveColumns[place]!.isDuration
    if (this.#kept === null || isFilled) return this.#whole(place)
    return this.#kept.column(place, (rows, values) => this.#copy(place, rows, values))
  }

  /** Copies the values of some rows of the group to consecutive places. */
  #copy(place: number, rows: Int32Array, values: Values): void {
    if (kindOf(place) !== 'u64') {
      copyNumbers(this.#whole(place), rows, values)
      return
    }
    const entries = this.#entriesOf(place)
    if (entries) pickHalves(entries, { places: entries.places, rows }, values as Uint32Array)
    else copyPairs(this.#whole(place) as Uint32Array, rows, values as Uint32Array)
  }

  /** A column by rows of the group. */
  #whole(place: number): Values {
    return (this.#read[place] ??= this.#readColumn(place))
  }

  /** The distinct values of a u64 column and their index by row, if the file stores them so and all rows are read. */
  entriesAt(place: number): ReadEntries | null {
    return this.#kept === null ? this.#entriesOf(place) : null
  }

  #entriesOf(place: number): ReadEntries | null {
    return (this.#entries[place] ??= this.#readEntries(place))
  }

  /** The same for a column that may have a single value throughout: see FilteredFlows. */
  distinct(name: AddressHalf): DistinctHalves | null {
    const place = columnNames.indexOf(name)
    if (!this.isSingle(place)) return this.entriesAt(place)
    const { range } = this.#group!.columns[place]!
    const places = zeros(this.count)
    return { ...packHalves(Uint32Array.from(range![0])), places, placesOf: () => places }
  }

  /** Whether all rows are known to have the same value. */
  isSingle(place: number): boolean {
    return isSingle(this.#group!.columns[place]!)
  }

  /** Whether all rows have this value in a column of numbers. */
  isAll(place: number, value: number): boolean {
    const { range } = this.#group!.columns[place]!
    return range?.every((words) => (words[1] ?? 0) === 0 && words[0] === value) === true
  }

  #readColumn(place: number): Values {
    const { isDuration } = archiveColumns[place]!
    const column = this.#group!.columns[place]!
    const single = singleOf(column)
    if (single !== null && !isDuration) return this.#filled(place, single)
    if (kindOf(place) === 'u64') return this.#pairsOf(place)
    const read = this.#valuesOf(place)
    if (isDuration) this.#toLast(read)
    return read
  }

  /** A column of a single value, which the buffer may already contain. */
  #filled(place: number, single: string): Values {
    const buffer = this.#bufferOf(place)
    if (buffer.single !== single)
      fill(buffer.values, this.#group!.columns[place]!.range![0], kindOf(place))
    buffer.single = single
    return buffer.values
  }

  #pairsOf(place: number): Values {
    const entries = this.#entriesOf(place)
    if (entries === null) return this.#valuesOf(place)
    const buffer = this.#bufferOf(place)
    buffer.single = null
    fillFromEntries(entries, this.#within, buffer.values as Uint32Array)
    return buffer.values
  }

  #readEntries(place: number): ReadEntries | null {
    const column = this.#group!.columns[place]!
    const { offset, length, dictionaryLength, isZstd } = column
    if (dictionaryLength === 0) return null
    const halves = this.#dictionaries.of(column, () =>
      readDictionary(this.#bytesAt(offset, dictionaryLength), isZstd),
    )
    const read = (within: RowsWithin) => {
      const bytes = this.#bytesAt(offset + dictionaryLength, length - dictionaryLength)
      return readPlaces(bytes, { rows: this.#rows, isZstd, within }, () => this.#placeBuffer(place))
    }
    const ofRows = () => read(this.#within)
    const unpacked = () => unpackHalves(halves, this.#wordBuffer(place, 2 * halves.lows.length))
    let words: Uint32Array | null = null
    let places: Uint16Array | null = null
    return {
      ...halves,
      get words() {
        return (words ??= unpacked())
      },
      get places() {
        return (places ??= ofRows())
      },
      placesOf: (rows) => places ?? read(withinOf(rows)),
    }
  }

  #valuesOf(place: number): Values {
    const buffer = this.#bufferOf(place)
    buffer.single = null
    const { type } = archiveColumns[place]!
    const { offset, length, isZstd } = this.#group!.columns[place]!
    const pages = readPages(this.#bytesAt(offset, length), this.#rows, isZstd)
    return readValues(
      pages,
      { kind: kindOf(place), isWide: isWide(type) },
      buffer.values,
      this.#within,
    )
  }

  #bufferOf(place: number): ColumnBuffer {
    const kind = kindOf(place)
    const length = kind === 'u64' ? 2 * this.#rows : this.#rows
    const known = this.#buffers[place]
    if (known && known.values.length >= length) return known
    return (this.#buffers[place] = { values: new columnArrays[kind](length), single: null })
  }

  /** Exactly this many words, since the length tells how many values differ. */
  #wordBuffer(place: number, length: number): Uint32Array {
    const known = this.#wordBuffers[place]
    const isEnough = known !== undefined && known.byteLength >= 4 * length
    const buffer = isEnough ? known : (this.#wordBuffers[place] = new ArrayBuffer(8 * length))
    return new Uint32Array(buffer, 0, length)
  }

  #placeBuffer(place: number): Uint16Array {
    const known = this.#placeBuffers[place]
    if (known && known.length >= this.#rows) return known
    return (this.#placeBuffers[place] = new Uint16Array(this.#rows))
  }

  /** Converts durations to the times of the last packets; none ends before it begins. */
  #toLast(values: Values): void {
    const { from, to, few } = this.#within
    const first = this.#whole(startPlace)
    if (few) for (const row of few) values[row] = first[row]! + Math.max(0, values[row]!)
    else for (let row = from; row < to; row++) values[row] = first[row]! + Math.max(0, values[row]!)
  }

  /** Bytes of the file, valid until the next read. */
  #bytesAt(offset: number, length: number): Buffer {
    if (this.#bytes.length < length + beyondBytes)
      this.#bytes = Buffer.allocUnsafeSlow(2 * length + beyondBytes)
    const read = readSync(this.#file, this.#bytes, 0, length, offset)
    if (read < length) throw new RangeError('the file ends before its columns do')
    return this.#bytes.subarray(0, length)
  }
}

for (const [place, name] of columnNames.entries())
  Object.defineProperty(ReadColumns.prototype, name, {
    get(this: ReadColumns) {
      return this.at(place)
    },
  })

/** How a column is stored in memory. */
export function kindOf(place: number): ColumnKind {
  return flowColumns[columnNames[place]!].kind
}

/** Whether a column has a single value: its least and greatest are then the same array (see readFooter). */
function isSingle({ range }: ColumnPlace): boolean {
  return range !== null && range[0] === range[1]
}

/** A text that identifies the value of a column; null if it has several. */
function singleOf(column: ColumnPlace): string | null {
  return isSingle(column) ? column.range![0].join() : null
}

function fill(values: Values, [low, high = 0]: Words, kind: ColumnKind): void {
  if (kind === 'f64') values.fill(high * wordRange + (low! >>> 0))
  else if (kind !== 'u64' || low === high) values.fill(low!)
  else for (let at = 0; at < values.length; at++) values[at] = at % 2 === 0 ? low! : high
}

/** The range of the rows (ascending, at least one), and the rows themselves if they are few. */
function withinOf(rows: Int32Array): RowsWithin {
  const [from, to] = [rows[0]!, rows.at(-1)! + 1]
  return { from, to, few: rows.length * fewTimes < to - from ? rows : null }
}

let zero = new Uint16Array(0)

function zeros(count: number): Uint16Array {
  if (zero.length < count) zero = new Uint16Array(count)
  return zero
}
