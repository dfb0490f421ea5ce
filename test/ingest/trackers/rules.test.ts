/** Filters evaluated together match the same flows as each one alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { createFlowColumns, type FlowColumns } from '../../../flow/columns.ts'
import { parseAddress } from '../../../flow/address.ts'
import type { Filter } from '../../../flow/filter.ts'
import { parseFilter } from '../../../flow/filter/parse.ts'
import { compilePredicate } from '../../../flow/filter/predicate.ts'
import { cheapest, coversOf } from '../../../ingest/trackers/cover.ts'
import { Rules } from '../../../ingest/trackers/rules.ts'
import { seed } from '../../drawn.ts'
import { generatedFilters } from '../../flow/generated-filters.ts'
import { seeded } from '../../random.ts'

const hosts = Array.from({ length: 60 }, (_, i) => `10.${i % 3}.${i % 7}.${i}`)
const addresses = [...hosts.slice(0, 12), '203.0.113.80', 'fd00::22', '2001:db8::1', '192.0.2.1']
const all = [...hosts, ...addresses]
const ports = [0, 53, 80, 443, 1023, 1024, 50_000, 51_000, 65_535]

/** Mostly different flows, so that filters match few of them. */
function madeFlows(rows: number, random: (below: number) => number): FlowColumns {
  const flows = createFlowColumns(rows)
  const of = <Value>(values: readonly Value[]) => values[random(values.length)]!
  const put = (column: 'source' | 'destination' | 'nextHop' | 'exporter', i: number) => {
    const words = parseAddress(of(all))!
    const [high, low] = [flows[`${column}AddressHigh`], flows[`${column}AddressLow`]]
    ;[high[2 * i + 1], high[2 * i], low[2 * i + 1], low[2 * i]] = words
  }
  for (let i = 0; i < rows; i++) {
    for (const column of ['source', 'destination', 'nextHop', 'exporter'] as const) put(column, i)
    flows.sourceTransportPort[i] = of(ports)
    flows.destinationTransportPort[i] = of([...ports, 7000 + random(4000)])
    flows.protocolIdentifier[i] = of([1, 6, 17, 58, 253])
    flows.octetDeltaCount[i] = of([0, 1, 1000, 1e6, 2 ** 40])
    flows.packetDeltaCount[i] = of([0, 1, 10, 1e6])
    flows.samplingInterval[i] = of([1, 1, 100, 1000])
    flows.flowStartMilliseconds[i] = 1e12
    flows.flowEndMilliseconds[i] = 1e12 + of([0, 1, 1000, 300_000])
    flows.ingressInterface[i] = of([0, 1, 2, 3, 2 ** 32 - 1])
    flows.egressInterface[i] = of([0, 1, 2, 3])
    flows.tcpControlBits[i] = of([0, 2, 16, 18, 27])
    flows.ipClassOfService[i] = of([0, 16, 184, 255])
    flows.bgpSourceAsNumber[i] = of([0, 65_001, 2 ** 32 - 1])
    flows.vlanId[i] = of([0, 100, 4094])
    flows.applicationId[i] = of([0, 3 * 2 ** 24 + 443])
  }
  flows.count = rows
  return flows
}

/** Rows by filter, as each filter alone matches them. */
function plainly(filters: readonly Filter[], flows: FlowColumns): number[][] {
  const passes = new Uint8Array(flows.count)
  return filters.map((filter) => {
    compilePredicate(filter).matches(flows, flows.count, passes)
    return [...passes.keys()].filter((i) => passes[i] === 1)
  })
}

function together(filters: readonly Filter[], flows: FlowColumns): number[][] {
  const all = filters.map((filter, at) => ({ filter, followers: [at] }))
  const rules = new Rules(all, 2 * flows.count)
  // A batch must not depend on the one before, and checking twice changes nothing.
  for (let before = 0; before < 2; before++) rules.forEach(flows, () => undefined)
  const rows: number[][] = filters.map(() => [])
  rules.forEach(flows, (at, i) => rows[at]!.push(i))
  return rows
}

test('property: many filters together match the same as each alone', () => {
  let covered = 0
  // Many are wide; combined with a host or a port, they are as narrow as those that people follow.
  const narrow = fc.oneof(
    fc.constantFrom(...addresses).map((host) => parseFilter(`host ${host}`)!),
    fc.constantFrom(...ports).map((port) => parseFilter(`dst port ${port}`)!),
  )
  const made = generatedFilters({ addresses })
  const filters = fc.oneof(
    made,
    fc.tuple(made, narrow).map((terms): Filter => ({ kind: 'and', terms })),
    fc.tuple(narrow, narrow).map((terms): Filter => ({ kind: 'or', terms })),
  )
  const property = fc.property(
    fc.array(filters, { minLength: 1, maxLength: 60 }),
    fc.constantFrom(1, 7, 30, 400, 2500),
    fc.infiniteStream(fc.nat({ max: 1_000_000 })),
    (given, rows, stream) => {
      const flows = madeFlows(rows, (below) => (stream.next().value as number) % below)
      assert.deepEqual(together(given, flows), plainly(given, flows))
      covered += given.filter((filter) => cheapest(coversOf(filter))).length
    },
  )
  fc.assert(property, { numRuns: 60 })
  assert.ok(covered > 100, `${covered} filters were found by their signs`)
})

test('the filters that people follow are found by their signs', () => {
  const found = (text: string) => cheapest(coversOf(parseFilter(text)!))
  for (const text of [
    'dst host 10.0.0.22',
    'host 10.0.0.22 and port 443',
    'net 10.1.2.0/24 and proto tcp and bytes > 1000',
    'port in [80 443 8080]',
    'proto udp and (port 53 or host 10.0.0.1)',
    'src as 65001',
    'net 2001:db8::/32 and not port 22',
    'port 5000-5100',
  ])
    assert.ok(found(text), text)
  for (const text of [
    'proto tcp',
    'bytes > 1000',
    'not host 10.0.0.22',
    'net 0.0.0.0/0',
    'flags S',
  ])
    assert.equal(found(text), null, text)
  assert.equal(found('dst host 10.0.0.22')!.isExact, true)
  assert.equal(found('host 10.0.0.22 and port 443')!.isExact, false)
})

test('a filter with several followers is reported to each, with its rows once', () => {
  const random = seeded(seed)
  const flows = madeFlows(200, (below) => Math.floor(random() * below))
  const filter = parseFilter('host 10.0.0.0 or host 10.1.1.1 or port 53')
  const rules = new Rules([{ filter, followers: ['a', 'b'] }])
  const told = { a: [] as number[], b: [] as number[] }
  rules.forEach(flows, (follower, i) => told[follower as 'a' | 'b'].push(i))
  const [plain] = plainly([filter!], flows)
  assert.ok(plain!.length > 10)
  assert.deepEqual(told, { a: plain, b: plain })
})
