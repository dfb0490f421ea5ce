/** Tables that questions share: made once, kept a while, and gone in the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { SharedTables, type Wanted } from '../../../store/archive/shared-tables.ts'

const hour: Wanted = { key: 'hour', columns: ['a', 'b'], from: 0, to: 60, files: ['x', 'y'], isWhole: true } // prettier-ignore

function shared() {
  const dropped: string[] = []
  const made: string[] = []
  const tables = new SharedTables((table) => Promise.resolve(dropped.push(table)))
  const make = (rows: number | null) => async (table: string) => {
    made.push(table)
    return rows
  }
  return { tables, made, dropped, make }
}

test('asked at once and again, a table is made once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { tables, made, dropped, make } = shared()
  const leases = await Promise.all([tables.take(hour, make(5)), tables.take(hour, make(5))])
  for (const lease of leases) lease!.release()
  t.mock.timers.tick(9999)
  const again = await tables.take(hour, make(5))
  assert.deepEqual([again!.table, again!.rows, again!.isWider], ['gathered_1', 5, false])
  t.mock.timers.tick(60_000)
  assert.deepEqual(dropped, [], 'in use')
  again!.release()
  t.mock.timers.tick(10_000)
  assert.deepEqual([made, dropped], [['gathered_1'], ['gathered_1']])
})

test('a window within, a filter, or fewer columns are served by what is there; other files or columns are not', async () => {
  const { tables, made, make } = shared()
  const lease = await tables.take(hour, make(5))
  const within = { ...hour, key: 'within', from: 10, to: 20, files: ['y'] }
  const cases: [wanted: Wanted, table: string, isWider: boolean][] = [
    [within, 'gathered_1', true],
    [{ ...hour, key: 'filtered', isWhole: false }, 'gathered_1', true],
    [{ ...within, key: 'new file', files: ['y', 'z'] }, 'gathered_2', false],
    [{ ...within, key: 'new column', columns: ['a', 'c'] }, 'gathered_3', false],
    [{ ...hour, key: 'later', from: 10, to: 70 }, 'gathered_4', false],
  ]
  for (const [wanted, table, isWider] of cases) {
    const found = await tables.take(wanted, make(1))
    assert.deepEqual([found!.table, found!.isWider], [table, isWider], wanted.key)
    found!.release()
  }
  lease!.release()
  assert.equal(made.length, 4)
  tables.close()
})

test('who waits for one that fails makes it; what fails, or is too large, leaves nothing', async () => {
  const { tables, dropped, make } = shared()
  const failing = tables.take(hour, () => Promise.reject(new Error('called off')))
  const waiting = tables.take(hour, make(7))
  await assert.rejects(failing, /called off/)
  const lease = await waiting
  assert.equal(lease!.table, 'gathered_2')
  lease!.release()
  assert.deepEqual(dropped, ['gathered_1'])
  assert.equal(await tables.take({ ...hour, key: 'too large', from: -1 }, make(null)), null)
  tables.close()
})

test('of many rows that nobody asks for, the longest unused go first', async () => {
  const { tables, dropped, make } = shared()
  for (const key of ['first', 'second', 'third'])
    (await tables.take({ ...hour, key, isWhole: false }, make(200_000)))!.release()
  assert.deepEqual(dropped, ['gathered_1'])
  ;(await tables.take({ ...hour, key: 'huge', isWhole: false }, make(500_001)))!.release()
  assert.deepEqual(dropped, ['gathered_1', 'gathered_4'])
  tables.close()
})
