/** DuckDB beside what is tested: reads what was written as anyone would. */
import type { TestContext } from 'node:test'

import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'

export async function connectionOf(t: TestContext): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  t.after(() => {
    connection.closeSync()
    instance.closeSync()
  })
  return connection
}
