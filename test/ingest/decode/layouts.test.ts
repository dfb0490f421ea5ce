/**
 * Layouts of exporters as their sources or vendors document them: OpenBSD's pflow, ipt_NETFLOW,
 * Comware's and Huawei's NetStream, Ericsson with NAT events, Juniper's inline J-Flow, Citrix AppFlow,
 * VMware.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { encodeV5, testExportMs, testUptimeMs } from '../../encode/fixed.ts'
import { encodeIpfix, encodeV9, field } from '../../encode/sets.ts'
import { decodeAll, pick, type Row } from './decoded.ts'
import {
  assertRows,
  end,
  isTimed,
  optionsOf,
  recordOf,
  start,
  times,
  uptimes,
  type FieldValues,
} from './layout.ts'

const system: FieldValues = [[1, 4, 0]]

describe('OpenBSD pflow', () => {
  const given = (source: FieldValues[number], destination: FieldValues[number]): FieldValues =>
    [source, destination, [10, 4, 3], [14, 4, 70_000], [2, 8, 12], [1, 8, 2 ** 33], ...times, [7, 2, 40_000], [11, 2, 443], [5, 1, 16], [4, 1, 6]] // prettier-ignore
  const expected = { octetDeltaCount: 2 ** 33, packetDeltaCount: 12, ingressInterface: 3, egressInterface: 70_000, sourceTransportPort: 40_000, destinationTransportPort: 443, ipClassOfService: 16, protocolIdentifier: 6, ...isTimed } // prettier-ignore

  test('IPFIX: a template each for IPv4 and IPv6', () => {
    const sets = [
      ...recordOf(256, given([8, 4, '10.0.0.1'], [12, 4, '192.0.2.1'])),
      ...recordOf(257, given([27, 16, '2001:db8::1'], [28, 16, '2001:db8::2'])),
    ]
    assertRows(encodeIpfix({ sets }), [
      { sourceAddress: '10.0.0.1', destinationAddress: '192.0.2.1', ...expected },
      { sourceAddress: '2001:db8::1', destinationAddress: '2001:db8::2', ...expected },
    ])
  })

  test('v5: more than 4 GB become several records of one state', () => {
    const first = testUptimeMs - 3_000_000
    const state = { first, last: testUptimeMs, tcpFlags: 0, packets: 3_000_000 }
    const records = [
      { ...state, octets: 0xffffffff },
      { ...state, octets: 705_032_704 },
    ]
    const payload = encodeV5({ engineType: 42, engineId: 42 }, records)
    const { bytes } = assertRows(payload, [
      { octetDeltaCount: 0xffffffff, flowStartMilliseconds: testExportMs - 3_000_000 },
      { octetDeltaCount: 705_032_704, flowStartMilliseconds: testExportMs - 3_000_000 },
    ])
    assert.equal(bytes, 4_999_999_999)
  })

  test('v5: a state older than the firewall’s start began at its start', () => {
    const payload = encodeV5({}, [{ first: 0, last: testUptimeMs - 1000 }])
    assertRows(payload, [
      { flowStartMilliseconds: testExportMs - testUptimeMs, flowEndMilliseconds: end },
    ])
  })
})

describe('ipt_NETFLOW', () => {
  const ends: FieldValues = [[8, 4, '10.0.0.1'], [12, 4, '192.0.2.1'], [15, 4, '198.51.100.1'], [60, 1, 4]] // prettier-ignore
  const ports: FieldValues = [
    [7, 2, 40_000],
    [11, 2, 443],
    [6, 1, 0x1b],
  ]
  const event: FieldValues = [[323, 8, end], [8, 4, '10.0.0.1'], [12, 4, '192.0.2.1'], [225, 4, '203.0.113.9'], [226, 4, '192.0.2.1'], [7, 2, 40_000], [11, 2, 443], [227, 2, 1025], [228, 2, 443], [4, 1, 6], [230, 1, 1]] // prettier-ignore
  const expected = { sourceAddress: '10.0.0.1', nextHopAddress: '198.51.100.1', octetDeltaCount: 300, packetDeltaCount: 3, ingressInterface: 2, egressInterface: 3, destinationTransportPort: 443, tcpControlBits: 0x1b } // prettier-ignore

  test('v9: masks, VLAN and direction after the counts, a one-byte sampler', () => {
    const base: FieldValues = [[10, 2, 2], [14, 2, 3], [2, 4, 3], [1, 4, 300], ...uptimes, [4, 1, 6], [5, 1, 8]] // prettier-ignore
    const masks: FieldValues = [
      [9, 1, 24],
      [13, 1, 16],
    ]
    const rest: FieldValues = [
      [58, 2, 100],
      [61, 1, 1],
      [48, 1, 1],
    ]
    const sets = [
      ...optionsOf(256, system, [[48, 1, 1], [49, 1, 2], [50, 2, 100]]), // prettier-ignore
      ...recordOf(257, [...ends, ...masks, ...ports, ...base, ...rest]),
    ]
    assertRows(encodeV9({ sets }), [
      { ...expected, ...isTimed, sourcePrefixLength: 24, destinationPrefixLength: 16, vlanId: 100, flowDirection: 1, samplingInterval: 100 }, // prettier-ignore
    ])
  })

  test('v9: ICMP type and code in the destination port', () => {
    const base: FieldValues = [[2, 4, 1], [1, 4, 84], ...uptimes, [4, 1, 1], [5, 1, 0]]
    const sets = recordOf(258, [...ends, [7, 2, 0], [11, 2, 0x0800], ...base])
    assertRows(encodeV9({ sets }), [{ protocolIdentifier: 1, icmpTypeCode: 0x0800, ...isTimed }])
  })

  const base: FieldValues = [[10, 2, 2], [14, 2, 3], [2, 4, 3], [1, 4, 300], ...times, [4, 1, 6], [5, 1, 8], [136, 1, 2]] // prettier-ignore
  const samplers: Record<string, FieldValues> = {
    deterministic: [[390, 1, 1], [396, 1, 1], [397, 2, 99]],
    random: [[390, 1, 3], [309, 1, 1], [310, 2, 100]],
  } // prettier-ignore
  for (const [name, sampler] of Object.entries(samplers))
    test(`IPFIX: MAC addresses, VLAN tag, a ${name} sampler`, () => {
      const link: FieldValues = [[80, 6, 0x0242ac110003], [56, 6, 0x0242ac110002], [243, 2, 100], [244, 1, 5], [256, 2, 0x0800]] // prettier-ignore
      const sets = [
        ...optionsOf(256, [[149, 4, 0]], [[302, 1, 1], ...sampler]),
        ...optionsOf(257, [[149, 4, 0]], [[160, 8, start], [300, 128, 'ipt'], ...times]),
        ...recordOf(258, [...ends, ...ports, ...base, ...link, [302, 1, 1]]),
      ]
      const { sampling } = assertRows(encodeIpfix({ sets }), [
        { ...expected, ...isTimed, vlanId: 100, flowEndReason: 2, samplingInterval: 100 },
      ])
      assert.equal(sampling, 100)
    })

  for (const [version, encode] of Object.entries({ v9: encodeV9, ipfix: encodeIpfix }))
    test(`${version}: a NAT event has no bytes, and the time at which it was seen`, () => {
      const { bytes } = assertRows(encode({ sets: recordOf(259, event) }), [
        { sourceAddress: '10.0.0.1', postNATSourceAddress: '203.0.113.9', octetDeltaCount: 0, packetDeltaCount: 0, flowStartMilliseconds: end, flowEndMilliseconds: end }, // prettier-ignore
      ])
      assert.equal(bytes, 0)
    })

  test('names of interfaces in options of fixed width', () => {
    const sets = optionsOf(260, system, [[10, 2, 3], [82, 16, 'eth0'], [83, 32, 'up']]) // prettier-ignore
    const { decoder } = decodeAll([encodeV9({ sets })])
    assert.deepEqual(decoder.exporters()[0]?.interfaces, [
      { index: 3, name: 'eth0', alias: 'up', speed: null },
    ])
  })
})

describe('NetStream', () => {
  const comware: FieldValues = [[2, 8, 3], [1, 8, 300], ...uptimes, [10, 4, 2], [14, 4, 3], [8, 4, '10.0.0.1'], [12, 4, '192.0.2.1'], [15, 4, '198.51.100.1'], [16, 4, 65_001], [17, 4, 4_200_000_000], [7, 2, 40_000], [11, 2, 443], [60, 1, 4], [6, 1, 0x1b], [4, 1, 6], [5, 1, 8], [9, 1, 24], [13, 1, 16], [61, 1, 0], [89, 1, 64], [35, 1, 1]] // prettier-ignore
  const expected = { sourceAddress: '10.0.0.1', octetDeltaCount: 300, packetDeltaCount: 3, ingressInterface: 2, egressInterface: 3, bgpDestinationAsNumber: 4_200_000_000, flowDirection: 0, ...isTimed } // prettier-ignore

  test('Comware, v9: the rate in the record after an unknown field', () => {
    const sets = recordOf(3281, [...comware, [43, 2, 7], [34, 4, 1024]])
    assertRows(encodeV9({ sets }), [{ ...expected, samplingInterval: 1024 }])
  })

  for (const [direction, index] of [
    [0, 2],
    [1, 3],
  ] as const)
    // prettier-ignore
    test(`Huawei, v9: rates of interfaces in options, direction ${direction}`, () => {
      const told = [[2, 1000], [3, 500]] as const // prettier-ignore
      const options = told.flatMap(([scope, rate], i) =>
        optionsOf(300 + i, [[2, 4, scope]], [[34, 4, rate], [35, 1, 2], [36, 2, 60], [37, 2, 15]]), // prettier-ignore
      )
      const given = comware.map((one): FieldValues[number] => (one[0] === 61 ? [61, 1, direction] : one))
      const sets = [...options, ...recordOf(257, given.filter(([id]) => id !== 35))] // prettier-ignore
      assertRows(encodeV9({ sets }), [
        { ...expected, flowDirection: direction, samplingInterval: index === 2 ? 1000 : 500 },
      ])
    })
})

describe('Ericsson', () => {
  test('v9: 4-byte ifIndex, and NAT port blocks beside flows', () => {
    const flow: FieldValues = [[8, 4, '100.64.0.9'], [12, 4, '192.0.2.1'], [10, 4, 0x0a020001], [14, 4, 0x0a030001], [2, 4, 3], [1, 4, 300], ...uptimes, [7, 2, 40_000], [11, 2, 443], [4, 1, 6]] // prettier-ignore
    const block: FieldValues = [[323, 8, end], [230, 1, 16], [8, 4, '100.64.0.9'], [225, 4, '203.0.113.9'], [361, 2, 1024], [362, 2, 2047], [234, 4, 7]] // prettier-ignore
    const sets = [...recordOf(256, flow), ...recordOf(257, block)]
    const { bytes } = assertRows(encodeV9({ sets }), [
      { sourceAddress: '100.64.0.9', ingressInterface: 0x0a020001, egressInterface: 0x0a030001, octetDeltaCount: 300, ...isTimed }, // prettier-ignore
      { sourceAddress: '100.64.0.9', ingressInterface: 0, egressInterface: 0, octetDeltaCount: 0, flowStartMilliseconds: end, flowEndMilliseconds: end }, // prettier-ignore
    ])
    assert.equal(bytes, 300)
  })
})

describe('Juniper inline J-Flow', () => {
  const key: FieldValues = [[8, 4, '10.0.0.1'], [12, 4, '192.0.2.1'], [5, 1, 8], [4, 1, 6], [7, 2, 40_000], [11, 2, 443], [32, 2, 0], [10, 4, 513]] // prettier-ignore
  const expected = { sourceAddress: '10.0.0.1', octetDeltaCount: 300, packetDeltaCount: 3, ingressInterface: 513, egressInterface: 514, samplingInterval: 1000, ...isTimed } // prettier-ignore

  test('IPFIX: end reason, options of the exporting process, 16 bytes of padding', () => {
    const given: FieldValues = [...key, [58, 2, 100], [9, 1, 24], [13, 1, 16], [16, 4, 65_001], [17, 4, 65_002], [15, 4, '198.51.100.1'], [6, 1, 0x1b], [14, 4, 514], [1, 8, 300], [2, 8, 3], [52, 1, 63], [53, 1, 64], ...times, [136, 1, 2], [60, 1, 4], [243, 2, 0], [245, 2, 0]] // prettier-ignore
    const sets = [
      ...optionsOf(512, [[144, 4, 2]], [[41, 8, 9], [42, 8, 99], [160, 8, start], [130, 4, '192.0.2.254'], [34, 4, 1000], [36, 2, 60], [37, 2, 15], [214, 1, 10], [215, 1, 17]]), // prettier-ignore
      ...recordOf(256, given, 16),
    ]
    assertRows(encodeIpfix({ sets }), [{ ...expected, flowEndReason: 2, vlanId: 100 }])
  })

  const v9: FieldValues = [...key, [9, 1, 24], [13, 1, 16], [16, 4, 65_001], [17, 4, 65_002], [18, 4, '198.51.100.1'], [6, 1, 0x1b], [14, 4, 514], [15, 4, '198.51.100.2'], [1, 4, 300], [2, 4, 3]] // prettier-ignore
  test('v9: a scope of zero length', () => {
    const options = optionsOf(256, [[1, 0, 0]], [[35, 1, 1], [34, 4, 1000]]) // prettier-ignore
    const sets = [...options, ...recordOf(257, [...v9, ...uptimes, [60, 1, 4]])]
    assertRows(encodeV9({ sets }), [expected])
  })

  test('v9: without uptime in the header the flow ends at its receipt, counted', () => {
    const sets = recordOf(257, [...v9, [22, 4, 50_000_000], [21, 4, 50_060_000]])
    const { rows, problems } = decodeAll([encodeV9({ uptimeMs: 0, sets })])
    const receivedMs = rows[0]!['collectionTimeMilliseconds']
    assert.deepEqual(problems, { 'time-in-future': 1 })
    assert.deepEqual(pick(rows, 'flowStartMilliseconds', 'flowEndMilliseconds'), [
      { flowStartMilliseconds: receivedMs, flowEndMilliseconds: receivedMs },
    ])
  })

  describe('v9: a header with its uptime in seconds', () => {
    const template = { id: 257, fields: [8, 12, 1, 2, 22, 21].map((id) => field(id, 4)) }
    for (const [name, uptime] of [
      ['of 14 hours', 50_070_000],
      ['of a month', 2_600_070_000],
    ] as const)
      // prettier-ignore
      test(`${name}: times to the second`, () => {
        const last = uptime - 10_000
        const record = ['10.0.0.1', '192.0.2.1', 300, 3, last - 60_000, last]
        const sets = [{ templates: [template] }, { data: template, records: [record] }]
        const { rows, problems } = decodeAll([encodeV9({ uptimeMs: uptime / 1000, sets })])
        assert.deepEqual(problems, {})
        assert.deepEqual(pick(rows, 'flowStartMilliseconds', 'flowEndMilliseconds'), [
          {
            flowStartMilliseconds: testExportMs - 70_999,
            flowEndMilliseconds: testExportMs - 10_999,
          },
        ])
      })
  })
})

describe('Citrix AppFlow', () => {
  test('IPFIX: NTP times, enterprise fields of any length before and after, texts longer than 254 bytes', () => {
    /** 64-bit NTP: seconds since 1900, and their fraction. */
    const ntp = (ms: number) =>
      (BigInt(Math.floor(ms / 1000) + 2_208_988_800) << 32n) |
      BigInt(Math.round(((ms % 1000) / 1000) * 2 ** 32))
    const url = `/${'a'.repeat(400)}`
    const given: FieldValues = [[138, 4, 1], [144, 4, 2], [148, 8, 3], [129, 4, 9, 5951], [60, 1, 4], [4, 1, 6], [210, 2, 0], [8, 4, '10.0.0.1'], [12, 4, '192.0.2.1'], [7, 2, 40_000], [11, 2, 443], [130, 65_535, url, 5951], [2, 8, 3], [1, 8, 300], [6, 1, 0x1b], [132, 8, 0, 5951], [154, 8, ntp(start)], [155, 8, ntp(end)], [10, 4, 2], [14, 4, 3], [192, 16, 0, 5951], [205, 65_535, '', 5951], [183, 65_535, 'x', 5951]] // prettier-ignore
    assertRows(encodeIpfix({ sets: recordOf(258, given) }), [
      { sourceAddress: '10.0.0.1', octetDeltaCount: 300, packetDeltaCount: 3, ingressInterface: 2, egressInterface: 3, destinationTransportPort: 443, ...isTimed }, // prettier-ignore
    ])
  })
})

