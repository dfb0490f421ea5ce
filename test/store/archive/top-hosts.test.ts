/** The greatest hosts of long windows, from the lists in the files' footers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { NetworkSet } from '../../../flow/address.ts'
import { intervalMs } from '../../../flow/interval.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { listedHosts, type HostSums } from '../../../store/archive/write/host-list.ts'
import { openFlowStore } from '../../../store/archive/query.ts'
import { QueryEngine } from '../../../store/archive/sql/query-engine.ts'
import { ReadableFiles } from '../../../store/archive/readable-files.ts'
import {
  boundsByLists,
  boundsOf,
  candidatesOf,
} from '../../../store/archive/scanned/listed-hosts.ts'
import type { ScanQuery, ScanFound } from '../../../store/archive/scanned/requests.ts'
import { scannedTop } from '../../../store/archive/scanned/scanned-top.ts'
import { Scanner } from '../../../store/archive/scanned/scanner.ts'
import type { FlowTopQuery, Include } from '../../../store/flows.ts'
import { seed } from '../../drawn.ts'
import { scratchFolder } from '../../processes.ts'
import { seeded } from '../../random.ts'
import { columnsOf, t0, testFlow, type TestFlow } from './archived.ts'
import { keyText, Reference } from './reference.ts'

const local = new NetworkSet([])
const intervals = 4
const flowsOfInterval = 1000
/** The number of hosts listed per interval. */
const hostsListed = listedHosts(flowsOfInterval)

/**
 * A few hosts with much traffic and many with little; one has much in a single flow, known to one
 * list only.
 */
function madeFlows(random: () => number): TestFlow[][] {
  const oneOf = (count: number) => Math.floor(random() * count)
  return Array.from({ length: intervals }, (_, interval) =>
    Array.from({ length: flowsOfInterval }, (__, i) => {
      const received = t0 + interval * intervalMs + oneOf(intervalMs)
      const last = received - oneOf(2000)
      const first = last - (oneOf(50) === 0 ? oneOf(2 * intervalMs) : oneOf(3000))
      const isGreat = random() < 0.3
      const octets = isGreat ? 50_000 + oneOf(100_000) : oneOf(500)
      const host = isGreat ? `10.0.0.${1 + oneOf(3)}` : `10.0.1.${oneOf(200)}`
      const peer = random() < 0.5 ? `203.0.113.${oneOf(250)}` : `2001:db8::${oneOf(9) + 1}`
      const [source, destination] = random() < 0.5 ? [host, peer] : [peer, host]
      const flow = { first, last, received, source, destination, octets, packets: 1 + oneOf(9) }
      const sampling = oneOf(20) === 0 ? 100 : 1
      if (interval !== 1 || i > 0) return testFlow({ ...flow, sampling })
      return testFlow({ ...flow, source: '10.0.1.7', octets: 900_000_000, sampling: 1 })
    }),
  )
}

/** An archive of merged files with lists; the last interval is left in chunks, without lists. */
async function archiveOf(flows: readonly TestFlow[][]): Promise<string> {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder, { listedRowsMin: 1 })
  for (const each of flows) {
    archive.add(columnsOf(each))
    await archive.publish({})
  }
  await archive.merge(t0 + (intervals - 1) * intervalMs)
  await archive.close()
  return folder
}

