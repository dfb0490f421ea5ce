/** Exporters with wrong clocks: measured, shown, and corrected beyond five minutes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { encodeV5, testExportMs, testUptimeMs } from '../../encode/fixed.ts'
import { encodeIpfix, encodeV9, field } from '../../encode/sets.ts'
import { decodeAll } from './decoded.ts'

const relative = { id: 256, fields: [field(8, 4), field(1, 4), field(22, 4), field(21, 4)] }
const absolute = { id: 256, fields: [field(8, 4), field(1, 4), field(152, 8), field(153, 8)] }
/** How long before its export the flow began and ended, ms. */
const [began, ended] = [20_000, 5000]

/** A datagram exported at a time of the exporter's clock. */
const exporters: Record<string, (exportMs: number, sequence: number) => Uint8Array> = {
  v5: (exportMs, sequence) => encodeV5({ exportMs, sequence }, [{ first: testUptimeMs - began, last: testUptimeMs - ended }]),
  v9: (exportMs, sequence) =>
    encodeV9({ exportMs, sequence, sets: [{ templates: [relative] }, { data: relative, records: [['10.0.0.1', 1, testUptimeMs - began, testUptimeMs - ended]] }] }),
  ipfix: (exportMs, sequence) =>
    encodeIpfix({ exportMs, sequence, sets: [{ templates: [absolute] }, { data: absolute, records: [['10.0.0.1', 1, exportMs - began, exportMs - ended]] }] }),
} // prettier-ignore

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const receivedMs = testExportMs

for (const [version, datagram] of Object.entries(exporters))
  describe(version, () => {
    const corrected: Record<string, number> = {
      'an hour ahead': hour,
      'an hour behind': -hour,
      'a day ahead': day,
      'a day behind': -day,
      'six minutes ahead': 6 * minute,
      'in 1970': -receivedMs + 100_000,
      'in 2106': (2 ** 32 - 100) * 1000 - receivedMs,
    }
    for (const [name, offset] of Object.entries(corrected))
      test(`a clock ${name} is corrected, whatever the delay of a datagram`, () => {
        const delays = [0, 400, 2000, 0]
        const sent = delays.map((delay, i) => ({
          payload: datagram(receivedMs + i * 10_000 - delay + offset, i),
          receivedMs: receivedMs + i * 10_000,
        }))
        const { rows, decoder, problems } = decodeAll(sent)
        assert.equal(problems['clock-corrected'], delays.length)
        assert.ok(Math.abs(decoder.exporters()[0]!.clockSkewSeconds! - offset / 1000) < 2.5)
        rows.forEach((row, i) => {
          const truth = receivedMs + i * 10_000 - delays[i]!
          assert.ok(Math.abs(Number(row['flowStartMilliseconds']) - truth + began) <= 2500, name)
          assert.ok(Math.abs(Number(row['flowEndMilliseconds']) - truth + ended) <= 2500, name)
        })
      })

    for (const offset of [-5 * minute, -4 * minute, -1000, 0, 4 * minute, 5 * minute])
      test(`a clock ${offset / 1000} s off is shown and left unchanged`, () => {
        const { rows, decoder, problems } = decodeAll([
          { payload: datagram(receivedMs + offset, 0), receivedMs },
        ])
        assert.equal(rows[0]?.['flowEndMilliseconds'], receivedMs + offset - ended)
        assert.equal(decoder.exporters()[0]?.clockSkewSeconds, offset / 1000)
        assert.deepEqual(problems, {})
      })

    test('a clock that is set right while exporting takes effect at once', () => {
      const sent = [day, day, 0, 0].map((offset, i) => ({
        payload: datagram(receivedMs + i * 10_000 + offset, i),
        receivedMs: receivedMs + i * 10_000,
      }))
      const { rows, decoder } = decodeAll(sent)
      rows.forEach((row, i) =>
        assert.equal(row['flowEndMilliseconds'], receivedMs + i * 10_000 - ended),
      )
      assert.equal(decoder.exporters()[0]?.clockSkewSeconds, 0)
    })
  })
