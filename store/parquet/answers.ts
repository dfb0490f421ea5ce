/** The `coverage` and `top` queries of the series store, answered from files. */
import type { DuckDBDataChunk } from '@duckdb/node-api'

import { coverageFields, coverageName, coverageOf } from '../coverage.ts'
import { fieldNames, otherKey, type FieldName } from '../measurement.ts'
import type { Coverage, SeriesKey, SeriesRange, TopQuery, TopRows } from '../series.ts'
import { cutTag } from '../shape.ts'
import type { Files } from './files.ts'
import { topOf } from './held-answers.ts'

/** See SeriesStore.coverage. */
export async function readCoverage(files: Files, range: SeriesRange): Promise<Coverage[]> {
  return (await heldCoverage(files, range)) ?? (await askCoverage(files, range))
}

async function askCoverage(files: Files, range: SeriesRange): Promise<Coverage[]> {
  const chunks = await files.query(range, coverageName, {
    sql: (fromWhere) => `${coverageSql} ${fromWhere} ORDER BY time, exporter`,
  })
  return rowsOf(chunks)
}

/** An absent time counts as 0 among the figures. */
const figureSql = (name: string) =>
  name === 'open_until' ? `coalesce(epoch_ms(${name}), 0)::DOUBLE` : `${name}::DOUBLE`
const coverageSql = `SELECT epoch_ms(time)::DOUBLE, exporter, ${coverageFields.map(figureSql).join(', ')}`

/** From memory, if the files are held: no step is in two of them, and they come in order of time. */
function heldCoverage(files: Files, range: SeriesRange): Promise<Coverage[] | null> {
  const { held, engine } = files
  if (!held) return Promise.resolve(null)
  return files.over(
    { range, table: coverageName, none: [] as Coverage[] | null },
    async (entries, { from, to }) => {
      const found = await held.coverage(entries, async (path) =>
        rowsOf(
          await engine.chunks(`${coverageSql} FROM read_parquet($files) ORDER BY time, exporter`, {
            files: [path],
          }),
        ),
      )
      const exporters = range.exporters && new Set(range.exporters)
      return (
        found &&
        found
          .flat()
          .filter(
            (row) =>
              row.time >= from && row.time < to && (!exporters || exporters.has(row.exporter)),
          )
      )
    },
  )
}

function rowsOf(chunks: readonly DuckDBDataChunk[]): Coverage[] {
  return chunks.flatMap((chunk) =>
    chunk
      .getRows()
      .map(([time, exporter, ...figures]) =>
        coverageOf({ time: time as number, exporter: exporter as string }, figures as number[]),
      ),
  )
}

/** See SeriesStore.top. */
export async function readTop(files: Files, query: TopQuery): Promise<TopRows> {
  const { measurement, by, order, limit } = query
  const fields = [...new Set<FieldName>([...(query.fields ?? fieldNames), order])]
  const fromMemory = await heldTop(files, query, fields)
  if (fromMemory) return fromMemory
  const cut = cutTag(by)
  const chunks = await files.query(query, measurement, {
    sql: (fromWhere) => `SELECT ${[...by, ...fields.map(sumSql)].join(', ')}
      ${fromWhere} ${cut ? `AND ${cut} <> $other` : ''}
      ${by.length > 0 ? `GROUP BY ${by.join(', ')}` : 'HAVING count(*) > 0'}
      ORDER BY ${[`sum(${order}) DESC`, ...by].join(', ')} LIMIT ${Math.floor(limit)}`,
    values: cut ? { other: otherKey } : {},
  })
  return chunks.flatMap((chunk) =>
    chunk.getRows().map((row) => {
      const key: SeriesKey = {}
      for (const [i, tag] of by.entries()) key[tag] = row[i] as string
      const sum = { bytes: 0, packets: 0, flows: 0, active: 0 }
      for (const [i, field] of fields.entries()) sum[field] = row[by.length + i] as number
      return { key, sum }
    }),
  )
}

function heldTop(
  files: Files,
  query: TopQuery,
  fields: readonly FieldName[],
): Promise<TopRows | null> {
  const { held } = files
  if (!held) return Promise.resolve(null)
  const reading = { range: query, table: query.measurement, none: [] as TopRows | null }
  return files.over(reading, async (entries, clipped) => {
    const found = await held.take(entries, fields, { tier: query.tier, onlyHeld: false })
    return found && topOf(found, clipped, fields)
  })
}

/**
 * Sums of whole numbers are exact: added as integers, returned as a double (all are below 2^53).
 */
export function sumSql(column: string): string {
  return `sum(${column})::DOUBLE`
}
