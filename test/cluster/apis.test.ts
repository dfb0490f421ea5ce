/** Two APIs on one ClickHouse, neither with state of its own: what is done at one applies at the other. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'

import { makeFirstAdmin } from '../../api/access/first-admin.ts'
import { Passwords } from '../../api/access/passwords.ts'
import type { Dashboard } from '../../api/schema/state.ts'
import type { TokenMade } from '../../api/schema/access.ts'
import { RunningClickHouse } from '../clickhouse.ts'
import { scratchFolder } from '../processes.ts'
import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { openApi } from '../story/api-over.ts'

const ours = { host: '127.0.0.1', origin: 'http://127.0.0.1' }
const place = { column: 0, row: 0, columns: 12, rows: 4 }
const panels = [{ kind: 'clock', place }]
const password = 'a long enough one'
/** How long a session ended at one API may continue at the other, ms: see docs/access.md. */
const keptMs = 2000
const awayMs = 10_000

interface Asking {
  cookie?: string
  bearer?: string
  body?: object
  etag?: string
}

describe('two APIs on one ClickHouse', { skip: skipWithoutClickHouse() }, () => {
  let nodes: RunningClickHouse
  let clockMs = Date.now()
  const folders: string[] = []
  const apis: Awaited<ReturnType<typeof openApi>>[] = []
  let first = ''

  before(async () => {
    nodes = await RunningClickHouse.start()
    await nodes.setUp()
    for (let i = 0; i < 2; i++) {
      const data = await scratchFolder()
      folders.push(data)
      const environment = { ...nodes.environment(), WEIR_AUTH: 'password', WEIR_DATA: data }
      apis.push(await openApi(environment, () => clockMs))
    }
  })
  after(async () => {
    for (const api of apis) await api.close()
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
    await nodes?.remove()
  })

  async function ask(
    at: number,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    asking: Asking = {},
  ) {
    const { cookie, bearer, body, etag } = asking
    return apis[at]!.app.inject({
      method,
      url,
      headers: {
        ...ours,
        ...(cookie === undefined ? {} : { cookie }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(etag === undefined ? {} : { 'if-match': etag }),
      },
      ...(body === undefined ? {} : { payload: body }),
    })
  }

  async function login(at: number, body: object): Promise<string> {
    const answer = await ask(at, 'POST', '/api/login', { body })
    assert.equal(answer.statusCode, 200, answer.body)
    const { name, value } = answer.cookies[0]!
    return `${name}=${value}`
  }

  const status = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).statusCode
  const admin = (at: number) => login(at, { user: 'admin', password: first })

  test('the first password is generated once, however many APIs start at once', async () => {
    const made = await Promise.all(
      apis.map(({ settings, opened }) =>
        makeFirstAdmin(settings, { ...opened, passwords: new Passwords() }),
      ),
    )
    const told = made.filter((each) => each !== null)
    assert.equal(told.length, 1)
    first = told[0]!.password
    const again = { ...apis[1]!.opened, passwords: new Passwords() }
    assert.equal(await makeFirstAdmin(apis[1]!.settings, again), null)
  })

  test('a log-in at one is valid at the other at once, and so is a log-out', async () => {
    const cookie = await admin(0)
    assert.equal(await status(1, 'GET', '/api/users', { cookie }), 200)
    assert.equal(await status(1, 'POST', '/api/logout', { cookie }), 200)
    assert.equal(await status(1, 'GET', '/api/users', { cookie }), 401)
    clockMs += keptMs
    assert.equal(await status(0, 'GET', '/api/users', { cookie }), 401)
  })

  test('a user, a token or a wall removed at one is refused by the other within two seconds', async () => {
    const cookie = await admin(0)
    const user = { user: 'vera', role: 'viewer', password }
    assert.equal(await status(0, 'POST', '/api/users', { cookie, body: user }), 201)
    const vera = await login(1, { user: 'vera', password })
    const body = { id: 'wall', title: 'Wall', panels }
    assert.equal(await status(1, 'POST', '/api/dashboards', { cookie, body }), 201)
    const make = async (made: object) =>
      (await ask(0, 'POST', '/api/tokens', { cookie, body: made })).json<TokenMade>()
    const program = await make({ name: 'program', role: 'viewer' })
    const wall = await make({ name: 'hall', role: 'wall', dashboard: 'wall' })
    const hung = await login(1, { token: wall.secret })

    const reach = async (at: number) => [
      await status(at, 'GET', '/api/dashboards', { cookie: vera }),
      await status(at, 'GET', '/api/dashboards', { bearer: program.secret }),
      await status(at, 'GET', '/api/dashboards/wall', { cookie: hung }),
    ]
    for (const at of [0, 1]) assert.deepEqual(await reach(at), [200, 200, 200], `API ${at}`)
    for (const path of ['users/vera', `tokens/${program.id}`, `tokens/${wall.id}`])
      assert.equal(await status(0, 'DELETE', `/api/${path}`, { cookie }), 200)
    assert.deepEqual(await reach(0), [401, 401, 401], 'at once where it was done')
    clockMs += keptMs
    assert.deepEqual(await reach(1), [401, 401, 401], 'and within two seconds elsewhere')
    assert.equal(await status(1, 'POST', '/api/login', { body: { token: wall.secret } }), 401)
  })

  test('a dashboard is the same at both, and of two simultaneous changes the slower is refused', async () => {
    const cookie = await admin(1)
    const path = '/api/dashboards/desk'
    const body = { id: 'desk', title: 'Desk', panels }
    assert.equal(await status(0, 'POST', '/api/dashboards', { cookie, body }), 201)
    assert.equal(await status(1, 'POST', '/api/dashboards', { cookie, body }), 409)
    const [here, there] = await Promise.all(
      [0, 1].map(async (at) => (await ask(at, 'GET', path, { cookie })).json<Dashboard>()),
    )
    assert.deepEqual(there, here)
    const change = (title: string) => ({ cookie, body: { title, panels }, etag: here!.etag })
    const both = await Promise.all(
      ['A', 'B'].map((title, at) => ask(at, 'PUT', path, change(title))),
    )
    const codes = both.map(({ statusCode }) => statusCode)
    assert.deepEqual(codes.toSorted(), [200, 412])
    const won = codes.indexOf(200)
    for (const at of [0, 1]) {
      const read = (await ask(at, 'GET', path, { cookie })).json<Dashboard>()
      assert.equal(read.title, ['A', 'B'][won])
      assert.equal(read.etag, both[won]!.json<Dashboard>().etag)
    }
    // After reading again it may be changed, at either.
    const { etag } = both[won]!.json<Dashboard>()
    const next = { cookie, body: { title: 'C', panels }, etag }
    assert.equal(await status(1 - won, 'PUT', path, next), 200)
  })

  test('annotations, reports, trackers, alerts and the log are at both', async () => {
    const cookie = await admin(0)
    const made: [string, object][] = [
      ['annotations', { from: 1_794_828_600, text: 'a truck cut the line' }],
      ['reports', { name: 'Day', kind: 'top', query: { from: 'now-24h', to: 'now', by: 'host' } }],
      ['trackers', { name: 'Web', filter: 'dst port 443' }],
      [
        'alerts',
        {
          name: 'Cut',
          subject: { kind: 'incident' },
          targets: [{ webhook: 'https://192.0.2.1/' }],
        },
      ],
    ]
    for (const [kind, body] of made) {
      const answer = await ask(0, 'POST', `/api/${kind}`, { cookie, body })
      assert.equal(answer.statusCode, 201, answer.body)
      const lists = await Promise.all(
        [0, 1].map((at) => ask(at, 'GET', `/api/${kind}`, { cookie })),
      )
      assert.equal(lists[1]!.body, lists[0]!.body, kind)
      assert.ok(lists[1]!.body.includes(answer.json<{ id: string }>().id), kind)
    }
    const [one, other] = await Promise.all(
      [0, 1].map(async (at) => (await ask(at, 'GET', '/api/audit', { cookie })).body),
    )
    assert.equal(other, one)
    assert.match(one!, /DELETE \/api\/users\/vera/)
  })

  test('while ClickHouse is away known users continue for ten seconds, then everything is refused with a reason', async () => {
    const cookie = await admin(0)
    assert.equal(await status(0, 'GET', '/api/session', { cookie }), 200)
    await nodes.nodes[0]!.kill()
    clockMs += awayMs - 1
    assert.equal(await status(0, 'GET', '/api/session', { cookie }), 200)
    const body = { title: 'D', panels }
    const lost = await ask(0, 'PUT', '/api/dashboards/desk', { cookie, body })
    assert.equal(lost.statusCode, 503)
    assert.match(lost.body, /ClickHouse: no answer/)
    const entered = { user: 'admin', password: first }
    assert.equal(await status(1, 'POST', '/api/login', { body: entered }), 503)
    clockMs += 1
    const refused = await ask(0, 'GET', '/api/session', { cookie })
    assert.equal(refused.statusCode, 503)
    assert.match(refused.body, /see that ClickHouse runs/)
    await nodes.nodes[0]!.start()
    assert.equal(await status(0, 'GET', '/api/session', { cookie }), 200)
    assert.equal(await status(0, 'PUT', '/api/dashboards/desk', { cookie, body }), 200)
  })
})
