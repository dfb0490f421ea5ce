/** Broken and hostile datagrams: each is counted under its reason, quickly, and does no harm. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { recordsPerDatagramMax } from '../../../ingest/decode/limits.ts'
import { encodeV1, encodeV5, encodeV7, testExportMs } from '../../encode/fixed.ts'
import {
  encodeIpfix,
  encodeV9,
  field,
  type EncodedSet,
  type EncodedTemplate,
} from '../../encode/sets.ts'
import { decodeAll, from, openDecoder, problemsOf } from './decoded.ts'

const good: EncodedTemplate = { id: 256, fields: [field(8, 4), field(1, 4), field(153, 8)] }
const goodRecord = ['10.0.0.1', 100, testExportMs] as const
const goodSets: EncodedSet[] = [{ templates: [good] }, { data: good, records: [goodRecord] }]
const raw = (setId: number, bytes: readonly number[], length?: number): EncodedSet =>
  length === undefined
    ? { setId, raw: new Uint8Array(bytes) }
    : { setId, raw: new Uint8Array(bytes), length }
const fieldsOf = (count: number, id: number, length: number) =>
  Array.from({ length: count }, () => field(id, length))
const v9 = (...sets: EncodedSet[]) => encodeV9({ sets })
const ipfix = (...sets: EncodedSet[]) => encodeIpfix({ sets })
const templateOf = (...fields: EncodedTemplate['fields'][number][]): EncodedTemplate => ({
  id: 300,
  fields,
})
const empty = templateOf(field(1, 0), field(2, 0))
/** Nested lists, each preceded by its length. */
const nested = (depth: number): Uint8Array => {
  let bytes = new Uint8Array(0)
  for (let i = 0; i < depth; i++) {
    const list = new Uint8Array(bytes.length + 8)
    list.set([255, (bytes.length + 5) >> 8, (bytes.length + 5) & 255, 255, 1, 35, 255, 255])
    list.set(bytes, 8)
    bytes = list
  }
  return bytes
}

/** Nested records of template 300: an address, and a list of the next. */
const ownRecords = (depth: number): Uint8Array => {
  let bytes = new Uint8Array(0)
  for (let i = 0; i < depth; i++) {
    const list = new Uint8Array(bytes.length + 10)
    list.set([3, 1, 44, 10, 0, 0, 2, 255, bytes.length >> 8, bytes.length & 255])
    list.set(bytes, 10)
    bytes = list
  }
  return bytes
}

