/**
 * Connections opened, in ClickHouse: the records that begin one, as a relation that replaces the
 * flows. Same rules as store/archive/sql/openings.ts.
 */
import { belongsSql, isIcmp } from '../archive/sql/expressions.ts'
import { filterSql } from '../archive/sql/filter-sql.ts'
import {
  asksSql,
  countsAny,
  pauseMs,
  pauseSql,
  refuseTooManyRows,
} from '../archive/sql/openings.ts'
import type { FlowWindow } from '../flows.ts'
import type { Connection } from './connection.ts'
import { filesSql, flowTables } from './flow-scan.ts'
import { ClickHouseBindings, clickHouseWords } from './words.ts'

/** Most flows joined at once. */
const openingRowsMax = 3_000_000

const { first, last } = clickHouseWords
const ends = ['AddressHigh', 'AddressLow', 'TransportPort']
const [source, destination] = (['source', 'destination'] as const).map((end) =>
  ends.map((part) => `"${end}${part}"`).join(', '),
) as [string, string]

/**
 * FROM and WHERE for the records that begin a connection in the window and pass the filter;
 * `joined` as in flowsFrom.
 */
export function openingsFrom(
  connection: Connection,
  query: FlowWindow,
  bindings: ClickHouseBindings,
  joined = '',
): string {
  const [from, to] = [bindings.whole(query.from), bindings.whole(query.to)]
  const reach = { from: bindings.whole(query.from - pauseMs.most), to }
  const filter = query.filter ? filterSql(query.filter, bindings) : 'true'
  const exporter = '"exporterAddressHigh", "exporterAddressLow"'
  // The lesser end comes first, so that both directions have the same tuple.
  const tuple = ['least', 'greatest'].flatMap((which) =>
    ends.map((part) => {
      const isGreater = `(${source}) > (${destination})`
      const [one, other] = which === 'least' ? ['destination', 'source'] : ['source', 'destination']
      const value = `if(${isGreater}, "${one}${part}", "${other}${part}")`
      return part === 'TransportPort' ? `if(${isIcmp}, 0, ${value})` : value
    }),
  )
  return `FROM (SELECT *,
      max(toNullable(last_ms)) OVER (
        PARTITION BY ${exporter}, "protocolIdentifier", ${tuple.join(', ')}
        ORDER BY first_ms,
          if(${asksSql('bitAnd("tcpControlBits", 18)')}, 0, 1),
          if("sourceTransportPort" = "servicePort", 1, 0),
          "sourceTransportPort" DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen_ms,
      ${pauseSql(exporter)} AS pause_ms
    FROM (SELECT *, ${first} AS first_ms, greatest(${first}, ${last}) AS last_ms
      FROM ${flowTables(connection).flows}
      WHERE ${filesSql(connection, reach)} AND ${first} < ${to} AND ${last} >= ${reach.from})) ${joined}
    WHERE (seen_ms IS NULL OR (first_ms - seen_ms > pause_ms AND ${countsAny}))
      AND first_ms >= ${from} AND first_ms < ${to}
      AND ${belongsSql(query.include, { from, to }, clickHouseWords)} AND ${filter}`
}

/** @throws QueryTooLarge if there are too many flows to join */
export async function refuseTooMany(connection: Connection, query: FlowWindow): Promise<void> {
  const bindings = new ClickHouseBindings()
  const from = bindings.whole(query.from - pauseMs.most)
  const answer = await connection.read({
    sql: `SELECT sum(rows) AS rows FROM ${flowTables(connection).files} FINAL
      WHERE is_live = 1 AND first_min < ${bindings.whole(query.to)} AND last_max >= ${from}`,
    values: bindings.values,
    signal: query.signal,
  })
  refuseTooManyRows(answer.numbers('rows')[0] ?? 0, openingRowsMax)
}
