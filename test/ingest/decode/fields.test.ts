/** Elements one by one, and values derived from several of them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { testExportMs, testUptimeMs } from '../../encode/fixed.ts'
import { encodeIpfix, encodeV9, field, type EncodedField } from '../../encode/sets.ts'
import type { Value } from '../../encode/value.ts'
import { decodeAll, from, pick, type Row } from './decoded.ts'
import { routers8, type Lengths } from './flow-forms.ts'

type FieldValues = readonly (readonly [
  id: number,
  length: number,
  value: Value,
  enterprise?: number,
])[]

const ends: FieldValues = [[8, 4, '10.0.0.1'], [12, 4, '10.0.0.2']] // prettier-ignore
const start = testExportMs - 5000
const times: FieldValues = [[152, 8, start], [153, 8, start + 1000]] // prettier-ignore

/** One record in IPFIX or v9 with exactly these fields. */
function message(given: FieldValues, version: 'v9' | 'ipfix' = 'ipfix'): Uint8Array {
  const fields: EncodedField[] = given.map(([id, length, , enterprise]) =>
    field(id, length, enterprise),
  )
  const template = { id: 256, fields }
  const sets = [
    { templates: [template] },
    { data: template, records: [given.map(([, , value]) => value)] },
  ]
  return version === 'v9' ? encodeV9({ sets }) : encodeIpfix({ sets })
}

/** A record's fields besides ends and times, the row's columns, and the problems counted. */
interface Case {
  given: FieldValues
  row: Row
  problems?: Record<string, number>
}

const mac = new Uint8Array([0x02, 0x42, 0xac, 0x11, 0x00, 0x02])

