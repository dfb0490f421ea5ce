/** How many queries or log-ins run at once, and who waits. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { Turns } from '../../api/turns.ts'
import { until } from '../until.ts'
import { appUnderTest } from './app-under-test.ts'
import { MemoryFlows } from './memory-flows.ts'

describe('turns', () => {
  test('one that comes as another ends waits behind those that wait already', async () => {
    const turns = new Turns(1)
    const order: string[] = []
    await turns.begin()
    const second = turns.begin().then(() => order.push('second'))
    turns.end()
    const third = turns.begin().then(() => order.push('third'))
    await second
    assert.equal(turns.running, 1)
    assert.deepEqual([order, turns.waiting], [['second'], 1])
    turns.end()
    await third
    turns.end()
    assert.deepEqual([order, turns.running], [['second', 'third'], 0])
  })

  test('one that is aborted while it waits leaves the queue', async () => {
    const turns = new Turns(1)
    await turns.begin()
    const abort = new AbortController()
    const waiting = turns.begin(abort.signal)
    abort.abort()
    await assert.rejects(waiting)
    assert.equal(turns.waiting, 0)
    await assert.rejects(turns.begin(abort.signal))
    turns.end()
    assert.equal(turns.running, 0)
  })
})

test('a query that waits is answered when it is stopped or out of time, and takes no place', async (t) => {
  const limits = { runningMax: 1, waitingMax: 1, timeoutMs: 2000 }
  const flows = new MemoryFlows([])
  const started = Promise.withResolvers<void>()

  flows.top = () => {
    started.resolve()
    return new Promise(() => undefined)
  }
  const { app } = await appUnderTest(t, { options: { flows, heavyLimits: limits } })
  const ask = (order: string) =>
    app
      .inject({
        url: `/api/top?from=now-1h&order=${order}`,
        headers: { 'weir-query': `by-${order}` },
      })
      .then((answer) => answer)
  const running = ask('packets')
  await started.promise
  const waiting = ask('peers')
  await until(async () => (await app.inject('/api/queries/by-peers')).statusCode === 200)
  const stopped = await app.inject({ method: 'DELETE', url: '/api/queries/by-peers' })
  assert.equal(stopped.statusCode, 204)
  assert.equal((await waiting).statusCode, 499)
  // It is answered although the first still runs, and leaves its place to another.
  assert.equal((await app.inject('/api/queries/by-packets')).statusCode, 200)
  const next = await ask('flows')
  assert.notEqual(next.json<{ error: { code: string } }>().error.code, 'busy')
  assert.equal((await running).statusCode, 503)
})