/** Payload, problems, and the rows expected all the same. */
const cases: Record<string, [payload: Uint8Array, problems: Record<string, number>, rows?: number]> = {
  'nothing': [new Uint8Array(0), { 'version-unknown': 1 }],
  'one byte': [new Uint8Array([9]), { 'version-unknown': 1 }],
  'an unknown version': [new Uint8Array(100).fill(3), { 'version-unknown': 1 }],
  'v5 of a header cut short': [encodeV5({}, []).subarray(0, 23), { 'version-unknown': 1 }],
  'v5 that says 0 records': [encodeV5({ count: 0 }, [{}]), { 'count-mismatch': 1 }],
  'v5 that says 31 records and has 2': [encodeV5({ count: 31 }, [{}, {}]), { 'datagram-short': 1 }, 2],
  'v5 that says 65535 records': [encodeV5({ count: 65_535 }, [{}]), { 'datagram-short': 1 }, 1],
  'v5 that says 1 record and has 2': [encodeV5({ count: 1 }, [{}, {}]), { 'datagram-long': 1 }, 1],
  'v5 that ends within a record': [encodeV5({}, [{}, {}]).subarray(0, 100), { 'datagram-short': 1 }, 1],
  'v1 that ends within a record': [encodeV1({}, [{}, {}]).subarray(0, 100), { 'datagram-short': 1 }, 1],
  'v7 that says too much': [encodeV7({ count: 9 }, [{}]), { 'datagram-short': 1 }, 1],
  'v9 without any set': [v9(), {}],
  'v9 that lies about its count': [encodeV9({ count: 60_000, sets: goodSets }), {}, 1],
  'a template whose fields add up to nothing, and data for it (v9)': [v9({ templates: [empty] }, raw(300, [1, 2, 3, 4])), { 'template-empty': 1 }],
  'a template whose fields add up to nothing, and data for it (IPFIX)': [ipfix({ templates: [empty] }, raw(300, [1, 2, 3, 4])), { 'template-empty': 1 }],
  'options whose fields add up to nothing': [v9({ optionsTemplates: [{ id: 300, scopes: [field(1, 0)], fields: [field(34, 0)] }] }, raw(300, [0])), { 'template-empty': 1 }],
  'a template without fields': [v9({ templates: [templateOf()] }, ...goodSets), { 'template-empty': 1 }, 1],
  'one field of no length among others': [ipfix({ templates: [templateOf(field(3, 0), field(8, 4), field(153, 8))] }, { data: templateOf(field(8, 4), field(153, 8)), records: [['10.0.0.1', testExportMs]] }), {}, 1],
  'a set of length 0': [v9(...goodSets, raw(256, [1, 2, 3, 4], 0)), { 'set-length': 1 }, 1],
  'a set of length 1': [v9(...goodSets, raw(256, [1, 2, 3, 4], 1)), { 'set-length': 1 }, 1],
  'a set of length 2': [v9(...goodSets, raw(256, [1, 2, 3, 4], 2)), { 'set-length': 1 }, 1],
  'a set of length 3': [ipfix(...goodSets, raw(256, [1, 2, 3, 4], 3)), { 'set-length': 1 }, 1],
  'a set longer than the datagram': [ipfix(...goodSets, raw(256, [1, 2, 3, 4], 500)), { 'set-length': 1 }, 1],
  'a set of just its header': [v9(...goodSets, raw(256, [])), { 'set-trailing': 1 }, 1],
  'a data set shorter than its record': [v9(...goodSets, raw(256, [10, 0, 0, 1, 0, 0, 0])), { 'set-trailing': 1 }, 1],
  'a v9 record of 2 bytes and as much padding': [v9({ templates: [templateOf(field(4, 1), field(1, 1))] }, raw(300, [6, 9, 0, 0])), { 'time-missing': 1 }, 1],
  'a v9 record of 1 byte and 3 of padding': [v9({ templates: [templateOf(field(1, 1))] }, raw(300, [9, 0, 0, 0])), { 'time-missing': 1 }, 1],
  'v9 records of 3 bytes, the last of zeros': [v9({ templates: [templateOf(field(1, 3))] }, raw(300, [0, 0, 9, 0, 0, 0])), { 'time-missing': 1 }, 1],
  'IPFIX records of 2 bytes, which is padded by 1 at most': [ipfix({ templates: [templateOf(field(4, 1), field(1, 1))] }, raw(300, [6, 9, 0, 0])), { 'time-missing': 2 }, 2],
  'a reserved set id': [ipfix(...goodSets, raw(7, [1, 2, 3, 4])), { 'set-id': 1 }, 1],
  'zeros behind the last set': [encodeV9({ sets: goodSets, trailing: new Uint8Array(1000) }), { 'datagram-long': 1 }, 1],
  'two bytes behind the last set': [encodeV9({ sets: goodSets, trailing: new Uint8Array([1, 2]) }), { 'datagram-long': 1 }, 1],
  'a template id below 256': [v9({ templates: [{ ...good, id: 255 }] }, ...goodSets), { 'template-id': 1 }, 1],
  'a template cut short': [v9(...goodSets, raw(0, [1, 44, 0, 2, 0, 8, 0, 4])), { 'template-short': 1 }, 1],
  'a template that says 65535 fields': [ipfix(...goodSets, raw(2, [1, 44, 255, 255, 0, 8, 0, 4])), { 'template-short': 1 }, 1],
  'a template of 513 fields': [ipfix(...goodSets, { templates: [templateOf(...fieldsOf(513, 1, 4))] }), { 'template-too-long': 1 }, 1],
  'a template of 16000 fields': [v9(...goodSets, { templates: [templateOf(...fieldsOf(16_000, 1, 1))] }), { 'template-too-long': 1 }, 1],
  'fields that add up to more than a set can hold': [ipfix(...goodSets, { templates: [templateOf(field(1, 40_000), field(2, 40_000))] }), { 'template-too-long': 1 }, 1],
  'an enterprise number cut off': [ipfix(...goodSets, raw(2, [1, 44, 0, 1, 0x80, 8, 0, 4])), { 'template-short': 1 }, 1],
  'enterprise number 0xffffffff': [ipfix({ templates: [templateOf(field(8, 4), field(1, 4, 0xffff_ffff), field(153, 8))] }, { data: templateOf(field(8, 4), field(1, 4), field(153, 8)), records: [goodRecord] }), {}, 1],
  'a fixed length of 65535, which v9 does not have': [v9({ templates: [templateOf(field(8, 4), field(1, 65_535))] }, raw(300, [10, 0, 0, 1, 9, 0, 0, 9])), { 'record-short': 1, 'set-trailing': 1 }],
  'a length of 255 and then 65535': [ipfix({ templates: [templateOf(field(8, 4), field(371, 65_535))] }, raw(300, [10, 0, 0, 1, 255, 255, 255, 1])), { 'record-short': 1, 'set-trailing': 1 }],
  'a length that ends beyond the set': [ipfix({ templates: [templateOf(field(8, 4), field(371, 65_535))] }, raw(300, [10, 0, 0, 1, 9, 1, 2])), { 'record-short': 1, 'set-trailing': 1 }],
  'a length byte alone at the end': [ipfix({ templates: [templateOf(field(8, 4), field(371, 65_535))] }, raw(300, [10, 0, 0, 1, 255])), { 'record-short': 1, 'set-trailing': 1 }],
  'v9 options with a scope longer than the set': [v9(...goodSets, raw(1, [1, 44, 255, 252, 0, 4, 0, 1])), { 'template-short': 1 }, 1],
  'v9 options with lengths that are no fields': [v9(...goodSets, raw(1, [1, 44, 0, 3, 0, 5, 0, 34, 0, 4])), {}, 1],
  'IPFIX options with more scopes than fields': [ipfix(...goodSets, raw(3, [1, 44, 0, 1, 0, 2, 0, 34, 0, 4])), { 'template-scope': 1 }, 1],
  'IPFIX options without a scope': [ipfix(...goodSets, raw(3, [1, 44, 0, 1, 0, 0, 0, 34, 0, 4])), {}, 1],
  'an options template with padding': [v9({ optionsTemplates: [{ id: 300, scopes: [field(1, 4)], fields: [field(34, 4)] }], padding: 6 }, ...goodSets), {}, 1],
  'one template withdrawn, and data for it': [ipfix(...goodSets, { withdraw: [256] }, { data: good, records: [goodRecord] }), { 'withdrawal-ignored': 1 }, 2],
  'all templates withdrawn': [ipfix(...goodSets, raw(2, [0, 2, 0, 0])), { 'withdrawal-ignored': 1 }, 1],
  'one options template withdrawn': [ipfix(...goodSets, raw(3, [1, 0, 0, 0])), { 'withdrawal-ignored': 1 }, 1],
  'IPFIX of length 15': [encodeIpfix({ length: 15, sets: goodSets }), { 'datagram-short': 1 }],
  'IPFIX of length 65535': [encodeIpfix({ length: 65_535, sets: goodSets }), { 'datagram-short': 1 }, 1],
  'bytes behind an IPFIX message': [encodeIpfix({ sets: goodSets, length: 16 + 20 + 20, trailing: new Uint8Array(9) }), { 'datagram-long': 1 }, 1],
  'lists in lists, 1000 deep': [ipfix({ templates: [templateOf(field(8, 4), field(291, 65_535), field(153, 8))] }, { data: templateOf(field(8, 4), field(291, 65_535), field(153, 8)), records: [['10.0.0.1', nested(1000).subarray(3), testExportMs]] }), { 'list-too-deep': 1 }, 1],
  'lists in a basicList, 1000 deep, in a list of records': [ipfix({ templates: [templateOf(field(8, 4), field(292, 65_535), field(153, 8))] }, { data: templateOf(field(8, 4), field(292, 65_535), field(153, 8)), records: [['10.0.0.1', nested(1000), testExportMs]] }), { 'list-skipped': 1 }, 1],
  'a template within whose records are its own': [ipfix({ templates: [templateOf(field(8, 4), field(292, 65_535))] }, { data: templateOf(field(8, 4), field(292, 65_535)), records: [['10.0.0.1', ownRecords(1000)]] }), { 'list-skipped': 1, 'time-missing': 1 }, 1],
  'a name __proto__': [ipfix({ optionsTemplates: [{ id: 300, scopes: [field(10, 4)], fields: [field(82, 65_535)] }] }, { data: { id: 300, scopes: [field(10, 4)], fields: [field(82, 65_535)] }, records: [[1, '__proto__']] }), {}],
  'a text of 60 KiB': [ipfix({ templates: [templateOf(field(8, 4), field(371, 65_535), field(153, 8))] }, { data: templateOf(field(8, 4), field(371, 65_535), field(153, 8)), records: [['10.0.0.1', 'x'.repeat(60_000), testExportMs]] }), {}, 1],
} // prettier-ignore

