/**
 * Scenes with more flows than are held: counts cover all flows, and kept connections are complete.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import * as fc from 'fast-check'

import { NetworkSet, parseNetwork } from '../../../../flow/address.ts'
import { examine } from '../../../../flow/incident/find.ts'
import { FlowTable } from '../../../../flow/incident/flows/flow-table.ts'
import { Hosts } from '../../../../flow/incident/flows/hosts.ts'
import { Sample } from '../../../../flow/incident/flows/sample.ts'
import { SampledScenes } from '../../../../flow/incident/scene/sampled-scenes.ts'
import { Scene } from '../../../../flow/incident/scene/scene.ts'
import { eventFlows, t0, tableOf, type TestFlow } from '../tables.ts'

const local = new NetworkSet([parseNetwork('10.0.0.0/8')!, parseNetwork('fd00::/8')!])
const address = fc.constantFrom(
  '10.0.0.1',
  '10.0.0.2',
  'fd00::7',
  '203.0.113.9',
  '2001:db8::1',
  '239.1.2.3',
  '0.0.0.0',
)
const record: fc.Arbitrary<Partial<TestFlow>> = fc
  .record({
    source: address,
    destination: address,
    sourcePort: fc.integer({ min: 1, max: 40 }),
    destinationPort: fc.integer({ min: 1, max: 40 }),
    protocol: fc.constantFrom(6, 6, 1),
    first: fc.integer({ min: t0, max: t0 + 50_000 }),
    lasts: fc.integer({ min: 0, max: 30_000 }),
    bytes: fc.integer({ min: 1, max: 1e6 }),
  })
  .map(({ lasts, ...flow }) => ({ ...flow, last: flow.first + lasts }))

/** Of ICMP, a request and its reply have different ports. */
const tuple = ({ source, destination, protocol, ...ports }: Partial<TestFlow>) => {
  const [one, other] = protocol === 1 ? ['', ''] : [ports.sourcePort, ports.destinationPort]
  return [protocol, ...[`${source} ${one}`, `${destination} ${other}`].sort()].join(' ')
}

suite('partly kept scenes', () => {
  test('of a 5-tuple all records are kept, or none; within the limit', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 300, size: 'max' }), fc.integer({ min: 20, max: 400 }), (flows, room) => {
        const sample = new Sample(room)
        const columns = eventFlows(flows)
        for (let i = 0; i < flows.length; i++) sample.add(columns, i)
        const table = new FlowTable('192.0.2.1', new Hosts(local))
        sample.putInto(table)
        assert.ok(table.count <= room)
        if (flows.length <= room) assert.equal(table.count, flows.length)
        const all = Map.groupBy(flows, tuple)
        const kept = new Map<string, number>()
        for (let row = 0; row < table.count; row++) {
          const key = tuple({
            source: table.hosts.text(table.source[row]!),
            destination: table.hosts.text(table.destination[row]!),
            sourcePort: table.sourcePort[row]!,
            destinationPort: table.destinationPort[row]!,
            protocol: table.protocol[row]!,
          })
          kept.set(key, (kept.get(key) ?? 0) + 1)
        }
        for (const [key, count] of kept) assert.equal(count, all.get(key)!.length, key)
      }),
    ) // prettier-ignore
  })

  test('the minimum and maximum sampling interval are those of its flows', () => {
    const columns = eventFlows([{}, {}, {}])
    columns.sampling.set([100, 10, 50])
    const sample = new Sample(3)
    const [held, kept] = [0, 1].map(() => new FlowTable('192.0.2.1', new Hosts(local))) as [FlowTable, FlowTable] // prettier-ignore
    for (let i = 0; i < 3; i++) {
      sample.add(columns, i)
      held.add(columns, i)
    }
    sample.putInto(kept)
    for (const { sampling, samplingMin } of [held, kept])
      assert.deepEqual([samplingMin, sampling], [10, 100])
  })

  test('the counts per second equal those of a table of all flows', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 100, size: 'max' }), (flows) => {
        const grid = { from: t0, seconds: 80 }
        const followed = new Map([['192.0.2.1', ['10.0.0.1', '10.0.0.2', 'fd00::7', '203.0.113.9', '2001:db8::1']]]) // prettier-ignore
        const passing = new SampledScenes({ breaksOf: () => [], local, grid, kept: 30, followed })
        passing.add(eventFlows(flows))
        const [part] = passing.seen().map((seen) => examine(seen, null).scene)
        const whole = new Scene(tableOf(flows), part!.grid)
        const near = (a: ArrayLike<number>, b: ArrayLike<number>) => {
          assert.equal(a.length, b.length)
          for (let t = 0; t < a.length; t++) assert.ok(Math.abs(a[t]! - b[t]!) < 1, `${a[t]} ${b[t]} at ${t}`) // prettier-ignore
        }
        near(part!.edges, whole.edges)
        for (const direction of ['in', 'out'] as const) {
          near(part!.total[direction], whole.total[direction])
          for (const host of ['10.0.0.1', '10.0.0.2', 'fd00::7']) {
            const series = (scene: Scene) => scene.followed.get(scene.hosts.find(host) ?? -1)
            const [a, b] = [series(part!), series(whole)]
            if (b && b[direction].some((each) => each > 1)) near(a![direction], b[direction])
          }
        }
      }),
    )
  })
})
