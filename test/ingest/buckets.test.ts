import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { NetworkSet, parseAddress, parseNetwork } from '../../flow/address.ts'
import { createFlowColumns, type FlowColumns } from '../../flow/columns.ts'
import { intervalMs } from '../../flow/interval.ts'
import { Buckets, type BucketsOptions } from '../../ingest/buckets/buckets.ts'
import { hostsMax } from '../../ingest/buckets/codes.ts'
import { interfaceKeysMax } from '../../ingest/buckets/interface-sums.ts'
import { cutTop } from '../../store/cut.ts'
import type { MeasurementName } from '../../store/measurement.ts'
import type { MeasurementRows } from '../../store/series.ts'

const t0 = 1_794_819_600_000
const dayMs = 86_400_000

interface SimpleFlow {
  exporter?: string
  source?: string
  destination?: string
  first: number
  last: number
  received?: number
  octets: number
  packets?: number
  rate?: number
  sourcePort?: number
  destinationPort?: number
}

function columnsOf(simple: readonly SimpleFlow[]): FlowColumns {
  const flows = createFlowColumns(Math.max(1, simple.length))
  for (const [i, flow] of simple.entries()) {
    const put = (high: Uint32Array, low: Uint32Array, text: string) => {
      const [w0, w1, w2, w3] = parseAddress(text)!
      high[2 * i] = w1
      high[2 * i + 1] = w0
      low[2 * i] = w3
      low[2 * i + 1] = w2
    }
    put(flows.exporterAddressHigh, flows.exporterAddressLow, flow.exporter ?? '10.0.0.1')
    put(flows.sourceAddressHigh, flows.sourceAddressLow, flow.source ?? '10.0.0.22')
    put(
      flows.destinationAddressHigh,
      flows.destinationAddressLow,
      flow.destination ?? '203.0.113.80',
    )
    flows.flowStartMilliseconds[i] = t0 + flow.first
    flows.flowEndMilliseconds[i] = t0 + flow.last
    flows.collectionTimeMilliseconds[i] = t0 + (flow.received ?? flow.last)
    flows.octetDeltaCount[i] = flow.octets
    flows.packetDeltaCount[i] = flow.packets ?? 1
    flows.samplingInterval[i] = flow.rate ?? 1
    flows.protocolIdentifier[i] = 6
    flows.sourceTransportPort[i] = flow.sourcePort ?? 51_000
    flows.destinationTransportPort[i] = flow.destinationPort ?? 443
    flows.ingressInterface[i] = 1
    flows.egressInterface[i] = 2
  }
  flows.count = simple.length
  return flows
}

function bucketsOf(options: Partial<BucketsOptions> = {}): Buckets {
  return new Buckets({
    local: new NetworkSet([parseNetwork('10.0.0.0/8')!]),
    flowMaxMs: 7 * dayMs,
    wholeFrom: Number.NEGATIVE_INFINITY,
    ...options,
  })
}

/** A measurement of an interval as text: tags, then bytes, packets, flows, active. */
function table(
  buckets: Buckets,
  interval: number,
  measurement: MeasurementName,
  exporter = '10.0.0.1',
): string[] {
  const rows = buckets.rows(t0 + interval * intervalMs).get(exporter)
  if (!rows) return []
  const { count, tags, sum } = rows.find((each) => each.measurement === measurement)!
  return Array.from({ length: count }, (_, i) =>
    [
      ...Object.values(tags).map((values) => values[i]),
      sum.bytes[i],
      sum.packets[i],
      sum.flows[i],
      sum.active[i],
    ].join(' '),
  ).toSorted()
}

test('a flow counts in every measurement from each point of view', () => {
  const buckets = bucketsOf()
  buckets.add(columnsOf([{ first: 1000, last: 3000, octets: 1500, packets: 10 }]))
  assert.deepEqual(table(buckets, 0, 'total'), ['out 1500 10 1 2000'])
  assert.deepEqual(table(buckets, 0, 'host'), [
    '10.0.0.22 out 1500 10 1 2000',
    '203.0.113.80 in 1500 10 1 2000',
  ])
  assert.deepEqual(table(buckets, 0, 'port'), ['tcp 443 out 1500 10 1 2000'])
  assert.deepEqual(table(buckets, 0, 'protocol'), ['tcp out 1500 10 1 2000'])
  assert.deepEqual(table(buckets, 0, 'interface'), ['1 in 1500 10 1 2000', '2 out 1500 10 1 2000'])
  assert.deepEqual(table(buckets, 0, 'host_port'), [
    '10.0.0.22 tcp 443 out 1500 10 1 2000',
    '203.0.113.80 tcp 443 in 1500 10 1 2000',
  ])
})

