/** Records that count both directions of a flow in enterprise elements, and further enterprise elements. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { testExportMs, testUptimeMs } from '../../encode/fixed.ts'
import { encodeIpfix, encodeV9, field, type EncodedTemplate } from '../../encode/sets.ts'
import { decodeAll, from, openDecoder, pick, rowsOf } from './decoded.ts'
import {
  assertRows,
  end,
  isTimed,
  recordOf,
  start,
  times,
  uptimes,
  type FieldValues,
} from './layout.ts'

const ends: FieldValues = [[8, 4, '10.0.0.1'], [12, 4, '192.0.2.1'], [7, 2, 40_000], [11, 2, 443], [4, 1, 6]] // prettier-ignore
const forth = { sourceAddress: '10.0.0.1', destinationAddress: '192.0.2.1', sourceTransportPort: 40_000, destinationTransportPort: 443 } // prettier-ignore
const back = { sourceAddress: '192.0.2.1', destinationAddress: '10.0.0.1', sourceTransportPort: 443, destinationTransportPort: 40_000 } // prettier-ignore

describe('nProbe', () => {
  const counts: FieldValues = [[1, 8, 300], [2, 4, 3], [23, 8, 9000], [24, 4, 7]] // prettier-ignore
  const rows = [
    { ...forth, octetDeltaCount: 300, packetDeltaCount: 3, ...isTimed },
    { ...back, octetDeltaCount: 9000, packetDeltaCount: 7, ...isTimed },
  ]

  test('v9: the reverse direction, recognized by its own application element', () => {
    const sets = recordOf(256, [...ends, ...counts, ...uptimes, [57_590, 2, 7]])
    const { bytes, flows } = assertRows(encodeV9({ sets }), rows)
    assert.deepEqual([bytes, flows], [9300, 2])
  })

  test('IPFIX: recognized by an element of its enterprise', () => {
    const sets = recordOf(257, [...ends, ...counts, ...times, [118, 2, 7, 35_632]])
    assertRows(encodeIpfix({ sets }), rows)
  })

  test('nothing in reverse: one row', () => {
    const none: FieldValues = [[1, 8, 300], [2, 4, 3], [23, 8, 0], [24, 4, 0]] // prettier-ignore
    const sets = recordOf(256, [...ends, ...none, ...uptimes, [57_590, 2, 7]])
    assertRows(encodeV9({ sets }), [rows[0]!])
  })

  test('for others these are outgoing counts: FortiGate repeats the incoming ones', () => {
    const same: FieldValues = [[1, 8, 300], [23, 8, 300], [2, 4, 3], [24, 4, 3]] // prettier-ignore
    const { bytes } = assertRows(encodeV9({ sets: recordOf(258, [...ends, ...same, ...uptimes]) }), [rows[0]!]) // prettier-ignore
    assert.equal(bytes, 300)
  })
})

describe('YAF', () => {
  const counts: FieldValues = [[1, 8, 300], [2, 8, 3], [1, 8, 9000, 29_305], [2, 8, 7, 29_305]] // prettier-ignore
  const answered = (afterMs: number) =>
    recordOf(256, [...ends, ...counts, ...times, [21, 4, afterMs, 6871]])
  const began = (ms: number) => [
    { ...forth, octetDeltaCount: 300, ...isTimed },
    { ...back, octetDeltaCount: 9000, ...isTimed, flowStartMilliseconds: ms },
  ]

  test('the reply begins when its own first packet came', () => {
    assertRows(encodeIpfix({ sets: answered(35) }), began(start + 35))
  })

  test('not after the flow’s end', () => {
    assertRows(encodeIpfix({ sets: answered(end - start + 1) }), began(start))
  })

  test('of several records, each its own', () => {
    const [templates, data] = answered(35)
    assert.ok(data !== undefined && 'data' in data)
    const [first] = data.records
    const sets = [templates!, { ...data, records: [first!, [...first!.slice(0, -1), 0], first!] }]
    const { rows } = decodeAll([encodeIpfix({ sets })])
    const replies = rows.filter(({ octetDeltaCount }) => octetDeltaCount === 9000)
    assert.deepEqual(
      replies.map(({ flowStartMilliseconds }) => flowStartMilliseconds),
      [start + 35, start, start + 35],
    )
  })
})

describe('Cisco AVC', () => {
  const roles: FieldValues = [[12_236, 4, '10.0.0.1', 9], [12_237, 4, '192.0.2.1', 9], [12_240, 2, 40_000, 9], [12_241, 2, 443, 9], [4, 1, 6]] // prettier-ignore
  const packets: FieldValues = [[298, 8, 3], [299, 8, 7]] // prettier-ignore
  const rows = [
    { ...forth, octetDeltaCount: 300, packetDeltaCount: 3 },
    { ...back, octetDeltaCount: 9000, packetDeltaCount: 7 },
  ]
  const network: FieldValues = [[8337, 8, 9000, 9], [8338, 8, 300, 9]] // prettier-ignore

  test('what client and server sent, including headers', () => {
    assertRows(encodeIpfix({ sets: recordOf(256, [...roles, ...packets, ...network, ...times]) }), rows) // prettier-ignore
  })

  test('in preference to counts without them', () => {
    const payload: FieldValues = [[231, 8, 180], [232, 8, 8720]] // prettier-ignore
    assertRows(encodeIpfix({ sets: recordOf(256, [...roles, ...payload, ...packets, ...network, ...times]) }), rows) // prettier-ignore
  })
})

describe('Cisco AVC over NetFlow v9, which has no enterprises', () => {
  const roles: FieldValues = [[45_004, 4, '10.0.0.1'], [45_005, 4, '192.0.2.1'], [45_008, 2, 40_000], [45_009, 2, 443], [4, 1, 6]] // prettier-ignore
  const counts: FieldValues = [[298, 8, 3], [299, 8, 7], [41_106, 8, 300], [41_105, 8, 9000]] // prettier-ignore

  test('client and server by their ids with the enterprise bit', () => {
    assertRows(encodeV9({ sets: recordOf(256, [...roles, ...counts, ...times]) }), [
      { ...forth, octetDeltaCount: 300, packetDeltaCount: 3 },
      { ...back, octetDeltaCount: 9000, packetDeltaCount: 7 },
    ])
  })

  test('other ids above 32,768 are not Cisco’s', () => {
    const given: FieldValues = [...ends, [1, 4, 300], [2, 4, 3], [56_701, 32, 'ssl'], [45_010, 4, 7], ...times] // prettier-ignore
    assertRows(encodeV9({ sets: recordOf(256, given) }), [{ ...forth, octetDeltaCount: 300 }])
  })
})

describe('biflowDirection', () => {
  const counts: FieldValues = [
    [231, 8, 300],
    [232, 8, 9000],
    [298, 8, 3],
    [299, 8, 7],
  ]
  const decoded = (given: FieldValues, direction: number) =>
    encodeIpfix({ sets: recordOf(256, [...given, [239, 1, direction], ...times]) })
  const few = { octetDeltaCount: 300, packetDeltaCount: 3 }
  const many = { octetDeltaCount: 9000, packetDeltaCount: 7 }

  for (const direction of [0, 1, 3])
    test(`${direction}: the source is the initiator`, () => {
      const rows = [{ ...forth, ...few }, { ...back, ...many }] // prettier-ignore
      assertRows(decoded([...ends, ...counts], direction), rows)
    })

  test('2: the destination is, and what it sent counts for it', () => {
    assertRows(decoded([...ends, ...counts], 2), [{ ...forth, ...many }, { ...back, ...few }]) // prettier-ignore
  })

  test('2, where the record names the client: it is the initiator', () => {
    const roles: FieldValues = [[12_236, 4, '10.0.0.1', 9], [12_237, 4, '192.0.2.1', 9], [12_240, 2, 40_000, 9], [12_241, 2, 443, 9], [4, 1, 6]] // prettier-ignore
    assertRows(decoded([...roles, ...counts], 2), [{ ...forth, ...few }, { ...back, ...many }]) // prettier-ignore
  })

  test('2, of a biflow that counts by source and destination (RFC 5103)', () => {
    const both: FieldValues = [[1, 8, 300], [2, 8, 3], [1, 8, 9000, 29_305], [2, 8, 7, 29_305]] // prettier-ignore
    assertRows(decoded([...ends, ...both], 2), [{ ...forth, ...few }, { ...back, ...many }]) // prettier-ignore
  })
})

describe('Procera', () => {
  const opened = (source: string, destination: string): FieldValues => [[8, 4, source], [12, 4, destination], [7, 2, 40_000], [11, 2, 443], [4, 1, 6]] // prettier-ignore
  const counts: FieldValues = [[3, 8, 9000, 15_397], [4, 8, 300, 15_397], [5, 8, 7, 15_397], [6, 8, 3, 15_397]] // prettier-ignore
  const service: FieldValues = [[1, 65_535, 'HTTPS', 15_397]]
  const behavior = (text: string): FieldValues => [[15, 65_535, text, 15_397]]
  const out = { octetDeltaCount: 300, packetDeltaCount: 3 }
  const came = { octetDeltaCount: 9000, packetDeltaCount: 7 }
  const inside = '10.0.0.1'
  const outside = '192.0.2.1'

  for (const [name, source, destination, text, isOut] of [
    ['a client inside', inside, outside, null, true],
    ['a server inside', outside, inside, null, false],
    ['both inside', inside, '10.0.0.2', null, true],
    ['both outside', outside, '198.51.100.1', null, true],
    [
      'a server given to be local',
      outside,
      '198.51.100.1',
      'INITIAL,SERVER_IS_LOCAL,BEGINNING',
      false,
    ],
    ['a client given to be local', outside, inside, 'INITIAL,CLIENT_IS_LOCAL,BEGINNING', true],
  ] as const)
    // prettier-ignore
    test(`incoming and outgoing, seen from the local end, ${name}`, () => {
      const given = text === null ? [] : behavior(text)
      const sets = recordOf(52_935, [...opened(source, destination), ...service, ...counts, ...given, ...times]) // prettier-ignore
      const { bytes, flows } = assertRows(encodeIpfix({ sets }), [
        { sourceAddress: source, destinationAddress: destination, ...(isOut ? out : came) },
        { sourceAddress: destination, destinationAddress: source, ...(isOut ? came : out) },
      ])
      assert.deepEqual([bytes, flows], [9300, 2])
    })

  test('records of fixed length, each by its own ends', () => {
    const given: FieldValues = [...opened(inside, outside), ...counts, ...times]
    const [templates, data] = recordOf(256, given)
    const values = given.map(([, , value]) => value)
    const other = [outside, inside, ...values.slice(2)]
    assert.ok(data !== undefined && 'data' in data)
    const sets = [templates!, { ...data, records: [values, other] }]
    const { rows } = decodeAll([encodeIpfix({ sets })])
    assert.deepEqual(pick(rows, 'sourceAddress', 'octetDeltaCount'), [
      { sourceAddress: inside, octetDeltaCount: 300 },
      { sourceAddress: outside, octetDeltaCount: 9000 },
      { sourceAddress: outside, octetDeltaCount: 9000 },
      { sourceAddress: inside, octetDeltaCount: 300 },
    ])
  })
})

test('Viptela: the VPN is a VRF', () => {
  const given: FieldValues = [[4321, 4, 100, 41_916], ...ends, [1, 8, 775], [85, 8, 775], [2, 8, 8], [86, 8, 8], ...times] // prettier-ignore
  assertRows(encodeIpfix({ sets: recordOf(257, given) }), [
    { ...forth, ingressVRFID: 100, octetDeltaCount: 775, packetDeltaCount: 8 },
  ])
})

test('layer 2 frames count as packets if nothing else counts them', () => {
  const link: FieldValues = [[56, 6, 0x0242ac110002], [80, 6, 0x0242ac110003], [256, 2, 0x0806], [352, 8, 300], [430, 8, 5]] // prettier-ignore
  assertRows(encodeIpfix({ sets: recordOf(256, [...link, ...times]) }), [
    { sourceMacAddress: 0x0242ac110002, octetDeltaCount: 300, packetDeltaCount: 5 },
  ])
})

describe('the next header of IPv6', () => {
  const given: FieldValues = [[27, 16, '2001:db8::1'], [28, 16, '2001:db8::2'], [7, 2, 40_000], [11, 2, 53]] // prettier-ignore
  const counts: FieldValues = [[5, 1, 8], [1, 8, 300], [2, 8, 3], ...times]
  for (const [name, protocols] of Object.entries<FieldValues>({
    before: [
      [193, 1, 44],
      [4, 1, 17],
    ],
    behind: [
      [4, 1, 17],
      [193, 1, 44],
    ],
  }))
    // prettier-ignore
    test(`${name} the protocol, without replacing it`, () => {
      assertRows(encodeIpfix({ sets: recordOf(256, [...given, ...protocols, ...counts]) }), [
        { protocolIdentifier: 17, ipClassOfService: 8 },
      ])
    })
})

describe('ICMP', () => {
  const icmp = (source: number, destination: number, more: FieldValues = []) => {
    const given: FieldValues = [[8, 4, '10.0.0.1'], [12, 4, '192.0.2.1'], [7, 2, source], [11, 2, destination], [4, 1, 1], [1, 4, 84], [2, 4, 1], [22, 4, testUptimeMs - 1000], [21, 4, testUptimeMs], ...more] // prettier-ignore
    const { rows } = decodeAll([encodeV9({ exportMs: testExportMs, sets: recordOf(256, given) })])
    return pick(rows, 'icmpTypeCode')
  }
  test('type and code in the destination port', () => assert.deepEqual(icmp(0, 0x0301), [{ icmpTypeCode: 0x0301 }])) // prettier-ignore
  test('in the destination port, beside an element that is always 0', () => assert.deepEqual(icmp(0, 0x0301, [[32, 2, 0]]), [{ icmpTypeCode: 0x0301 }])) // prettier-ignore
  test('in the element, if it has them', () => assert.deepEqual(icmp(0, 0x0301, [[32, 2, 0x0800]]), [{ icmpTypeCode: 0x0800 }])) // prettier-ignore
  test('with two ports, neither is type and code', () => assert.deepEqual(icmp(136, 135), [{ icmpTypeCode: 0 }])) // prettier-ignore
})

describe('unexplained outgoing counts of NetFlow v9', () => {
  const template: EncodedTemplate = {
    id: 256,
    fields: [8, 12, 1, 2, 23, 24].map((id) => field(id, 4)),
  }
  const sets = (counts: readonly (readonly [packetsIn: number, packetsOut: number])[]) =>
    counts.map(([packetsIn, packetsOut]) => ({
      data: template,
      records: [[inside, outside, 100 * packetsIn, packetsIn, 100 * packetsOut, packetsOut]],
    }))
  const inside = '10.0.0.1'
  const outside = '192.0.2.1'
  const announced = { templates: [template] }
  const repeat = <T>(times: number, ...values: T[]) => Array.from({ length: times }, () => values).flat() // prettier-ignore
  const decoded = (encode: typeof encodeV9 | typeof encodeIpfix, counts: [number, number][]) =>
    decodeAll([encode({ sets: [announced, ...sets(counts)] })], {}).decoder.exporters()[0]!

  const seen: [number, number][] = [...repeat<[number, number]>(8, [9, 3], [2, 10]), [1, 1]]
  test('are the reverse direction if far more comes now one way and now the other', () => {
    const { flows, packets } = decoded(encodeV9, seen)
    // Everything before the last of the records that show it, and both directions from it on.
    assert.deepEqual([flows, packets], [17 + 2, 8 * 9 + 8 * 2 + 1 + 10 + 1])
  })

  test('also after a restart of the collector', () => {
    const first = decodeAll([encodeV9({ sequence: 0, sets: [announced, ...sets(seen)] })])
    const { decoder, flows } = openDecoder()
    assert.ok(decoder.restore(structuredClone(first.decoder.snapshot())))
    decoder.decode({ ...from, payload: encodeV9({ sequence: 1, sets: sets([[1, 1]]) }) })
    assert.deepEqual(pick(rowsOf(flows), 'sourceAddress', 'packetDeltaCount'), [
      { sourceAddress: inside, packetDeltaCount: 1 },
      { sourceAddress: outside, packetDeltaCount: 1 },
    ])
  })

  const others: Record<string, [number, number][]> = {
    'as much as came in': repeat<[number, number]>(40, [5, 5]),
    none: repeat<[number, number]>(40, [5, 0]),
    'a little less or more': repeat<[number, number]>(40, [10, 9], [10, 12]),
    'less alone': repeat<[number, number]>(40, [10, 1]),
  }
  for (const [name, counts] of Object.entries(others))
    test(`are not another direction: ${name}`, () => {
      const { flows, packets } = decoded(encodeV9, counts)
      const came = counts.reduce((sum, [packetsIn]) => sum + packetsIn, 0)
      assert.deepEqual([flows, packets], [counts.length, came])
    })

  test('count if nothing comes in: flows are reported as they leave', () => {
    const { flows, packets, bytes } = decoded(encodeV9, [[0, 0], [0, 7], [0, 5]]) // prettier-ignore
    assert.deepEqual([flows, packets, bytes], [3, 12, 1200])
  })

  test('do not count beside the same flows as they arrive, in that set and from it on', () => {
    const alone = encodeV9({ sequence: 0, sets: [announced, ...sets([[0, 7]])] })
    const both = { data: template, records: [0, 7].map((packetsIn) => [inside, outside, 100 * packetsIn, packetsIn, 700 - 100 * packetsIn, 7 - packetsIn]) } // prettier-ignore
    const later = encodeV9({ sequence: 2, sets: sets([[0, 7]]) })
    const { rows } = decodeAll([alone, encodeV9({ sequence: 1, sets: [both] }), later])
    assert.deepEqual(
      rows.map(({ packetDeltaCount }) => packetDeltaCount),
      [7, 0, 7, 0],
    )
  })

  test('do not count beside the same flows as they arrive, also after a restart of the collector', () => {
    const first = decodeAll([encodeV9({ sequence: 0, sets: [announced, ...sets([[7, 0]])] })])
    const { decoder, flows } = openDecoder()
    assert.ok(decoder.restore(structuredClone(first.decoder.snapshot())))
    decoder.decode({ ...from, payload: encodeV9({ sequence: 1, sets: sets([[0, 7]]) }) })
    assert.deepEqual(pick(rowsOf(flows), 'packetDeltaCount'), [{ packetDeltaCount: 0 }])
  })

  test('in IPFIX mean what its registry says', () => {
    const { flows } = decoded(encodeIpfix, seen)
    assert.equal(flows, seen.length)
  })
})
