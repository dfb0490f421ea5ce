import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { DuckDBInstance } from '@duckdb/node-api'

import { limitFreedMemory } from '../../../store/process/freed-memory.ts'

function ownMiB(): number {
  const status = readFileSync('/proc/self/status', 'utf8')
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)![1]) / 1024
}

test('memory freed by DuckDB returns to the system', async () => {
  const returnFreedMemory = await limitFreedMemory()
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  returnFreedMemory()
  const before = ownMiB()
  await connection.run(
    'CREATE TABLE held AS SELECT hash(range) AS a FROM range(2000000) ORDER BY a',
  )
  await connection.run('DROP TABLE held')
  const kept = ownMiB() - before
  returnFreedMemory()
  const left = ownMiB() - before
  connection.closeSync()
  instance.closeSync()
  assert.ok(kept > 20 && left < kept / 2, `${kept} MiB were kept, and ${left} afterwards`)
})
