/**
 * Dashboards and annotations over HTTP, stored by the API alone, by a running ingest, or not at all.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import type { FastifyInstance } from 'fastify'

import { openApiState } from '../../api/documents/state.ts'
import type { Annotation, Dashboard } from '../../api/schema/state.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { appUnderTest } from './app-under-test.ts'

interface Asked {
  status: number
  body: unknown
}

async function ask(
  app: FastifyInstance,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  given: { body?: object; headers?: Record<string, string> } = {},
): Promise<Asked> {
  const payload = given.body === undefined ? {} : { payload: given.body }
  const response = await app.inject({ method, url, headers: given.headers ?? {}, ...payload })
  return { status: response.statusCode, body: response.json() }
}

const clock = { kind: 'clock', place: { column: 0, row: 0, columns: 4, rows: 2 } }
const chart = {
  kind: 'chart',
  place: { column: 4, row: 0, columns: 8, rows: 4 },
  query: { from: 'now-6h', by: 'host' },
}

test('a dashboard is made, changed against its ETag, exported, imported and removed', async (t) => {
  const { app } = await appUnderTest(t)
  const body = { title: 'Main line – Wall', panels: [clock, chart] }
  const made = await ask(app, 'POST', '/api/dashboards', { body })
  assert.equal(made.status, 201)
  const { etag, id } = made.body as Dashboard
  assert.equal(id, 'main-line-wall')
  assert.equal((await ask(app, 'POST', '/api/dashboards', { body })).status, 409)
  const url = `/api/dashboards/${id}`
  const put = (title: string, match: string) =>
    ask(app, 'PUT', url, { body: { ...body, title }, headers: { 'if-match': match } })
  assert.equal((await put('Second', etag)).status, 200)
  assert.equal((await put('Third', etag)).status, 412)
  const read = (await ask(app, 'GET', url)).body as Dashboard
  assert.equal(read.title, 'Second')
  assert.equal((await ask(app, 'DELETE', url, { headers: { 'if-match': etag } })).status, 412)
  assert.equal((await ask(app, 'DELETE', url)).status, 200)
  assert.equal((await ask(app, 'GET', url)).status, 404)
  const { title, panels } = read
  const imported = await ask(app, 'POST', '/api/dashboards', { body: { id, title, panels } })
  assert.equal(imported.status, 201)
  assert.notEqual((imported.body as Dashboard).etag, etag)
})

test('an invalid dashboard is refused', async (t) => {
  const { app } = await appUnderTest(t)
  const wrong: object[] = [
    {},
    { title: 'x' },
    { title: 'x', panels: [{ kind: 'virus', place: clock.place }] },
    { title: 'x', panels: [{ ...clock, onclick: 'alert(1)' }] },
    { title: 'x', panels: Array.from({ length: 13 }, () => clock) },
    { title: 'line\nbreak', panels: [] },
    { title: 'x', panels: [], id: '../../etc/passwd' },
  ]
  for (const body of wrong) {
    const { status } = await ask(app, 'POST', '/api/dashboards', { body })
    assert.equal(status, 400, JSON.stringify(body).slice(0, 100))
  }
})

test('a panel’s answer is never cached: another panel may have its address by then', async (t) => {
  const { app } = await appUnderTest(t)
  const query = { from: '2026-11-01T00:00:00Z', to: '2026-11-01T01:00:00Z', by: 'host' }
  const body = { id: 'desk', title: 'Desk', panels: [{ ...chart, query }] }
  assert.equal((await ask(app, 'POST', '/api/dashboards', { body })).status, 201)
  const asked = await app.inject('/api/dashboards/desk/panels/0')
  assert.equal(asked.statusCode, 200)
  assert.equal(asked.headers['cache-control'], 'private, no-cache')
  assert.ok(asked.headers['etag'])
  // The same query on its own may be cached for a while.
  const { headers } = await app.inject({ url: '/api/series', query })
  assert.match(String(headers['cache-control']), /max-age/)
})

test('a chart gives all its traffic too, for the same filter and time, and no other panel does', async (t) => {
  const { app } = await appUnderTest(t)
  const query = {
    from: '2026-11-01T00:00:00Z',
    to: '2026-11-01T01:00:00Z',
    filter: 'host 10.0.0.1',
    step: '300',
  }
  const split = { ...query, by: 'host,direction', top: '24' }
  const body = { id: 'desk', title: 'Desk', panels: [{ ...chart, query: split }, clock] }
  assert.equal((await ask(app, 'POST', '/api/dashboards', { body })).status, 201)
  const all = await app.inject('/api/dashboards/desk/panels/0?by=direction')
  const same = await app.inject({ url: '/api/series', query: { ...query, by: 'direction' } })
  assert.equal(all.statusCode, 200)
  assert.equal(all.body, same.body)
  for (const path of ['0?by=host', '1?by=direction'])
    assert.equal((await app.inject(`/api/dashboards/desk/panels/${path}`)).statusCode, 400, path)
})

test('a panel that could not be answered is refused by name', async (t) => {
  const { app } = await appUnderTest(t)
  const panels = [clock, { ...chart, title: 'Hosts', query: { by: 'colour' } }]
  const refused = await ask(app, 'POST', '/api/dashboards', { body: { title: 'x', panels } })
  assert.equal(refused.status, 400)
  assert.match(
    JSON.stringify(refused.body),
    /panel 1 \(\\"Hosts\\"\): in its query, \\"by\\" cannot be read: \\"colour\\"/,
  )
  const queries = [
    { filter: 'host 10.0.0.1 and prot tcp' },
    { by: 'host', key: 'x' },
    { from: '?' },
  ]
  for (const query of queries) {
    const faulty = { title: 'x', panels: [clock, { ...chart, title: 'Hosts', query }] }
    const answer = await ask(app, 'POST', '/api/dashboards', { body: faulty })
    assert.equal(answer.status, 400, JSON.stringify(query))
    const { error } = answer.body as { error: { message: string; position?: number } }
    assert.match(error.message, /^panel 1 \("Hosts"\): /)
    assert.equal(error.position, 'filter' in query ? 18 : undefined)
  }
})

test('annotations are found by the time they overlap', async (t) => {
  const { app } = await appUnderTest(t)
  const make = async (body: object) =>
    (await ask(app, 'POST', '/api/annotations', { body })).body as Annotation
  await make({ from: 1_794_001_000, to: 1_794_002_000, text: 'a range' })
  const moment = await make({ from: 1_794_003_000, text: 'a moment', tracker: 'line' })
  const found = async (query: string) => {
    const { body } = await ask(app, 'GET', `/api/annotations?${query}`)
    return (body as { annotations: Annotation[] }).annotations.map(({ text }) => text)
  }
  assert.deepEqual(await found(''), ['a range', 'a moment'])
  assert.deepEqual(await found('from=1794001500&to=1794001600'), ['a range'])
  assert.deepEqual(await found('from=1794002500&to=1794003000'), [])
  assert.deepEqual(await found('tracker=line'), ['a moment'])
  const backwards = { from: 10, to: 5, text: 'backwards' }
  const url = `/api/annotations/${moment.id}`
  assert.equal((await ask(app, 'PUT', url, { body: backwards })).status, 400)
  assert.equal((await ask(app, 'GET', '/api/annotations?from=soon')).status, 400)
})

test('a running ingest stores documents, and they are there after both have ended', async () => {
  const data = await scratchFolder()
  const ingest = await RunningIngest.start(data)
  const state = openApiState(data)
  const body = { from: 1, text: 'kept by ingest' }
  await state.change({ collection: 'annotations', id: 'a', body, revision: 0 })
  await state.log('audit', { what: 'looked' })
  assert.deepEqual((await state.get('annotations', 'a'))?.body, body)
  await ingest.stop()
  await state.change({ collection: 'annotations', id: 'a', body: { from: 2 }, revision: 1 })
  const after = openApiState(data)
  assert.deepEqual((await after.get('annotations', 'a'))?.body, { from: 2 })
  assert.deepEqual(await after.readLog('audit', 10), [{ what: 'looked' }])
})

test(
  'on a full disk a change is refused with what to check, and it can be saved afterwards',
  { skip: process.getuid?.() !== 0 && 'mounting a small disk takes root' },
  async () => {
    const data = await scratchFolder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', data])
    try {
      const ingest = await RunningIngest.start(data)
      const state = openApiState(data)
      // More than a page, since there may be room in one that is in use.
      const body = { from: 1, text: 'a'.repeat(4096) }
      const change = { collection: 'annotations', id: 'a', body, revision: 0 } as const
      const fill = join(data, 'fill')
      await assert.rejects(writeFile(fill, new Uint8Array(8 << 20)), { code: 'ENOSPC' })
      await assert.rejects(state.change(change), {
        status: 503,
        message:
          /^the change could not be saved: \S+ cannot be written: (ENOSPC|the disk took only a part)/,
        remedy: /^check the disk/,
      })
      await rm(fill)
      await state.change(change)
      await ingest.stop()
    } finally {
      execFileSync('umount', [data])
    }
  },
)

test('many simultaneous changes are all made, even without an ingest', async () => {
  const state = openApiState(await scratchFolder())
  const ids = Array.from({ length: 20 }, (_, i) => `n${i}`)
  await Promise.all(
    ids.map((id) => state.change({ collection: 'annotations', id, body: {}, revision: 0 })),
  )
  assert.equal((await state.list('annotations')).length, ids.length)
})

test('without write permission, a change is answered with 503 and a remedy', async (t) => {
  const data = join(await scratchFolder(), 'no-folder')
  await writeFile(data, 'a file where the data folder should be')
  const { app } = await appUnderTest(t, { options: { state: openApiState(data) } })
  const body = { from: 1, text: 'x' }
  const { status, body: answer } = await ask(app, 'POST', '/api/annotations', { body })
  assert.equal(status, 503)
  assert.match(JSON.stringify(answer), /weir ingest/)
})
