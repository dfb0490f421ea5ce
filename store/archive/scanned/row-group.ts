/** The flows of one row group, with the columns that every query needs. */
import { columnNames, type ColumnName, type FlowColumns } from '../../../flow/columns.ts'
import type { AddressColumn } from '../../../flow/filter/fields.ts'
import type { FilteredFlows } from '../../../flow/filter/predicate.ts'
import { bytesOf, packetsOf } from '../../../flow/filter/measures.ts'
import type { TimedFlows } from '../held/held-files.ts'
import type { Addresses } from './address-numbers.ts'
import type { Dictionaries } from './dictionaries.ts'
import type { GroupPlace, Words } from '../format/footer.ts'
import type { Entries } from '../format/page-values.ts'
import type { KeptRows } from './passing-rows.ts'
import { ReadColumns } from './read-columns.ts'

const wordRange = 2 ** 32
const startPlace = columnNames.indexOf('flowStartMilliseconds')
const lastPlace = columnNames.indexOf('flowEndMilliseconds')
const exporterPlaces = halfPlaces('exporterAddress')
const samplingPlace = columnNames.indexOf('samplingInterval')

/** The number of flows in a row group and bounds of their times, unix ms. */
export interface GroupTimes {
  rows: number
  firstMin: number
  lastMax: number
}

/** The same, from the footer of a row group. */
export function timesOf({ rows, columns }: GroupPlace): GroupTimes {
  const [firsts, lasted] = [columns[startPlace]!.range, columns[lastPlace]!.range]
  if (!firsts || !lasted)
    return { rows, firstMin: Number.NEGATIVE_INFINITY, lastMax: Number.POSITIVE_INFINITY }
  // Columns are bounded separately: the longest flow may be the latest.
  const longest = Math.max(0, numberOf(lasted[1]))
  return { rows, firstMin: numberOf(firsts[0]), lastMax: numberOf(firsts[1]) + longest }
}

/** Whether a column is known to be 0 throughout. Even with a duration of 0, the end is not 0. */
export function isZero({ columns }: GroupPlace, name: ColumnName): boolean {
  const place = columnNames.indexOf(name)
  const { range } = columns[place]!
  return place !== lastPlace && range !== null && range.flat().every((word) => word === 0)
}

function numberOf(words: Words): number {
  return words[1]! * wordRange + (words[0]! >>> 0)
}

/** The flows of a row group with their times, and counts scaled by sampling. */
export class RowGroup implements TimedFlows {
  readonly #columns: ReadColumns
  readonly flows: FilteredFlows
  #name = ''
  #place: GroupPlace | null = null
  #bytes: Float64Array | null = null
  #packets: Float64Array | null = null

  constructor(dictionaries: Dictionaries) {
    this.#columns = new ReadColumns(dictionaries)
    this.flows = this.#columns as unknown as FilteredFlows
  }

  /**
   * Switches to another row group of an open file, under a name that no other one has; everything
   * taken from the previous one becomes invalid.
   */
  turnTo(file: number, group: GroupPlace, name: string): void {
    this.#name = name
    this.#place = group
    this.#columns.turnTo(file, group)
    this.#bytes = this.#packets = null
  }

  /** The same each time that this group is read, and that of no other. */
  get name(): string {
    return this.#name
  }

  /** The group as its file's footer describes it. */
  get place(): GroupPlace {
    return this.#place!
  }

  /** Restricts reading to these rows, and returns them: see ReadColumns. */
  narrowTo(rows: Int32Array): Int32Array {
    this.#columns.narrowTo(rows)
    return rows
  }

  /** From now on the kept rows are all rows; returns their numbers, valid until another group is read. */
  compactTo(kept: KeptRows): Int32Array {
    this.#columns.compactTo(kept)
    return rowsUpTo(kept.rows.length)
  }

  /** Frees its memory until the next turnTo. */
  free(): void {
    this.#columns.free()
    this.#bytes = this.#packets = null
  }

  /** The addresses of a column, read lazily. */
  addresses(column: AddressColumn): Addresses {
    const columns = this.#columns
    const [high, low] = halfPlaces(column)
    return {
      get high() {
        return columns.at(high) as Uint32Array
      },
      get low() {
        return columns.at(low) as Uint32Array
      },
      get entries() {
        const isNoneHigh = columns.isAll(high, 0)
        const highs = isNoneHigh ? null : columns.entriesAt(high)
        const lows = isNoneHigh || highs ? columns.entriesAt(low) : null
        return lows && { high: highs && read(highs), low: read(lows) }
      },
    }
  }

  /** Whether a column is known to be 0 throughout. */
  isZero(name: ColumnName): boolean {
    return isZero(this.place, name)
  }

  /** Whether all flows are known to have the same exporter. */
  get isOneExporter(): boolean {
    return exporterPlaces.every((place) => this.#columns.isSingle(place))
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

/** Plain fields, because loops access them for every row. */
function read({ words, places }: Entries): Entries {
  return { words, places }
}

function halfPlaces(column: AddressColumn): [high: number, low: number] {
  return [columnNames.indexOf(`${column}High`), columnNames.indexOf(`${column}Low`)]
}

/** 0, 1, 2 … up to the longest row group so far. */
let everyRow = new Int32Array(0)

/** The numbers of this many rows. */
export function rowsUpTo(count: number): Int32Array {
  if (everyRow.length < count) everyRow = Int32Array.from({ length: count }, (_, row) => row)
  return everyRow.subarray(0, count)
}