const cases: Record<string, Case> = {
  'reduced-size counters': { given: [[1, 3, 70_000], [2, 1, 9]], row: { octetDeltaCount: 70_000, packetDeltaCount: 9 } },
  'counters of 5 and 7 bytes': { given: [[1, 5, 2 ** 39], [2, 7, 2 ** 52]], row: { octetDeltaCount: 2 ** 39, packetDeltaCount: 2 ** 52 } },
  'a counter of 2^53 - 1': { given: [[1, 8, 2n ** 53n - 1n]], row: { octetDeltaCount: 2 ** 53 - 1 } },
  'a counter above 2^53': {
    given: [[1, 8, 2n ** 53n], [2, 8, 5]],
    row: { octetDeltaCount: 0, packetDeltaCount: 5 },
    problems: { 'counter-too-large': 1 },
  },
  'counters of 8 bytes above 2^32, as a group': { given: [[1, 8, 2 ** 40], [2, 8, 2 ** 33]], row: { octetDeltaCount: 2 ** 40, packetDeltaCount: 2 ** 33 } },
  'the same with a frame size beside': { given: [[1, 8, 2 ** 40], [2, 8, 3], [312, 2, 64]], row: { octetDeltaCount: 2 ** 40, packetDeltaCount: 3 } },
  'the same with a frame size where no octets are': { given: [[1, 8, 0], [2, 8, 2 ** 34], [312, 2, 64]], row: { octetDeltaCount: 64, packetDeltaCount: 2 ** 34 } },
  'the same with a rate of its own': { given: [[1, 8, 2 ** 40], [2, 8, 3], [34, 4, 10]], row: { octetDeltaCount: 2 ** 40, samplingInterval: 10 } },
  'total counts where there are no delta counts': { given: [[85, 8, 500], [86, 8, 5]], row: { octetDeltaCount: 500, packetDeltaCount: 5 } },
  'delta counts before total counts, even at 0': { given: [[85, 8, 500], [1, 8, 0]], row: { octetDeltaCount: 0 } },
  'octets of layer 2 where there are no others': { given: [[352, 8, 640]], row: { octetDeltaCount: 640 } },
  'post counters only where there are no others': { given: [[23, 4, 50], [24, 4, 1]], row: { octetDeltaCount: 50, packetDeltaCount: 1 } },
  'egress counters beside ingress ones': { given: [[23, 4, 50], [1, 4, 60]], row: { octetDeltaCount: 60 } },
  'numbers of variable length': { given: [[1, 65_535, 300], [7, 65_535, new Uint8Array([1, 187])]], row: { octetDeltaCount: 300, sourceTransportPort: 443 } },
  'a text of variable length before the rest': { given: [[371, 65_535, 'someone'], [1, 4, 300]], row: { octetDeltaCount: 300 } },
  'a field of no length': { given: [[3, 0, 0], [1, 4, 300]], row: { octetDeltaCount: 300 } },
  'enterprise elements, which are skipped': { given: [[1, 4, 7, 9999], [1, 4, 300]], row: { octetDeltaCount: 300 } },
  'unknown elements, which are skipped': { given: [[32_000, 11, 0], [1, 4, 300]], row: { octetDeltaCount: 300 } },
  'interfaces of 2 and 4 bytes': { given: [[10, 2, 7], [14, 4, 70_000]], row: { ingressInterface: 7, egressInterface: 70_000 } },
  'the physical interface where the logical one is 0': { given: [[10, 4, 0], [252, 4, 5]], row: { ingressInterface: 5 } },
  'AS numbers of 4 bytes': { given: [[16, 4, 4_200_000_001], [17, 4, 64_512]], row: { bgpSourceAsNumber: 4_200_000_001, bgpDestinationAsNumber: 64_512 } },
  'TCP flags in 2 bytes': { given: [[6, 2, 0x1c2]], row: { tcpControlBits: 0x1c2 } },
  'class of service from the code point': { given: [[195, 1, 46]], row: { ipClassOfService: 0xb8 } },
  'ICMP type and code apart': { given: [[176, 1, 3], [177, 1, 4]], row: { icmpTypeCode: 0x304 } },
  'ICMPv6 type and code together': { given: [[139, 2, 0x8000]], row: { icmpTypeCode: 0x8000 } },
  'MAC addresses': { given: [[56, 6, mac], [80, 6, mac]], row: { sourceMacAddress: 0x0242ac110002, destinationMacAddress: 0x0242ac110002 } },
  'VLANs': { given: [[58, 2, 100], [59, 2, 200]], row: { vlanId: 100, postVlanId: 200 } },
  'a VLAN by its 802.1Q name': { given: [[243, 2, 101]], row: { vlanId: 101 } },
  'the top MPLS label': { given: [[70, 3, 0x12345f]], row: { mplsTopLabel: 0x12345 } },
  'VRFs': { given: [[234, 4, 10], [235, 4, 11]], row: { ingressVRFID: 10, egressVRFID: 11 } },
  'an application id of 4 bytes': { given: [[95, 4, 0x0d000123]], row: { applicationId: 0x0d000123 } },
  'an application id with an enterprise number': { given: [[95, 9, new Uint8Array([20, 0, 0, 0x30, 0x44, 0, 0, 1, 2])]], row: { applicationId: 0x14000102 } },
  'translated addresses and ports': {
    given: [[225, 4, '198.51.100.7'], [226, 4, '10.9.9.9'], [227, 2, 1024], [228, 2, 80]],
    row: { postNATSourceAddress: '198.51.100.7', postNATDestinationAddress: '10.9.9.9', postNAPTSourceTransportPort: 1024, postNAPTDestinationTransportPort: 80 },
  },
  'no translated address': { given: [[225, 4, '0.0.0.0']], row: { postNATSourceAddress: '' } },
  'direction and end reason': { given: [[61, 1, 1], [136, 1, 3]], row: { flowDirection: 1, flowEndReason: 3 } },
  'an address of an impossible length': { given: [[15, 5, new Uint8Array(5)]], row: { nextHopAddress: '' }, problems: { 'field-length': 1 } },
  'flags of YAF, first packet and rest': { given: [[14, 1, 2, 6871], [15, 1, 16, 6871]], row: { tcpControlBits: 18 } },
} // prettier-ignore

