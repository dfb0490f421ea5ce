/**
 * The flows of one row group as columns that are read when they are first asked for: a question needs few of them,
 * and where its filter lets nothing pass, no others. All is held in the same room from group to group.
 */
import { readSync } from 'node:fs'

import {
  columnNames,
  flowColumns,
  type ColumnKind,
  type ColumnName,
  type FlowColumns,
} from '../../../flow/columns.ts'
import { bytesOf, packetsOf } from '../../../flow/filter/measures.ts'
import { archiveColumns, columnArrays, isWide } from '../columns.ts'
import type { TimedFlows } from '../held/held-files.ts'
import type { ColumnPlace, GroupPlace } from './footer.ts'
import { freePages, readValues, type Values } from './page-values.ts'
import { beyondBytes } from './unpack.ts'

const wordRange = 2 ** 32
const startPlace = columnNames.indexOf('flowStartMilliseconds')
const lastPlace = columnNames.indexOf('flowEndMilliseconds')
const samplingPlace = columnNames.indexOf('samplingInterval')

/** An array that a column is read into, and of what value all of it is, where that is one. */
interface Room {
  values: Values
  single: string | null
}

/** Between which times all flows of a row group lie, as far as is known; unix ms. */
export interface GroupTimes {
  firstMin: number
  lastMax: number
}

/** The times of a row group, out of its footer. */
export function timesOf({ columns }: GroupPlace): GroupTimes {
  const [firsts, lasted] = [columns[startPlace]!.range, columns[lastPlace]!.range]
  if (!firsts || !lasted)
    return { firstMin: Number.NEGATIVE_INFINITY, lastMax: Number.POSITIVE_INFINITY }
  // Columns say nothing together: the longest may be the latest.
  const longest = Math.max(0, numberOf(lasted[1]))
  return { firstMin: numberOf(firsts[0]), lastMax: numberOf(firsts[1]) + longest }
}

/** Whether a column is 0 throughout. A duration of 0 makes an end that is none. */
export function isZero({ columns }: GroupPlace, name: ColumnName): boolean {
  const place = columnNames.indexOf(name)
  const { range } = columns[place]!
  return place !== lastPlace && range !== null && range.flatMap((words) => [...words]).every((word) => word === 0) // prettier-ignore
}

function numberOf(words: Int32Array): number {
  return words[1]! * wordRange + (words[0]! >>> 0)
}

class ReadColumns {
  readonly #rooms: (Room | undefined)[] = []
  /** What was read of this group. */
  #read: (Values | undefined)[] = []
  #group: GroupPlace | null = null
  #file = -1
  #pages = Buffer.alloc(0)
  capacity = 0
  count = 0
  readonly stale = { low: 0, high: 0, commonLow: 0, commonHigh: 0, rows: 0 }

  /** Has another row group of an open file; nothing of it is read yet. */
  turnTo(file: number, group: GroupPlace): void {
    freePages()
    this.#file = file
    this.#group = group
    this.#read = []
    this.capacity = this.count = group.rows
  }

  at(place: number): Values {
    return (this.#read[place] ??= this.#readColumn(place))
  }

  /** Whether each row has this value in a column of numbers. */
  isAll(place: number, value: number): boolean {
    const { range } = this.#group!.columns[place]!
    return range?.every((words) => (words[1] ?? 0) === 0 && words[0] === value) === true
  }

  #readColumn(place: number): Values {
    const { kind } = flowColumns[columnNames[place]!]
    const { type, isDuration } = archiveColumns[place]!
    const column = this.#group!.columns[place]!
    const { count } = this
    const length = kind === 'u64' ? 2 * count : count
    const single = singleOf(column)
    let room = this.#rooms[place]
    if (!room || room.values.length < length) {
      room = { values: new columnArrays[kind](length), single: null }
      this.#rooms[place] = room
    }
    const { values } = room
    if (single !== null && !isDuration) {
      if (room.single !== single) fill(values, column.range![0], kind)
      room.single = single
      return values
    }
    room.single = null
    const shape = { kind, isWide: isWide(type), isZstd: column.isZstd }
    const read = readValues(this.#pagesOf(column), count, shape, values)
    if (isDuration) this.#toLast(read)
    return read
  }

  /** Turns durations into the times of the last packets; none ends before it begins. */
  #toLast(values: Values): void {
    const { count } = this
    const first = this.at(startPlace)
    for (let row = 0; row < count; row++) values[row] = first[row]! + Math.max(0, values[row]!)
  }

  #pagesOf({ offset, length }: ColumnPlace): Buffer {
    if (this.#pages.length < length + beyondBytes) this.#pages = Buffer.allocUnsafeSlow(2 * length + beyondBytes) // prettier-ignore
    const read = readSync(this.#file, this.#pages, 0, length, offset)
    if (read < length) throw new RangeError('the file ends before its columns do')
    return this.#pages.subarray(0, length)
  }
}

for (const [place, name] of columnNames.entries())
  Object.defineProperty(ReadColumns.prototype, name, {
    get(this: ReadColumns) {
      return this.at(place)
    },
  })

/** What tells one value from another; null where a column has several. */
function singleOf({ range }: ColumnPlace): string | null {
  if (range === null) return null
  const [least, most] = range
  return least.every((word, i) => word === most[i]) ? least.join() : null
}

function fill(values: Values, [low, high = 0]: Int32Array, kind: ColumnKind): void {
  if (kind === 'f64') values.fill(high * wordRange + (low! >>> 0))
  else if (kind !== 'u64' || low === high) values.fill(low!)
  else for (let at = 0; at < values.length; at++) values[at] = at % 2 === 0 ? low! : high
}

/** The flows of a row group with what is asked of all: their times, and counts scaled by sampling. */
export class RowGroup implements TimedFlows {
  readonly #columns = new ReadColumns()
  readonly flows = this.#columns as unknown as FlowColumns
  #bytes: Float64Array | null = null
  #packets: Float64Array | null = null

  /** Has another row group of an open file; what was taken of the one before is good no more. */
  turnTo(file: number, group: GroupPlace): void {
    this.#columns.turnTo(file, group)
    this.#bytes = this.#packets = null
  }

  get first(): Float64Array {
    return this.flows.flowStartMilliseconds
  }

  get last(): Float64Array {
    return this.flows.flowEndMilliseconds
  }

  get bytes(): Float64Array {
    return (this.#bytes ??= this.#scaled(this.flows.octetDeltaCount, bytesOf))
  }

  get packets(): Float64Array {
    return (this.#packets ??= this.#scaled(this.flows.packetDeltaCount, packetsOf))
  }

  #scaled(counts: Float64Array, of: (flows: FlowColumns, row: number) => number): Float64Array {
    if (this.#columns.isAll(samplingPlace, 1)) return counts
    const { flows } = this
    return Float64Array.from({ length: flows.count }, (_, row) => of(flows, row))
  }
}
