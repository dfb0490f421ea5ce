/**
 * Rows on their way into files: steps are loaded into tables in memory, from which files are made.
 */
import { strict as assert } from 'node:assert'
import { setImmediate } from 'node:timers/promises'

import type { DuckDBConnection } from '@duckdb/node-api'

import { coverageFigures, coverageName } from '../coverage.ts'
import { tagsOf } from '../measurement.ts'
import type { Coverage, MeasurementRows, StepRows } from '../series.ts'
import { figuresOf } from '../shape.ts'
import { ChunkWriter, type ChunkColumn, type ChunkType } from './chunk-writer.ts'
import { columnsOf, tableNames, type Column, type TableName } from './layout.ts'

/** This may be the thread that receives datagrams: it must not be blocked for long. */
const restEveryRows = 8192

/**
 * In memory, numbers and times (0: none) are doubles, which typed arrays can hold, and texts are indexes
 * into a table of texts, because passing a text costs ten times a number. Files get the column's type.
 */
const stagedTypes: Record<Column['type'], { type: ChunkType; toFile: (name: string) => string }> = {
  VARCHAR: { type: 'DOUBLE', toFile: (name) => `text_of_${name}.text AS ${name}` },
  BOOLEAN: { type: 'DOUBLE', toFile: (name) => `staged.${name} <> 0 AS ${name}` },
  BIGINT: { type: 'DOUBLE', toFile: (name) => `staged.${name}::BIGINT AS ${name}` },
  INTEGER: { type: 'DOUBLE', toFile: (name) => `staged.${name}::INTEGER AS ${name}` },
  TIMESTAMPTZ: {
    type: 'DOUBLE',
    toFile: (name) => `to_timestamp(nullif(staged.${name}, 0) / 1000) AS ${name}`,
  },
}
const textTable = 'staged_texts'

/** The tables that a writer fills and empties with each write. */
export class Staging {
  readonly #connection: DuckDBConnection
  readonly #made = new Set<string>()
  #texts = new Map<string, number>()

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  /** Loads steps of one tier into the tables, replacing their contents. */
  async hold(steps: readonly StepRows[], isConsolidated: boolean): Promise<void> {
    this.#texts = new Map()
    const writers = new Map<TableName, ChunkWriter>()
    for (const table of tableNames) {
      const columns = columnsOf(table, isConsolidated)
      const types = columns.map(({ type }) => stagedTypes[type].type)
      const definitions = columns.map(({ name }, i) => `${name} ${types[i]!}`)
      writers.set(table, await this.#empty(stagedName(table, isConsolidated), definitions, types))
    }
    let rowsSinceRest = 0
    for (const { coverage, measurements } of steps) {
      writers.get(coverageName)!.add(this.#coverageColumns(coverage), 1)
      for (const rows of measurements) {
        const columns = this.#measurementColumns(coverage, rows, isConsolidated)
        writers.get(rows.measurement)!.add(columns, rows.count)
        rowsSinceRest += rows.count
      }
      if (rowsSinceRest < restEveryRows) continue
      rowsSinceRest = 0
      await setImmediate()
    }
    for (const writer of writers.values()) writer.close()
    await this.#holdTexts()
  }

  async #holdTexts(): Promise<void> {
    const columns = ['id DOUBLE', 'text VARCHAR']
    const writer = await this.#empty(textTable, columns, ['DOUBLE', 'VARCHAR'])
    writer.add([[...this.#texts.values()], [...this.#texts.keys()]], this.#texts.size)
    writer.close()
  }

  async #empty(
    name: string,
    definitions: readonly string[],
    types: readonly ChunkType[],
  ): Promise<ChunkWriter> {
    if (this.#made.has(name)) await this.#connection.run(`TRUNCATE ${name}`)
    else await this.#connection.run(`CREATE TEMP TABLE ${name} (${definitions.join(', ')})`)
    this.#made.add(name)
    return new ChunkWriter(await this.#connection.createAppender(name), types)
  }

  #measurementColumns(
    { time, exporter }: Coverage,
    rows: MeasurementRows,
    isConsolidated: boolean,
  ): ChunkColumn[] {
    const columns: ChunkColumn[] = [{ forAllRows: time }, { forAllRows: this.#textId(exporter) }]
    for (const tag of tagsOf(rows.measurement)) {
      const texts = rows.tags[tag]
      assert(texts && texts.length >= rows.count, `rows of ${rows.measurement} lack tag ${tag}`)
      columns.push(texts.map((text) => this.#textId(text)))
    }
    assert(
      !isConsolidated || rows.max,
      `rows of ${rows.measurement} lack the maxima of a consolidated tier`,
    )
    return [...columns, ...figuresOf(rows, isConsolidated)]
  }

  /** In the order of the `coverage` columns. */
  #coverageColumns(coverage: Coverage): ChunkColumn[] {
    const { time, exporter } = coverage
    const values = [time, this.#textId(exporter), ...coverageFigures(coverage)]
    return values.map((value) => ({ forAllRows: value }))
  }

  #textId(text: string): number {
    let id = this.#texts.get(text)
    if (id === undefined) this.#texts.set(text, (id = this.#texts.size))
    return id
  }
}

/** A query for the staged rows of a table with steps in [from, to), as stored in files. */
export function stagedSql(
  table: TableName,
  isConsolidated: boolean,
  { from, to }: { from: number; to: number },
): string {
  const columns = columnsOf(table, isConsolidated)
  const select = columns.map(({ name, type }) => stagedTypes[type].toFile(name)).join(', ')
  const joins = columns
    .filter(({ type }) => type === 'VARCHAR')
    .map(
      ({ name }) => `JOIN ${textTable} AS text_of_${name} ON staged.${name} = text_of_${name}.id`,
    )
  return `SELECT ${select} FROM ${stagedName(table, isConsolidated)} AS staged ${joins.join(' ')}
    WHERE staged.time >= ${from} AND staged.time < ${to}`
}

function stagedName(table: TableName, isConsolidated: boolean): string {
  return `staged_${isConsolidated ? 'coarse' : 'fine'}_${table}`
}
