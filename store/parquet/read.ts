/** The `read` query of the series store, answered from files. */
import type { DuckDBDataChunk } from '@duckdb/node-api'

import { fieldNames, figureNames, otherKey, type FieldName } from '../measurement.ts'
import { Numbering } from '../numbering.ts'
import type { ReadQuery, SeriesRead } from '../series.ts'
import { cutTag, emptyRead, figuresOf, isConsolidated, keyText, takeKnown } from '../shape.ts'
import { readCoverage, sumSql } from './answers.ts'
import type { Files } from './files.ts'
import { rowsOf } from './held-answers.ts'

/** Columns of an answer before the figures: time, exporter, place, parts. */
const headColumns = 4

/** See SeriesStore.read. */
export async function readRows(files: Files, query: ReadQuery): Promise<SeriesRead> {
  const fields = query.fields ?? fieldNames
  const read = (await heldRows(files, query, fields)) ?? (await askRows(files, query, fields))
  if (!isConsolidated(query.tier) && query.sumsOnly !== true)
    takeKnown(read, fields, await readCoverage(files, query))
  return read
}

/**
 * From memory, if the files are held. A query for a few keys never causes a file to be held: it
 * needs only a small part of it.
 */
function heldRows(
  files: Files,
  query: ReadQuery,
  fields: readonly FieldName[],
): Promise<SeriesRead | null> {
  const { held } = files
  if (!held) return Promise.resolve(null)
  const reading = {
    range: query,
    table: query.measurement,
    none: emptyRead(0) as SeriesRead | null,
  }
  return files.over(reading, async (entries, clipped) => {
    const { tier } = query
    const onlyHeld = query.rest === false
    const found = await held.take(entries, figureNames(isConsolidated(tier), fields), {
      tier,
      onlyHeld,
    })
    return found && rowsOf(found, clipped, fields)
  })
}

async function askRows(
  files: Files,
  query: ReadQuery,
  fields: readonly FieldName[],
): Promise<SeriesRead> {
  const isCoarse = isConsolidated(query.tier)
  const figures = figureNames(isCoarse, fields)
  const place = placeOf(query)
  const chunks = await files.query(query, query.measurement, {
    sql: (fromWhere) => `SELECT epoch_ms(time)::DOUBLE, exporter, ${place.sql} AS place,
      count(*)::DOUBLE,
      ${figures.map((name) => (name === 'known' ? 'max(known)::DOUBLE' : sumSql(name))).join(', ')}
      ${fromWhere} ${query.rest === false ? `AND ${place.sql} > 0` : ''}
      GROUP BY time, exporter, place ORDER BY time, exporter, place`,
    values: place.values,
  })
  const read = emptyRead(chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0))
  const columns = figuresOf(read, isCoarse, fields)
  const exporters = new Numbering<string>()
  let row = 0
  for (const chunk of chunks) {
    takeHead(read, chunk, { row, keyCount: query.keys.length, exporters })
    for (const [i, target] of columns.entries())
      takeColumn(target, chunk, { row, column: headColumns + i })
    row += chunk.rowCount
  }
  read.exporters = exporters.keys()
  return read
}

/**
 * SQL for the place of a row: 0 for unlisted keys, 1 … n for the keys, n + 1 for `other`. With a
 * single tag it is a look-up in a list, which DuckDB does once per dictionary entry.
 */
function placeOf({ by, keys }: ReadQuery): {
  sql: string
  values: Record<string, string | readonly string[]>
} {
  const cut = cutTag(by)
  const texts = keys.map((key) => keyText(key, by))
  if (by.length === 1 && cut)
    return {
      sql: `coalesce(list_position($keys, ${cut}), 0)::DOUBLE`,
      values: { keys: [...texts, otherKey] },
    }
  const text = by.length === 0 ? "''" : `concat_ws(chr(31), ${by.join(', ')})`
  const listed = `coalesce(list_position($keys, ${text}), 0)`
  if (!cut) return { sql: `${listed}::DOUBLE`, values: { keys: texts } }
  return {
    sql: `(CASE WHEN ${cut} = $other THEN ${keys.length + 1} ELSE ${listed} END)::DOUBLE`,
    values: { keys: texts, other: otherKey },
  }
}

function takeHead(
  read: SeriesRead,
  chunk: DuckDBDataChunk,
  to: { row: number; keyCount: number; exporters: Numbering<string> },
): void {
  const { row, keyCount, exporters } = to
  const texts = chunk.getColumnVector(1)
  const places = chunk.getColumnVector(2)
  takeColumn(read.time, chunk, { row, column: 0 })
  takeColumn(read.parts, chunk, { row, column: 3 })
  for (let i = 0; i < chunk.rowCount; i++) {
    read.exporter[row + i] = exporters.of(texts.getItem(i) as string)
    const place = places.getItem(i) as number
    read.key[row + i] = place === 0 ? keyCount : place > keyCount ? place : place - 1
  }
}

function takeColumn(
  target: Float64Array | Uint32Array,
  chunk: DuckDBDataChunk,
  { row, column }: { row: number; column: number },
): void {
  const vector = chunk.getColumnVector(column)
  for (let i = 0; i < chunk.rowCount; i++) target[row + i] = vector.getItem(i) as number
}
