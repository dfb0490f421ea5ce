/** Records whose uptimes are both 0: no time was recorded, unless the exporter has just started. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { encodeV5, testExportMs } from '../../encode/fixed.ts'
import { encodeV9, field } from '../../encode/sets.ts'
import { decodeAll, pick } from './decoded.ts'
import { routers4, type Lengths } from './flow-forms.ts'

const upMs = 5 * 86_400_000

/** A record with only the uptime of its last packet; everything else is 0. */
function uptimeRecord(lengths: Lengths, uptimeMs: number, last: number): Uint8Array {
  const template = { id: 256, fields: lengths.map(([id, length]) => field(id, length)) }
  const record = lengths.map(([id]) => (id === 21 ? last : 0))
  return encodeV9({ uptimeMs, sets: [{ templates: [template] }, { data: template, records: [record] }] }) // prettier-ignore
}

const v9 = (lengths: Lengths) => (uptimeMs: number, last: number) =>
  uptimeRecord(lengths, uptimeMs, last)

const forms: Record<string, (uptimeMs: number, last: number) => Uint8Array> = {
  v5: (uptimeMs, last) => encodeV5({ uptimeMs }, [{ first: 0, last }]),
  'v9 of a router': v9(routers4),
  'v9 with counters of 4 bytes': v9([[8, 4], [1, 4], [2, 4], [22, 4], [21, 4]]), // prettier-ignore
  'v9 with counters of 8 bytes': v9([[8, 4], [1, 8], [2, 8], [22, 4], [21, 4]]), // prettier-ignore
  'v9 with the last time first': v9([[21, 4], [8, 4], [1, 8], [22, 4]]), // prettier-ignore
}

for (const [name, encode] of Object.entries(forms))
  describe(`uptimes of 0, ${name}`, () => {
    const timesOf = (uptimeMs: number, last: number) => {
      const { rows, problems } = decodeAll([encode(uptimeMs, last)])
      const [row] = pick(rows, 'flowStartMilliseconds', 'flowEndMilliseconds')
      return [row!['flowStartMilliseconds'], row!['flowEndMilliseconds'], problems]
    }

    test('long after the start no time was recorded: the export time is used, and counted', () => {
      assert.deepEqual(timesOf(upMs, 0), [testExportMs, testExportMs, { 'time-missing': 1 }])
    })

    test('in the first hour they mean the start', () => {
      const bootMs = testExportMs - 60_000
      assert.deepEqual(timesOf(60_000, 0), [bootMs, bootMs, {}])
    })

    test('a flow that began at the start and continues has its times', () => {
      const last = upMs - 1000
      assert.deepEqual(timesOf(upMs, last), [testExportMs - upMs, testExportMs - 1000, {}])
    })
  })
