/** Exporters that send from several ports: whose templates apply to whose data. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { testExportMs } from '../../encode/fixed.ts'
import {
  encodeIpfix,
  encodeV9,
  field,
  type EncodedSet,
  type EncodedTemplate,
} from '../../encode/sets.ts'
import { decodeAll, from, openDecoder, pick, problemsOf, rowsOf } from './decoded.ts'

const times = [field(152, 8), field(153, 8)]
const template: EncodedTemplate = {
  id: 256,
  fields: [field(8, 4), field(12, 4), field(1, 4), ...times],
}
/** The same bytes with the fields swapped. */
const swapped: EncodedTemplate = {
  id: 256,
  fields: [field(12, 4), field(8, 4), field(1, 4), ...times],
}

function records(of: EncodedTemplate): EncodedSet {
  const [first, last] = [testExportMs - 9000, testExportMs - 1000]
  return { data: of, records: [['10.0.0.1', '10.0.0.2', 100, first, last]] }
}

/** Sequence numbers of ports far apart, so that no port continues another's. */
const firstNumbers: Readonly<Record<number, number>> = { 1: 1000, 2: 500_000, 3: 900_000 }

/** Datagrams of one exporter from the given ports, each port with its own numbers. */
function datagrams(sent: readonly (readonly [port: number, ...EncodedSet[]])[]) {
  const numbers = { ...firstNumbers }
  return sent.map(([sourcePort, ...sets]) => {
    const sequence = numbers[sourcePort]!
    numbers[sourcePort] = sequence + 1
    return { payload: encodeV9({ sequence, sets }), sourcePort }
  })
}

const announced = (of: EncodedTemplate): EncodedSet => ({ templates: [of] })
const sources = (rows: readonly Record<string, unknown>[]) => rows.map((row) => row['sourceAddress']) // prettier-ignore

describe('templates from another port than the data', () => {
  test('before the data, and after it', () => {
    const before = decodeAll(datagrams([[1, announced(template)], [2, records(template)]])) // prettier-ignore
    assert.deepEqual([sources(before.rows), before.problems], [['10.0.0.1'], {}])
    const after = decodeAll(datagrams([[2, records(template)], [1, announced(template)]])) // prettier-ignore
    assert.deepEqual([sources(after.rows), after.problems], [['10.0.0.1'], {}])
  })

  test('if data has come from that port before', () => {
    const other: EncodedTemplate = { ...template, id: 257 }
    const { rows, problems } = decodeAll(
      datagrams([
        [1, announced(template)],
        [2, records(template)],
        [1, announced(other)],
        [2, records(other)],
      ]),
    )
    assert.deepEqual([sources(rows), problems], [['10.0.0.1', '10.0.0.1'], {}])
  })

  test('that cannot be used any more', () => {
    const empty: EncodedTemplate = { ...template, fields: [field(8, 0)] }
    const { rows, problems } = decodeAll(
      datagrams([
        [1, announced(template)],
        [2, records(template)],
        [1, announced(empty)],
        [2, records(template)],
      ]),
    )
    assert.deepEqual([sources(rows), problems], [['10.0.0.1'], { 'template-empty': 1 }])
  })

  test('that the port which announced it has had to forget for others', () => {
    const named: EncodedTemplate = { id: 256, fields: [field(371, 65_535), ...template.fields] }
    const record = [
      'someone',
      '10.0.0.1',
      '10.0.0.2',
      100,
      testExportMs - 9000,
      testExportMs - 1000,
    ]
    const ofNamed: EncodedSet = { data: named, records: [record] }
    const message = (sequence: number, ...sets: EncodedSet[]) => encodeIpfix({ sequence, sets })
    const others = [300, 301].map((id) => announced({ ...swapped, id }))
    const { rows, problems } = decodeAll(
      [
        { payload: message(1000, announced(named)), sourcePort: 1 },
        { payload: message(500_000, ofNamed), sourcePort: 2 },
        { payload: message(1000, ...others), sourcePort: 1 },
        { payload: message(500_001, ofNamed), sourcePort: 2 },
      ],
      { limits: { templatesPerStreamMax: 1 } },
    )
    assert.deepEqual(sources(rows), ['10.0.0.1', '10.0.0.1'])
    assert.deepEqual(problems, { 'template-evicted': 2 })
  })

  test('with other fields than before: they apply from then on', () => {
    const { rows, problems } = decodeAll(
      datagrams([
        [1, announced(template)],
        [2, records(template)],
        [1, announced(swapped)],
        [2, records(swapped)],
      ]),
    )
    assert.deepEqual(sources(rows), ['10.0.0.1', '10.0.0.2'])
    assert.deepEqual(problems, { 'template-changed': 1 })
  })

  test('also after a restart of the collector', () => {
    const [first, second, third, fourth] = datagrams([
      [1, announced(template)],
      [2, records(template)],
      [1, announced(swapped)],
      [2, records(swapped)],
    ])
    const { decoder } = decodeAll([first!, second!])
    const again = openDecoder()
    assert.ok(again.decoder.restore(structuredClone(decoder.snapshot())))
    for (const datagram of [third!, fourth!]) again.decoder.decode({ ...from, ...datagram })
    assert.deepEqual(sources(rowsOf(again.flows)), ['10.0.0.2'])
  })
})

describe('a port that announces templates itself', () => {
  test('uses no others, from its first one on', () => {
    const { rows, problems } = decodeAll(
      datagrams([
        [1, announced(template)],
        [2, records(template)],
        [2, announced(swapped), records(swapped)],
        [1, announced(template)],
        [2, records(swapped)],
      ]),
    )
    assert.deepEqual(sources(rows), ['10.0.0.1', '10.0.0.2', '10.0.0.2'])
    assert.deepEqual(problems, {})
  })

  test('keeps its data waiting for its own', () => {
    const own: EncodedTemplate = { ...template, id: 300 }
    const { decoder, rows } = decodeAll(
      datagrams([
        [1, announced(template)],
        [2, announced(own)],
        [2, records(template)],
        [1, announced(template)],
      ]),
    )
    decoder.expire(from.receivedMs + 10 * 3_600_000)
    assert.deepEqual([rows.length, problemsOf(decoder)], [0, { 'template-missing-expired': 1 }])
  })
})

test('ports of other domains have their own', () => {
  const { rows } = decodeAll([
    { payload: encodeV9({ sequence: 1, sets: [announced(template)] }), sourcePort: 1 },
    { payload: encodeV9({ sequence: 9, sourceId: 7, sets: [records(template)] }), sourcePort: 1 },
  ])
  assert.deepEqual(pick(rows, 'sourceAddress'), [])
})
