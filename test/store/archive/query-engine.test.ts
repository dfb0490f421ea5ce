import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Bindings } from '../../../store/archive/sql/bindings.ts'
import { QueryEngine } from '../../../store/archive/sql/query-engine.ts'
import { QueryTooLarge } from '../../../store/query-error.ts'
import { scratchFolder } from '../../processes.ts'

test('after an error that is fatal to DuckDB, the next query is answered', async (t) => {
  const folder = await scratchFolder()
  const limits = { threads: 2, memoryBytes: 2 ** 26, queryMs: 50_000 }
  const engine = await QueryEngine.open(folder, limits)
  t.after(() => engine.close())
  const read = (sql: string) =>
    engine.query(undefined, (session) => session.read(sql, new Bindings()))
  await read('CREATE TABLE filled (number BIGINT, hash UBIGINT)')
  const fill = async () => {
    for (;;) await read('INSERT INTO filled SELECT range, hash(range) FROM range(400000)')
  }
  await assert.rejects(fill(), QueryTooLarge, 'too little memory is an error of the statement')
  assert.equal((await read('SELECT count(*) FROM filled')).count, 1)
  // While another query is running.
  const other = engine.query(undefined, async (session) => {
    await session.read('SELECT 1', new Bindings())
    await assert.rejects(read('CHECKPOINT'), QueryTooLarge)
    await assert.rejects(session.read('SELECT count(*) FROM filled', new Bindings()), /invalidated/)
  })
  await other
  const answers = await Promise.all([1, 2, 3].map(() => read('SELECT 1 AS one')))
  assert.deepEqual(
    answers.map(({ count }) => count),
    [1, 1, 1],
  )
  await assert.rejects(read('SELECT count(*) FROM filled'), /does not exist/)
})
