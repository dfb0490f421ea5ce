/** The questions `coverage` and `top` of the series store, answered from files. */
import { fieldNames, otherKey, unknownReasons, type FieldName } from '../measurement.ts'
import type { Coverage, SeriesKey, SeriesRange, TopQuery, TopRows } from '../series.ts'
import { cutTag } from '../shape.ts'
import type { Files } from './files.ts'

/** See SeriesStore.coverage. */
export async function readCoverage(files: Files, range: SeriesRange): Promise<Coverage[]> {
  const chunks = await files.query(range, 'coverage', {
    sql: (fromWhere) => `SELECT epoch_ms(time)::DOUBLE, exporter, known,
      not_seen, not_listening, lost, exporter_restart, datagrams::DOUBLE, lost_flows::DOUBLE,
      lost_flows_estimated, epoch_ms(open_until)::DOUBLE
      ${fromWhere} ORDER BY time, exporter`,
  })
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

/** Sums of whole numbers are exact: added as integers, given as a double (all are below 2^53). */
export function sumSql(column: string): string {
  return `sum(${column})::DOUBLE`
}
