/** Flows that begin or end at the exact edge of a window, which random times rarely do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { NetworkSet } from '../../../flow/address.ts'
import { openFlowStore } from '../../../store/archive/query.ts'
import type { Include } from '../../../store/flows.ts'
import { scratchFolder } from '../../processes.ts'
import { archive, t0, testFlow } from './archived.ts'
import { keyText, Reference } from './reference.ts'

const local = new NetworkSet([])
const minuteMs = 60_000
const includes: readonly Include[] = ['any', 'start', 'end', 'within']

/** Flows between each two of these times, at and around the edges of a one-minute window from t0. */
const moments = [t0 - 1000, t0 - 1, t0, t0 + 1, t0 + minuteMs - 1, t0 + minuteMs, t0 + minuteMs + 1]
const flows = moments.flatMap((first, i) =>
  moments
    .slice(i)
    .map((last, j) =>
      testFlow({ first, last, octets: 1000 * (i + 1) + j, source: `10.0.${i}.${j}`, received: t0 }),
    ),
)
const reference = new Reference(flows, local)

for (const [name, heldRows] of [
  ['in SQL', 0],
  ['of files in memory', 1000],
] as const)
  for (const before of ['nothing', 'the same window', 'a wider one'] as const)
    test(`flows at the edges of a window ${name}, with ${before} queried before`, async (t) => {
      const folder = await scratchFolder()
      await archive(folder, flows)
      const store = await openFlowStore(folder, { local, heldRows })
      t.after(() => store.close())
      const window = { from: t0, to: t0 + minuteMs }
      const most = { by: ['src'], order: 'bytes', limit: 100 } as const
      if (before === 'the same window') await store.top({ ...window, include: 'any', ...most })
      if (before === 'a wider one')
        await store.top({ from: t0, to: t0 + 2 * minuteMs, include: 'any', ...most })
      for (const include of includes) {
        const { rows } = await store.top({ ...window, include, ...most })
        const found = rows.map(({ key, bytes }) => [keyText(key), bytes] as const)
        const expected = [...reference.top({ ...window, include, ...most })]
        assert.deepEqual(
          new Map(found),
          new Map(expected.map(([key, { bytes }]) => [key, Number(bytes)])),
          include,
        )
        const asked = {
          ...window,
          include,
          by: [],
          order: 'bytes',
          top: 0,
          stepMs: 10_000,
        } as const
        const series = await store.series(asked)
        const steps = [...reference.series(asked).values()].map((row) => [
          row.time,
          Number(row.bytes),
        ])
        const sums = Array.from(series.time, (time, row) => [time, series.sum.bytes[row]!])
        assert.deepEqual(new Map(sums as [number, number][]), new Map(steps as [number, number][]), include) // prettier-ignore
        const alone = { ...asked, by: ['host'], top: 100, order: 'flows' } as const
        const split = await store.series(alone)
        assert.equal(split.count, reference.series(alone).size, `rows of ${include}`)
      }
    })

test('a record that counts nothing, minutes after the last packet, opens no connection', async (t) => {
  const folder = await scratchFolder()
  const ports = { sourcePort: 50_000, destinationPort: 443 }
  const [early, late] = [t0 - 5 * minuteMs, t0 + 1000]
  const nothing = { ...ports, first: late, last: late, octets: 0, packets: 0 }
  await archive(folder, [
    testFlow({ ...ports, first: early, last: early, source: '10.0.0.1' }),
    testFlow({ ...nothing, source: '10.0.0.1' }),
    testFlow({ ...ports, first: early, last: early, source: '10.0.0.2' }),
    testFlow({ ...ports, first: late, last: late, source: '10.0.0.2' }),
    testFlow({ ...nothing, source: '10.0.0.3' }),
  ])
  const store = await openFlowStore(folder, { local })
  t.after(() => store.close())
  const { sum } = await store.series({
    from: t0,
    to: t0 + minuteMs,
    include: 'any',
    by: [],
    top: 0,
    order: 'flows',
    stepMs: minuteMs,
    connections: true,
  })
  assert.equal(sum.flows.reduce((all, one) => all + one, 0), 2) // prettier-ignore
})

test('a ping and its reply are one connection, of the side that asked', async (t) => {
  const folder = await scratchFolder()
  const ping = { first: t0 + 1000, last: t0 + 2000, sourcePort: 0 }
  const [local4, remote4, local6, remote6] = ['10.0.0.1', '203.0.113.1', 'fd00::1', '2001:db8::1']
  await archive(folder, [
    testFlow({ ...ping, protocol: 1, source: remote4, destination: local4, destinationPort: 0 }),
    testFlow({ ...ping, protocol: 1, source: local4, destination: remote4, destinationPort: 2048 }),
    testFlow({ ...ping, protocol: 58, source: remote6, destination: local6, destinationPort: 33_024 }), // prettier-ignore
    testFlow({ ...ping, protocol: 58, source: local6, destination: remote6, destinationPort: 32_768 }), // prettier-ignore
    // The type not in place of a port.
    testFlow({
      ...ping,
      protocol: 1,
      source: remote4,
      destination: '10.0.0.2',
      destinationPort: 0,
    }),
    testFlow({ ...ping, protocol: 1, source: '10.0.0.2', destination: remote4, destinationPort: 0, icmp: 2048 }), // prettier-ignore
  ])
  const store = await openFlowStore(folder, { local })
  t.after(() => store.close())
  const asked = { from: t0, to: t0 + minuteMs, include: 'any', by: ['host', 'direction'], top: 10, order: 'flows', stepMs: minuteMs, connections: true } as const // prettier-ignore
  const { keys, key, sum } = await store.series(asked)
  const opened = Array.from(key, (at, row) => [keyText(keys[at]!), sum.flows[row]])
  const outward = [local4, '10.0.0.2', local6].map((host) => [
    keyText({ host, direction: 'out' }),
    1,
  ])
  assert.deepEqual(opened.filter(([text]) => String(text).includes('"out"')).sort(), outward)
  // The one to both 4-hosts has its own row.
  assert.equal(opened.length, 5)
})

test('a connection counts if its first record belongs to the window', async (t) => {
  const folder = await scratchFolder()
  const ports = { sourcePort: 50_000, destinationPort: 443 }
  await archive(folder, [
    // One within, one that goes on after it, and one that began before.
    testFlow({ ...ports, first: t0 + 1000, last: t0 + 2000, source: '10.0.0.1' }),
    testFlow({ ...ports, first: t0 + 1000, last: t0 + 2 * minuteMs, source: '10.0.0.2' }),
    testFlow({ ...ports, first: t0 - 1000, last: t0 + 1000, source: '10.0.0.3' }),
  ])
  const store = await openFlowStore(folder, { local })
  t.after(() => store.close())
  const asked = { from: t0, to: t0 + minuteMs, by: [], top: 0, order: 'flows', stepMs: minuteMs, connections: true } as const // prettier-ignore
  const counted: Partial<Record<Include, number>> = {}
  for (const include of includes) {
    const { sum } = await store.series({ ...asked, include })
    counted[include] = sum.flows.reduce((all, one) => all + one, 0)
  }
  assert.deepEqual(counted, { any: 2, start: 2, end: 1, within: 1 })
})