describe('elements', () => {
  for (const [name, { given, row, problems = {} }] of Object.entries(cases))
    test(name, () => {
      const decoded = decodeAll([message([...ends, ...times, ...given])])
      const expected = { sourceAddress: '10.0.0.1', flowEndMilliseconds: start + 1000, ...row }
      assert.deepEqual(pick(decoded.rows, ...Object.keys(expected)), [expected])
      assert.deepEqual(decoded.problems, problems)
    })
})

describe('addresses', () => {
  const both = ['sourceAddress', 'destinationAddress'] as const
  test('IPv6', () => {
    const { rows } = decodeAll([message([[27, 16, '2001:db8::1'], [28, 16, 'fe80::ff'], ...times])])
    assert.deepEqual(pick(rows, ...both), [
      { sourceAddress: '2001:db8::1', destinationAddress: 'fe80::ff' },
    ])
  })
  test('a dual-stack record has both kinds, one of them zero', () => {
    const given: FieldValues = [
      [27, 16, '2001:db8::1'],
      [28, 16, '::'],
      [8, 4, '0.0.0.0'],
      [12, 4, '10.1.1.1'],
    ]
    assert.deepEqual(pick(decodeAll([message([...given, ...times])]).rows, ...both), [
      { sourceAddress: '2001:db8::1', destinationAddress: '10.1.1.1' },
    ])
  })
  test('an IPv6 exporter, and two ports of an IPv4 one', () => {
    const payload = message([...ends, ...times])
    const { rows, decoder } = decodeAll([
      { payload, source: '2001:db8:3:4:5:6:7:8' },
      { payload, source: '192.0.2.7' },
      { payload, source: '192.0.2.7', sourcePort: 1 },
    ])
    assert.deepEqual(
      rows.map((row) => row['exporterAddress']),
      ['2001:db8:3:4:5:6:7:8', '192.0.2.7', '192.0.2.7'],
    )
    assert.equal(decoder.exporters().length, 2)
  })
})

