/** Rows on their way into files: StepRows put into tables in memory, from which files are made. */
import { strict as assert } from 'node:assert'
import { setImmediate } from 'node:timers/promises'

import {
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'

import { fieldNames, unknownReasons } from '../measurement.ts'
import type { Coverage, MeasurementRows, StepRows } from '../series.ts'
import { columnsOf, tagsOf, tableNames, type Column, type TableName } from './layout.ts'

/** Rows of a DuckDB vector. */
const vectorRows = 2048
/** The thread may be the one that receives datagrams: it must not be held for long. */
const restEveryRows = 8192

/** In memory numbers and times are doubles, which typed arrays hold; files get the column's type. */
const stagedTypes: Record<Column['type'], { type: DuckDBType; toFile: (name: string) => string }> =
  {
    VARCHAR: { type: VARCHAR, toFile: (name) => name },
    BOOLEAN: { type: BOOLEAN, toFile: (name) => name },
    BIGINT: { type: DOUBLE, toFile: (name) => `${name}::BIGINT AS ${name}` },
    INTEGER: { type: DOUBLE, toFile: (name) => `${name}::INTEGER AS ${name}` },
    TIMESTAMPTZ: { type: DOUBLE, toFile: (name) => `to_timestamp(${name} / 1000) AS ${name}` },
  }

/** A column of values, one a row; null is allowed where the file's column may be null. */
type Values = ArrayLike<DuckDBValue>

/** The tables that a writer fills and empties again with each write. */
export class Staging {
  readonly #connection: DuckDBConnection
  readonly #made = new Set<string>()

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  /** Fills the tables with steps of one tier; what they held before is gone. */
  async hold(steps: readonly StepRows[], isConsolidated: boolean): Promise<void> {
    for (const table of tableNames) await this.#empty(table, isConsolidated)
    await this.#fillCoverage(steps, isConsolidated)
    const byTable = new Map<TableName, [Coverage, MeasurementRows][]>()
    for (const { coverage, measurements } of steps)
      for (const rows of measurements) {
        const held = byTable.get(rows.measurement)
        if (held) held.push([coverage, rows])
        else byTable.set(rows.measurement, [[coverage, rows]])
      }
    for (const [table, blocks] of byTable)
      await this.#fillMeasurement(table, blocks, isConsolidated)
  }

  async #empty(table: TableName, isConsolidated: boolean): Promise<void> {
    const name = stagedName(table, isConsolidated)
    if (this.#made.has(name)) {
      await this.#connection.run(`TRUNCATE ${name}`)
      return
    }
    const columns = columnsOf(table, isConsolidated)
    const definitions = columns.map(
      (column) => `${column.name} ${stagedTypes[column.type].type.toString()}`,
    )
    await this.#connection.run(`CREATE TEMP TABLE ${name} (${definitions.join(', ')})`)
    this.#made.add(name)
  }

  async #fillMeasurement(
    table: TableName,
    blocks: readonly [Coverage, MeasurementRows][],
    isConsolidated: boolean,
  ): Promise<void> {
    const appender = await this.#connection.createAppender(stagedName(table, isConsolidated))
    const types = stagedTypesOf(table, isConsolidated)
    let rowsSinceRest = 0
    for (const [coverage, rows] of blocks) {
      const columns = measurementValues(coverage, rows, isConsolidated)
      for (let at = 0; at < rows.count; at += vectorRows) {
        const count = Math.min(vectorRows, rows.count - at)
        appender.appendDataChunk(chunkOf(types, columns, { at, count }))
        rowsSinceRest += count
      }
      if (rowsSinceRest < restEveryRows) continue
      rowsSinceRest = 0
      await setImmediate()
    }
    appender.closeSync()
  }

  async #fillCoverage(steps: readonly StepRows[], isConsolidated: boolean): Promise<void> {
    const appender = await this.#connection.createAppender(stagedName('coverage', isConsolidated))
    const types = stagedTypesOf('coverage', isConsolidated)
    const rows = steps.map(({ coverage }) => coverageValues(coverage))
    const columns = types.map((_, column) => rows.map((row) => row[column]!))
    for (let at = 0; at < rows.length; at += vectorRows) {
      const count = Math.min(vectorRows, rows.length - at)
      appender.appendDataChunk(chunkOf(types, columns, { at, count }))
    }
    appender.closeSync()
  }
}

/** A query that gives the staged rows of a table as its files hold them, of steps in [from, to). */
export function stagedSql(
  table: TableName,
  isConsolidated: boolean,
  { from, to }: { from: number; to: number },
): string {
  const columns = columnsOf(table, isConsolidated)
  const select = columns.map(({ name, type }) => stagedTypes[type].toFile(name)).join(', ')
  return `SELECT ${select} FROM ${stagedName(table, isConsolidated)} AS staged
    WHERE staged.time >= ${from} AND staged.time < ${to}`
}

function stagedName(table: TableName, isConsolidated: boolean): string {
  return `staged_${isConsolidated ? 'coarse' : 'fine'}_${table}`
}

function stagedTypesOf(table: TableName, isConsolidated: boolean): DuckDBType[] {
  return columnsOf(table, isConsolidated).map(({ type }) => stagedTypes[type].type)
}

function measurementValues(
  { time, exporter }: Coverage,
  rows: MeasurementRows,
  isConsolidated: boolean,
): Values[] {
  const columns: Values[] = [constant(time, rows.count), constant(exporter, rows.count)]
  for (const tag of tagsOf(rows.measurement)) columns.push(rows.tags[tag] ?? [])
  const figures = isConsolidated ? [rows.sum, rows.max, rows.unknown] : [rows.sum]
  for (const columnsOfFields of figures)
    for (const field of fieldNames) {
      assert(columnsOfFields, `rows of ${rows.measurement} lack the maxima of a consolidated tier`)
      columns.push(columnsOfFields[field])
    }
  if (isConsolidated) columns.push(rows.known ?? [])
  for (const values of columns)
    assert(values.length >= rows.count, `a column of ${rows.measurement} is shorter than its rows`)
  return columns
}

/** In the order of the columns of `coverage`. */
function coverageValues(coverage: Coverage): DuckDBValue[] {
  return [
    coverage.time,
    coverage.exporter,
    coverage.known,
    ...unknownReasons.map((reason) => coverage.unknown[reason] ?? 0),
    coverage.datagrams,
    coverage.lostFlows,
    coverage.lostFlowsEstimated,
    coverage.openUntil ?? null,
  ]
}

function constant(value: DuckDBValue, length: number): DuckDBValue[] {
  return Array.from<DuckDBValue>({ length }).fill(value)
}

function chunkOf(
  types: readonly DuckDBType[],
  columns: readonly Values[],
  { at, count }: { at: number; count: number },
): DuckDBDataChunk {
  const chunk = DuckDBDataChunk.create(types, count)
  for (const [index, values] of columns.entries()) {
    const vector = chunk.getColumnVector(index)
    for (let row = 0; row < count; row++) vector.setItem(row, values[at + row]!)
    vector.flush()
  }
  return chunk
}
