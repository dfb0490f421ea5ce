import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { CoverageTracker } from '../../../ingest/coverage/coverage.ts'
import type { Decoder } from '../../../ingest/decode/decoder.ts'
import type { InterfaceCounters } from '../../../ingest/decode/sflow/counters.ts'
import { encodeSflow, headerRecord, wordsRecord } from '../../encode/sflow.ts'
import { decodeAll, from, openDecoder, pick } from './decoded.ts'

const frame = new Uint8Array([
  2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
  0x45, 0, 0x05, 0xdc, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
  0x9c, 0x40, 0, 53, 0, 0, 0, 0,
]) // prettier-ignore

const columns = ['sourceAddress', 'destinationAddress', 'destinationTransportPort', 'protocolIdentifier', 'octetDeltaCount', 'packetDeltaCount', 'samplingInterval', 'ingressInterface', 'egressInterface'] // prettier-ignore
const row = { sourceAddress: '10.0.0.1', destinationAddress: '10.0.0.2', destinationTransportPort: 53, protocolIdentifier: 17, octetDeltaCount: 1500, packetDeltaCount: 1, samplingInterval: 512, ingressInterface: 3, egressInterface: 4 } // prettier-ignore
const sample = { rate: 512, input: 3, output: 4 }

describe('sFlow flow samples', () => {
  const ip = frame.subarray(14)
  const after = (...header: readonly number[]) => new Uint8Array([...header, ...ip])
  const records = {
    'a packet behind MPLS labels': headerRecord(after(0, 1, 0x10, 64, 0, 2, 0x11, 64), 1508, 13),
    'a packet in PPP': headerRecord(after(0, 0x21), 1502, 7),
    'a packet in PPP over SONET': headerRecord(after(0xff, 3, 0, 0x21), 1504, 14),
    'a labelled packet in PPP': headerRecord(after(2, 0x81, 0, 1, 0x11, 64), 1506, 7),
    "a packet's start": headerRecord(frame, 1518),
    'a packet behind LLC and SNAP': headerRecord(
      new Uint8Array([...frame.subarray(0, 12), 5, 0xdc, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...ip]),
      1526,
    ),
    'a packet behind LLC and SNAP in a VLAN': headerRecord(
      new Uint8Array([
        ...frame.subarray(0, 12),
        0x81,
        0,
        0,
        7,
        5,
        0xdc,
        0xaa,
        0xaa,
        3,
        0,
        0,
        0,
        8,
        0,
        ...ip,
      ]),
      1530,
    ),
    'an IPv4 packet as it was read': wordsRecord(3, 1500, 17, '10.0.0.1', '10.0.0.2', 40_000, 53, 0, 0), // prettier-ignore
  }
  for (const [name, record] of Object.entries(records))
    for (const expanded of [false, true])
      test(`${name}${expanded ? ', in the expanded form' : ''}`, () => {
        const payload = encodeSflow({ samples: [{ ...sample, expanded, records: [record] }] })
        const { rows, problems, decoder } = decodeAll([payload])
        assert.deepEqual(pick(rows, ...columns), [row])
        assert.equal(rows[0]?.['flowEndMilliseconds'], from.receivedMs)
        assert.deepEqual(problems, {})
        const [exporter] = decoder.exporters()
        assert.deepEqual([exporter?.bytes, exporter?.sampling], [512 * 1500, 512])
      })

  test('of an agent that does not know its address, or has an IPv6 one', () => {
    const whole = encodeSflow({ subAgent: 7, samples: [{ ...sample, records: [headerRecord(frame)] }] }) // prettier-ignore
    const withAddress = (...words: readonly number[]) =>
      new Uint8Array([...whole.subarray(0, 4), 0, 0, 0, ...words, ...whole.subarray(12)])
    for (const payload of [withAddress(0), withAddress(2, ...new Uint8Array(16).fill(1))]) {
      const { rows, problems, decoder } = decodeAll([payload])
      assert.deepEqual(pick(rows, ...columns), [row])
      assert.deepEqual([problems, decoder.exporters()[0]?.domains], [{}, [7]])
    }
  })

  test('additions of switch, router and gateway', () => {
    const extended = [
      headerRecord(frame),
      wordsRecord(1001, 10, 0, 20, 0),
      wordsRecord(1002, 1, '192.0.2.254', 24, 16),
      wordsRecord(1003, 1, '192.0.2.254', 65_000, 65_001, 65_002, 1, 2, 2, 65_003, 65_004, 0, 0),
    ]
    const { rows, problems } = decodeAll([encodeSflow({ samples: [{ ...sample, records: extended }] })]) // prettier-ignore
    const expected = { vlanId: 10, postVlanId: 20, nextHopAddress: '192.0.2.254', sourcePrefixLength: 24, destinationPrefixLength: 16, bgpSourceAsNumber: 65_001, bgpDestinationAsNumber: 65_004 } // prettier-ignore
    assert.deepEqual(pick(rows, ...Object.keys(expected)), [expected])
    assert.deepEqual(problems, {})
  })

  test('discarded packets and the exporter itself are not interfaces', () => {
    const record = headerRecord(frame)
    const { rows } = decodeAll([
      encodeSflow({ samples: [{ rate: 1, input: 0x3fff_ffff, output: 0x4000_0001, records: [record] }] }), // prettier-ignore
    ])
    assert.deepEqual(pick(rows, 'ingressInterface', 'egressInterface'), [
      { ingressInterface: 0, egressInterface: 0 },
    ])
  })

  for (const expanded of [false, true])
    test(`a packet sampled on its way out${expanded ? ', in the expanded form' : ''}`, () => {
      const samples = [3, 4, 0, 5].map((sampledAt) => ({ ...sample, sampledAt, expanded, records: [headerRecord(frame)] })) // prettier-ignore
      const { rows } = decodeAll([encodeSflow({ samples })])
      assert.deepEqual(
        rows.map((one) => one['flowDirection']),
        [0, 1, 0, 0],
      )
    })

  for (const expanded of [false, true])
    test(`sampled by something else than an interface${expanded ? ', in the expanded form' : ''}: nobody says on which way`, () => {
      const samples = [4, 1000].map((sampledAt) => ({ ...sample, sampledAt, sourceType: 2, output: sampledAt === 4 ? 4 : 0, expanded, records: [headerRecord(frame)] })) // prettier-ignore
      const { rows } = decodeAll([encodeSflow({ samples })])
      assert.deepEqual(
        rows.map((one) => one['flowDirection']),
        [0, 0],
      )
    })

  test('a packet too long for the length in its header ends where its frame does', () => {
    const header = (type: number, ip: readonly number[]) => {
      const bytes = new Uint8Array(14 + 60)
      bytes.set([type >> 8, type & 255, ...ip], 12)
      return bytes
    }
    const ipv6 = header(0x86dd, [0x60, 0, 0, 0, 0, 0, 6, 64])
    const ipv4 = header(0x0800, [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6])
    const samples = [ipv6, ipv4].map((each) => ({ ...sample, records: [headerRecord(each, 100_000)] })) // prettier-ignore
    assert.deepEqual(
      decodeAll([encodeSflow({ samples })]).rows.map((one) => one['octetDeltaCount']),
      [99_982, 99_982],
    )
  })

  test('an Ethernet header, with and without the padding of its addresses', () => {
    const padded = wordsRecord(2, 1518, 0x0200_0000, 0x0001_0000, 0x0200_0000, 0x0002_0000, 0x806)
    const unpadded = wordsRecord(2, 1518, 0x0200_0000, 0x0001_0200, 0x0000_0002, 0x806)
    const samples = [padded, unpadded].map((record) => ({ ...sample, records: [record] }))
    const expected = { octetDeltaCount: 1518, sourceMacAddress: 0x0200_0000_0001, destinationMacAddress: 0x0200_0000_0002 } // prettier-ignore
    const { rows } = decodeAll([encodeSflow({ samples })])
    assert.deepEqual(pick(rows, ...Object.keys(expected)), [expected, expected])
  })

  test('a length that its rate makes too large is not believed', () => {
    const samples = [{ ...sample, rate: 2 ** 32 - 1, records: [headerRecord(new Uint8Array(20), 2 ** 32 - 1)] }] // prettier-ignore
    const { rows, decoder, problems } = decodeAll([encodeSflow({ samples })])
    assert.equal(rows[0]?.['octetDeltaCount'], 0)
    assert.equal(decoder.exporters()[0]?.bytes, 0)
    assert.deepEqual(problems, { 'counter-too-large': 1 })
  })

  test('lost datagrams are counted per sub-agent', () => {
    const samples = [{ ...sample, records: [headerRecord(frame)] }]
    const { decoder } = decodeAll(
      [1, 2, 5, 6].map((sequence) => encodeSflow({ sequence, subAgent: 1, samples })),
    )
    assert.equal(decoder.exporters()[0]?.lost.datagrams, 2)
  })
})