describe('hostile input', () => {
  for (const [name, [payload, problems, rows = 0]] of Object.entries(cases))
    test(name, () => {
      const decoded = decodeAll([payload])
      assert.deepEqual(decoded.problems, problems)
      assert.equal(decoded.rows.length, rows)
      const { decoder } = openDecoder()
      decoder.decode({ ...from, payload })
      const samples = Array.from({ length: 9 }, (_, i) => {
        const startMs = performance.now()
        decoder.decode({ ...from, payload, sourcePort: i })
        return performance.now() - startMs
      })
      // The minimum, since the others may have waited for the CPU.
      assert.ok(Math.min(...samples) < 1, `${samples.join(' ')} ms`)
    })

  test('after each of them a valid datagram of the same exporter is decoded', () => {
    for (const [name, [payload]] of Object.entries(cases)) {
      const { rows } = decodeAll([payload, encodeV9({ sequence: 9, sourceId: 77, sets: goodSets })])
      assert.equal(rows.at(-1)?.['sourceAddress'], '10.0.0.1', name)
    }
  })

  test('more records than a datagram may have: the first ones, the rest counted', () => {
    const tiny = templateOf(field(4, 1))
    const counts = templateOf(field(2, 1))
    const payload = ipfix(
      { templates: [counts] },
      raw(
        300,
        Array.from({ length: 60_000 }, () => 1),
      ),
    )
    const { rows, problems } = decodeAll([payload])
    assert.equal(rows.length, recordsPerDatagramMax)
    assert.equal(problems['records-too-many'], 60_000 - recordsPerDatagramMax)
    const named = templateOf(field(2, 1), field(371, 65_535))
    const records = Array.from({ length: recordsPerDatagramMax + 9 }, () => [1, ''])
    const variable = decodeAll([ipfix({ templates: [named] }, { data: named, records })])
    assert.equal(variable.rows.length, recordsPerDatagramMax)
    assert.equal(variable.problems['records-too-many'], 9)
    const { problems: useless } = decodeAll([
      ipfix(
        { templates: [tiny] },
        raw(
          300,
          Array.from({ length: 60_000 }, () => 1),
        ),
      ),
    ])
    assert.equal(useless['record-not-a-flow'], recordsPerDatagramMax)
  })

  test('columns without space: nothing is written past their end, the rest is counted', () => {
    const { decoder, flows } = openDecoder()
    flows.count = flows.capacity - 1
    decoder.decode({ ...from, payload: v9({ templates: [good] }, { data: good, records: [goodRecord, goodRecord, goodRecord] }) }) // prettier-ignore
    assert.equal(flows.count, flows.capacity)
    assert.deepEqual(problemsOf(decoder), { 'records-too-many': 2 })
  })
})
