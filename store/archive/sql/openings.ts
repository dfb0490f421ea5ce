/**
 * Connections opened: the first record of a 5-tuple in either direction, and the first after a
 * pause longer than the exporter's timeouts. Repeats the rules of
 * flow/incident/flows/connections.ts in SQL: builds a table of the records that begin a connection, which
 * is then queried like any flows.
 */
import type { FlowWindow } from '../../flows.ts'
import { Bindings } from './bindings.ts'
import { archiveColumns } from '../columns.ts'
import {
  belongsSql,
  destinationPort,
  first,
  isIcmp,
  last,
  servicePortSql,
  sourcePort,
} from './expressions.ts'
import { filterSql } from './filter-sql.ts'
import type { Session } from './query-engine.ts'
import { QueryTooLarge } from '../../query-error.ts'
import type { ArchiveFiles } from '../readable-files.ts'

/** Most flows joined at once: about 300 bytes each. */
const openingRowsMax = 2_000_000
/** The bounds of a pause: see flow/incident/flows/connections.ts. */
export const pauseMs = { least: 60_000, most: 1_800_000 }
const table = 'openings'
/**
 * The pause of an exporter, ms: its longest record, or the longest pause if it sampled packets.
 * `exporter` is its columns.
 */
export function pauseSql(exporter: string): string {
  const greatest = (value: string) => `max(${value}) OVER (PARTITION BY ${exporter})`
  return `CASE WHEN ${greatest('"samplingInterval"')} > 1 THEN ${pauseMs.most}
    ELSE least(${pauseMs.most}, greatest(${pauseMs.least}, ${greatest('last_ms - first_ms')})) END`
}
/** Whether a record counts anything: if not, it opens nothing. */
export const countsAny = '"octetDeltaCount" + "packetDeltaCount" > 0'
/**
 * Whether a record asks: of those that begin at the same instant, it comes first. `flags` is the bits
 * of SYN and ACK in the store's SQL.
 */
export function asksSql(flags: string): string {
  return `("protocolIdentifier" = 6 AND ${flags} = 2)
    OR ((${sourcePort}) = 0 AND (("protocolIdentifier" = 1 AND (${destinationPort}) = 2048)
      OR ("protocolIdentifier" = 58 AND (${destinationPort}) = 32768)))`
}

const [source, destination] = (['source', 'destination'] as const).map(
  (end) => `"${end}AddressHigh", "${end}AddressLow", "${end}TransportPort"`,
) as [string, string]
const ends = ['AddressHigh', 'AddressLow', 'TransportPort']

/**
 * The records that begin a connection in the window and pass the filter, as a table that replaces
 * the files (which reach back by the longest pause). It has the columns that `statement` names.
 * @throws QueryTooLarge if there are too many flows to join
 */
export async function openings(
  session: Session,
  files: ArchiveFiles,
  { query, statement }: { query: FlowWindow; statement: string },
): Promise<ArchiveFiles> {
  refuseTooManyRows(files.rows, openingRowsMax)
  const bindings = new Bindings()
  const paths = bindings.texts([...files.inside, ...files.edge])
  const [from, to] = [bindings.whole(query.from), bindings.whole(query.to)]
  const filter = query.filter ? filterSql(query.filter, bindings) : 'true'
  // The lesser end comes first, so that both directions have the same tuple.
  const tuple = ['least', 'greatest'].flatMap((which) =>
    ends.map((part) => {
      const isSwapped = which === 'least' ? '' : 'NOT '
      const one = `CASE WHEN ${isSwapped}(${source}) > (${destination}) THEN "destination${part}" ELSE "source${part}" END`
      return part === 'TransportPort' ? `CASE WHEN ${isIcmp} THEN 0 ELSE ${one} END` : one
    }),
  )
  const exporter = '"exporterAddressHigh", "exporterAddressLow"'
  const service = servicePortSql(bindings)
  const opened = (columns: string) => `CREATE TEMP TABLE ${table} AS
     WITH flows AS (
       SELECT ${columns},
         ${first} AS first_ms, greatest(${first}, ${last}) AS last_ms
       FROM read_parquet(${paths})
       WHERE ${first} < ${to} AND ${last} >= ${from} - ${pauseMs.most}),
     joined AS (
       SELECT *,
         max(last_ms) OVER (
           PARTITION BY ${exporter}, "protocolIdentifier", ${tuple.join(', ')}
           ORDER BY first_ms,
             CASE WHEN ${asksSql('"tcpControlBits" & 18')} THEN 0 ELSE 1 END,
             CASE WHEN "sourceTransportPort" = (${service}) THEN 1 ELSE 0 END,
             "sourceTransportPort" DESC
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen_ms,
         ${pauseSql(exporter)} AS pause_ms
       FROM flows)
     SELECT * EXCLUDE (first_ms, last_ms, seen_ms, pause_ms) FROM joined
     WHERE (seen_ms IS NULL OR (first_ms - seen_ms > pause_ms AND ${countsAny}))
       AND first_ms >= ${from} AND first_ms < ${to}
       AND ${belongsSql(query.include, { from, to })} AND ${filter}`
  // Only needed columns, because all of them are in memory during the join.
  const named = `${opened('')} ${statement}`
  const columns = archiveColumns
    .map(({ name }) => `"${name}"`)
    .filter((name) => named.includes(name))
  await session.read(opened(columns.join(', ')), bindings)
  return { ...files, inside: [], edge: [], table }
}

/** @throws QueryTooLarge if the files of the window hold more flows than can be joined */
export function refuseTooManyRows(rows: number, rowsMax: number): void {
  if (rows <= rowsMax) return
  throw new QueryTooLarge(
    `the files of the window hold ${rows.toLocaleString('en')} flows; connections can be joined of at most ${rowsMax.toLocaleString('en')}`,
    'ask for a shorter time, or for flows, which are records that begin',
    rows,
  )
}