describe('several agents whose datagrams a repeater sends from one port', () => {
  const agents = [
    { agent: '192.0.2.11', sequence: 5, uptimeMs: 90_000_000 },
    { agent: '192.0.2.12', sequence: 70_000, uptimeMs: 1000 },
    { agent: '192.0.3.11', sequence: 900_000, uptimeMs: 500_000_000 },
  ]
  const sent = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) =>
      agents.map(({ agent, sequence, uptimeMs }) => {
        const at = { sequence: sequence + from + i, uptimeMs: uptimeMs + (from + i) * 1000 }
        return encodeSflow({
          agent,
          ...at,
          samples: [{ ...sample, records: [headerRecord(frame)] }],
        })
      }),
    )
  const lossOf = (decoder: Decoder) => {
    const [exporter] = decoder.exporters()
    return [exporter?.lost.datagrams, exporter?.restarts, exporter?.reordered, exporter?.duplicates]
  }

  test('lose nothing, since each has its own numbers', () => {
    const { rows, decoder } = decodeAll(sent(0, 100).flat())
    assert.equal(rows.length, 300)
    assert.deepEqual(lossOf(decoder), [0, 0, 0, 0])
  })

  test('lose what is missing, over a restart of the collector too, and a copy counts once', () => {
    const { decoder } = decodeAll(sent(0, 20).flat())
    const next = openDecoder().decoder
    assert.equal(next.restore(structuredClone(decoder.snapshot())), true)
    for (const payload of [...sent(20, 40).map(([a, b]) => [a!, a!, b!]), ...sent(43, 60)].flat())
      next.decode({ ...from, payload })
    assert.deepEqual(lossOf(next), [3 + 3 + 23, 0, 0, 20])
  })

  test('are no restart of the repeater when another one begins to send', () => {
    const [first, other] = [sent(0, 100).map(([one]) => one!), sent(0, 1)[0]![1]!]
    const { receivedMs } = from
    const coverage = new CoverageTracker(receivedMs)
    const { events } = decodeAll(
      [...first, other].map((payload, i) => ({ payload, receivedMs: receivedMs + i * 10_000 })),
    )
    for (const event of events) coverage.take(event)
    assert.deepEqual(coverage.breaks.list(), [])
  })

  test('that change the port with the repeater go on', () => {
    const { decoder } = decodeAll([
      ...sent(0, 20).flat(),
      ...sent(20, 40).flat().map((payload) => ({ payload, sourcePort: 50_001 })), // prettier-ignore
    ])
    assert.deepEqual(lossOf(decoder), [0, 0, 0, 0])
    assert.equal([...decoder.streams()].length, 3)
  })
})

