/** DuckDB as an independent reader of what was written. */
import type { TestContext } from 'node:test'

import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'

import { archivedLastSql } from '../../../store/archive/columns.ts'

export async function connectionOf(t: TestContext): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  t.after(() => {
    connection.closeSync()
    instance.closeSync()
  })
  return connection
}

/** Every count and sum of a manifest entry, from the archive's columns. */
export const summarySql = `count(*) AS rows,
  sum("octetDeltaCount"::HUGEINT * "samplingInterval") AS octets,
  sum("packetDeltaCount"::HUGEINT * "samplingInterval") AS packets,
  epoch_ms(min("collectionTimeMilliseconds")) AS receivedFrom,
  epoch_ms(max("collectionTimeMilliseconds")) AS receivedTo,
  epoch_ms(min("flowStartMilliseconds")) AS firstMin,
  max(${archivedLastSql}) AS lastMax`
