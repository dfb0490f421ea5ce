/** How the archive's files are written: order, compression, and what the manifest says of each. */
import { archiveColumns, archivedLastSql } from './columns.ts'

/** Bytes and query time were measured for other orders, row groups and levels: see ARCHITECTURE.md. */
const order = [
  'destinationAddressHigh',
  'destinationAddressLow',
  'sourceAddressHigh',
  'sourceAddressLow',
  'flowStartMilliseconds',
]
export const orderSql = order.map(quoted).join(', ')
export const parquetOptionsSql =
  'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 122880, PARQUET_VERSION V2, WRITE_BLOOM_FILTER false, DICTIONARY_SIZE_LIMIT 16000'

/**
 * The rows of files in the archive's order, as a SELECT. Most columns hold one value throughout
 * (`singles`: by name): these are put back after the sorting, which takes the less time and memory
 * the less it carries.
 */
export function sortedSql(source: string, singles: ReadonlyMap<string, string>): string {
  const sorted = archiveColumns.filter(({ name }) => !singles.has(name))
  // DuckDB reads milliseconds as microseconds and would write them so, which takes a byte more for each time.
  const carried = sorted.map(({ name, type }) => `${quoted(name)}::${type} AS ${quoted(name)}`)
  const keys = order.filter((name) => !singles.has(name)).map(quoted)
  const columns = archiveColumns.map(({ name, type }) =>
    singles.has(name) ? `'${singles.get(name)}'::${type} AS ${quoted(name)}` : quoted(name),
  )
  const rows = `SELECT ${carried.length > 0 ? carried.join(', ') : '1'} FROM ${source}`
  return `SELECT ${columns.join(', ')} FROM (${keys.length > 0 ? `${rows} ORDER BY ${keys.join(', ')}` : rows})`
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
