/** Since when the page has had no answer. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

import { RequestError } from '../../web/client.ts'
import { silentSince, tellFailed } from '../../web/state/silence.ts'

const failure = (status: number) => new RequestError('', { remedy: '', status })

beforeEach(() => {
  silentSince.value = null
})

test('it is the time of the first request without an answer', () => {
  tellFailed(failure(0), 1000)
  tellFailed(failure(0), 2000)
  assert.equal(silentSince.value, 1000)
})

test('an answer of a proxy does not end it; that a dashboard is gone, or may not be read, does', () => {
  for (const status of [502, 503]) {
    tellFailed(failure(0), 1000)
    tellFailed(failure(status), 2000)
    assert.equal(silentSince.value, 1000)
  }
  for (const status of [401, 403, 404, 412]) {
    tellFailed(failure(0), 1000)
    tellFailed(failure(status), 2000)
    assert.equal(silentSince.value, null, String(status))
  }
})

test('an answer of a proxy begins it; that Weir is busy is an answer of its own', () => {
  tellFailed(failure(502), 1000)
  assert.equal(silentSince.value, 1000)
  tellFailed(new RequestError('', { remedy: '', status: 503, code: 'busy' }), 2000)
  assert.equal(silentSince.value, null)
})
