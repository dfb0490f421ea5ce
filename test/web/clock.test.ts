/** The time as Weir has it, on a device whose clock may be wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clockAhead, takeServerTime } from '../../web/state/clock.ts'

const asked = 1_794_829_000_000

test('a clock that is wrong by minutes is corrected, in either direction, and left alone once it was set', () => {
  for (const ahead of [600_000, -600_000, 0]) {
    takeServerTime((asked + 100 + ahead) / 1000, asked, asked + 200)
    assert.equal(clockAhead.value, ahead)
  }
})

test('neither a slow answer nor a small difference corrects it, nor each answer anew', () => {
  takeServerTime(asked / 1000 + 100, asked, asked)
  assert.equal(clockAhead.value, 0)
  takeServerTime(asked / 1000 + 140, asked, asked + 90_000)
  assert.equal(clockAhead.value, 0)
  takeServerTime(asked / 1000 + 600, asked, asked)
  takeServerTime(asked / 1000 + 603, asked, asked)
  assert.equal(clockAhead.value, 600_000)
  takeServerTime(asked / 1000 + 620, asked, asked)
  assert.equal(clockAhead.value, 620_000)
})