test('direction follows from the local networks', () => {
  const cases: [string, string, string][] = [
    ['10.0.0.1', '203.0.113.1', 'out'],
    ['203.0.113.1', '10.0.0.1', 'in'],
    ['10.0.0.1', '10.0.0.2', 'internal'],
    ['203.0.113.1', '203.0.113.2', 'transit'],
    ['2001:db8::1', '203.0.113.2', 'transit'],
  ]
  for (const [source, destination, direction] of cases) {
    const buckets = bucketsOf()
    buckets.add(columnsOf([{ source, destination, first: 0, last: 0, octets: 1 }]))
    assert.deepEqual(table(buckets, 0, 'total'), [`${direction} 1 1 1 0`])
  }
})

test('an IPv6 address that ends like an IPv4 address is a host of its own', () => {
  const buckets = bucketsOf()
  const destination = '2001:db8::1'
  const flow = { destination, first: 0, last: 0, octets: 1 }
  const sources = ['1.2.3.4', '2001:db8::ffff:102:304', '::1:0:0:ffff:102:304']
  buckets.add(columnsOf(sources.map((source) => ({ ...flow, source }))))
  assert.deepEqual(table(buckets, 0, 'host'), [
    '1.2.3.4 out 1 1 1 0',
    '2001:db8::1 in 3 3 3 0',
    '2001:db8::ffff:102:304 out 1 1 1 0',
    '::1:0:0:ffff:102:304 out 1 1 1 0',
  ])
})

test('a long flow is spread over its intervals, after scaling by sampling, and begins in one', () => {
  const buckets = bucketsOf()
  const last = 2 * intervalMs
  buckets.add(columnsOf([{ first: 0, last, octets: 101, packets: 3, rate: 10 }]))
  assert.deepEqual(table(buckets, 0, 'total'), ['out 505 15 1 300000'])
  assert.deepEqual(table(buckets, 1, 'total'), ['out 505 15 0 300000'])
  assert.equal(buckets.rows(t0 + 2 * intervalMs).size, 0)
})

test('every measurement conserves bytes, whatever the flows', () => {
  const hosts = fc.constantFrom(
    '10.0.0.1',
    '10.0.0.2',
    '203.0.113.1',
    '2001:db8::1',
    '198.51.100.9',
  )
  const flow = fc.record({
    source: hosts,
    destination: hosts,
    first: fc.nat(2 * 3_600_000),
    length: fc.nat(3_600_000),
    octets: fc.nat(1e12),
    rate: fc.integer({ min: 1, max: 1000 }),
  })
  fc.assert(
    fc.property(fc.array(flow, { maxLength: 30 }), (made) => {
      const simple = made.map(({ length, ...rest }) => ({ ...rest, last: rest.first + length }))
      const buckets = bucketsOf()
      buckets.add(columnsOf(simple))
      const expected = simple.reduce((sum, { octets, rate }) => sum + octets * rate, 0)
      const sums = new Map<string, number>()
      for (const interval of buckets.takeChanged().dirty)
        for (const rows of buckets.rows(interval).values())
          for (const { measurement, tags, count, sum } of rows)
            for (let i = 0; i < count; i++) {
              const isEnd = measurement.startsWith('host') || measurement === 'interface'
              const key = isEnd ? `${measurement} ${tags.direction![i]}` : measurement
              sums.set(key, (sums.get(key) ?? 0) + sum.bytes[i]!)
            }
      if (simple.length > 0)
        for (const key of [
          'total',
          'port',
          'protocol',
          'host in',
          'host out',
          'host_port in',
          'host_port out',
          'interface in',
          'interface out',
        ])
          assert.equal(sums.get(key), expected, key)
    }),
  )
})

test('intervals that are not held are marked, not counted', () => {
  const buckets = bucketsOf({ wholeFrom: t0 + intervalMs })
  buckets.add(columnsOf([{ first: 0, last: 2 * intervalMs, octets: 100 }]))
  const { dirty, redo } = buckets.takeChanged()
  assert.deepEqual(dirty, [t0 + intervalMs])
  assert.deepEqual(redo, [t0])
  assert.equal(buckets.rows(t0).size, 0)
})

