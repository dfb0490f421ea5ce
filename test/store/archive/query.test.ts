import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import fc from 'fast-check'

import { NetworkSet, parseNetwork } from '../../../flow/address.ts'
import { intervalMs } from '../../../flow/interval.ts'
import type { Filter } from '../../../flow/filter.ts'
import { openFlowStore } from '../../../store/archive/query.ts'
import {
  restDirections,
  seriesKeys,
  topKeys,
  type FlowKey,
  type FlowTopQuery,
  type TopKeyName,
  type FlowTopRow,
  type FlowStore,
  type Include,
} from '../../../store/flows.ts'
import { fieldNames } from '../../../store/measurement.ts'
import { drawn } from '../../drawn.ts'
import { generatedFilters } from '../../flow/generated-filters.ts'
import { scratchFolder } from '../../processes.ts'
import { archive, t0, testFlow, type TestFlow } from './archived.ts'
import { belongs, keyText, Reference, scaledBytes, scaledPackets } from './reference.ts'

const local = new NetworkSet(['10.0.0.0/8', 'fc00::/7'].map((text) => parseNetwork(text)!))
const hosts = ['10.0.0.22', '10.0.0.23', '203.0.113.80', '198.51.100.7', 'fd00::22', '2001:db8::1']
const spanMs = 4 * intervalMs
const oneOf = <Value>(...values: Value[]) => fc.constantFrom(...values)
/** On a busy or suspended machine no query may be refused for its time. */
const patient = { queryMs: 3_600_000 }
const minuteMs = 60_000
/** A duration: any, or about whole minutes, so that flows begin and end at the edges of windows and steps. */
const length = (least: number, most: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: least, max: most }),
    fc
      .tuple(fc.integer({ min: 0, max: most / minuteMs }), oneOf(-1, 0, 0, 0, 1))
      .map(([minutes, more]) => Math.min(most, Math.max(least, minutes * minuteMs + more))),
  )
const time = length(0, spanMs).map((ms) => t0 + ms)
const duration = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -5000, max: 2000 }),
  length(0, 2 * spanMs),
)
/** Counts and sampling rates: any, or such that all sums are exact as doubles. */
const counts = {
  any: { count: fc.oneof(fc.nat(3), fc.nat(100_000), fc.nat(2 ** 40), fc.maxSafeNat()), rate: 2 ** 32 - 1 }, // prettier-ignore
  exact: { count: fc.oneof(fc.nat(3), fc.nat(100_000), fc.nat(2 ** 40)), rate: 3 },
}

const flowWith = ({ count, rate }: (typeof counts)['any']): fc.Arbitrary<TestFlow> =>
  fc
    .record({
      first: time,
      duration,
      lateMs: fc.nat(intervalMs),
      exporter: oneOf('192.0.2.1', '192.0.2.2', '2001:db8::fe'),
      source: oneOf(...hosts),
      destination: oneOf(...hosts),
      sourcePort: oneOf(0, 22, 443, 1023, 3389, 40_000, 50_000),
      destinationPort: oneOf(0, 53, 80, 443, 51_000, 65_535),
      protocol: oneOf(1, 6, 17, 33, 50, 132, 253),
      octets: count,
      packets: count,
      sampling: fc.oneof(
        { weight: 5, arbitrary: fc.constant(1) },
        fc.integer({ min: 2, max: rate }),
      ),
      ingress: oneOf(0, 1, 2, 2 ** 32 - 1),
      egress: oneOf(0, 1, 3),
      flags: oneOf(0, 0x02, 0x1b, 0xff),
      tos: oneOf(0, 184),
      sourceAs: oneOf(0, 65_001, 2 ** 32 - 1),
      destinationAs: oneOf(0, 65_001),
      nextHop: oneOf('0.0.0.0', '192.0.2.254', '2001:db8::2'),
      vlan: oneOf(0, 4094),
      application: oneOf(0, 3 * 2 ** 24 + 443, 2 ** 32 - 1),
    })
    .map(({ duration: ms, lateMs, ...given }) => {
      const last = given.first + ms
      return testFlow({ ...given, last, received: Math.max(given.first, last) + lateMs })
    })