test('the greatest hosts by lists are those of all flows, with the same figures', async (t) => {
  const flows = madeFlows(seeded(seed))
  const reference = new Reference(flows.flat(), local)
  const folder = await archiveOf(flows)
  const engine = await QueryEngine.open(folder, { threads: 2, memoryBytes: 2 ** 28, queryMs: 50_000 }) // prettier-ignore
  const store = await openFlowStore(folder, { local, heldRows: 0 })
  const scanner = new Scanner(2, { local: [] })
  t.after(async () => {
    await store.close()
    await engine.close()
    await scanner.close()
  })
  const files = new ReadableFiles(folder)
  const query = fc.record({
    from: fc.integer({ min: t0 - 3 * intervalMs, max: t0 + intervalMs }),
    to: fc.integer({ min: t0 + 2 * intervalMs, max: t0 + 5 * intervalMs }),
    include: fc.constantFrom<Include>('any', 'any', 'start', 'end', 'within'),
    limit: fc.integer({ min: 1, max: hostsListed + 1 }),
  })
  let byLists = 0
  const property = fc.asyncProperty(query, async (window) => {
    const asked: FlowTopQuery = { ...window, by: ['host'], order: 'bytes' }
    const answer = await store.top(asked)
    const bounds = await files.read({ engine, window: asked, none: null }, (session, read) =>
      boundsByLists({ scanner, session }, read, asked),
    )
    if (bounds && candidatesOf(bounds, { ...asked, enough: bounds.likely })) byLists++
    const expected = [...reference.top(asked)]
      .map(([key, { peers, bytes, packets, flows: records, first, last }]) => ({
        key,
        bytes: Number(bytes),
        packets: Number(packets),
        flows: Number(records),
        peers: peers.size,
        first,
        last,
      }))
      .sort((a, b) => b.bytes - a.bytes)
    const listed = answer.rows.map(({ key, ...row }) => ({ key: keyText(key), ...row }))
    assert.deepEqual(listed, expected.slice(0, asked.limit))
    for (const name of ['bytes', 'packets', 'flows'] as const) {
      const whole = expected.reduce((sum, row) => sum + row[name], 0)
      assert.equal(answer.total[name], whole)
    }
  })
  await fc.assert(property, { numRuns: 20 })
  assert.ok(byLists > 2, `${byLists} of 20 were answered by lists`)
})

test('sums that are not exact as doubles make no list, and are answered all the same', async (t) => {
  const flow = { first: t0, last: t0, received: t0, octets: 2 ** 52, packets: 1 }
  const flows = [0, 1, 2, 3].map((i) => testFlow({ ...flow, source: `10.0.0.${i}` }))
  const folder = await archiveOf([flows, [], [], []])
  const store = await openFlowStore(folder, { local, heldRows: 0 })
  t.after(() => store.close())
  const window = { from: t0 - 1000, to: t0 + intervalMs, include: 'any' as const }
  const { total } = await store.top({ ...window, by: ['host'], order: 'bytes', limit: 1 })
  assert.equal(total.bytes, 8 * 2 ** 52)
})

const list = (
  hosts: Record<string, number>,
  restMax: number,
): Pick<HostSums, 'hosts' | 'restMax'> => ({
  hosts: new Map(Object.entries(hosts)),
  restMax,
})

test('if the greatest hosts of the files had nothing in the window, all are ranked', async (t) => {
  const flow = { received: t0 + intervalMs - 1, packets: 1 }
  const before = Array.from({ length: 900 }, (_, i) =>
    testFlow({ ...flow, first: t0 + i, last: t0 + i, source: '10.0.0.1', octets: 1_000_000, received: t0 + 200_000 + i }),
  ) // prettier-ignore
  const within = Array.from({ length: 100 }, (_, i) => {
    const at = t0 + 250_000 + i
    return testFlow({ ...flow, first: at, last: at, source: `10.0.1.${i}`, octets: 100 + i })
  })
  const folder = await archiveOf([[...before, ...within], [], [], []])
  const store = await openFlowStore(folder, { local, heldRows: 0 })
  t.after(() => store.close())
  const window = { from: t0 + 240_000, to: t0 + intervalMs, include: 'any' as const }
  const { rows } = await store.top({ ...window, by: ['host'], order: 'bytes', limit: 2 })
  const peer = testFlow(flow).destination
  assert.deepEqual(
    rows.map(({ key, bytes }) => [key['host'], bytes]),
    [
      [peer, 14_950],
      ['10.0.1.99', 199],
    ],
  )
})

class ToldScanner extends Scanner {
  readonly kinds: string[] = []

  override scan<Asked extends ScanQuery>(...given: Parameters<Scanner['scan']>) {
    this.kinds.push(given[0].kind)
    return super.scan(...given) as Promise<ScanFound[Asked['kind']] | null>
  }
}

