import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Exporter } from '../../api/schema/status.ts'
import { remedies } from '../../flow/problem-remedies.ts'
import { problems } from '../../ingest/decode/problem.ts'
import { faultsOf } from '../../web/exporters/remedies.ts'
import { exporterStatus } from '../exporter-status.ts'

const exporter: Exporter = { ...exporterStatus, lastSeen: 2000, datagrams: 40, flows: 0 }

const listening = { now: 2000, from: 0 }

test('each remedy is for a problem that the decoder counts', () => {
  const unknown = Object.keys(remedies).filter((kind) => !(kind in problems))
  assert.deepEqual(unknown, [])
})

test('a problem is shown with its remedy', () => {
  const [fault] = faultsOf({ ...exporter, problems: { 'version-unknown': 1 } }, listening)
  assert.equal(fault?.what, 'version unknown, once')
  assert.match(fault.remedy, /something else sends to this port/)
})

test('one datagram is in the singular', () => {
  const lost = { datagrams: 1, flows: 2, flowsEstimated: true }
  const late = { duplicates: 1, reordered: 1 }
  const faults = faultsOf({ ...exporter, flows: 114, lost, ...late }, listening)
  assert.deepEqual(
    faults.map(({ gravity, what }) => [gravity, what]),
    [
      ['error', 'lost: 1 datagram with about 2 flows (1.72 %)'],
      ['note', '1 datagram came twice'],
      ['note', '1 datagram came out of order'],
    ],
  )
})

test('flows that the rules leave out are neither lost nor waiting', () => {
  const lost = { datagrams: 1, flows: 1, flowsEstimated: false }
  const none = { ...exporter, flowsLeftOut: 9999, parked: 3 }
  assert.deepEqual(faultsOf(none, listening), [])
  const [fault] = faultsOf({ ...none, lost }, listening)
  assert.equal(fault?.what, 'lost: 1 datagram with 1 flow (0.01 %)')
})

test('data waiting for templates is a fault, even if nothing has been dropped yet', () => {
  assert.deepEqual(faultsOf(exporter, listening), [])
  const [fault] = faultsOf({ ...exporter, parked: 40 }, listening)
  assert.match(fault?.what ?? '', /40 data sets came without a template/)
  assert.match(fault?.remedy ?? '', /send its templates more often/)
  assert.deepEqual(faultsOf({ ...exporter, parked: 40, flows: 900 }, listening), [])
})

test('an exporter is not silent for time in which Weir did not run', () => {
  const now = exporter.lastSeen + 3600
  assert.deepEqual(faultsOf(exporter, { now, from: now - 60 }), [])
  assert.deepEqual(faultsOf(exporter, null), [])
  const [fault] = faultsOf(exporter, { now, from: now - 900 })
  assert.equal(fault?.what, 'it has sent nothing for 1 h')
})