test('counter samples are reported as interface counters', () => {
  const told: InterfaceCounters[] = []
  const counters = { index: 7, speed: 1_000_000_000, octetsIn: 2 ** 40, octetsOut: 5 }
  const { decoder, rows } = decodeAll([encodeSflow({ samples: [{ counters }] })], {
    onInterfaceCounters: (one) => told.push(one),
  })
  assert.equal(rows.length, 0)
  assert.deepEqual(told, [
    { exporter: '192.0.2.1', agent: told[0]?.agent, receivedMs: from.receivedMs, sequence: 1, ...counters, packetsIn: 6, packetsOut: 15, discardsIn: 0, discardsOut: 0, errorsIn: 0, errorsOut: 0 }, // prettier-ignore
  ])
  assert.deepEqual(decoder.exporters()[0]?.interfaces, [
    { index: 7, name: null, alias: null, speed: 1_000_000_000 },
  ])
})

test('interfaces with counters count for the limit on what is kept of an exporter', () => {
  const samples = Array.from({ length: 6 }, (_, i) => ({
    counters: { index: i + 1, speed: 1, octetsIn: 1, octetsOut: 1 },
  }))
  const limits = { optionEntriesPerExporterMax: 4 }
  const { decoder, problems } = decodeAll([encodeSflow({ samples })], { limits })
  assert.equal(decoder.exporters()[0]?.interfaces.length, 4)
  assert.deepEqual(problems, { 'options-too-many': 2 })
})

