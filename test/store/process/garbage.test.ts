import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'node:test'

import { Bindings } from '../../../store/archive/sql/bindings.ts'
import { QueryEngine } from '../../../store/archive/sql/query-engine.ts'

const columns = Array.from({ length: 15 }, (_, i) => `(range + ${i})::DOUBLE`)

function ownMiB(): number {
  const status = readFileSync('/proc/self/status', 'utf8')
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)![1]) / 1024
}

/** Without collection these 4,000,000 rows took 420 MiB. */
const heldMiBMost = 250

test('an answer read chunk by chunk holds little memory', async () => {
  const engine = await QueryEngine.open(tmpdir(), {
    threads: 1,
    memoryBytes: 2 ** 28,
    queryMs: 60_000,
  })
  const before = ownMiB()
  let [rows, most] = [0, 0]
  await engine.query(undefined, async (session) => {
    const sql = `SELECT ${columns.join(', ')} FROM range(4000000)`
    for await (const { rowCount } of session.stream(sql, new Bindings())) {
      rows += rowCount
      most = Math.max(most, ownMiB() - before)
    }
  })
  await engine.close()
  assert.equal(rows, 4_000_000)
  assert.ok(most < heldMiBMost, `${most} MiB`)
})
