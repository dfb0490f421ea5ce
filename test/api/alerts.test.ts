/** Who sees what of an alert. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { AccessUnderTest } from './access-under-test.ts'

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