test('frames within frames without end are left, and do not end the process', () => {
  const pseudowire = [...frame.subarray(0, 12), 0x88, 0x47, 0, 0, 0x11, 64, 0, 0, 0, 0]
  const within = (levels: number) =>
    new Uint8Array([...Array.from({ length: levels }, () => pseudowire).flat(), ...frame])
  const samples = [3, 2800].map((levels) => ({
    ...sample,
    records: [headerRecord(within(levels))],
  }))
  const { rows } = decodeAll([encodeSflow({ samples })])
  assert.deepEqual(pick(rows, 'destinationAddress', 'octetDeltaCount'), [
    { destinationAddress: '10.0.0.2', octetDeltaCount: 1500 },
    { destinationAddress: '', octetDeltaCount: within(2800).length - 4 },
  ])
})

describe('broken sFlow', () => {
  const whole = encodeSflow({ samples: [{ ...sample, records: [headerRecord(frame)] }] })
  const at = (offset: number, value: number) => {
    const payload = whole.slice()
    new DataView(payload.buffer).setUint32(offset, value)
    return payload
  }
  const cases: Record<string, [payload: Uint8Array, problems: Record<string, number>, rows: number]> = {
    'an address type that is not known': [at(4, 9), { 'datagram-short': 1 }, 0],
    'more samples than there are': [at(24, 9), { 'datagram-short': 1 }, 1],
    'a sample longer than the datagram': [at(32, 0xffff_ffff), { 'set-length': 1 }, 0],
    'a sample shorter than its header': [at(32, 8).subarray(0, 44), { 'set-length': 1 }, 0],
    'a record longer than its sample': [at(72, 0xffff_fff0), { 'record-short': 1, 'record-not-a-flow': 1 }, 0],
    'four billion records': [at(64, 0xffff_ffff), {}, 1],
    'a packet of no known link layer': [encodeSflow({ samples: [{ ...sample, records: [headerRecord(frame, 2 ** 31, 0xdead)] }] }), { 'record-not-a-flow': 1 }, 0],
    'a packet of no link layer at all': [encodeSflow({ samples: [{ ...sample, records: [headerRecord(frame, 2 ** 31, 0)] }] }), { 'record-not-a-flow': 1 }, 0],
    'a rate of 0': [at(44, 0), { 'sampling-unknown': 1 }, 1],
    'a datagram cut short': [whole.subarray(0, 60), { 'set-length': 1 }, 0],
  } // prettier-ignore
  for (const [name, [payload, problems, rows]] of Object.entries(cases))
    test(name, () => {
      const decoded = decodeAll([payload])
      assert.deepEqual([decoded.problems, decoded.rows.length], [problems, rows])
    })
})
