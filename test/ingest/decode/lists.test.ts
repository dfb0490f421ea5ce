/**
 * Lists of records within records (RFC 6313): their flows become rows, and no traffic counts twice.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { listDepthMax } from '../../../ingest/decode/limits.ts'
import { testExportMs } from '../../encode/fixed.ts'
import { basicList, subTemplateList, subTemplateMultiList } from '../../encode/lists.ts'
import { encodeIpfix, field, type EncodedTemplate } from '../../encode/sets.ts'
import type { Value } from '../../encode/value.ts'
import { decodeAll, pick } from './decoded.ts'

const start = testExportMs - 5000
const basic = 291
const single = 292
const multi = 293
/** What two hosts sent each other, by port; the ends are in the surrounding record. */
const counts: EncodedTemplate = { id: 300, fields: [field(11, 2), field(1, 4), field(2, 4)] }
const counted = [
  [443, 9000, 9],
  [53, 100, 1],
] as const
/** A whole flow, of variable length because of its user name. */
const whole: EncodedTemplate = { id: 301, fields: [field(8, 4), field(12, 4), field(371, 65_535), field(1, 4), field(2, 4), field(153, 8)] } // prettier-ignore
const flow: readonly Value[] = ['10.1.0.1', '10.1.0.2', 'someone', 700, 7, start + 9]
const names: EncodedTemplate = { id: 302, fields: [field(371, 65_535)] }
const ends: readonly (readonly [number, number, Value])[] = [[8, 4, '10.0.0.1'], [12, 4, '10.0.0.2'], [4, 1, 6], [152, 8, start], [153, 8, start + 1000]] // prettier-ignore
const columns = ['sourceAddress', 'destinationTransportPort', 'octetDeltaCount', 'packetDeltaCount', 'flowStartMilliseconds', 'flowEndMilliseconds'] // prettier-ignore
const byPort = (port: number, octets: number, packets: number) => ({ sourceAddress: '10.0.0.1', destinationTransportPort: port, octetDeltaCount: octets, packetDeltaCount: packets, flowStartMilliseconds: start, flowEndMilliseconds: start + 1000 }) // prettier-ignore
const byItself = { sourceAddress: '10.1.0.1', destinationTransportPort: 0, octetDeltaCount: 700, packetDeltaCount: 7, flowEndMilliseconds: start + 9 } // prettier-ignore

/** One record with these fields and a list, and the templates that the list names. */
function decodeList(
  given: readonly (readonly [number, number, Value])[],
  [id, list]: readonly [number, Uint8Array],
  templates: EncodedTemplate[] = [counts, whole, names],
): ReturnType<typeof decodeAll> {
  const fields = [...given.map(([element, length]) => field(element, length)), field(id, 65_535)]
  const template = { id: 400, fields }
  return decodeAll([
    encodeIpfix({
      sets: [
        { templates: [...templates, template] },
        { data: template, records: [[...given.map(([, , value]) => value), list]] },
      ],
    }),
  ])
}