describe('times', () => {
  const ntp = (unixMs: number, round = Math.ceil): Uint8Array => {
    const bytes = new Uint8Array(8)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, Math.floor(unixMs / 1000) + 2_208_988_800)
    view.setUint32(4, round(((unixMs % 1000) / 1000) * 2 ** 32))
    return bytes
  }
  const timeval = (unixMs: number): Uint8Array => {
    const bytes = new Uint8Array(16)
    const view = new DataView(bytes.buffer)
    view.setBigUint64(0, BigInt(Math.floor(unixMs / 1000)))
    view.setBigUint64(8, BigInt((unixMs % 1000) * 1000))
    return bytes
  }
  const forms: Record<string, FieldValues> = {
    seconds: [[150, 4, start / 1000], [151, 4, start / 1000 + 1]],
    milliseconds: [[152, 8, start], [153, 8, start + 1000]],
    'milliseconds in 6 bytes': [[152, 6, start], [153, 6, start + 1000]],
    'microseconds in NTP form': [[154, 8, ntp(start)], [155, 8, ntp(start + 1000)]],
    'nanoseconds in NTP form': [[156, 8, ntp(start)], [157, 8, ntp(start + 1000)]],
    'microseconds since 1970': [[154, 8, BigInt(start) * 1000n], [155, 8, BigInt(start + 1000) * 1000n]],
    'seconds and microseconds since 1970, of 8 bytes each (pmacct)': [[154, 16, timeval(start)], [155, 16, timeval(start + 1000)]],
    'nanoseconds since 1970': [[156, 8, BigInt(start) * 1_000_000n], [157, 8, BigInt(start + 1000) * 1_000_000n]],
    'microseconds before the export': [[158, 4, 5_000_000], [159, 4, 4_000_000]],
    'a start and a duration in ms': [[152, 8, start], [161, 4, 1000]],
    'an end and a duration in µs': [[153, 8, start + 1000], [162, 4, 1_000_000]],
    'uptime and the start of the system in the record': [[22, 4, 1000], [21, 4, 2000], [160, 8, start - 1000]],
  } // prettier-ignore
  for (const [name, given] of Object.entries(forms))
    test(name, () => {
      const { rows, problems } = decodeAll([message([...ends, ...given])])
      assert.deepEqual(pick(rows, 'flowStartMilliseconds', 'flowEndMilliseconds'), [
        { flowStartMilliseconds: start, flowEndMilliseconds: start + 1000 },
      ])
      assert.deepEqual(problems, {})
    })

  test('NTP fractions rounded down', () => {
    const ends123: FieldValues = [[154, 8, ntp(start + 123, Math.floor)], [155, 8, ntp(start + 877, Math.floor)]] // prettier-ignore
    const inNanoseconds: FieldValues = [[156, 8, ntp(start + 123, Math.floor)], [157, 8, ntp(start + 877, Math.floor)]] // prettier-ignore
    for (const given of [ends123, inNanoseconds]) {
      const { rows } = decodeAll([message([...ends, ...given])])
      assert.deepEqual(pick(rows, 'flowStartMilliseconds', 'flowEndMilliseconds'), [
        { flowStartMilliseconds: start + 123, flowEndMilliseconds: start + 877 },
      ])
    }
  })

  const seen = (rows: Row[]) => pick(rows, 'flowStartMilliseconds', 'flowEndMilliseconds')

  test('no times: the export time is used, and counted', () => {
    const { rows, problems } = decodeAll([message(ends)])
    assert.deepEqual(seen(rows), [
      { flowStartMilliseconds: testExportMs, flowEndMilliseconds: testExportMs },
    ])
    assert.deepEqual(problems, { 'time-missing': 1 })
  })

  test('the interval of a monitor, if a record says nothing of its flow', () => {
    const interval: FieldValues = [
      [359, 8, start - 60_000],
      [360, 8, start],
    ]
    const { rows, problems } = decodeAll([
      message([...ends, ...interval]),
      message([...ends, ...interval, [152, 8, start - 7000], [153, 8, start - 5000]]),
    ])
    assert.deepEqual(seen(rows), [
      { flowStartMilliseconds: start - 60_000, flowEndMilliseconds: start },
      { flowStartMilliseconds: start - 7000, flowEndMilliseconds: start - 5000 },
    ])
    assert.equal(problems['time-missing'], undefined)
  })

  test('only one time: the other is the same', () => {
    const { rows, problems } = decodeAll([message([...ends, [150, 4, start / 1000]])])
    assert.deepEqual(seen(rows), [{ flowStartMilliseconds: start, flowEndMilliseconds: start }])
    assert.deepEqual(problems, {})
  })

  test('v9 uptime that has wrapped since the flow began', () => {
    const template = { id: 256, fields: [field(8, 4), field(12, 4), field(22, 4), field(21, 4)] }
    const wrapped = encodeV9({
      uptimeMs: 2000,
      sets: [
        { templates: [template] },
        { data: template, records: [['10.0.0.1', '10.0.0.2', 2 ** 32 - 3000, 1000]] },
      ],
    })
    const { rows, problems } = decodeAll([wrapped])
    assert.deepEqual(seen(rows), [
      { flowStartMilliseconds: testExportMs - 5000, flowEndMilliseconds: testExportMs - 1000 },
    ])
    assert.deepEqual(problems, {})
  })

  test('times weeks away, in the layouts of routers as in any other', () => {
    // Soon after the upper of two words has changed: weeks ahead it is still the same.
    const now = Math.floor(testExportMs / 2 ** 32) * 2 ** 32 + 5 * 86_400_000
    const days = [-60, -30, -1, 0, 1, 30, 60].map((day) => now + day * 86_400_000)
    const spans = days.flatMap((first) => days.map((last) => [first, last] as const))
    const timesIn = (lengths: Lengths) => {
      const template = { id: 256, fields: lengths.map(([id, length]) => field(id, length)) }
      const valueOf = (id: number, [first, last]: readonly [number, number]): Value =>
        id === 152 ? first : id === 153 ? last : [8, 12, 15].includes(id) ? '10.0.0.1' : 1
      // Each of another connection.
      const record = (span: readonly [number, number]) =>
        lengths.map(([id]) => (id === 7 ? spans.indexOf(span) : valueOf(id, span)))
      const sets = [
        { templates: [template] },
        ...spans.map((span) => ({ data: template, records: [record(span)] })),
      ]
      const payload = encodeIpfix({ exportMs: now, sets })
      const { rows, problems } = decodeAll([{ payload, receivedMs: now }])
      return [seen(rows), problems]
    }
    const byField = timesIn([[8, 4], [152, 8], [153, 8], [1, 4]]) // prettier-ignore
    assert.deepEqual(timesIn(routers8), byField)
    assert.deepEqual(timesIn([[8, 4], [1, 8], [2, 8], [152, 8], [153, 8]]), byField) // prettier-ignore
  })

  test('a flow of 40 days by uptime', () => {
    const days40 = 40 * 86_400_000
    const template = { id: 256, fields: [field(8, 4), field(22, 4), field(21, 4)] }
    const { rows } = decodeAll([
      encodeV9({
        uptimeMs: days40,
        sets: [{ templates: [template] }, { data: template, records: [['10.0.0.1', 0, days40]] }],
      }),
    ])
    assert.deepEqual(seen(rows), [
      { flowStartMilliseconds: testExportMs - days40, flowEndMilliseconds: testExportMs },
    ])
  })

  test('IPFIX uptimes without a system start: the latest end is the export', () => {
    const given: FieldValues = [...ends, [22, 4, testUptimeMs - 1000], [21, 4, testUptimeMs]]
    assert.deepEqual(seen(decodeAll([message(given)]).rows), [
      { flowStartMilliseconds: testExportMs - 1000, flowEndMilliseconds: testExportMs },
    ])
  })

  test('a clock a day off is measured and corrected, one 4 minutes off is only measured', () => {
    const day = 86_400_000
    const [fast, slow] = [day, -240_000].map((offMs) =>
      decodeAll([{ payload: message([...ends, ...times]), receivedMs: testExportMs - offMs }]),
    )
    assert.deepEqual(seen(fast!.rows), [
      { flowStartMilliseconds: start - day, flowEndMilliseconds: start + 1000 - day },
    ])
    assert.equal(fast!.decoder.exporters()[0]?.clockSkewSeconds, day / 1000)
    assert.deepEqual(fast!.problems, { 'clock-corrected': 1 })
    assert.deepEqual(seen(slow!.rows), [
      { flowStartMilliseconds: start, flowEndMilliseconds: start + 1000 },
    ])
    assert.equal(slow!.decoder.exporters()[0]?.clockSkewSeconds, -240)
    assert.deepEqual(slow!.problems, {})
  })
})

