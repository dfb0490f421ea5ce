import assert from 'node:assert/strict'
import { test } from 'node:test'

import { missingOf } from '../../web/state/silent.ts'
import { exporterStatus } from '../exporter-status.ts'

const now = 1_000_000
const heard = (address: string, secondsAgo: number) => ({
  ...exporterStatus,
  address,
  lastSeen: now - secondsAgo,
})
const missing = (window: { from: number; to: number }, ...secondsAgo: number[]) =>
  missingOf(
    secondsAgo.map((ago, i) => heard(`10.0.0.${i + 1}`, ago)),
    window,
  ).map(({ address }) => address)
const anHour = { from: now - 3600, to: now }

test('an exporter is missing once it is silent for a quarter of an hour, until it counts as removed', () => {
  assert.deepEqual(missing(anHour, 1, 899, 3600, 900, 86_399, 86_400), [
    '10.0.0.4',
    '10.0.0.3',
    '10.0.0.5',
  ])
})

test('none is missing among others if all are silent', () => {
  assert.deepEqual(missing(anHour, 900, 3600), [])
  assert.deepEqual(missing(anHour), [])
})

test('a window lacks an exporter that was last heard in it, however long ago, and none that was heard later', () => {
  const year = { from: now - 365 * 86_400, to: now }
  assert.deepEqual(missing(year, 1, 200 * 86_400, 400 * 86_400), ['10.0.0.2'])
  const past = { from: now - 8 * 86_400, to: now - 7 * 86_400 }
  const days = (count: number) => count * 86_400
  assert.deepEqual(missing(past, 1, days(7.5), days(7), days(6), days(8.5)), ['10.0.0.2'])
})
