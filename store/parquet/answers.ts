/** The questions `coverage` and `top` of the series store, answered from files. */
import type { DuckDBDataChunk } from '@duckdb/node-api'

import { fieldNames, otherKey, unknownReasons, type FieldName } from '../measurement.ts'
import type { Coverage, SeriesKey, SeriesRange, TopQuery, TopRows } from '../series.ts'
import { cutTag } from '../shape.ts'
import type { Files } from './files.ts'
import { topOf } from './held-answers.ts'

/** See SeriesStore.coverage. */
export async function readCoverage(files: Files, range: SeriesRange): Promise<Coverage[]> {
  return (await heldCoverage(files, range)) ?? (await askCoverage(files, range))
}

async function askCoverage(files: Files, range: SeriesRange): Promise<Coverage[]> {
  const chunks = await files.query(range, 'coverage', {
    sql: (fromWhere) => `${coverageSql} ${fromWhere} ORDER BY time, exporter`,
  })
  return rowsOf(chunks)
}

const coverageSql = `SELECT epoch_ms(time)::DOUBLE, exporter, known,
  not_seen, not_listening, lost, exporter_restart, datagrams::DOUBLE, lost_flows::DOUBLE,
  lost_flows_estimated, epoch_ms(open_until)::DOUBLE`

/** From memory, where the files are held: no step is in two of them, and they come in the order of time. */
function heldCoverage(files: Files, range: SeriesRange): Promise<Coverage[] | null> {
  const { held, engine } = files
  if (!held) return Promise.resolve(null)
  return files.over(
    { range, table: 'coverage', none: [] as Coverage[] | null },
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
  return chunks.flatMap((chunk) => chunk.getRows().map((row) => coverageOf(row)))
}

function coverageOf(row: readonly unknown[]): Coverage {
  const unknown: Coverage['unknown'] = {}
  for (const [i, reason] of unknownReasons.entries())
    if (row[3 + i] !== 0) unknown[reason] = row[3 + i] as number
  return {
    time: row[0] as number,
    exporter: row[1] as string,
    known: row[2] as number,
    unknown,
    datagrams: row[7] as number,
    lostFlows: row[8] as number,
    lostFlowsEstimated: row[9] as boolean,
    ...(row[10] === null ? {} : { openUntil: row[10] as number }),
  }
}

/** See SeriesStore.top. */
export async function readTop(files: Files, query: TopQuery): Promise<TopRows> {
  const { measurement, by, order, limit } = query
  const asked = [...new Set<FieldName>([...(query.fields ?? fieldNames), order])]
  const fromMemory = await heldTop(files, query, asked)
  if (fromMemory) return fromMemory
  const cut = cutTag(by)
  const chunks = await files.query(query, measurement, {
    sql: (fromWhere) => `SELECT ${[...by, ...asked.map(sumSql)].join(', ')}
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
      for (const [i, field] of asked.entries()) sum[field] = row[by.length + i] as number
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
  const asked = { range: query, table: query.measurement, none: [] as TopRows | null }
  return files.over(asked, async (entries, clipped) => {
    const found = await held.take(entries, fields, { onlyHeld: false })
    return found && topOf(found, clipped, fields)
  })
}

/** Sums of whole numbers are exact: added as integers, given as a double (all are below 2^53). */
export function sumSql(column: string): string {
  return `sum(${column})::DOUBLE`
}