describe('lists of records', () => {
  test('a subTemplateList: each record is a row, with the ends and times of the surrounding record', () => {
    const { rows, problems, decoder } = decodeList(ends, [single, subTemplateList(counts, counted)])
    assert.deepEqual(pick(rows, ...columns), [byPort(443, 9000, 9), byPort(53, 100, 1)])
    assert.deepEqual(problems, {})
    const [exporter] = decoder.exporters()
    assert.deepEqual([exporter?.flows, exporter?.bytes, exporter?.packets], [2, 9100, 10])
  })
  test('a subTemplateMultiList: records of several templates, some of variable length', () => {
    const list = subTemplateMultiList([counts, counted], [whole, [flow]])
    const { rows, problems } = decodeList(ends, [multi, list])
    const own = { ...byItself, flowStartMilliseconds: start }
    assert.deepEqual(pick(rows, ...columns), [byPort(443, 9000, 9), byPort(53, 100, 1), own])
    assert.deepEqual(problems, {})
  })
  test('in a record that is not a flow', () => {
    const { rows, problems } = decodeList([[144, 4, 1]], [single, subTemplateList(whole, [flow])])
    assert.deepEqual(pick(rows, ...Object.keys(byItself)), [byItself])
    assert.deepEqual(problems, {})
  })
  test('a list of lists', () => {
    const lists = [subTemplateList(counts, counted), subTemplateList(counts, counted)]
    const { rows } = decodeList(ends, [basic, basicList(field(single, 65_535), lists)])
    assert.equal(rows.length, 4)
  })
  test('a record of a list that contains a list', () => {
    const between: EncodedTemplate = { id: 303, fields: [field(10, 4), field(single, 65_535)] }
    const list = subTemplateList(between, [[7, subTemplateList(counts, counted)]])
    const { rows, problems } = decodeList(ends, [single, list], [counts, between])
    assert.deepEqual(pick(rows, 'sourceAddress', 'ingressInterface', 'octetDeltaCount'), [
      { sourceAddress: '10.0.0.1', ingressInterface: 7, octetDeltaCount: 9000 },
      { sourceAddress: '10.0.0.1', ingressInterface: 7, octetDeltaCount: 100 },
    ])
    assert.deepEqual(problems, {})
  })
  test('what follows lists takes nothing from them, however many there are', () => {
    const around: EncodedTemplate = { id: 400, fields: [field(8, 4), field(single, 65_535)] }
    const plain: EncodedTemplate = { id: 401, fields: [field(12, 4), field(1, 4)] }
    const record = ['10.0.0.1', subTemplateList(whole, [flow])]
    const lists = { data: around, records: Array.from({ length: listDepthMax + 1 }, () => record) }
    const sets = [{ templates: [whole, around, plain] }, lists, { data: plain, records: [['10.0.0.2', 5]] }] // prettier-ignore
    const { rows, problems } = decodeAll([encodeIpfix({ sets })])
    assert.equal(rows.length, listDepthMax + 2)
    assert.deepEqual(
      pick(rows.slice(-1), 'sourceAddress', 'destinationAddress', 'octetDeltaCount'),
      [{ sourceAddress: '', destinationAddress: '10.0.0.2', octetDeltaCount: 5 }],
    )
    assert.deepEqual(problems, { 'time-missing': 1 })
  })
  test('a record with its own counts is the flow, and its list is counted', () => {
    const list = subTemplateList(counts, counted)
    const { rows, problems } = decodeList([...ends, [1, 4, 9100]], [single, list])
    assert.deepEqual(pick(rows, 'octetDeltaCount'), [{ octetDeltaCount: 9100 }])
    assert.deepEqual(problems, { 'list-skipped': 1 })
  })
  test('lists without flows leave the record unchanged', () => {
    const given = [...ends, [1, 4, 5]] as const
    for (const list of [
      [basic, basicList(field(371, 65_535), ['a', 'b'])],
      [single, new Uint8Array(0)],
      [multi, new Uint8Array([255])],
    ] as const) {
      const { rows, problems } = decodeList(given, list)
      assert.deepEqual(pick(rows, 'octetDeltaCount'), [{ octetDeltaCount: 5 }])
      assert.deepEqual(problems, {})
    }
    const { rows, problems } = decodeList(ends, [single, subTemplateList(names, [['me']])])
    assert.deepEqual([rows.length, problems], [1, { 'list-skipped': 1 }])
  })
  test('a list without flows leaves the counts of the other direction where they are', () => {
    const hollow: EncodedTemplate = { id: 303, fields: [field(single, 65_535), field(4, 1)] }
    const list = subTemplateList(hollow, [[new Uint8Array(0), 17]])
    const around: EncodedTemplate = { id: 400, fields: [field(8, 4), field(153, 8), field(1, 4, 29_305), field(single, 65_535), field(371, 65_535)] } // prettier-ignore
    const record = ['10.0.0.1', start, 900, list, 'a name that is not read']
    const sets = [{ templates: [hollow, around] }, { data: around, records: [record] }]
    const { rows } = decodeAll([encodeIpfix({ sets })])
    assert.deepEqual(
      rows.map(({ octetDeltaCount }) => octetDeltaCount),
      [0, 900],
    )
  })
  test('what a list needs frees nothing that the record around it is read with', () => {
    const around: EncodedTemplate = { id: 400, fields: [field(4, 1), field(single, 65_535)] }
    const record = [6, subTemplateList(whole, [flow])]
    const sets = [{ templates: [whole, around] }, { data: around, records: [record, record] }]
    const { rows } = decodeAll([encodeIpfix({ sets })], { limits: { compiledFieldsMax: 3 } })
    assert.deepEqual(
      rows.map(({ octetDeltaCount }) => octetDeltaCount),
      [700, 700],
    )
  })
  test('an unknown template, and a truncated list, are counted', () => {
    const list = subTemplateList(counts, counted)
    const unknown = decodeList(ends, [single, list], [names])
    assert.deepEqual([unknown.rows.length, unknown.problems], [1, { 'list-skipped': 1 }])
    const broken = new Uint8Array([255, 1, 44, 0, 200, 1, 2, 3])
    const short = decodeList(ends, [multi, broken])
    assert.deepEqual([short.rows.length, short.problems], [1, { 'list-short': 1 }])
  })
})
