/** An answer's flows as a Parquet file, written by an engine and in a folder of its own. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { DuckDBInstance, VARCHAR } from '@duckdb/node-api'

import type { FlowRecord } from '../../flows.ts'
import { literal } from '../../sql-literal.ts'

/**
 * The columns: times as timestamps marked as UTC, so that no reader takes them for its own zone,
 * counts wide enough for any value.
 */
const types: Record<keyof FlowRecord, string> = {
  received: 'BIGINT', first: 'BIGINT', last: 'BIGINT',
  exporter: 'VARCHAR', source: 'VARCHAR', destination: 'VARCHAR',
  sourcePort: 'INTEGER', destinationPort: 'INTEGER', protocol: 'VARCHAR',
  bytes: 'BIGINT', packets: 'BIGINT', sampling: 'BIGINT', inInterface: 'BIGINT', outInterface: 'BIGINT',
  tcpFlags: 'VARCHAR', tos: 'SMALLINT', sourceAs: 'BIGINT', destinationAs: 'BIGINT',
  nextHop: 'VARCHAR', vlan: 'INTEGER', icmpType: 'SMALLINT', icmpCode: 'SMALLINT',
} // prettier-ignore
const times = ['received', 'first', 'last'] as const

/** The bytes of the file; one column per field of a record. */
export async function flowsParquet(flows: readonly FlowRecord[]): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-parquet-'))
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '256MiB' })
  const connection = await instance.connect()
  try {
    const file = join(folder, 'flows.parquet')
    const shape = JSON.stringify([types])
    const asTimes = times.map((name) => `to_timestamp("${name}" / 1000) AS "${name}"`).join(', ')
    await connection.run(
      `CREATE TABLE flows AS SELECT * REPLACE (${asTimes}) FROM (
         SELECT unnest(from_json($flows, '${shape}'), max_depth := 2))`,
      { flows: JSON.stringify(flows) },
      { flows: VARCHAR },
    )
    await connection.run(`COPY flows TO ${literal(file)} (FORMAT parquet)`)
    return await readFile(file)
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(folder, { recursive: true, force: true })
  }
}
