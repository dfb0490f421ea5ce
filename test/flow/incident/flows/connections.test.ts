/** Connections: joined however often they were cut, and opened by the right side. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import fc from 'fast-check'

import { joinConnections } from '../../../../flow/incident/flows/connections.ts'
import type { FlowTable } from '../../../../flow/incident/flows/flow-table.ts'
import { tableOf, t0, type TestFlow } from '../tables.ts'

const there: Partial<TestFlow> = {}
const back: Partial<TestFlow> = {
  source: '203.0.113.80',
  destination: '10.0.0.22',
  sourcePort: 443,
  destinationPort: 50_000,
}

function joined(flows: readonly Partial<TestFlow>[], breaks: FlowTable['breaks'] = []) {
  const table = tableOf(flows)
  table.breaks = breaks
  const connections = joinConnections(table)
  return Array.from({ length: connections.count }, (_, i) => ({
    opener: table.hosts.text(connections.opener[i]!),
    peer: table.hosts.text(connections.peer[i]!),
    port: connections.peerPort[i]!,
    first: connections.first[i]! - t0,
    bytes: connections.bytes[i]!,
  }))
}

/** Who opened a connection, whether that is certain, and whether it is known. */
function openings(flows: readonly Partial<TestFlow>[], sampling = 1) {
  const table = tableOf(flows)
  table.sampling = sampling
  const { count, opener, isCertain, isKnown } = joinConnections(table)
  return Array.from({ length: count }, (_, i) => ({
    opener: table.hosts.text(opener[i]!),
    isCertain: isCertain[i] === 1,
    isKnown: isKnown[i] === 1,
  }))
}

