/** Columns that are recycled instead of cleared: no row ever shows a value of an earlier one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'

import { clearFlowColumns, columnNames, recycleFlowColumns } from '../../../flow/columns.ts'
import { encodeV1, encodeV5, testExportMs, testUptimeMs } from '../../encode/fixed.ts'
import { subTemplateList } from '../../encode/lists.ts'
import { encodeIpfix, encodeV9, field, type EncodedTemplate } from '../../encode/sets.ts'
import { encodeSflow, headerRecord, wordsRecord } from '../../encode/sflow.ts'
import type { Value } from '../../encode/value.ts'
import { from, openDecoder, rowsOf } from './decoded.ts'

const start = testExportMs - 9000
const mac = new Uint8Array([2, 0, 0, 0, 0, 7])
const frame = new Uint8Array([
  2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 7, 8, 0,
  0x45, 0xb8, 5, 0xdc, 0, 0, 0, 0, 64, 6, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2, 0x9c, 0x40, 1, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x12,
]) // prettier-ignore
const inner: EncodedTemplate = { id: 400, fields: [field(11, 2), field(1, 4)] }

type FieldValues = readonly (readonly [
  id: number,
  length: number,
  value: Value,
  enterprise?: number,
])[]

/** Records of every kind of step: what each omits, another has set. */
const kinds: FieldValues[] = [
  [[8, 4, '10.0.0.1'], [12, 4, '10.0.0.2'], [15, 4, '10.0.0.3'], [1, 4, 9], [2, 4, 1], [22, 4, testUptimeMs - 900], [21, 4, testUptimeMs - 100]],
  [[8, 4, '10.0.0.1'], [12, 4, '10.0.0.2'], [7, 2, 0], [11, 2, 771], [4, 1, 1], [6, 1, 0], [5, 1, 0], [1, 8, 9], [2, 8, 1], [152, 8, start], [153, 8, start + 9]],
  [[27, 16, '2001:db8::1'], [28, 16, '2001:db8::2'], [62, 16, '2001:db8::3'], [1, 8, 9], [152, 8, start]],
  [[27, 16, '2001:db8::1'], [28, 16, '::'], [8, 4, '0.0.0.0'], [12, 4, '10.1.1.1'], [56, 6, mac], [80, 6, mac]],
  [[8, 4, '10.0.0.1'], [225, 4, '192.0.2.1'], [226, 4, '192.0.2.2'], [227, 2, 1], [228, 2, 2], [234, 4, 5], [235, 4, 6], [95, 4, 7], [70, 3, 0x12345f]],
  [[8, 4, '10.0.0.1'], [12, 4, '10.0.0.2'], [10, 4, 1], [14, 4, 2], [1, 4, 100], [2, 4, 1], [1, 4, 900, 29_305], [2, 4, 9, 29_305], [6, 1, 3, 29_305], [153, 8, start]],
  [[8, 4, '10.0.0.1'], [34, 4, 50], [176, 1, 8], [177, 1, 0], [195, 1, 46], [58, 2, 7], [59, 2, 8], [61, 1, 1], [136, 1, 2]],
  [[48, 1, 9], [8, 4, '10.0.0.1'], [150, 4, Math.floor(start / 1000)], [16, 4, 65_001], [17, 4, 65_002], [9, 1, 8], [13, 1, 9]],
  [[315, 65_535, frame], [312, 2, 1514]],
  [[313, 34, frame.subarray(18)], [305, 4, 1], [306, 4, 9]],
  [[61, 1, 1], [366, 4, '10.7.7.7'], [1, 4, 5]],
  [[27, 65_535, mac], [1, 65_535, 5], [371, 65_535, 'name'], [7, 65_535, new Uint8Array([1, 2])]],
  [[8, 4, '10.3.0.1'], [58, 2, 9], [152, 8, start], [292, 65_535, subTemplateList(inner, [[443, 9], [80, 8]])]],
] // prettier-ignore

const announced = kinds.map((given, i): EncodedTemplate => ({
  id: 256 + i,
  fields: given.map(([id, length, , enterprise]) => field(id, length, enterprise)),
}))
const sflow = encodeSflow({
  samples: [
    { rate: 8, input: 3, output: 4, sampledAt: 4, records: [headerRecord(frame), wordsRecord(1001, 10, 0, 20, 0), wordsRecord(1003, 1, '192.0.2.254', 1, 65_001, 65_002, 0, 0, 0, 0)] },
    { rate: 8, input: 3, output: 4, records: [wordsRecord(1001, 10, 0, 20, 0)] },
    { rate: 8, input: 3, output: 0, records: [wordsRecord(4, 1500, 17, '2001:db8::5', '2001:db8::6', 40_000, 53, 0, 0)] },
  ],
}) // prettier-ignore

const payload = fc.oneof(
  fc.tuple(fc.constantFrom(...kinds.keys()), fc.integer({ min: 1, max: 3 })).map(([kind, records]) => {
    const template = announced[kind]!
    const values = kinds[kind]!.map(([, , value]) => value)
    const data = { data: template, records: Array.from({ length: records }, () => values) }
    const sets = [{ templates: [...announced, inner] }, data]
    return kind % 2 === 0 ? encodeIpfix({ sets }) : encodeV9({ sets: kinds[kind]!.some(([, , , enterprise]) => enterprise) ? [] : sets })
  }),
  fc.constantFrom(
    encodeV5({ sampling: 10 }, [{ protocol: 1, destinationPort: 0x0300 }, { protocol: 6 }]),
    encodeV1({}, [{ nextHop: '0.0.0.0' }]),
    sflow,
  ),
) // prettier-ignore

const step = fc.record({
  payload,
  source: fc.constantFrom('192.0.2.1', '2001:db8::99', '192.0.2.3'),
  recycle: fc.boolean(),
})

test('rows of recycled columns are the same as of cleared ones', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const [recycled, cleared] = [openDecoder(), openDecoder()]
      steps.forEach(({ payload: bytes, source, recycle }, i) => {
        const datagram = { ...from, payload: bytes, source, sourcePort: i }
        recycled.decoder.decode(datagram)
        cleared.decoder.decode(datagram)
        assert.deepEqual(rowsOf(recycled.flows), rowsOf(cleared.flows))
        if (!recycle) return
        recycleFlowColumns(recycled.flows)
        clearFlowColumns(cleared.flows)
        for (const name of columnNames) assert.ok(cleared.flows[name].subarray(0, 100).every((value: number) => value === 0)) // prettier-ignore
      })
    }),
    { numRuns: 120 },
  )
})
