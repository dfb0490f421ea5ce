/** What is told of the archive's files in SQL: which columns are 0 throughout, and what the manifest says of each. */
import { archivedLastSql } from './columns.ts'

/** Of files, the columns that are 0 throughout, as far as the footers say. */
export function zerosSql(files: string): string {
  return `SELECT path_in_schema AS name FROM parquet_metadata(${files}) GROUP BY name
    HAVING count(*) = count(stats_min_value) AND count(*) = count(stats_max_value)
      AND bool_and(stats_min_value = '0' AND stats_max_value = '0')`
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
