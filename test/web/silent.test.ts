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
const missing = (...secondsAgo: number[]) =>
  missingOf(
    secondsAgo.map((ago, i) => heard(`10.0.0.${i + 1}`, ago)),
    now,
  ).map(({ address }) => address)

test('an exporter is missing once it is silent for a quarter of an hour, until it counts as removed', () => {
  assert.deepEqual(missing(1, 899, 3600, 900, 86_399, 86_400), ['10.0.0.4', '10.0.0.3', '10.0.0.5'])
})

test('none is missing among others if all are silent', () => {
  assert.deepEqual(missing(900, 3600), [])
  assert.deepEqual(missing(), [])
})