const filter: fc.Arbitrary<Filter | undefined> = fc.oneof(
  fc.constant(undefined),
  generatedFilters({ addresses: [...hosts, '192.0.2.99', '192.0.2.1', '2001:db8:0::fe'] }),
)
const spans = fc
  .record({
    from: length(-1000, spanMs).map((ms) => t0 + ms),
    lengthMs: length(1, spanMs),
    include: oneOf<Include>('any', 'start', 'end', 'within'),
    filter,
  })
  .map(({ lengthMs, ...given }) => ({ ...given, to: given.from + lengthMs }))

/** The value that a row is ranked by. */
function ranked(query: FlowTopQuery, row: Omit<FlowTopRow, 'key'>): number {
  const { order, from, to, include } = query
  const isWhole = include !== 'any'
  const spanMs = isWhole ? row.last - row.first : Math.min(row.last, to) - Math.max(row.first, from)
  if (order === 'duration') return spanMs
  return order === 'rate' ? (spanMs <= 0 ? 0 : row.bytes / spanMs) : row[order]
}

for (const [way, options, count] of [
  ['in SQL', { heldRows: 0, scanThreads: 0 }, counts.any],
  ['of files in memory', { heldRows: 1000, scanThreads: 0 }, counts.exact],
  ['of row groups', { heldRows: 0, gatheredRows: 0, scanThreads: 2 }, counts.exact],
  ['of gathered flows', { heldRows: 0, scanThreads: 2 }, counts.exact],
] as const)
  describe(`queries ${way} answer the same as flow by flow`, () => {
    const flow = flowWith(count)
    const isHeld = options.heldRows > 0
    const flows = drawn(flow, 600)
    const reference = new Reference(flows, local)
    let store: FlowStore
    /** The answer; for gathering, with a second identical query, without which nothing is gathered. */
    const answerOf = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
      const others = way === 'of gathered flows' ? [ask()] : []
      return (await Promise.all([ask(), ...others])).at(-1)!
    }

    before(async () => {
      const folder = await scratchFolder()
      await archive(folder, flows.slice(0, 150), flows.slice(150, 400), flows.slice(400))
      store = await openFlowStore(folder, { local, ...options, ...patient })
      // A query for all of their time brings the files into memory for every part of it.
      const all = { from: t0 - intervalMs, to: t0 + 10 * spanMs, include: 'any' } as const
      await store.top({ ...all, by: ['host'], order: 'bytes', limit: 1 })
      // From then on the answers do not need the files.
      if (isHeld) await rm(join(folder, '2026'), { recursive: true })
    })
    after(() => store.close())

    test('top: sums, peers, times, order; rows and other add up', async () => {
      const query = fc.record({
        span: spans,
        by: fc.uniqueArray(oneOf(...topKeys), { minLength: 1, maxLength: 3 }),
        order: oneOf<FlowTopQuery['order']>(
          'bytes',
          'packets',
          'flows',
          'peers',
          'rate',
          'duration',
        ),
        limit: fc.integer({ min: 1, max: 40 }),
      })
      const property = fc.asyncProperty(query, async ({ span: asked, ...rest }) => {
        const whole = { ...asked, ...rest }
        const answer = await answerOf(() => store.top(whole))
        const expected = reference.top(whole)
        assert.equal(answer.rows.length, Math.min(rest.limit, expected.size))
        const listed: Record<'bytes' | 'packets' | 'flows', bigint>[] = []
        let least = Number.POSITIVE_INFINITY
        for (const { key, ...row } of answer.rows) {
          const { bytes, packets, flows: records, peers, first, last } = expected.get(keyText(key))!
          const sums = { bytes: Number(bytes), packets: Number(packets), flows: Number(records) }
          assert.deepEqual(row, { ...sums, peers: peers.size, first, last }, keyText(key))
          const measured = ranked(whole, row)
          assert.ok(measured <= least * (1 + 1e-9))
          least = measured
          listed.push(expected.get(keyText(key))!)
          expected.delete(keyText(key))
        }
        for (const { peers, bytes, packets, flows: records, ...times } of expected.values()) {
          const sums = { bytes: Number(bytes), packets: Number(packets), flows: Number(records) }
          assert.ok(ranked(whole, { ...sums, ...times, peers: peers.size }) <= least * (1 + 1e-9))
        }
        for (const name of ['bytes', 'packets', 'flows'] as const) {
          const left = [...expected.values()].reduce((sum, row) => sum + row[name], 0n)
          const whole = left + listed.reduce((sum, row) => sum + row[name], 0n)
          assert.equal(answer.other[name], Number(left))
          assert.equal(answer.total[name], Number(whole))
        }
      })
      await fc.assert(property, { numRuns: 60 })
    })

    test('series: every step, exporter and key, the rest folded by direction', async () => {
      const query = fc.record({
        steps: fc.integer({ min: 1, max: 60 }),
        stepMs: oneOf(1000, 2000, 10_000, 60_000, 300_000),
        from: length(-1000, spanMs).map((ms) => t0 + ms),
        include: oneOf<Include>('any', 'start', 'end', 'within'),
        filter,
        by: fc.uniqueArray(oneOf(...seriesKeys), { maxLength: 3 }),
        order: oneOf(...fieldNames),
        top: fc.integer({ min: 0, max: 12 }),
      })
      const property = fc.asyncProperty(query, async ({ steps, ...asked }) => {
        const whole = { ...asked, to: asked.from + steps * asked.stepMs }
        const answer = await answerOf(() => store.series(whole))
        const hasDirection = asked.by.includes('direction')
        const listed = new Set(answer.keys.map((key) => keyText(key)))
        const exact = new Map<string, bigint[]>()
        for (const { time: at, exporter, key, ...sums } of reference.series(whole).values()) {
          const { direction } = Object.fromEntries(JSON.parse(key) as [string, string][])
          const rest = hasDirection ? `rest ${direction}` : 'rest'
          const id = `${at} ${exporter} ${listed.has(key) ? key : rest}`
          const held = exact.get(id) ?? [0n, 0n, 0n, 0n]
          exact.set(
            id,
            fieldNames.map((field, i) => held[i]! + sums[field]),
          )
        }
        const found = new Map<string, number[]>()
        for (let row = 0; row < answer.count; row++) {
          const key = answer.keys[answer.key[row]!]
          const place = answer.key[row]! - answer.keys.length
          const rest = hasDirection ? `rest ${restDirections[place]}` : 'rest'
          const id = `${answer.time[row]} ${answer.exporters[answer.exporter[row]!]} ${key ? keyText(key) : rest}`
          assert.ok(!found.has(id), `${id} twice`)
          found.set(
            id,
            fieldNames.map((field) => answer.sum[field][row]!),
          )
        }
        const { sum, ...alone } = await store.series({ ...whole, only: asked.order })
        const { sum: all, ...whatever } = answer
        assert.deepEqual([alone, sum[asked.order]], [whatever, all[asked.order]])
        const expected = new Map([...exact].map(([id, sums]) => [id, sums.map(Number)]))
        assert.deepEqual(sorted(found), sorted(expected))
      })
      await fc.assert(property, { numRuns: 60 })
    })

    test('simultaneous queries, with one or several filters, are answered as if each were alone', async () => {
      const tops = fc.record({
        by: fc.uniqueArray(oneOf<TopKeyName>('src', 'host', 'port', 'interface', 'prefix'), { minLength: 1, maxLength: 2 }),
        order: oneOf<FlowTopQuery['order']>('bytes', 'packets', 'flows', 'peers', 'rate', 'duration'),
        limit: fc.integer({ min: 1, max: 12 }),
      }) // prettier-ignore
      const lengths = fc.integer({ min: -3, max: 0 }).map((minutes) => minutes * 60_000)
      const asked = fc.record({
        filters: fc.array(filter, { minLength: 1, maxLength: 2 }),
        questions: fc.array(
          fc.record({ filter: fc.nat(1), from: lengths, to: lengths, what: tops, isSeries: fc.boolean() }),
          { minLength: 2, maxLength: 8 },
        ),
      }) // prettier-ignore
      const property = fc.asyncProperty(asked, async ({ filters, questions }) => {
        const asks = questions.map(({ filter: number, from, to, what, isSeries }) => {
          const window = { from: t0 + from, to: t0 + spanMs + to, include: 'any', filter: filters[number % filters.length] } as const // prettier-ignore
          const series = { ...window, by: ['host', 'direction'], stepMs: 60_000, top: 4, order: 'bytes' } as const // prettier-ignore
          return () => (isSeries ? store.series(series) : store.top({ ...window, ...what }))
        })
        const alone = []
        for (const ask of asks) alone.push(await ask())
        assert.deepEqual(await Promise.all(asks.map((ask) => ask())), alone)
      })
      // With SQL they share nothing.
      await fc.assert(property, { numRuns: options.scanThreads > 0 ? 30 : 3 })
    })

    test('series: the greatest keys are listed, counted without direction', async () => {
      for (const order of fieldNames) {
        const query = {
          from: t0,
          to: t0 + spanMs,
          include: 'any',
          stepMs: intervalMs,
          order,
        } as const
        const all = reference.series({ ...query, by: ['host'], top: 0 })
        const sums = new Map<string, bigint>()
        for (const row of all.values()) sums.set(row.key, (sums.get(row.key) ?? 0n) + row[order])
        const greatest = [...sums.values()].toSorted((a, b) => (a < b ? 1 : -1)).slice(0, 3)
        const answer = await store.series({ ...query, by: ['host', 'direction'], top: 3 })
        const hostsListed = new Set(answer.keys.map((key) => keyText(without(key, 'direction'))))
        // Which of equal keys is listed is unspecified: their sums are not.
        assert.deepEqual(
          [...hostsListed].map((key) => sums.get(key)),
          greatest,
          order,
        )
      }
    })

    // Lists are always read from files.
    if (isHeld) return

    test('list: the flows that belong, in order, and a continuation where the limit cut', async () => {
      const keys = {
        first: (each: TestFlow) => each.first,
        last: (each: TestFlow) => Math.max(each.first, each.last),
        received: (each: TestFlow) => each.received,
        bytes: (each: TestFlow) => -scaledBytes(each),
        packets: (each: TestFlow) => -scaledPackets(each),
        duration: (each: TestFlow) => each.first - Math.max(each.first, each.last),
      }
      const query = fc.record({
        span: spans,
        order: oneOf(...(Object.keys(keys) as (keyof typeof keys)[])),
        limit: fc.integer({ min: 1, max: 700 }),
      })
      const property = fc.asyncProperty(query, async ({ span: asked, order, limit }) => {
        const { flows: answer, more } = await store.list({ ...asked, order, limit })
        const expected = flows
          .filter((each) => belongs(each, asked))
          .map((each) => keys[order](each))
        const listed = answer.map((record) =>
          keys[order](
            testFlow({ ...record, octets: record.bytes, sampling: 1, protocol: 0, nextHop: '' }),
          ),
        )
        assert.deepEqual(listed, expected.toSorted((a, b) => a - b).slice(0, limit))
        assert.equal(more, expected.length > limit)
      })
      await fc.assert(property, { numRuns: 60 })
    })

    test('a query is stopped by its signal', async () => {
      const asked = { from: t0, to: t0 + spanMs, include: 'any', order: 'first', limit: 1 } as const
      const gone = AbortSignal.abort(new Error('gone'))
      await assert.rejects(store.list({ ...asked, signal: gone }), /gone/)
      const going = new AbortController()
      const answer = store.list({ ...asked, signal: going.signal })
      going.abort(new Error('gone away'))
      await assert.rejects(answer, /gone away/)
    })
  })

