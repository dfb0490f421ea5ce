/** Named reports: stored for everybody, and run again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { FlowsAnswer, TopAnswer } from '../../api/schema/schema.ts'
import type { ReportsAnswer, SavedReport } from '../../api/schema/state.ts'
import { AccessUnderTest, type Method } from './access-under-test.ts'

const body = {
  name: 'Top talkers, weekly',
  kind: 'top',
  query: { from: 'now-7d', to: 'now', by: 'host', limit: '5' },
  address: '?from=now-7d&to=now&report=host',
}

test('a report is saved by a viewer, listed, changed, run again, and removed', async (t) => {
  const console = await AccessUnderTest.open(t)
  const [viewer, admin] = [await console.viewer(), await console.admin()]
  const ask = (method: Method, path: string, asking: object = {}) =>
    console.ask(method, path, { cookie: viewer, ...asking })
  const made = await ask('POST', '/api/reports', { body })
  assert.equal(made.statusCode, 201, made.body)
  const { id, etag, author } = made.json<SavedReport>()
  assert.equal(id, 'top-talkers-weekly')
  assert.equal(author, 'vera')
  assert.equal((await ask('POST', '/api/reports', { body })).statusCode, 409)
  const listed = await console.ask('GET', '/api/reports', { cookie: admin })
  assert.deepEqual(
    listed.json<ReportsAnswer>().reports.map(({ name, address }) => [name, address]),
    [[body.name, body.address]],
  )
  const answer = await ask('GET', `/api/reports/${id}/answer`)
  assert.equal(answer.statusCode, 200, answer.body)
  const { from, to, by } = answer.json<TopAnswer & { from: number; to: number }>()
  assert.deepEqual(by, ['host'])
  if (from !== undefined) assert.equal(to - from, 7 * 86_400)
  const csv = await ask('GET', `/api/reports/${id}/answer?format=csv`)
  assert.match(String(csv.headers['content-type']), /text\/csv/)
  assert.match(csv.body, /^host,/)
  const flows = { ...body, kind: 'flows', query: { from: 'now-1h', to: 'now', limit: '3' } }
  const stale = { body: flows, headers: { host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080', 'if-match': '"9-x"' } } // prettier-ignore
  assert.equal((await ask('PUT', `/api/reports/${id}`, stale)).statusCode, 412)
  const fresh = { ...stale, headers: { ...stale.headers, 'if-match': etag } }
  assert.equal((await ask('PUT', `/api/reports/${id}`, fresh)).statusCode, 200)
  const list = await ask('GET', `/api/reports/${id}/answer`)
  assert.ok(Array.isArray(list.json<FlowsAnswer>().flows), list.body)
  const audit = await console.ask('GET', '/api/audit', { cookie: admin })
  assert.match(audit.body, new RegExp(`vera.*GET /api/reports/${id}/answer`))
  assert.equal((await ask('DELETE', `/api/reports/${id}`)).statusCode, 200)
  assert.equal((await ask('GET', `/api/reports/${id}/answer`)).statusCode, 404)
})

test('names in any script are told apart', async (t) => {
  const console = await AccessUnderTest.open(t)
  const cookie = await console.viewer()
  const ids: string[] = []
  for (const name of ['Трафик офиса', 'Трафик склада', 'Отчёт 1', '週報', 'Café José']) {
    const made = await console.ask('POST', '/api/reports', { cookie, body: { ...body, name } })
    assert.equal(made.statusCode, 201, `${name}: ${made.body}`)
    ids.push(made.json<SavedReport>().id)
  }
  assert.equal(ids.at(-1), 'cafe-jose')
})

test('a report whose query could not be answered is refused when saved', async (t) => {
  const console = await AccessUnderTest.open(t)
  const cookie = await console.viewer()
  const unreadable: readonly (readonly [query: object, message: RegExp])[] = [
    [{ by: 'nothing' }, /in its query, "by" cannot be read: "nothing"/],
    [{ colour: 'red' }, /its query has an unknown parameter "colour"/],
    [{ from: 'now', limit: 'x' }, /in its query, "limit" cannot be read: "x"/],
    [{ format: 'parquet' }, /in its query, "format" is not one of its values: "parquet"/],
  ]
  for (const [query, message] of unreadable) {
    const made = await console.ask('POST', '/api/reports', { cookie, body: { ...body, query } })
    assert.equal(made.statusCode, 400, JSON.stringify(query) + made.body)
    assert.match(made.json<{ error: { message: string } }>().error.message, message)
  }
  for (const query of [{ filter: 'host 10.0.0.1 and prot tcp' }, { from: 'yester' }]) {
    const made = await console.ask('POST', '/api/reports', { cookie, body: { ...body, query } })
    assert.equal(made.statusCode, 400, JSON.stringify(query) + made.body)
  }
  const kept = await console.ask('POST', '/api/reports', { cookie, body })
  const faulty = { ...body, query: { ...body.query, filter: 'host 10.0.0.1 and prot tcp' } }
  const url = String(kept.headers.location)
  const changed = await console.ask('PUT', url, { cookie, body: faulty })
  assert.equal(changed.statusCode, 400)
  const { error } = changed.json<{ error: { message: string; position: number } }>()
  assert.match(error.message, /^filter: .*"prot"/)
  assert.equal(error.position, 18)
  const away = { ...body, address: 'https://elsewhere.example/' }
  assert.equal(
    (await console.ask('POST', '/api/reports', { cookie, body: away })).statusCode,
    400,
    'an address elsewhere',
  )
})
