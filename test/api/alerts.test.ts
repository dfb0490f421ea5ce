/** Who sees what of an alert, and what is said of one that is tried out. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'

import { scratchFolder } from '../processes.ts'
import { AccessUnderTest } from './access-under-test.ts'
import { appUnderTest } from './app-under-test.ts'

test('the path of a webhook is shown to admins only', async (t) => {
  const console = await AccessUnderTest.open(t)
  const [admin, viewer] = [await console.admin(), await console.viewer()]
  const webhook = 'https://chat.example.org/hook/s3cret'
  const body = { name: 'Loss', subject: { kind: 'loss' }, condition: { is: 'above', value: 1 }, targets: [{ webhook }] } // prettier-ignore
  const made = await console.ask('POST', '/api/alerts', { cookie: admin, body })
  assert.equal(made.statusCode, 201, made.body)
  for (const url of ['/api/alerts', String(made.headers.location)]) {
    const full = await console.ask('GET', url, { cookie: admin })
    assert.ok(full.body.includes(webhook), full.body)
    const shown = await console.ask('GET', url, { cookie: viewer })
    assert.equal(shown.statusCode, 200, shown.body)
    assert.ok(!shown.body.includes('s3cret'), shown.body)
    assert.match(shown.body, /"webhook":"https:\/\/chat\.example\.org\//)
  }
})

test('a webhook that may not be reached is refused when the alert is kept, not when it is due', async (t) => {
  const environment = { WEIR_WEBHOOK_NETWORKS: '10.1.0.0/16' }
  const { app } = await appUnderTest(t, { environment })
  const keep = async (host: string, isOn = true) => {
    const targets = [{ webhook: `http://${host}/hook` }]
    const payload = { name: 'Hook', subject: { kind: 'incident' }, targets, isOn }
    return app.inject({ method: 'POST', url: '/api/alerts', payload })
  }
  for (const host of ['10.2.0.5:8080', '127.0.0.1', '[fe80::1]', '192.168.1.9']) {
    const refused = await keep(host)
    assert.equal(refused.statusCode, 400, host)
    assert.match(refused.body, /is no public address.*WEIR_WEBHOOK_NETWORKS/)
    assert.equal((await keep(host, false)).statusCode, 201, 'one that is off is not sent')
  }
  for (const host of ['10.1.0.5:8080', '203.0.113.9', '[2001:db8::1]:8443', 'chat.example.org'])
    assert.equal((await keep(host)).statusCode, 201, host)
})

test('an alert that is tried out while ingest ends is not said to be a change that could not be saved', async (t) => {
  const data = await scratchFolder()
  const { app } = await appUnderTest(t, { environment: { WEIR_DATA: data } })
  const payload = { name: 'Loss', subject: { kind: 'loss' }, condition: { is: 'above', value: 1 }, targets: [] } // prettier-ignore
  const made = await app.inject({ method: 'POST', url: '/api/alerts', payload })
  assert.equal(made.statusCode, 201, made.body)
  await mkdir(join(data, 'run'), { recursive: true })
  const ingest = createServer(({ socket }) => socket.destroy())
  await once(ingest.listen(join(data, 'run', 'ingest.sock')), 'listening')
  t.after(() => ingest.close())
  const tried = await app.inject({ method: 'POST', url: `${made.headers.location}/test` })
  assert.equal(tried.statusCode, 503, tried.body)
  assert.match(tried.json<{ error: { message: string } }>().error.message, /whether it was sent/)
})
