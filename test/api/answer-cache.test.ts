/** Cached answers: those of closed time, while the data folder lists the same files, and for a limited time. */
import assert from 'node:assert/strict'
import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import { scratchFolder } from '../processes.ts'
import { appUnderTest } from './app-under-test.ts'
import { flow } from './memory-flows.ts'

const t0 = Date.UTC(2026, 10, 16, 11)
const closed = `/api/top?by=host&from=${t0 / 1000}&to=${t0 / 1000 + 600}`

async function folderWithArchive(): Promise<string> {
  const data = await scratchFolder()
  await mkdir(join(data, 'archive'), { recursive: true })
  await appendFile(join(data, 'archive', 'manifest.jsonl'), '\n')
  return data
}

suite('cached answers', () => {
  test('closed time is queried from the store once, until files change or time passes', async (t) => {
    const data = await folderWithArchive()
    let now = t0 + 86_400_000
    const { app, flows, series } = await appUnderTest(t, {
      steps: { '5m': [{ time: t0, lostFlows: 3 }] },
      flows: [flow({ first: t0, last: t0 + 1000, bytes: 1000 })],
      environment: { WEIR_DATA: data },
      options: { now: () => now },
    })
    const ask = async (url: string, headers = {}) => {
      const answer = await app.inject({ url, headers })
      return { status: answer.statusCode, tag: String(answer.headers['etag']), body: answer.body }
    }
    const coverage = t.mock.method(series, 'coverage')
    const first = await ask(closed)
    assert.equal(first.status, 200)
    assert.match(first.body, /3 flows of this time were lost/)
    assert.deepEqual(await ask(closed), first)
    assert.equal((await ask(closed, { 'if-none-match': first.tag })).status, 304)
    assert.equal(flows.asked.length, 1)
    assert.equal(coverage.mock.callCount(), 1, 'nor is what its time lacks read again')
    await ask(`${closed}&limit=1`)
    assert.equal(flows.asked.length, 2, 'another query is another answer')

    flows.flows.push(flow({ first: t0, last: t0 + 1000, bytes: 500 }))
    await appendFile(join(data, 'archive', 'manifest.jsonl'), '\n')
    const changed = await ask(closed)
    assert.notEqual(changed.tag, first.tag)
    assert.match(changed.body, /1500/)
    now += 11_000
    await ask(closed)
    assert.equal(flows.asked.length, 4)
  })

  test('time that is not over is queried again', async (t) => {
    const { app, flows } = await appUnderTest(t, {
      environment: { WEIR_DATA: await folderWithArchive() },
      options: { now: () => t0 + 300_000 },
    })
    await app.inject(closed)
    await app.inject(closed)
    await app.inject('/api/top?by=host&from=now-1h&to=now-30m')
    await app.inject('/api/top?by=host&from=now-1h&to=now-30m')
    assert.equal(flows.asked.length, 4)
  })

  test('a user who may see only networks never gets an answer made for others', async (t) => {
    const { app, flows } = await appUnderTest(t, {
      environment: {
        WEIR_DATA: await folderWithArchive(),
        WEIR_AUTH: 'proxy',
        WEIR_PROXIES: '127.0.0.1',
        WEIR_MASK: 'viewer',
      },
      flows: [flow({ first: t0, last: t0 + 1000 })],
    })
    const headers = { 'remote-user': 'ann' }
    const told = await app.inject({ url: closed, headers })
    assert.equal(told.statusCode, 200, told.body)
    await app.inject({ url: closed, headers })
    assert.equal(flows.asked.length, 2)
  })
})