describe('both directions', () => {
  const expected = ['sourceAddress', 'destinationAddress', 'sourceTransportPort', 'octetDeltaCount', 'packetDeltaCount', 'ingressInterface'] // prettier-ignore
  const base: FieldValues = [
    ...ends,
    [7, 2, 40_000],
    [11, 2, 443],
    [10, 4, 1],
    [14, 4, 2],
    ...times,
  ]
  const forward = { sourceAddress: '10.0.0.1', destinationAddress: '10.0.0.2', sourceTransportPort: 40_000, octetDeltaCount: 100, packetDeltaCount: 1, ingressInterface: 1 } // prettier-ignore
  const backward = { sourceAddress: '10.0.0.2', destinationAddress: '10.0.0.1', sourceTransportPort: 443, octetDeltaCount: 9000, packetDeltaCount: 8, ingressInterface: 2 } // prettier-ignore

  test('a biflow (RFC 5103) is two rows', () => {
    const reverse = 29_305
    const given: FieldValues = [
      ...base,
      [1, 8, 100],
      [2, 8, 1],
      [1, 8, 9000, reverse],
      [2, 8, 8, reverse],
      [6, 1, 0x12, reverse],
      [152, 8, start + 10, reverse],
      [153, 8, start + 900, reverse],
    ]
    const { rows, decoder } = decodeAll([message(given)])
    assert.deepEqual(pick(rows, ...expected), [forward, backward])
    assert.deepEqual(
      rows.map((row) => [row['flowStartMilliseconds'], row['tcpControlBits']]),
      [
        [start, 0],
        [start + 10, 0x12],
      ],
    )
    const [exporter] = decoder.exporters()
    assert.deepEqual([exporter?.flows, exporter?.bytes, exporter?.packets], [2, 9100, 9])
  })

  test("Cisco NSEL's initiator and responder are two rows", () => {
    const given: FieldValues = [...base, [231, 4, 100], [232, 4, 9000], [298, 4, 1], [299, 4, 8]]
    assert.deepEqual(pick(decodeAll([message(given, 'v9')]).rows, ...expected), [forward, backward])
  })

  test('a direction without packets gives no row', () => {
    const given: FieldValues = [...base, [231, 4, 100], [232, 4, 0], [298, 4, 1], [299, 4, 0]]
    assert.deepEqual(pick(decodeAll([message(given, 'v9')]).rows, ...expected), [forward])
  })

  test('in records of variable length', () => {
    const given: FieldValues = [...base, [371, 65_535, 'user'], [1, 8, 100], [2, 8, 1], [1, 8, 9000, 29_305], [2, 8, 8, 29_305]] // prettier-ignore
    assert.deepEqual(pick(decodeAll([message(given)]).rows, ...expected), [forward, backward])
  })
})

