import assert from 'node:assert/strict'
import { test } from 'node:test'

import { settingSpecs } from '../../flow/settings/specs.ts'
import { settingTerm, settingText } from '../../web/status/setting-terms.ts'

/** Those in the status, as returned by api/routes/status.ts. */
const shown = [
  'data', 'http', 'published', 'netflow', 'ipfix', 'sflow', 'metrics', 'exporters', 'local', 'names', 'store', 'tiers',
  'top', 'archiveKeepDays', 'archiveMaxBytes', 'flowMaxDays', 'timeZone', 'auth', 'mask',
] // prettier-ignore

test('each setting in the status has the name under which it is set', () => {
  for (const name of shown) {
    const term = settingTerm(name)
    assert.ok(Object.hasOwn(settingSpecs, term.replace('WEIR_', '')), `${name}: ${term}`)
  }
})

test('values have their unit, lists can wrap, and unset ones say so', () => {
  assert.equal(settingText('archiveMaxBytes', 50_000_000_000), '50.00 GB')
  assert.equal(settingText('archiveKeepDays', 90), '90 d')
  assert.equal(settingText('local', '10.0.0.0/8,fc00::/7'), '10.0.0.0/8, fc00::/7')
  assert.equal(settingText('auth', null), 'not set')
  assert.equal(settingText('top', 1000), '1000')
})
