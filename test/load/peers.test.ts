/**
 * The receivers that `npm run bench:load` compares with, as far as installed: each one's flows are
 * counted correctly.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { keptAll, wasInTime } from './peer.ts'
import { knownPeers, missingOf, receiveAndDecode, receiveLoop, receiveManyLoop } from './peers.ts'

const load = { rate: 15_000, seconds: 1, hosts: 2000, exporters: 1, flows: 9000 }
// The memory plugin outputs its counts at its own pace, up to a minute on a busy machine.
const installed = knownPeers.filter(
  (each) => missingOf(each) === null && each.name !== 'nfacctd, memory',
)
const peers = [
  { name: 'the receive loop', peer: receiveLoop },
  { name: 'the receive loop of many', peer: receiveManyLoop },
  { name: 'receive and decode alone', peer: receiveAndDecode },
  ...installed,
]

for (const { name, peer } of peers)
  test(`${name} is sent the requested load, and counted at its output`, async () => {
    const received = await peer({ ...load, version: 'v5', receiveBufferBytes: 4 << 20 })
    assert.equal(received.sentFlows, load.rate * load.seconds)
    assert.ok(received.flows > 0 && received.flows <= received.sentFlows, String(received.flows))
    assert.ok(received.cpuSecondsPerMillion >= 0 && received.peakMiB > 0)
  })

test('a receiver counts as complete if at most ten in a hundred thousand are missing', () => {
  const received = {
    sentFlows: 100_000,
    rate: 990,
    drainSeconds: 10,
    cpuSecondsPerMillion: 1,
    steadySecondsPerMillion: 1,
    peakMiB: 1,
  }
  assert.ok(keptAll({ ...received, flows: 99_990 }, 1000))
  assert.ok(!keptAll({ ...received, flows: 99_989 }, 1000))
  assert.ok(!keptAll({ ...received, flows: 100_000 }, 1100))
})

test('a receiver kept up if it was done within a second, or a tenth of the time', () => {
  const long = { sentFlows: 100_000, rate: 990 }
  assert.ok(wasInTime({ ...long, drainSeconds: 10 }))
  assert.ok(!wasInTime({ ...long, drainSeconds: 10.5 }))
  const brief = { sentFlows: 990, rate: 990 }
  assert.ok(wasInTime({ ...brief, drainSeconds: 1 }))
  assert.ok(!wasInTime({ ...brief, drainSeconds: 1.5 }))
})
