/** What Weir reads from its own files without DuckDB, compared with DuckDB. */
import assert from 'node:assert/strict'
import { copyFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { columnNames, flowColumns, type FlowColumns } from '../../../flow/columns.ts'
import { fileSummary, readWhole, rowsOf } from '../../../store/archive/read-back/own-file.ts'
import { readOthers } from '../../../store/archive/read-back/read-duckdb-files.ts'
import { readFlows } from '../../../store/archive/read-back/read-flows.ts'
import type { Summary } from '../../../store/archive/write/waiting.ts'
import { scratchFolder } from '../../processes.ts'
import { t0, testFlow, twoFiles } from './archived.ts'
import { connectionOf, summarySql } from './duckdb.ts'
import { generatedFlow } from './generated-flows.ts'

const generated = fc
  .tuple(generatedFlow, fc.integer({ min: -3, max: 3 }), fc.integer({ min: 0, max: 2000 }))
  .map(([flow, seconds, later]) => {
    const first = t0 + seconds * 1000
    return testFlow({ ...flow, first, last: first + flow.last - flow.first, received: t0 + later })
  })

async function rowsRead(flows: AsyncGenerator<FlowColumns>): Promise<string[]> {
  const rows: string[] = []
  for await (const batch of flows)
    for (let i = 0; i < batch.count; i++)
      rows.push(
        columnNames
          .map((name) => {
            const width = flowColumns[name].kind === 'u64' ? 2 : 1
            return batch[name].subarray(i * width, (i + 1) * width).join()
          })
          .join(' '),
      )
  return rows.toSorted()
}

test('flows of a time, and the counts of a file, are the same as from DuckDB', async (t) => {
  const connection = await connectionOf(t)
  let found = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(generated, { minLength: 1, maxLength: 60 }),
      fc.tuple(fc.integer({ min: -4000, max: 4000 }), fc.integer({ min: 1, max: 4000 })),
      async (flows, [since, lasting]) => {
        const paths = await twoFiles(await scratchFolder(), flows)
        assert.equal(paths.length, 2)
        const reading = { from: t0 + since, to: t0 + since + lasting, memoryLimit: '512MB' }
        const rows = await rowsRead(readFlows(paths, reading))
        found += rows.length
        assert.deepEqual(rows, await rowsRead(readOthers(paths, reading)))
        for (const path of paths) {
          assert.equal(rowsOf(path), flows.length)
          assert.equal(readWhole(path), true)
          const sql = `SELECT ${summarySql} FROM read_parquet('${path}')`
          const [expected] = (await connection.runAndReadAll(sql)).getRowObjects()
          for (const [name, value] of Object.entries(fileSummary(path) satisfies Summary))
            assert.equal(value, Number(expected![name]), name)
        }
      },
    ),
    { numRuns: 8 },
  )
  assert.ok(found > 0)
})

test('a truncated or changed file is detected, and one of DuckDB’s is not taken for ours', async (t) => {
  const folder = await scratchFolder()
  const [path] = await twoFiles(folder, [
    testFlow(),
    testFlow({ octets: 2 ** 40 }),
    testFlow({ sourcePort: 80 }),
  ])
  const cut = join(folder, 'cut.parquet')
  await copyFile(path!, cut)
  await truncate(cut, 1000)
  for (const look of [rowsOf, readWhole, fileSummary]) assert.throws(() => look(cut), RangeError)
  const other = join(folder, 'other.parquet')
  const connection = await connectionOf(t)
  await connection.run(`COPY (FROM read_parquet('${path!}')) TO '${other}' (FORMAT parquet)`)
  assert.equal(rowsOf(other), null)
  assert.equal(readWhole(other), false)
  assert.throws(() => fileSummary(other), /not as Weir writes/)
  const reading = { from: t0, to: t0 + 1, memoryLimit: '512MB' }
  const rows = await rowsRead(readFlows([other, path!], reading))
  assert.equal(rows.length, 6, 'both are read')
})