test('if there was less than the lists made likely, all possible candidates are queried', async (t) => {
  const flow = { packets: 1, destination: '203.0.113.1' }
  const at = (ms: number, source: string, octets: number) =>
    testFlow({ ...flow, first: t0 + ms, last: t0 + ms, received: t0 + ms, source, octets })
  // The first host's traffic is nearly all before the window; a file has so many rows that all four are listed.
  const edge = [
    ...Array.from({ length: 4000 }, () => at(1, flow.destination, 0)),
    at(1, '10.0.0.1', 1_000_000),
    at(290_000, '10.0.0.1', 200),
    at(290_000, '10.0.0.2', 400),
    at(290_001, '10.0.0.3', 300),
  ]
  const folder = await archiveOf([edge, [at(intervalMs, '10.0.0.3', 100)], [], []])
  const scanner = new ToldScanner(2, { local: [] })
  const engine = await QueryEngine.open(folder, { threads: 2, memoryBytes: 2 ** 28, queryMs: 50_000 }) // prettier-ignore
  t.after(async () => {
    await engine.close()
    await scanner.close()
  })
  const window = { from: t0 + 1000, to: t0 + 2 * intervalMs, include: 'any' as const }
  const query = { ...window, by: ['host'], order: 'bytes', limit: 2, local: [] } as const
  const answer = await new ReadableFiles(folder).read(
    { engine, window, none: null },
    (session, files) => scannedTop({ scanner, session }, files, { ...query, by: ['host'] }),
  )
  assert.deepEqual(
    answer!.rows.map(({ key, bytes }) => [key['host'], bytes]),
    [
      ['203.0.113.1', 1000],
      ['10.0.0.2', 400],
    ],
  )
  assert.deepEqual(scanner.kinds, ['details', 'details'])
})

/**
 * Candidates from lists within a window, and from lists with about a part of their flows within.
 */
function candidates(lists: Parameters<typeof boundsOf>[0], limit: number, part = 1) {
  const bounds = boundsOf(lists, { limit, part })
  return bounds && candidatesOf(bounds, { limit, enough: bounds.likely })
}

test('candidates are all hosts that can be among the greatest, including ties', () => {
  const inside = [list({ a: 100, b: 60, c: 50 }, 10), list({ a: 5, c: 4, d: 40 }, 4)]
  assert.deepEqual(candidates({ inside, edge: [] }, 1), ['a'])
  // b has 60 to 64, c has 54, d has 40 to 50.
  assert.deepEqual(candidates({ inside, edge: [] }, 2), ['a', 'b'])
  const equal = [list({ a: 100, b: 50, c: 50 }, 0)]
  assert.deepEqual(candidates({ inside: equal, edge: [] }, 2), ['a', 'b', 'c'])
  const others = [list({ a: 9, b: 50, c: 40 }, 9), list({ c: 5 }, 5)]
  assert.deepEqual(candidates({ inside: others, edge: [] }, 1), ['b'])
})

test('of lists that extend beyond the window, any part may count, and a given part is likely to', () => {
  const inside = [list({ a: 100, b: 60, c: 30 }, 2)]
  // b has 60 to 110, c has 30 to 37, d has 0 to 42, and a has 100 to 107.
  const edge = [list({ b: 50, d: 40 }, 7)]
  assert.deepEqual(candidates({ inside, edge }, 1), ['a', 'b'])
  assert.deepEqual(candidates({ inside, edge }, 2), ['a', 'b'])
  assert.deepEqual(candidates({ inside, edge }, 3, 0.1), ['a', 'b', 'c', 'd'])
  const likely = boundsOf({ inside: [list({ a: 100 }, 2)], edge: [list({ b: 50, c: 20 }, 3)] }, { limit: 2, part: 0.8 }) // prettier-ignore
  // a has at most 103, b 52 and c 22; for b two fifths of 40 are required at first.
  assert.deepEqual(likely, { most: new Map([['a', 103], ['b', 52], ['c', 22]]), restMax: 5, likely: 16 }) // prettier-ignore
  assert.deepEqual(candidatesOf(likely, { enough: 23, limit: 2 }), ['a', 'b'])
  assert.deepEqual(candidatesOf(likely, { enough: 22, limit: 2 }), ['a', 'b', 'c'])
  assert.equal(candidatesOf(likely, { enough: 5, limit: 2 }), null)
  assert.equal(candidates({ inside: [], edge: [list({ a: 100 }, 80)] }, 1), null)
  assert.equal(candidates({ inside: [], edge: [list({ a: 100 }, 16)] }, 1, 0.4), null)
  assert.deepEqual(candidates({ inside: [], edge: [list({ a: 100 }, 15)] }, 1, 0.4), ['a'])
})

test('if hosts on no list could be among the greatest, lists give no answer', () => {
  const rest = (of: number) => [list({ a: 100 }, 60), list({ b: 10 }, of)]
  assert.equal(candidates({ inside: rest(40), edge: [] }, 1), null)
  assert.deepEqual(candidates({ inside: rest(39), edge: [] }, 1), ['a'])
  assert.equal(candidates({ inside: [list({ a: 100 }, 1)], edge: [] }, 2), null, 'fewer are listed than asked for') // prettier-ignore
})