describe('starts of packets', () => {
  const ip = (protocol: number, payload: readonly number[]) => [
    0x45, 0xb8, 0x05, 0xdc, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, ...payload,
  ] // prettier-ignore
  const tcp = [0x9c, 0x40, 0x01, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x12]
  const macs = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]
  const columns = ['sourceAddress', 'destinationAddress', 'destinationTransportPort', 'protocolIdentifier', 'octetDeltaCount', 'packetDeltaCount', 'vlanId', 'tcpControlBits', 'mplsTopLabel'] // prettier-ignore
  const plain = { sourceAddress: '10.0.0.1', destinationAddress: '10.0.0.2', destinationTransportPort: 443, protocolIdentifier: 6, octetDeltaCount: 1500, packetDeltaCount: 1, vlanId: 0, tcpControlBits: 0x12, mplsTopLabel: 0 } // prettier-ignore
  const frames: Record<string, { frame: readonly number[]; row: Row }> = {
    'a frame with IPv4 and TCP': { frame: [...macs, 8, 0, ...ip(6, tcp)], row: plain },
    'a frame with VLAN tags': {
      frame: [...macs, 0x88, 0xa8, 0, 100, 0x81, 0, 0, 7, 8, 0, ...ip(6, tcp)],
      row: { ...plain, vlanId: 100 },
    },
    'a frame with MPLS labels': {
      frame: [...macs, 0x88, 0x47, 0x12, 0x34, 0x50, 64, 0, 0, 0x21, 64, ...ip(6, tcp)],
      row: { ...plain, mplsTopLabel: 0x12345 },
    },
    'a pseudowire with a control word': {
      frame: [...macs, 0x88, 0x47, 0, 1, 1, 64, 0, 0, 0, 0, ...macs, 8, 0, ...ip(6, tcp)],
      row: { ...plain, mplsTopLabel: 16 },
    },
    'a packet that ends in its TCP header': {
      frame: [...macs, 8, 0, ...ip(6, tcp.slice(0, 2))],
      row: { ...plain, destinationTransportPort: 0, tcpControlBits: 0 },
    },
    'a frame that is no IP': {
      frame: [...macs, 8, 6, 0, 1],
      row: { ...plain, sourceAddress: '', destinationAddress: '', destinationTransportPort: 0, protocolIdentifier: 0, octetDeltaCount: 0, tcpControlBits: 0 }, // prettier-ignore
    },
  }
  for (const [name, { frame, row }] of Object.entries(frames))
    test(name, () => {
      const payload = message([[315, 65_535, new Uint8Array(frame)], ...times])
      assert.deepEqual(pick(decodeAll([payload]).rows, ...columns), [row])
    })

  test('a frame beside its own size: the length of its IP packet counts', () => {
    const frame = new Uint8Array([...macs, 8, 0, ...ip(6, tcp)])
    const payload = message([[312, 2, 1514], [315, 65_535, frame], ...times])
    assert.deepEqual(pick(decodeAll([payload]).rows, ...columns), [plain])
  })

  test('a frame as NetFlow-Lite sends it, filled up with zeros, with a sampler', () => {
    const frame = new Uint8Array([...macs, 8, 0, ...ip(6, tcp), ...Array<number>(16).fill(0)])
    const payload = message([[48, 1, 2], [10, 4, 7], [102, 2, 0], [103, 2, 64], [104, 64, frame]], 'v9') // prettier-ignore
    const { rows, problems } = decodeAll([payload])
    assert.deepEqual(pick(rows, ...columns, 'ingressInterface'), [{ ...plain, ingressInterface: 7 }]) // prettier-ignore
    assert.deepEqual(problems, { 'sampling-unknown': 1, 'time-missing': 1 })
  })

  test('an IP packet alone', () => {
    const payload = message([[313, 34, new Uint8Array(ip(6, tcp))], ...times])
    assert.deepEqual(pick(decodeAll([payload]).rows, ...columns), [plain])
  })
})