suite('connections', () => {
  test('a pause between sampled packets, which others passed unseen in, is no end', () => {
    const pieces = [0, 90, 180].map((second) => ({ first: t0 + second * 1000, last: t0 + second * 1000 }))
    assert.equal(openings(pieces, 1000).length, 1)
    assert.equal(openings(pieces, 1).length, 3)
  }) // prettier-ignore

  test('both directions and all pieces are one', () => {
    const pieces = [0, 1, 2].flatMap((minute) =>
      [there, back].map((flow) => ({
        ...flow,
        first: t0 + minute * 60_000,
        last: t0 + minute * 60_000 + 59_000,
      })),
    )
    assert.deepEqual(joined(pieces), [
      { opener: '10.0.0.22', peer: '203.0.113.80', port: 443, first: 0, bytes: 6000 },
    ])
  })

  test('a ping and its reply are one, opened by the side that asked', () => {
    const pings = [
      { protocol: 1, request: 2048, reply: 0, from: '203.0.113.80', to: '10.0.0.22' },
      { protocol: 58, request: 32_768, reply: 33_024, from: '2001:db8::1', to: 'fd00::22' },
    ]
    for (const { protocol, request, reply, from, to } of pings) {
      const flow = { protocol, sourcePort: 0, tcpFlags: 0 }
      const answer = { ...flow, source: to, destination: from, destinationPort: reply }
      const asked = { ...flow, source: from, destination: to, destinationPort: request }
      assert.deepEqual(joined([answer, asked]), [
        { opener: from, peer: to, port: request, first: 0, bytes: 2000 },
      ])
    }
  })

  test('after a gap longer than the observed timeouts it is another', () => {
    const later = (ms: number) =>
      joined([there, { ...there, first: t0 + ms, last: t0 + ms }]).length
    assert.equal(later(60_000), 1)
    assert.equal(later(60_001), 2)
  })

  test('a time in which the exporter was away is no gap of the connection', () => {
    const away = { from: t0 + 70_000, to: t0 + 200_000 }
    const later = (ms: number) =>
      joined([there, { ...there, first: t0 + ms, last: t0 + ms }], [away]).length
    // From 10 s on, a record may have been one that was not reported.
    assert.equal(later(200_000 + 50_000), 1)
    assert.equal(later(200_000 + 50_001), 2)
  })

  test('the log of a session’s end, minutes later, opens nothing; that of its beginning does', () => {
    const nothing = { ...there, bytes: 0, packets: 0 }
    const at = (ms: number) => ({ first: t0 + ms, last: t0 + ms })
    const session = [
      { ...nothing, ...at(0) },
      { ...there, ...at(100) },
      { ...back, ...at(200) },
    ]
    const ended = joined([...session, { ...nothing, ...at(300_000) }])
    assert.deepEqual(ended.map(({ first, bytes }) => [first, bytes]), [[0, 2000]]) // prettier-ignore
    assert.equal(joined([...session, { ...there, ...at(300_000) }]).length, 2)
  })

  test('an exporter whose records last half an hour is assumed to have that timeout', () => {
    const long = { ...there, last: t0 + 1_700_000 }
    assert.equal(
      joined([long, { ...there, first: t0 + 3_300_000, last: t0 + 3_300_000 }]).length,
      1,
    )
    assert.equal(
      joined([long, { ...there, first: t0 + 3_500_000, last: t0 + 3_500_000 }]).length,
      2,
    )
  })

  test('the first record shows who opened, whatever the ports', () => {
    const [connection] = joined([{ ...back, first: t0 - 10 }, there])
    assert.equal(connection!.opener, '203.0.113.80')
  })

  test('at the same instant a SYN without an answer decides, then the service port', () => {
    assert.equal(joined([{ ...back, tcpFlags: 0x02 }, there])[0]!.opener, '203.0.113.80')
    assert.equal(joined([back, there])[0]!.opener, '10.0.0.22')
    const unknown = [
      { ...back, sourcePort: 50_001, destinationPort: 60_001 },
      { ...there, sourcePort: 60_001, destinationPort: 50_001 },
    ]
    assert.equal(joined(unknown)[0]!.opener, '10.0.0.22')
  })

  for (const service of [53, 123, 389, 1900, 11_211])
    for (const spoofed of [80, 443])
      test(`a question from port ${spoofed} to port ${service} of UDP is one, at the same instant too`, () => {
        const ask = { protocol: 17, tcpFlags: 0, source: '203.0.113.80', destination: '10.0.0.22', sourcePort: spoofed, destinationPort: service }
        const answer = { ...ask, source: ask.destination, destination: ask.source, sourcePort: service, destinationPort: spoofed }
        for (const later of [0, 3]) {
          const [connection] = openings([{ ...answer, first: t0 + later }, ask])
          assert.deepEqual(connection, { opener: '203.0.113.80', isCertain: true, isKnown: true })
        }
      }) // prettier-ignore

  test('of sampled packets the first is chance: flags or ports say who opened, or nobody knows', () => {
    const early = { ...back, first: t0 - 10 }
    const host = { opener: '10.0.0.22', isCertain: true, isKnown: true }
    assert.deepEqual(openings([early, there], 100), [host])
    assert.equal(joined([early, there])[0]!.first, -10)
    assert.deepEqual(openings([there], 100), [host])
    const unknown = [early, { ...there, sourcePort: 50_001, destinationPort: 60_001 }]
    for (const flow of unknown) assert.equal(openings([flow], 100)[0]!.isKnown, false)
  })

  test('if one direction is reported, what came back does not show who opened', () => {
    assert.equal(openings([back])[0]!.isKnown, false)
    assert.equal(openings([there])[0]!.isKnown, true)
    const answered = Array.from({ length: 12 }, (_, i) => [
      { ...there, sourcePort: 30_000 + i },
      { ...back, destinationPort: 30_000 + i },
    ]).flat()
    const all = openings([back, ...answered])
    assert.ok(all.every(({ isKnown }) => isKnown))
  })

  test('a duplicate record is one connection', () => {
    assert.equal(joined([there, there, back, back]).length, 1)
  })

  test('any records, in any order: each belongs to exactly one connection', () => {
    const flow = fc.record({
      source: fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1', '192.0.2.9'),
      destination: fc.constantFrom('10.0.0.1', '198.51.100.1', '2001:db8::1'),
      sourcePort: fc.integer({ min: 1, max: 3 }),
      destinationPort: fc.integer({ min: 1, max: 3 }),
      protocol: fc.constantFrom(6, 17),
      first: fc.integer({ min: 0, max: 600_000 }).map((ms) => t0 + ms),
    })
    fc.assert(
      fc.property(fc.array(flow, { minLength: 1, maxLength: 60 }), (flows) => {
        const told = flows.map((each) => ({ ...each, last: each.first + 100 }))
        const forth = joined(told)
        const reversed = joined([...told].reverse())
        const bytes = (all: typeof forth) => all.reduce((sum, each) => sum + each.bytes, 0)
        assert.equal(bytes(forth), 1000 * flows.length)
        assert.equal(reversed.length, forth.length)
      }),
    )
  })
})