test('flows counted together give the same as one by one, whatever their exporters and intervals', () => {
  const edge = fc.constantFrom(0, 1, intervalMs - 1, intervalMs, intervalMs + 1, 2 * intervalMs)
  const flow = fc.record({
    exporter: fc.constantFrom('10.0.0.1', '10.0.0.1', '10.0.0.2'),
    source: fc.constantFrom('10.0.0.1', '203.0.113.1', '2001:db8::1'),
    first: edge,
    length: fc.oneof(fc.constant(0), edge),
    received: fc.constantFrom(2 * intervalMs, 7 * dayMs, 8 * dayMs),
    octets: fc.nat(1e9),
  })
  const flows = fc.array(flow, { maxLength: 30 })
  // A row that is left out, or spread, lies between rows of two exporters.
  const one = { exporter: '10.0.0.1', source: '203.0.113.1', first: intervalMs, length: 0, received: 2 * intervalMs, octets: 5 } // prettier-ignore
  const other = { ...one, exporter: '10.0.0.2' }
  const betweens = [{ received: 8 * dayMs }, { length: 2 * intervalMs }]
  const examples = betweens.map((between): [(typeof one)[], boolean] => [
    [one, { ...other, ...between }, other],
    false,
  ])
  fc.assert(
    fc.property(flows, fc.boolean(), (made, isOfOne) => {
      const simple = made.map(({ length, exporter, ...rest }) => ({
        ...rest,
        exporter: isOfOne ? '10.0.0.1' : exporter,
        last: rest.first + length,
      }))
      const wholeFrom = t0 + intervalMs
      const [together, apart] = [bucketsOf({ wholeFrom }), bucketsOf({ wholeFrom })]
      together.rebuiltFrom = t0 + 1
      apart.rebuiltFrom = t0 + 1
      together.add(columnsOf(simple))
      for (const each of simple) apart.add(columnsOf([each]))
      assert.equal(together.tooLate, apart.tooLate)
      const { dirty } = apart.takeChanged()
      assert.deepEqual(together.takeChanged().dirty.toSorted(), dirty.toSorted())
      for (const interval of dirty)
        for (const exporter of ['10.0.0.1', '10.0.0.2'])
          for (const measurement of ['host_port', 'interface'] as const)
            assert.deepEqual(
              table(together, (interval - t0) / intervalMs, measurement, exporter),
              table(apart, (interval - t0) / intervalMs, measurement, exporter),
            )
    }),
    { examples },
  )
})

test('flows of a week count in each of their intervals, though they have more parts than are sorted at once', () => {
  const [weekly, intervals] = [40, (7 * dayMs) / intervalMs]
  const buckets = bucketsOf()
  const flow = {
    first: 0,
    last: 7 * dayMs,
    received: 7 * dayMs,
    octets: 1000 * intervals,
    packets: intervals,
  }
  buckets.add(columnsOf(Array.from({ length: weekly }, () => flow)))
  for (let interval = 0; interval < intervals; interval++) {
    const begun = interval === 0 ? weekly : 0
    const sums = `out ${1000 * weekly} ${weekly} ${begun} ${weekly * intervalMs}`
    assert.deepEqual(table(buckets, interval, 'total'), [sums], `interval ${interval}`)
  }
})

test('a closed interval takes late flows within the horizon, and is marked once released', () => {
  const buckets = bucketsOf()
  buckets.add(columnsOf([{ first: 0, last: 0, octets: 1 }]))
  buckets.takeChanged()
  buckets.forget(t0 + 30 * 60_000, new Set())
  buckets.add(columnsOf([{ first: 0, last: 0, octets: 2, received: 30 * 60_000 }]))
  assert.deepEqual(table(buckets, 0, 'total'), ['out 3 2 2 0'])
  buckets.takeChanged()
  buckets.forget(t0 + 2 * 3_600_000, new Set())
  buckets.add(columnsOf([{ first: 0, last: 0, octets: 4, received: 2 * 3_600_000 }]))
  assert.deepEqual(buckets.takeChanged(), { dirty: [], redo: [t0] })
})

test('a finished interval takes a third of the memory, and still counts late flows', () => {
  const flowsBetween = (from: number, to: number) =>
    columnsOf(
      Array.from({ length: to - from }, (_, i) => ({
        first: i,
        last: i + 1,
        octets: 1000 + i,
        source: `198.${(from + i) >> 16}.${((from + i) >> 8) & 255}.${(from + i) & 255}`,
      })),
    )
  const [packed, twin] = [bucketsOf(), bucketsOf()]
  for (const buckets of [packed, twin]) buckets.add(flowsBetween(0, 60_000))
  const awaits = (afterMs: number) => packed.awaitsPacking(t0 + intervalMs + afterMs)
  assert.deepEqual([-1, 0, 14_999, 15_000].map(awaits), [false, true, true, false])
  packed.pack(t0 + intervalMs)
  assert.equal(packed.bytes, twin.bytes)
  packed.pack(t0 + intervalMs + 15_000)
  assert.equal(awaits(0), false)
  assert.ok(packed.bytes < twin.bytes / 3, `${packed.bytes} of ${twin.bytes} bytes`)
  for (const late of [flowsBetween(30_000, 100_000), flowsBetween(0, 10)]) {
    for (const buckets of [packed, twin]) buckets.add(late)
    assert.deepEqual(packed.rows(t0, 50), twin.rows(t0, 50))
    packed.pack(t0 + 2 * intervalMs)
    assert.deepEqual(packed.rows(t0, 50), twin.rows(t0, 50))
  }
})