describe('packets within packets', () => {
  const outer: FieldValues = [[27, 16, '2001:db8::1'], [28, 16, '2001:db8::2'], [7, 2, 0], [11, 2, 0], [4, 1, 4], [5, 1, 8]] // prettier-ignore
  const inner: FieldValues = [[8, 4, '10.0.0.1'], [12, 4, '10.0.0.2'], [7, 2, 1111], [11, 2, 443], [4, 1, 6], [5, 1, 16]] // prettier-ignore
  const columns = ['sourceAddress', 'destinationAddress', 'sourceTransportPort', 'destinationTransportPort', 'protocolIdentifier', 'ipClassOfService', 'octetDeltaCount'] // prettier-ignore
  const innermost = { sourceAddress: '10.0.0.1', destinationAddress: '10.0.0.2', sourceTransportPort: 1111, destinationTransportPort: 443, protocolIdentifier: 6, ipClassOfService: 16, octetDeltaCount: 900 } // prettier-ignore
  test('the innermost header, which comes last, gives the ends', () => {
    const payload = message([...outer, [1, 8, 900], ...inner, ...times])
    assert.deepEqual(pick(decodeAll([payload]).rows, ...columns), [innermost])
  })
  test('also with addresses of the same kind', () => {
    const ipv4: FieldValues = outer.map(([id, length, value]) => (id > 26 ? [id - 19 - (id === 28 ? -3 : 0), 4, '192.0.2.9'] : [id, length, value])) // prettier-ignore
    const payload = message([...ipv4, [1, 8, 900], ...inner, ...times])
    assert.deepEqual(pick(decodeAll([payload]).rows, ...columns), [innermost])
  })
  test('without an inner packet, the outer one', () => {
    const none: FieldValues = inner.map(([id, length]) => [
      id,
      length,
      id === 8 || id === 12 ? '0.0.0.0' : 0,
    ])
    const payload = message([...outer, [1, 8, 900], ...none, ...times])
    assert.deepEqual(pick(decodeAll([payload]).rows, 'sourceAddress', 'protocolIdentifier'), [
      { sourceAddress: '2001:db8::1', protocolIdentifier: 4 },
    ])
  })
})

test('a record that is not about traffic gives no row and is counted', () => {
  const { rows, problems } = decodeAll([message([[95, 4, 5], [96, 8, 'webmail'], [372, 8, 'mail']])]) // prettier-ignore
  assert.deepEqual(rows, [])
  assert.deepEqual(problems, { 'record-not-a-flow': 1 })
})

test('a payload within a larger buffer that is reused', () => {
  const payload = message([...ends, ...times, [1, 4, 300]])
  const ring = new Uint8Array(4096).fill(255)
  ring.set(payload, 1001)
  const view = ring.subarray(1001, 1001 + payload.length)
  const { rows, problems } = decodeAll([{ ...from, payload: view }])
  assert.deepEqual(pick(rows, 'octetDeltaCount'), [{ octetDeltaCount: 300 }])
  assert.deepEqual(problems, {})
})
