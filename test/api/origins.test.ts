/** Which pages may call the API, and the headers that keep others out. */
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { suite, test } from 'node:test'

import { appUnderTest } from './app-under-test.ts'

suite('security', () => {
  for (const [host, code] of [
    ['127.0.0.1:8080', 200],
    ['localhost:8080', 200],
    ['LOCALHOST', 200],
    ['[::1]:8080', 200],
    ['192.168.1.5', 200],
    [hostname(), 200],
    ['weir.example:8080', 403],
    ['127.0.0.1.attacker.example', 403],
    ['localhost.attacker.example', 403],
    ['[::1].attacker.example', 403],
  ] as const)
    test(`host "${host}" is ${code}`, async (t) => {
      const { app } = await appUnderTest(t)
      const response = await app.inject({ url: '/api/exporters', headers: { host } })
      assert.equal(response.statusCode, code)
    })

  test('the name in WEIR_HTTP is accepted', async (t) => {
    const environment = { WEIR_HTTP: 'weir.example:8080', WEIR_AUTH: 'none' }
    const { app } = await appUnderTest(t, { environment })
    const headers = { host: 'weir.example:8080' }
    assert.equal((await app.inject({ url: '/api/exporters', headers })).statusCode, 200)
  })

  const host = '127.0.0.1:8080'
  const page = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  for (const [what, url, headers, code] of [
    ['the page itself', '/api/exporters', { 'sec-fetch-site': 'same-origin' }, 200],
    ['a typed address', '/api/exporters', { 'sec-fetch-site': 'none', ...page }, 200],
    ['its own origin', '/api/exporters', { origin: `http://${host}` }, 200],
    ['another origin', '/api/exporters', { origin: 'http://attacker.example' }, 403],
    ['another port', '/api/exporters', { origin: 'http://127.0.0.1:3000' }, 403],
    ['an opaque origin', '/api/exporters', { origin: 'null' }, 403],
    ['an image elsewhere', '/api/exporters', { 'sec-fetch-site': 'cross-site' }, 403],
    ['another port’s script', '/api/exporters', { 'sec-fetch-site': 'same-site' }, 403],
    ['a link to the API', '/api/exporters', { 'sec-fetch-site': 'cross-site', ...page }, 403],
    [
      'a frame elsewhere',
      '/',
      { 'sec-fetch-site': 'cross-site', ...page, 'sec-fetch-dest': 'iframe' },
      403,
    ],
    ['a link to the page', '/', { 'sec-fetch-site': 'cross-site', ...page }, 503],
  ] as const)
    test(`${what} is ${code}`, async (t) => {
      const { app } = await appUnderTest(t)
      const response = await app.inject({ url, headers: { host, ...headers } })
      assert.equal(response.statusCode, code)
    })

  test('every answer has the headers, refusals included', async (t) => {
    const { app } = await appUnderTest(t)
    for (const [url, host_] of [
      ['/api/status', host],
      ['/api/none', host],
      ['/api/status', 'attacker.example'],
      ['/', host],
    ] as const) {
      const { headers } = await app.inject({ url, headers: { host: host_ } })
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /default-src 'none'/)
      assert.match(policy, /frame-ancestors 'none'/)
      assert.doesNotMatch(policy, /unsafe|https:|upgrade-insecure/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
      assert.equal(headers['strict-transport-security'], undefined)
    }
  })
})