test('a flow that is too old is left out and counted', () => {
  const buckets = bucketsOf()
  buckets.add(columnsOf([{ first: 0, last: 0, octets: 1, received: 7 * dayMs + 1 }]))
  assert.equal(buckets.tooLate, 1)
  assert.deepEqual(buckets.takeChanged(), { dirty: [], redo: [] })
})

test('hosts cut before conversion to text are the same as those cut afterwards', () => {
  const host = fc.record({
    octets: fc.nat(1000),
    local: fc.boolean(),
    port: fc.constantFrom(80, 443),
  })
  fc.assert(
    fc.property(
      fc.array(host, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      (hosts, top) => {
        const buckets = bucketsOf()
        // Distinct bytes, because one would break ties by text and the other by number.
        const simple = hosts.map(({ octets, local, port }, i) => ({
          source: `${local ? '10.0.1' : '198.51.100'}.${i}`,
          destination: '203.0.113.80',
          destinationPort: port,
          octets: octets * 64 + i + 1,
          first: 0,
          last: 1000,
        }))
        buckets.add(columnsOf(simple))
        const isLocal = (address: string) => address.startsWith('10.')
        const texts = (rows: MeasurementRows[]) =>
          rows
            .map((each) => cutTop(each, { top, isLocal }))
            .flatMap(({ measurement, count, tags, sum }) =>
              Array.from({ length: count }, (_, i) =>
                [
                  measurement,
                  ...Object.entries(tags)
                    .map(([tag, values]) => `${tag} ${values[i]}`)
                    .toSorted(),
                  sum.bytes[i],
                  sum.flows[i],
                ].join(' '),
              ),
            )
            .toSorted()
        const uncut = buckets.rows(t0).get('10.0.0.1')!
        const precut = buckets.rows(t0, top).get('10.0.0.1')!
        assert.deepEqual(texts(precut), texts(uncut))
        for (const { measurement, count } of precut)
          if (measurement.startsWith('host')) assert.ok(count <= 2 * top + 2)
      },
    ),
  )
})

test('hosts beyond the limit of an interval count in the row other, and nothing is lost', () => {
  const buckets = bucketsOf()
  const flows = columnsOf(
    Array.from({ length: 50_000 }, () => ({ first: 0, last: 1000, octets: 10 })),
  )
  const beyond = 1000
  for (let made = 0; made < hostsMax + beyond; made += flows.count) {
    flows.count = Math.min(flows.capacity, hostsMax + beyond - made)
    for (let i = 0; i < flows.count; i++) flows.destinationAddressLow[2 * i] = made + i
    buckets.add(flows)
  }
  const top = 10
  const rows = buckets.rows(t0, top).get('10.0.0.1')!
  const received = rows.find(({ measurement }) => measurement === 'host')!
  const { all, other } = bytesIn(received, 'host')
  assert.equal(all, (hostsMax + beyond) * 10)
  assert.ok(other >= beyond * 10)
})

test('interfaces beyond the limit of an interval count in the row other, and nothing is lost', () => {
  const buckets = bucketsOf()
  const flows = columnsOf(
    Array.from({ length: 50_000 }, () => ({ first: 0, last: 1000, octets: 10 })),
  )
  const beyond = 1000
  let made = 0
  for (; made < interfaceKeysMax + beyond; made += flows.count) {
    for (let i = 0; i < flows.count; i++) flows.ingressInterface[i] = 1 + made + i
    buckets.add(flows)
  }
  const rows = buckets.rows(t0).get('10.0.0.1')!
  const entered = rows.find(({ measurement }) => measurement === 'interface')!
  assert.ok(entered.count <= interfaceKeysMax + 2)
  const { all, other } = bytesIn(entered, 'interface')
  assert.equal(all, made * 10)
  assert.ok(other >= beyond * 10)
})

/** The bytes of all rows of direction `in`, and of the row `other`. */
function bytesIn({ tags, sum }: MeasurementRows, tag: 'host' | 'interface') {
  let [all, other] = [0, 0]
  for (const [i, key] of tags[tag]!.entries()) {
    if (tags.direction![i] !== 'in') continue
    all += sum.bytes[i]!
    if (key === 'other') other += sum.bytes[i]!
  }
  return { all, other }
}
