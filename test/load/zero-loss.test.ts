/**
 * Small runs of the load with which `npm run bench` searches the limit: everything sent is counted
 * and stored, exactly.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { archiveSums, forEachFlow } from '../stored.ts'
import { attempt } from './attempt.ts'
import { flowsPerDatagram, type LoadVersion } from './datagrams.ts'
import { makeFlows } from './flows.ts'

/**
 * Flows end up to 15 s before they are sent; a load of 2 s spreads them further: by a second at
 * least in v9, whose export times are whole seconds.
 */
const endsApartMs = 15_900
const load = { rate: 10_000, seconds: 2, hosts: 2000, exporters: 3, flows: 9000 }

const cases = (['v5', 'v9', 'ipfix'] as LoadVersion[]).flatMap((version) => [
  { version, isFast: false, by: '' },
  // From the C program if there is a compiler, else from the same sender again.
  { version, isFast: true, by: ' from the fast sender' },
])

for (const { version, isFast, by } of cases)
  test(`${version}: load${by} of several exporters is counted and stored to the flow`, async (t) => {
    const each = flowsPerDatagram[version]
    const made = makeFlows(load.flows, load.hosts, 1)
    let octets = 0
    let packets = 0
    let [firstEnd, lastEnd] = [Number.POSITIVE_INFINITY, 0]
    let stored: Awaited<ReturnType<typeof archiveSums>> | null = null
    const asked = { ...load, version, receiveBuffer: '4MB', isFast }
    const result = await attempt(asked, async (folder) => {
      stored = await archiveSums(folder)
      await forEachFlow(folder, ({ count, flowEndMilliseconds: ends }) => {
        for (let i = 0; i < count; i++) {
          firstEnd = Math.min(firstEnd, ends[i]!)
          lastEnd = Math.max(lastEnd, ends[i]!)
        }
      })
    })
    t.diagnostic(JSON.stringify(result))
    const whole = Math.floor(load.flows / each) * each
    for (let i = 0; i < result.sentFlows; i++) {
      octets += made.octets[i % whole]!
      packets += made.packets[i % whole]!
    }
    assert.equal(result.sentDatagrams, Math.floor((load.rate * load.seconds) / each))
    assert.equal(result.flows, result.sentFlows)
    assert.equal(result.kernelDrops + result.lostDatagrams + result.dropped, 0)
    assert.ok(lastEnd - firstEnd > endsApartMs, `all flows ended within ${lastEnd - firstEnd} ms`)
    assert.deepEqual(stored, { bytes: octets, packets, flows: result.sentFlows })
  })

test('generated flows are the same for the same seed, and include every host', () => {
  const [a, b] = [makeFlows(5000, 1000, 7), makeFlows(5000, 1000, 7)]
  assert.deepEqual(a, b)
  const hosts = new Set([...a.source, ...a.destination])
  assert.equal(hosts.size, 1000)
})
