/** How the archive's files are written: order, compression, and what the manifest says of each. */
import { archivedLastSql } from './columns.ts'

/** Bytes and query time were measured for other orders, row groups and levels: see ARCHITECTURE.md. */
export const orderSql =
  '"destinationAddressHigh", "destinationAddressLow", "sourceAddressHigh", "sourceAddressLow", "flowStartMilliseconds"'
export const parquetOptionsSql =
  'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 245760, PARQUET_VERSION V2, BLOOM_FILTER_FALSE_POSITIVE_RATIO 0.1'

/** Everything of an entry that can be counted, from the archive's columns. */
export const summarySql = `count(*) AS rows,
  sum("octetDeltaCount"::HUGEINT * "samplingInterval") AS octets,
  sum("packetDeltaCount"::HUGEINT * "samplingInterval") AS packets,
  epoch_ms(min("collectionTimeMilliseconds")) AS receivedFrom,
  epoch_ms(max("collectionTimeMilliseconds")) AS receivedTo,
  epoch_ms(min("flowStartMilliseconds")) AS firstMin,
  max(${archivedLastSql}) AS lastMax`
