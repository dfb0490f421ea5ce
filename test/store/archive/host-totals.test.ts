import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import fc from 'fast-check'

import { blockOf } from '../../../store/archive/columns.ts'
import { bytes, packets } from '../../../store/archive/expressions.ts'
import { FileEngine } from '../../../store/archive/file-engine.ts'
import { formatHostSums, isExact } from '../../../store/archive/host-list.ts'
import { hostSumsOf, hostSumsSql } from '../../../store/archive/host-sums.ts'
import { greatestHosts } from '../../../store/archive/host-totals.ts'
import { parquetFile } from '../../../store/archive/parquet-file.ts'
import { Table } from '../../../store/archive/query-engine.ts'
import { Rooms } from '../../../store/archive/rooms.ts'
import { SourceFiles } from '../../../store/archive/source-files.ts'
import { seed } from '../../drawn.ts'
import { seeded } from '../../encode/relay.ts'
import { columnsOf, scratchFolder, told, type ToldFlow } from './archived.ts'
import { connectionOf } from './duckdb.ts'
import { generatedFlow } from './generated-flows.ts'

test('the greatest hosts are those that SQL finds, with the same sums', async (t) => {
  const folder = await scratchFolder(t)
  const connection = await connectionOf(t)
  const engine = await FileEngine.open()
  t.after(() => engine.close())
  const rooms = new Rooms()
  let files = 0
  const check = async (flows: readonly ToldFlow[], count: number) => {
    const path = join(folder, `${files++}.parquet`)
    const block = blockOf(columnsOf(flows))
    await writeFile(path, Buffer.concat(parquetFile([{ block, from: 0, to: flows.length }])))
    const ends = ['source', 'destination'].map(
      (end) =>
        `SELECT "${end}AddressHigh" AS key0, "${end}AddressLow" AS key1, ${bytes} AS bytes, ${packets} AS packets FROM '${path}'`,
    )
    const reader = await connection.runAndReadAll(hostSumsSql(ends.join(' UNION ALL '), count))
    const wanted = hostSumsOf(new Table(reader.currentRowCount, reader.getColumnsObject()), count)
    const source = await SourceFiles.open({ paths: [path], engine, goesOn: () => {} })
    const found = await greatestHosts(source, count, rooms)
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
  // More hosts than the table has room for at first, many of them alike.
  const random = seeded(5)
  const host = () =>
    `10.${Math.floor(random() * 3)}.${Math.floor(random() * 99)}.${Math.floor(random() * 99)}`
  await check(
    Array.from({ length: 20_000 }, () => told({ source: host(), destination: host(), octets: Math.floor(random() * 9) })), // prettier-ignore
    200,
  )
})
