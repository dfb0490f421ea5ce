import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import type { DuckDBConnection } from '@duckdb/node-api'
import fc from 'fast-check'

import { formatHalves } from '../../../flow/address.ts'
import { blockOf } from '../../../store/archive/columns.ts'
import { bytes, packets } from '../../../store/archive/sql/expressions.ts'
import { FileEngine } from '../../../store/archive/read-back/file-engine.ts'
import { formatHostSums, isExact, type HostSums } from '../../../store/archive/write/host-list.ts'
import { greatestHosts } from '../../../store/archive/write/host-totals.ts'
import { parquetFile } from '../../../store/archive/format/parquet-file.ts'
import { Table } from '../../../store/archive/sql/query-engine.ts'
import { ScratchMemory } from '../../../store/archive/scratch-memory.ts'
import { SourceFiles } from '../../../store/archive/read-back/source-files.ts'
import { seed } from '../../drawn.ts'
import { scratchFolder } from '../../processes.ts'
import { seeded } from '../../random.ts'
import { columnsOf, testFlow, type TestFlow } from './archived.ts'
import { connectionOf } from './duckdb.ts'
import { generatedFlow } from './generated-flows.ts'

/** The greatest hosts by SQL. */
async function inSql(connection: DuckDBConnection, path: string, count: number): Promise<HostSums> {
  const ends = ['source', 'destination'].map(
    (end) =>
      `SELECT "${end}AddressHigh" AS high, "${end}AddressLow" AS low, ${bytes} AS bytes, ${packets} AS packets FROM '${path}'`,
  )
  const total = (name: string) => `(SELECT sum(${name}) FROM groups)::DOUBLE AS total_${name}`
  const reader = await connection.runAndReadAll(
    `WITH groups AS (
       SELECT high, low, sum(bytes) AS bytes, sum(packets) AS packets, count(*) AS flows
       FROM (${ends.join(' UNION ALL ')}) GROUP BY high, low)
     SELECT high, low, bytes::DOUBLE AS host_bytes, ${['bytes', 'packets', 'flows'].map(total).join(', ')}
     FROM groups ORDER BY bytes DESC, high, low LIMIT ${count + 1}`,
  )
  const table = new Table(reader.currentRowCount, reader.getColumnsObject())
  const [high, low, sums] = [table.wholes('high'), table.wholes('low'), table.numbers('host_bytes')]
  const hosts = sums
    .slice(0, count)
    .map((sum, i) => [formatHalves(high[i]!, low[i]!), sum] as const)
  const all = (name: string) => table.numbers(`total_${name}`)[0]!
  const totals = { bytes: all('bytes'), packets: all('packets'), flows: all('flows') }
  return { hosts: new Map(hosts), restMax: sums[count] ?? 0, total: totals }
}

test('the greatest hosts are those of SQL, with the same sums', async (t) => {
  const folder = await scratchFolder()
  const connection = await connectionOf(t)
  const engine = await FileEngine.open()
  t.after(() => engine.close())
  const scratch = new ScratchMemory()
  let files = 0
  const check = async (flows: readonly TestFlow[], count: number) => {
    const path = join(folder, `${files++}.parquet`)
    const block = blockOf(columnsOf(flows))
    await writeFile(path, Buffer.concat(parquetFile([{ block, from: 0, to: flows.length }])))
    const wanted = await inSql(connection, path, count)
    const source = await SourceFiles.open({
      paths: [path],
      engine: () => Promise.resolve(engine),
      goesOn: () => {},
    })
    const found = await greatestHosts(source, count, scratch)
    source.close()
    assert.equal(isExact(found), isExact(wanted))
    assert.equal(formatHostSums(found), formatHostSums(wanted))
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(generatedFlow, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      check,
    ),
    { seed, numRuns: 60 },
  )
  // More hosts than the table initially holds, many of them alike.
  const random = seeded(5)
  const host = () =>
    `10.${Math.floor(random() * 3)}.${Math.floor(random() * 99)}.${Math.floor(random() * 99)}`
  await check(
    Array.from({ length: 20_000 }, () => testFlow({ source: host(), destination: host(), octets: Math.floor(random() * 9) })), // prettier-ignore
    200,
  )
})
