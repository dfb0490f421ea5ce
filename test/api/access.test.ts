/** Who may request what: the whole table, and the refused ways around it. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import pino from 'pino'

import { access } from '../../api/access/rules.ts'
import { makeFirstAdmin } from '../../api/access/first-admin.ts'
import { Passwords } from '../../api/access/passwords.ts'
import { openApiState } from '../../api/documents/state.ts'
import type { SessionAnswer } from '../../api/schema/access.ts'
import { StateStore } from '../../store/state/files.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { AccessUnderTest, adminPassword, ours, type Method } from './access-under-test.ts'
import { appUnderTest } from './app-under-test.ts'

test('every route answers the roles of the table, and nobody else', async (t) => {
  const console = await AccessUnderTest.open(t)
  const cookies = {
    nobody: '',
    admin: await console.admin(),
    viewer: await console.viewer(),
    wall: await console.wall(),
  }
  let checked = 0
  for (const [route, { may, own }] of Object.entries(access)) {
    // A logout ends the session that the next line needs; it has its own test.
    if (route === 'POST /api/logout') continue
    const [method = '', pattern = ''] = route.split(' ')
    assert.ok(console.app.hasRoute({ method, url: pattern }), `${route} is not a route`)
    const url = pattern.replace(':id', own === undefined ? 'absent' : 'mine').replace(':panel', '0')
    for (const [role, cookie] of Object.entries(cookies)) {
      const allowed = may === 'open' || may.some((each) => each === role)
      // An allowed stream does not end; live.test.ts reads it.
      if (allowed && route === 'GET /api/live') continue
      const { statusCode } = await console.ask(method as Method, url, { cookie })
      const refusedBy = role === 'nobody' ? 401 : 403
      if (!allowed) assert.equal(statusCode, refusedBy, `${role}: ${route}`)
      else assert.ok(![401, 403].includes(statusCode), `${role}: ${route}: ${statusCode}`)
      checked++
    }
  }
  assert.ok(checked > 100, `${checked} routes × roles`)
})

test('a client that is gone while its session is read is no fault, at whatever moment', async (t) => {
  const logged: string[] = []
  const log = pino({ level: 'error' }, { write: (line: string) => logged.push(line) })
  const console = await AccessUnderTest.open(t, { log })
  const cookie = await console.viewer()
  const { app } = console
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const ask = () => fetch(`${url}/api/dashboards`, { headers: { cookie } })
  for (let turns = 0; turns < 60; turns++) {
    app.server.prependOnceListener('request', ({ socket }) => {
      const goIn = (left: number): unknown =>
        left > 0 ? Promise.resolve().then(() => goIn(left - 1)) : socket.destroy()
      void goIn(turns)
    })
    await ask().catch(() => null)
  }
  assert.ok((await ask()).ok)
  assert.deepEqual(logged, [])
})

test('every route of the API is in the table', async (t) => {
  const { app } = await AccessUnderTest.open(t)
  await app.ready()
  const described = app.swagger() as { paths: Record<string, Record<string, unknown>> }
  for (const [path, operations] of Object.entries(described.paths))
    for (const method of Object.keys(operations)) {
      const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1')
      assert.ok(Object.hasOwn(access, `${method.toUpperCase()} ${pattern}`), `${method} ${path}`)
    }
})

test('a wall can reach only its own dashboard, however the address is written', async (t) => {
  const console = await AccessUnderTest.open(t)
  const cookie = await console.wall()
  const status = async (url: string) => (await console.ask('GET', url, { cookie })).statusCode
  assert.equal(await status('/api/dashboards/mine'), 200)
  assert.equal(await status('/api/dashboards/mine/panels/0'), 200)
  const others = [
    '/api/dashboards/other',
    '/api/dashboards/other/panels/0',
    '/api/dashboards/%6Fther',
    '/api/dashboards/mine%2F..%2Fother',
    '/api/dashboards/mine/../other',
    '/api/dashboards/mine/..%2Fother',
    '/api/dashboards/./other',
    '/api//dashboards/other',
    '//api/dashboards/other',
    '/api/dashboards/other/',
    '/api/dashboards/other;x',
    '/API/dashboards/other',
    '/Api/Dashboards/other',
    '/%61pi/dashboards/other',
    '/api%2Fdashboards%2Fother',
    '/api\\dashboards\\other',
    '/api/series?from=now-1h',
    '/api/series/',
    '/API/series',
    '/api/%73eries',
    '/api/flows',
    '/api/docs',
    '/api/docs/json',
  ]
  for (const url of others) {
    const response = await console.ask('GET', url, { cookie })
    assert.ok([400, 403, 404].includes(response.statusCode), `${url}: ${response.statusCode}`)
    assert.ok(!response.body.includes('"title":"other"'), url)
  }
})

test('a wall can reach the dashboards that its own rotates with, for as long as it does', async (t) => {
  const console = await AccessUnderTest.open(t)
  const [cookie, admin] = [await console.wall(), await console.admin()]
  const urls = ['/api/dashboards/other', '/api/dashboards/other/panels/0']
  const rotate = async (dashboards: string[]) => {
    const body = { title: 'mine', panels: [], rotation: { seconds: 30, dashboards } }
    const changed = await console.ask('PUT', '/api/dashboards/mine', { cookie: admin, body })
    assert.equal(changed.statusCode, 200, changed.body)
  }
  for (const [dashboards, expected] of [
    [['other'], 200],
    [['third'], 403],
  ] as const) {
    await rotate([...dashboards])
    for (const url of urls)
      assert.equal((await console.ask('GET', url, { cookie })).statusCode, expected, url)
  }
})

test('a wall’s session ends with its token, and the token itself reads nothing', async (t) => {
  const console = await AccessUnderTest.open(t)
  const { secret, id, link } = await console.token('wall', 'mine')
  assert.equal(link, `/wall/mine#${secret}`)
  const cookie = await console.login({ token: secret })
  const url = '/api/dashboards/mine'
  assert.equal((await console.ask('GET', url, { cookie })).statusCode, 200)
  assert.equal((await console.ask('GET', url, { bearer: secret })).statusCode, 401)
  const removed = await console.ask('DELETE', `/api/tokens/${id}`, {
    cookie: await console.admin(),
  })
  assert.equal(removed.statusCode, 200)
  assert.equal((await console.ask('GET', url, { cookie })).statusCode, 401)
  const again = await console.ask('POST', '/api/login', { body: { token: secret } })
  assert.equal(again.statusCode, 401)
})

test('ten thousand wrong passwords cost little, lock out nobody elsewhere, and are forgotten', async (t) => {
  let now = Date.now()
  const console = await AccessUnderTest.open(t, { now: () => now })
  const tried = (password: string, remoteAddress: string) =>
    console.app.inject({
      method: 'POST',
      url: '/api/login',
      headers: ours,
      remoteAddress,
      payload: { user: 'admin', password },
    })
  const started = performance.now()
  const counts = new Map<number, number>()
  for (let i = 0; i < 10_000; i++) {
    const { statusCode } = await tried(`wrong ${i}`, '10.6.6.6')
    counts.set(statusCode, (counts.get(statusCode) ?? 0) + 1)
    now += 100
  }
  const elapsedMs = performance.now() - started
  t.diagnostic(`10,000 tries in ${Math.round(elapsedMs)} ms: ${JSON.stringify([...counts])}`)
  assert.ok((counts.get(401) ?? 0) < 30, `${counts.get(401)} passwords were looked at`)
  assert.equal((await tried(adminPassword, '10.0.0.7')).statusCode, 200, 'from elsewhere')
  const locked = await tried(adminPassword, '10.6.6.6')
  assert.equal(locked.statusCode, 429)
  assert.match(locked.json<{ error: { remedy: string } }>().error.remedy, /wait \d+ s/)
  now += 300_000
  assert.equal((await tried(adminPassword, '10.6.6.6')).statusCode, 200, 'after five minutes')
})

test('passwords tried at once are no more than those tried one after the other', async (t) => {
  const console = await AccessUnderTest.open(t, { now: () => 1.8e12 })
  const body = (password: string) => ({ body: { user: 'admin', password } })
  const guesses = [...Array.from({ length: 50 }, (_, i) => `wrong ${i}`), adminPassword]
  const answers = await Promise.all(
    guesses.map((guess) => console.ask('POST', '/api/login', body(guess))),
  )
  const looked = answers.filter(({ statusCode }) => statusCode !== 429)
  assert.deepEqual(
    looked.map(({ statusCode }) => statusCode),
    [401, 401, 401, 401, 401],
  )
})

test('a log-in replaces an earlier session', async (t) => {
  const console = await AccessUnderTest.open(t)
  const planted = 'weir-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
  const cookie = await console.login({ user: 'admin', password: adminPassword }, planted)
  assert.notEqual(cookie, planted)
  assert.equal((await console.ask('GET', '/api/users', { cookie: planted })).statusCode, 401)
  const second = await console.login({ user: 'admin', password: adminPassword }, cookie)
  assert.notEqual(second, cookie)
  assert.equal((await console.ask('GET', '/api/users', { cookie })).statusCode, 401)
  assert.equal((await console.ask('GET', '/api/users', { cookie: second })).statusCode, 200)
  await console.ask('POST', '/api/logout', { cookie: second })
  assert.equal((await console.ask('GET', '/api/users', { cookie: second })).statusCode, 401)
})

suite('changes that another site makes a browser send are refused', () => {
  const body = { from: 1, text: 'forged' }
  const cases: [what: string, headers: Record<string, string>, status: number][] = [
    ['from our page', ours, 201],
    ['from our page, by Sec-Fetch-Site', { 'sec-fetch-site': 'same-origin' }, 201],
    ['from another site', { ...ours, origin: 'https://evil.example' }, 403],
    ['from a sandboxed frame', { ...ours, origin: 'null' }, 403],
    ['from another port', { ...ours, origin: 'http://127.0.0.1:9999' }, 403],
    ['by a link', { 'sec-fetch-site': 'cross-site' }, 403],
    ['by a sibling host', { ...ours, 'sec-fetch-site': 'same-site' }, 403],
    ['without a word on its origin', {}, 403],
    ['as a form', { ...ours, 'content-type': 'text/plain' }, 415],
    ['as an encoded form', { ...ours, 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ]
  for (const [what, headers, status] of cases)
    test(`${what} is ${status}`, async (t) => {
      const console = await AccessUnderTest.open(t)
      const cookie = await console.admin()
      const host = { host: ours.host, ...headers }
      const response = await console.ask('POST', '/api/annotations', {
        cookie,
        body,
        headers: host,
      })
      assert.equal(response.statusCode, status, response.body)
    })
})

test('cookies are for this site only, not for scripts; over TLS of a trusted proxy they are secure', async (t) => {
  const console = await AccessUnderTest.open(t, { environment: { WEIR_PROXIES: '10.1.0.0/16' } })
  const login = async (remoteAddress: string) => {
    const response = await console.app.inject({
      method: 'POST',
      url: '/api/login',
      remoteAddress,
      headers: { ...ours, 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.9' },
      payload: { user: 'admin', password: adminPassword },
    })
    return response.cookies[0] as unknown as Record<string, unknown>
  }
  const plain = await login('10.2.0.1')
  assert.equal(plain['name'], 'weir-session')
  assert.equal(plain['httpOnly'], true)
  assert.equal(plain['sameSite'], 'Strict')
  assert.equal(plain['secure'], undefined)
  const secure = await login('10.1.0.1')
  assert.equal(secure['name'], '__Host-weir-session')
  assert.equal(secure['secure'], true)
})

test('a proxy’s header is trusted only from the proxy', async (t) => {
  const { app } = await appUnderTest(t, {
    environment: {
      WEIR_AUTH: 'proxy',
      WEIR_PROXIES: '10.1.0.1/32',
      WEIR_PROXY_ADMINS: 'anna',
    },
  })
  const asked = (remoteAddress: string, user?: string) =>
    app.inject({
      url: '/api/session',
      remoteAddress,
      headers: user === undefined ? {} : { 'remote-user': user },
    })
  const role = async (...given: Parameters<typeof asked>) =>
    (await asked(...given)).json<SessionAnswer>().role
  assert.equal(await role('10.1.0.1', 'anna'), 'admin')
  assert.equal(await role('10.1.0.1', 'bert'), 'viewer')
  assert.equal(await role('10.1.0.1'), null)
  assert.equal(await role('10.1.0.2', 'anna'), null)
  assert.throws(() => readSettings({ WEIR_AUTH: 'proxy' }), /WEIR_PROXIES/)
})

test('permissions change at once, and the last admin stays', async (t) => {
  const console = await AccessUnderTest.open(t)
  const [admin, viewer] = [await console.admin(), await console.viewer()]
  const promote = await console.ask('PUT', '/api/users/vera', {
    cookie: admin,
    body: { role: 'admin' },
  })
  assert.equal(promote.statusCode, 200, promote.body)
  assert.equal((await console.ask('GET', '/api/users', { cookie: viewer })).statusCode, 401)
  const again = await console.login({ user: 'vera', password: 'a long enough one' })
  assert.equal((await console.ask('GET', '/api/users', { cookie: again })).statusCode, 200)
  await console.ask('DELETE', '/api/users/vera', { cookie: admin })
  assert.equal((await console.ask('GET', '/api/users', { cookie: again })).statusCode, 401)
})

test('a user’s name may be a mail address', async (t) => {
  const console = await AccessUnderTest.open(t)
  const cookie = await console.admin()
  const [user, password] = ['vera@example.org', 'a long enough one']
  const body = { user, password, role: 'viewer' }
  const made = await console.ask('POST', '/api/users', { cookie, body })
  assert.equal(made.statusCode, 201, made.body)
  const hers = await console.login({ user, password })
  assert.equal((await console.ask('GET', '/api/status', { cookie: hers })).statusCode, 200)
  const removed = await console.ask('DELETE', `/api/users/${user}`, { cookie })
  assert.equal(removed.statusCode, 200, removed.body)
})

test('looking at flows is logged with who, from where and what', async (t) => {
  const console = await AccessUnderTest.open(t)
  const [admin, cookie] = [await console.admin(), await console.viewer()]
  await console.ask('GET', '/api/flows?from=now-1h&filter=host+10.0.0.22', { cookie })
  // A report lists flows as evidence.
  await console.ask('GET', '/api/report?from=now-1h&format=md', { cookie })
  const { entries } = (await console.ask('GET', '/api/audit', { cookie: admin })).json<{
    entries: { user: string; what: string; address: string }[]
  }>()
  const noted = entries.find(({ what }) => what.startsWith('GET /api/flows'))
  assert.equal(noted?.user, 'vera')
  assert.equal(noted.address, '127.0.0.1')
  assert.match(noted.what, /host\+10\.0\.0\.22/)
  assert.ok(entries.some(({ what, user }) => what.startsWith('GET /api/report') && user === 'vera'))
})

test('tokens serve programs, with the role they were made for, until they are revoked', async (t) => {
  const console = await AccessUnderTest.open(t)
  const { secret, id } = await console.token('viewer')
  const status = async (method: Method, url: string) =>
    (await console.ask(method, url, { bearer: secret, headers: { host: ours.host } })).statusCode
  assert.equal(await status('GET', '/api/series'), 200)
  assert.equal(await status('GET', '/api/tokens'), 403)
  await console.ask('DELETE', `/api/tokens/${id}`, { cookie: await console.admin() })
  assert.equal(await status('GET', '/api/series'), 401)
  const files = JSON.stringify(await console.state.list('tokens'))
  assert.ok(!files.includes(secret.split('.')[1]!), 'no secret is kept')
})

test('the first password is generated once, stored as a hash, and logs in', async (t) => {
  const data = await scratchFolder()
  const settings = readSettings({ WEIR_DATA: data, WEIR_AUTH: 'password' })
  const state = openApiState(data)
  const passwords = new Passwords()
  const made = await makeFirstAdmin(settings, { state, passwords })
  assert.equal(made?.user, 'admin')
  const { password } = made
  assert.ok(password.length >= 16)
  assert.equal(await makeFirstAdmin(settings, { state, passwords }), null)
  assert.ok(!JSON.stringify(await state.list('users')).includes(password))
  const { app } = await appUnderTest(t, {
    environment: { WEIR_AUTH: 'password' },
    options: { state },
  })
  const payload = { user: 'admin', password }
  const login = await app.inject({ method: 'POST', url: '/api/login', headers: ours, payload })
  assert.equal(login.statusCode, 200, login.body)
  const last = await app.inject({
    method: 'DELETE',
    url: '/api/users/admin',
    headers: { ...ours, cookie: `weir-session=${login.cookies[0]!.value}` },
  })
  assert.equal(last.statusCode, 409)
})

test('if the user admin is no admin and nobody else is, another first admin is made', async () => {
  const data = await scratchFolder()
  const settings = readSettings({ WEIR_DATA: data, WEIR_AUTH: 'password' })
  const state = openApiState(data)
  const passwords = new Passwords()
  const viewer = { role: 'viewer', password: await passwords.hash('a long enough one') }
  await state.change({ collection: 'users', id: 'admin', body: viewer, revision: 0 })
  const made = await makeFirstAdmin(settings, { state, passwords })
  assert.equal(made?.user, 'admin2')
  const kept = await state.get<{ role: string }>('users', 'admin2')
  assert.equal(kept?.body.role, 'admin')
  assert.equal((await state.get<{ role: string }>('users', 'admin'))?.body.role, 'viewer')
  assert.equal(await makeFirstAdmin(settings, { state, passwords }), null)
})

test('a session survives a restart, and expires when unused', async (t) => {
  let now = Date.now()
  const console = await AccessUnderTest.open(t, { now: () => now })
  const cookie = await console.admin()
  now += 11 * 3_600_000
  assert.equal((await console.ask('GET', '/api/users', { cookie })).statusCode, 200)
  // The use of a session is recorded in the background.
  for (let seen = 0; seen < now;) {
    const [session] = await console.state.list<{ seenAt: number }>('sessions')
    seen = session!.body.seenAt
    await sleep(5)
  }
  now += 11 * 3_600_000
  assert.equal((await console.ask('GET', '/api/users', { cookie })).statusCode, 200)
  now += 13 * 3_600_000
  assert.equal((await console.ask('GET', '/api/users', { cookie })).statusCode, 401)
})

test('while another process holds the state and does not answer, nobody can log in, with an explanation', async (t) => {
  const data = await scratchFolder()
  const other = await StateStore.open(data)
  const state = openApiState(data)
  const passwordFile = join(data, 'password')
  await writeFile(passwordFile, adminPassword)
  const { app } = await appUnderTest(t, {
    environment: { WEIR_AUTH: 'password', WEIR_PASSWORD_FILE: passwordFile },
    options: { state },
  })
  const payload = { user: 'admin', password: adminPassword }
  const login = await app.inject({ method: 'POST', url: '/api/login', headers: ours, payload })
  assert.equal(login.statusCode, 503)
  await other?.close()
})
