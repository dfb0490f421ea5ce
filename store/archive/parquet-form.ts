/** How the archive's files are written: order, row groups, and what the manifest says of each. */
import { archiveColumns, archivedLastSql, isWide, type ArchiveColumn } from './columns.ts'

/**
 * What flows are sorted by: flows of a service in one direction, with the same flags and as many packets, are alike in
 * most else, so that they take the least room together. Bytes and query time were measured for other orders: see
 * ARCHITECTURE.md.
 */
const orderedBy = ['sourceTransportPort', 'destinationTransportPort', 'tcpControlBits', 'packetDeltaCount', 'flowStartMilliseconds'] // prettier-ignore
const [sourcePort, destinationPort, ...others] = orderedBy.map(quoted)
const order = [
  `${sourcePort} < ${destinationPort}`,
  `least(${sourcePort}, ${destinationPort})`,
  ...others,
]
export const orderSql = order.join(', ')
const receipt = 'collectionTimeMilliseconds'
/** Row groups are of so many rows, about: each is of a part of a file's time, so that a question of minutes reads few. */
const groupRows = 98_304

/** How many rows files have together, and over what time they were received (unix ms, both included). */
export const extentSql = (source: string): string =>
  `SELECT count(*)::DOUBLE AS rows, epoch_ms(min("${receipt}"))::DOUBLE AS "from", epoch_ms(max("${receipt}"))::DOUBLE AS "to" FROM ${source}`

export interface Extent {
  rows: number
  from: number
  to: number
}

/** The columns that are sorted: all but those that hold one value throughout (`singles`: by name). */
export function sortedColumns(singles: ReadonlyMap<string, string>): ArchiveColumn[] {
  return archiveColumns.filter(
    ({ name }) => !singles.has(name) || name === receipt || orderedBy.includes(name),
  )
}

/**
 * The rows of files in the archive's order, as a SELECT: the number of the row group, then `columns` as they stand in
 * Parquet, whole numbers of 64 or 32 bits.
 */
export function sortedSql(
  source: string,
  columns: readonly ArchiveColumn[],
  extent: Extent,
): string {
  const { rows, from, to } = extent
  const groups = Math.max(1, Math.round(rows / groupRows))
  const group = `((epoch_ms("${receipt}") - ${from}) * ${groups} // ${to + 1 - from})::INTEGER AS "group"`
  const carried = columns.map(({ name, type }) => {
    const value = type === 'TIMESTAMP_MS' ? `epoch_ms(${quoted(name)})` : quoted(name)
    return `${value}::${isWide(type) ? 'BIGINT' : 'INTEGER'} AS ${quoted(name)}`
  })
  return `SELECT ${[group, ...carried].join(', ')} FROM ${source} ORDER BY "group", ${orderSql}`
}

/** Of files, the columns that hold one value throughout, with it, as far as the footers say. */
export function singlesSql(files: string): string {
  return `SELECT path_in_schema AS name, any_value(stats_min_value) AS value
    FROM parquet_metadata(${files}) GROUP BY name
    HAVING count(*) = count(stats_min_value) AND count(*) = count(stats_max_value)
      AND count(DISTINCT stats_min_value) = 1 AND count(DISTINCT stats_max_value) = 1
      AND any_value(stats_min_value) = any_value(stats_max_value)`
}

/** Of files, the columns that are 0 throughout, as far as the footers say. */
export function zerosSql(files: string): string {
  return `SELECT path_in_schema AS name FROM parquet_metadata(${files}) GROUP BY name
    HAVING count(*) = count(stats_min_value) AND count(*) = count(stats_max_value)
      AND bool_and(stats_min_value = '0' AND stats_max_value = '0')`
}

function quoted(name: string): string {
  return `"${name}"`
}

/**
 * Everything of an entry that can be counted, from the archive's columns. Products of 128 bits take three times as long as all
 * else together; those of 64 bits are an error of DuckDB's where they do not hold what is counted.
 */
const summaryOf = (count: (name: string) => string) => `count(*) AS rows,
  sum(${count('octetDeltaCount')} * "samplingInterval") AS octets,
  sum(${count('packetDeltaCount')} * "samplingInterval") AS packets,
  epoch_ms(min("collectionTimeMilliseconds")) AS receivedFrom,
  epoch_ms(max("collectionTimeMilliseconds")) AS receivedTo,
  epoch_ms(min("flowStartMilliseconds")) AS firstMin,
  max(${archivedLastSql}) AS lastMax`
export const summarySql = summaryOf((name) => `"${name}"::HUGEINT`)
export const narrowSummarySql = summaryOf((name) => `"${name}"`)