describe('VMware distributed switch', () => {
  const counts: FieldValues = [[1, 8, 300], [2, 8, 3], ...times]
  const rest: FieldValues = [
    [136, 1, 1],
    [5, 1, 0],
    [53, 1, 64],
    [61, 1, 1],
    [351, 8, 5001],
  ]
  const attributes: FieldValues = [
    [890, 2, 1, 6876],
    [888, 2, 2, 6876],
    [889, 1, 1, 6876],
  ]
  const outer: FieldValues = [[8, 4, '192.0.2.11'], [12, 4, '192.0.2.12'], ...counts, [7, 2, 51_000], [11, 2, 8472], [10, 4, 33], [14, 4, 34], [4, 1, 17]] // prettier-ignore
  const expected = { octetDeltaCount: 300, ingressInterface: 33, egressInterface: 34, flowDirection: 1, ...isTimed } // prettier-ignore

  const tenants: Record<string, { given: FieldValues; row: Row }> = {
    IPv4: {
      given: [[881, 4, '10.0.0.1', 6876], [882, 4, '10.0.0.2', 6876]],
      row: { sourceAddress: '10.0.0.1', destinationAddress: '10.0.0.2' },
    },
    IPv6: {
      given: [[883, 16, '2001:db8::1', 6876], [884, 16, '2001:db8::2', 6876]],
      row: { sourceAddress: '2001:db8::1', destinationAddress: '2001:db8::2' },
    },
  } // prettier-ignore
  for (const [name, { given, row }] of Object.entries(tenants))
    test(`in an overlay the virtual machines are the ends, ${name}`, () => {
      const inner: FieldValues = [
        ...given,
        [886, 2, 40_000, 6876],
        [887, 2, 443, 6876],
        [880, 1, 6, 6876],
      ]
      const sets = recordOf(260, [...outer, ...rest, ...inner, ...attributes])
      assertRows(encodeIpfix({ sets }), [
        { ...row, sourceTransportPort: 40_000, destinationTransportPort: 443, protocolIdentifier: 6, ...expected }, // prettier-ignore
      ])
    })

  test('without an overlay the packet’s own ends count', () => {
    const sets = recordOf(256, [...outer, ...rest, ...attributes, [210, 1, 0]])
    assertRows(encodeIpfix({ sets }), [
      { sourceAddress: '192.0.2.11', destinationTransportPort: 8472, protocolIdentifier: 17, ...expected }, // prettier-ignore
    ])
  })
})

test('MikroTik: the rate in the record, its lowest byte first', () => {
  const rates = [1001, 512, 256, 1, 100_000, 65_535]
  const bytes = (rate: number) => [0, 8, 16, 24].map((shift) => (rate >>> shift) & 0xff)
  const given = (rate: readonly number[]): FieldValues => [[8, 4, '10.0.0.1'], [12, 4, '192.0.2.1'], [1, 4, 100], [2, 4, 1], [34, 4, new Uint8Array(rate)], ...uptimes] // prettier-ignore
  for (const [rate, sent] of [
    ...rates.map((each) => [each, bytes(each)] as const),
    ...[...rates, 2 ** 17 + 1].map((each) => [each, bytes(each).reverse()] as const),
  ])
    assertRows(encodeV9({ sets: recordOf(256, given(sent)) }), [{ samplingInterval: rate }])
})