function sorted(rows: Map<string, number[]>): [string, number[]][] {
  return [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function without(key: FlowKey, word: string): FlowKey {
  return Object.fromEntries(Object.entries(key).filter(([name]) => name !== word))
}

test('a flow that several exporters and interfaces reported is listed in the same order each time', async () => {
  const folder = await scratchFolder()
  const reports = [3, 1, 2].flatMap((exporter) =>
    [2, 3, 1].map((ingress) => testFlow({ exporter: `192.0.2.${exporter}`, ingress })),
  )
  await archive(folder, ...reports.map((report) => [report]))
  const store = await openFlowStore(folder, { local })
  const span = { from: t0, to: t0 + 1, include: 'any', order: 'bytes', limit: 10 } as const
  const { flows } = await store.list(span)
  await store.close()
  assert.deepEqual(
    flows.map(({ exporter, inInterface }) => `${exporter.slice(-1)} ${inInterface}`),
    ['1 1', '1 2', '1 3', '2 1', '2 2', '2 3', '3 1', '3 2', '3 3'],
  )
})

test('a flow is returned as users read it', async () => {
  const folder = await scratchFolder()
  await archive(folder, [
    testFlow({
      first: t0 + 1000,
      last: t0 + 3500,
      received: t0 + 4000,
      source: '2001:db8::80',
      destination: '10.0.0.22',
      octets: 1500,
      packets: 3,
      sampling: 100,
      sourceAs: 65_001,
      nextHop: '192.0.2.254',
      vlan: 7,
      tos: 184,
    }),
  ])
  const store = await openFlowStore(folder, { local })
  const window = { from: t0, to: t0 + intervalMs, include: 'any' } as const
  const { flows, more } = await store.list({ ...window, order: 'first', limit: 10 })
  assert.equal(more, false)
  assert.deepEqual(flows, [
    {
      received: t0 + 4000,
      first: t0 + 1000,
      last: t0 + 3500,
      exporter: '192.0.2.1',
      source: '2001:db8::80',
      destination: '10.0.0.22',
      sourcePort: 443,
      destinationPort: 50_000,
      protocol: 'tcp',
      bytes: 150_000,
      packets: 300,
      sampling: 100,
      inInterface: 1,
      outInterface: 2,
      tcpFlags: '...AP.SF',
      tos: 184,
      sourceAs: 65_001,
      destinationAs: 0,
      nextHop: '192.0.2.254',
      vlan: 7,
      icmpType: null,
      icmpCode: null,
    },
  ])
  await store.close()
})

test('of sampled packets, connections opened are counted as verdicts join them', async () => {
  const folder = await scratchFolder()
  const pieces = [1, 1000].flatMap((sampling) =>
    [0, 90, 180].map((second) =>
      testFlow({ first: t0 + second * 1000, sampling, exporter: `192.0.2.${sampling > 1 ? 2 : 1}` }),
    ),
  )
  await archive(folder, pieces)
  const store = await openFlowStore(folder, { local })
  const opened = await store.series({
    from: t0, to: t0 + intervalMs, stepMs: intervalMs, include: 'start', connections: true, by: [], top: 1, order: 'flows',
  }) // prettier-ignore
  await store.close()
  const counts = [...opened.exporter].map((exporter, row) => [opened.exporters[exporter], opened.sum.flows[row]])
  assert.deepEqual(counts.sort(), [['192.0.2.1', 3], ['192.0.2.2', 1]])
}) // prettier-ignore
