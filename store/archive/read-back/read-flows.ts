/** Reads flows from the archive as columns. */
import { closeSync, fstatSync, openSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'

import {
  columnNames,
  createFlowColumns,
  flowColumns,
  wordsPerRow,
  type ColumnName,
  type FlowColumns,
} from '../../../flow/columns.ts'
import { columnArrays } from '../columns.ts'
import { readFooter, type GroupPlace } from '../format/footer.ts'
import type { Values } from '../format/page-values.ts'
import { isZero, timesOf } from '../scanned/row-group.ts'
import { readColumn } from './source-files.ts'

export interface Reading {
  /** [from, to), unix ms. */
  from: number
  to: number
  /** For DuckDB, if it has to read. */
  memoryLimit: string
}

/** Rows per batch: the thread that counts them has other work. */
const batchRows = 16_384

/**
 * The flows of Parquet files (absolute paths) that overlap [from, to) (unix ms), in no order. The columns
 * are reused for each batch. Files of other writers are read by DuckDB, which is loaded on demand.
 */
export async function* readFlows(
  paths: readonly string[],
  reading: Reading,
): AsyncGenerator<FlowColumns> {
  const others: string[] = []
  const room = new FlowRoom()
  try {
    for (const path of paths)
      if ((yield* readOwn(path, room, reading)) === 'not ours') others.push(path)
  } finally {
    room.free()
  }
  if (others.length === 0) return
  const { readOthers } = await import('./read-duckdb-files.ts')
  yield* readOthers(others, reading)
}

/** The flows of one file, if Weir wrote it. */
async function* readOwn(
  path: string,
  room: FlowRoom,
  reading: Reading,
): AsyncGenerator<FlowColumns, 'ours' | 'not ours'> {
  const file = openSync(path, 'r')
  try {
    const footer = readFooter(file, fstatSync(file).size)
    if (footer === null) return 'not ours'
    for (const group of footer.groups) {
      const { firstMin, lastMax } = timesOf(group)
      if (firstMin < reading.to && lastMax >= reading.from) yield* room.read(file, group, reading)
    }
    return 'ours'
  } finally {
    closeSync(file)
  }
}

/** Buffers for the flows of a row group, reused for the next. */
class FlowRoom {
  #flows = createFlowColumns(0)
  /** The column being read, 8 bytes per row. */
  #read = new ArrayBuffer(0)
  /** Columns that may hold old values. */
  readonly #written = new Set<ColumnName>()

  /** A row group's flows within the time. The thread may be the receiver: it is blocked for one column at most. */
  async *read(file: number, group: GroupPlace, { from, to }: Reading): AsyncGenerator<FlowColumns> {
    if (this.#flows.capacity < group.rows) this.#grow(group.rows)
    const rows = this.#rowsWithin(file, group, { from, to })
    for (const [place, name] of columnNames.entries()) {
      if (name === 'flowStartMilliseconds' || name === 'flowEndMilliseconds') continue
      if (!isZero(group, name)) {
        this.#written.add(name)
        pick(this.#column(file, group, place), rows, { name, to: this.#flows[name] })
        await nextTurn()
      } else if (this.#written.delete(name)) this.#flows[name].fill(0)
    }
    for (let at = 0; at < rows.length; at += batchRows) {
      yield partOf(this.#flows, at, Math.min(rows.length, at + batchRows))
      await nextTurn()
    }
  }

  /** Frees its memory at once: the receiving thread makes so little garbage that V8 collects none for minutes. */
  free(): void {
    this.#read.transfer(0)
    for (const name of columnNames) this.#flows[name].buffer.transfer(0)
  }

  #grow(rows: number): void {
    this.free()
    this.#flows = createFlowColumns(rows)
    this.#read = new ArrayBuffer(8 * rows)
    this.#written.clear()
  }

  #column(file: number, group: GroupPlace, place: number): Values {
    const name = columnNames[place]!
    const length = wordsPerRow(name) * group.rows
    const out = new columnArrays[flowColumns[name].kind](this.#read, 0, length)
    readColumn(file, group, { place, out })
    return out
  }

  /** The rows of a group that overlap the time; also fills in their times. */
  #rowsWithin(
    file: number,
    group: GroupPlace,
    { from, to }: Pick<Reading, 'from' | 'to'>,
  ): Int32Array {
    const { flowStartMilliseconds: starts, flowEndMilliseconds: ends } = this.#flows
    starts.set(this.#column(file, group, columnNames.indexOf('flowStartMilliseconds')))
    const lasted = this.#column(file, group, columnNames.indexOf('flowEndMilliseconds'))
    const rows = new Int32Array(group.rows)
    let found = 0
    for (let row = 0; row < group.rows; row++) {
      const start = starts[row]!
      const isWithin = start < to && start + Math.max(0, lasted[row]!) >= from
      rows[found] = row
      starts[found] = start
      ends[found] = start + lasted[row]!
      if (isWithin) found++
    }
    return rows.subarray(0, found)
  }
}

function pick(
  values: Values,
  rows: Int32Array,
  { name, to }: { name: ColumnName; to: Values },
): void {
  if (wordsPerRow(name) === 2)
    for (let i = 0; i < rows.length; i++) {
      const at = 2 * rows[i]!
      to[2 * i] = values[at]!
      to[2 * i + 1] = values[at + 1]!
    }
  else for (let i = 0; i < rows.length; i++) to[i] = values[rows[i]!]!
}

/** Rows [from, to) of columns, not copied. */
function partOf(flows: FlowColumns, from: number, to: number): FlowColumns {
  const columns = columnNames.map((name) => {
    const width = wordsPerRow(name)
    return [name, flows[name].subarray(from * width, to * width)] as const
  })
  const count = to - from
  const stale = { low: 0, high: 0, commonLow: 0, commonHigh: 0, rows: count }
  return { ...Object.fromEntries(columns), capacity: count, count, stale } as FlowColumns
}
