/** Exporters that keep a session's start in each of its records. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { clearFlowColumns } from '../../../flow/columns.ts'
import { testExportMs } from '../../encode/fixed.ts'
import { encodeIpfix, encodeV9, field, type EncodedTemplate } from '../../encode/sets.ts'
import { decodeAll, from, openDecoder, rowsOf, type Row } from './decoded.ts'

const template: EncodedTemplate = {
  id: 256,
  fields: [field(8, 4), field(7, 2), field(12, 4), field(11, 2), field(4, 1), field(10, 4), field(152, 8), field(153, 8), field(1, 8), field(1, 8, 29_305)],
} // prettier-ignore

interface Report {
  startS?: number
  endS: number
  port?: number
  input?: number
  domain?: number
}

let sequence = 0

/** A record of IPFIX; its seconds are after the export of the others. */
function report({ startS = 0, endS, port = 50_000, input = 1, domain = 0 }: Report) {
  const atMs = (seconds: number) => testExportMs + 1000 * seconds
  const record = ['203.0.113.1', 443, '10.0.0.1', port, 6, input, atMs(startS), atMs(endS), 60_000, 600] // prettier-ignore
  const sets = [{ templates: [template] }, { data: template, records: [record] }]
  const payload = encodeIpfix({ sequence: sequence++, observationDomain: domain, exportMs: atMs(endS), sets }) // prettier-ignore
  return { payload, receivedMs: atMs(endS) + 100 }
}

/** From when to when each row of a direction lasts, in seconds after the export. */
function spans(rows: readonly Row[], source = '203.0.113.1'): number[][] {
  const secondsOf = (row: Row, name: string) => (Number(row[name]) - testExportMs) / 1000
  return rows
    .filter(({ sourceAddress }) => sourceAddress === source)
    .map((row) => ['flowStartMilliseconds', 'flowEndMilliseconds'].map((name) => secondsOf(row, name))) // prettier-ignore
}

describe('a record that keeps its session’s start begins where the one before it ended', () => {
  const cases: Record<string, { given: readonly Report[]; expected: number[][] }> = {
    'of a session of an hour': {
      given: [{ endS: 3480 }, { endS: 3540 }, { endS: 3600 }],
      expected: [[0, 3480], [3480, 3540], [3540, 3600]],
    },
    'that was reported before as a short one': {
      given: [{ endS: 60 }, { endS: 120 }, { endS: 180 }],
      expected: [[0, 60], [0, 120], [120, 180]],
    },
    'beside another session': {
      given: [{ endS: 300 }, { endS: 330, port: 50_001 }, { endS: 360 }],
      expected: [[0, 300], [0, 330], [300, 360]],
    },
    'on another interface': {
      given: [{ endS: 300 }, { endS: 360, input: 2 }],
      expected: [[0, 300], [0, 360]],
    },
    'of another domain': {
      given: [{ endS: 300 }, { endS: 360, domain: 7 }],
      expected: [[0, 300], [0, 360]],
    },
    'not one of a session that begins later': {
      given: [{ endS: 300 }, { startS: 200, endS: 360 }, { startS: 361, endS: 600 }],
      expected: [[0, 300], [200, 360], [361, 600]],
    },
    'after one that came late': {
      given: [{ endS: 300 }, { endS: 420 }, { endS: 360 }, { endS: 480 }],
      expected: [[0, 300], [300, 420], [300, 360], [420, 480]],
    },
    'that ends soon after': {
      given: [{ endS: 300 }, { endS: 360 }, { endS: 365 }],
      expected: [[0, 300], [300, 360], [300, 365]],
    },
    'and so does the same record from a second monitor': {
      given: [{ endS: 300 }, { endS: 300 }, { endS: 360 }, { endS: 360 }],
      expected: [[0, 300], [0, 300], [300, 360], [300, 360]],
    },
    'not the same record from a second monitor': {
      given: [{ endS: 300 }, { endS: 301 }, { endS: 300 }],
      expected: [[0, 300], [0, 301], [0, 300]],
    },
  } // prettier-ignore
  for (const [name, { given, expected }] of Object.entries(cases))
    test(name, () => {
      const { rows } = decodeAll(given.map(report))
      assert.deepEqual(spans(rows), expected)
      assert.deepEqual(spans(rows, '10.0.0.1'), expected)
      assert.ok(rows.every((row) => row['octetDeltaCount'] === (row['sourceAddress'] === '10.0.0.1' ? 600 : 60_000))) // prettier-ignore
    })

  test('and so does the other direction, if it has times of its own', () => {
    const both = { ...template, fields: [...template.fields, field(152, 8, 29_305), field(153, 8, 29_305)] } // prettier-ignore
    const given = [300, 360].map((endS) => {
      const endMs = testExportMs + 1000 * endS
      const times = [testExportMs + 200, endMs - 100]
      const record = ['203.0.113.1', 443, '10.0.0.1', 50_000, 6, 1, testExportMs, endMs, 60_000, 600, ...times] // prettier-ignore
      const sets = [{ templates: [both] }, { data: both, records: [record] }]
      return { payload: encodeIpfix({ sequence: sequence++, exportMs: endMs, sets }), receivedMs: endMs } // prettier-ignore
    })
    assert.deepEqual(spans(decodeAll(given).rows, '10.0.0.1'), [[0.2, 299.9], [300, 359.9]]) // prettier-ignore
  })

  describe('with times by uptime', () => {
    const template = { id: 256, fields: [field(8, 4), field(12, 4), field(7, 2), field(11, 2), field(4, 1), field(22, 4), field(21, 4), field(1, 4)] } // prettier-ignore
    /** The record of a session, of which the last packet came half a second before. */
    const datagram = (atS: number, { startS = -400, bootS = -500, clockS = 0 }) => {
      const uptimeMs = (1000 * (atS - bootS)) % 2 ** 32
      const uptimeOf = (seconds: number) => (1000 * (seconds - bootS)) % 2 ** 32
      const record = ['203.0.113.1', '10.0.0.1', 443, 50_000, 6, uptimeOf(startS), uptimeOf(atS - 0.5), 1000] // prettier-ignore
      const exportMs = testExportMs + 1000 * (atS + clockS) + 700
      const sets = [{ templates: [template] }, { data: template, records: [record] }]
      return { payload: encodeV9({ sequence: sequence++, uptimeMs, exportMs, sets }), receivedMs: exportMs } // prettier-ignore
    }
    const spansOf = (given: readonly ReturnType<typeof datagram>[]) => spans(decodeAll(given).rows)

    test('which move with the clock in whole seconds', () =>
      assert.deepEqual(spansOf([datagram(0, {}), datagram(60.5, {})]), [[-400, -0.5], [-0.5, 60.5]])) // prettier-ignore

    test('while the clock is set by ten seconds', () =>
      assert.deepEqual(spansOf([datagram(0, {}), datagram(60, { clockS: 10 })]), [[-400, -0.5], [9.5, 69.5]])) // prettier-ignore

    test('while the uptime begins anew at 2^32', () => {
      const bootS = -(2 ** 32) / 1000 + 30
      assert.deepEqual(spansOf([datagram(0, { bootS }), datagram(60, { bootS })]), [[-400, -0.5], [-0.5, 59.5]]) // prettier-ignore
    })

    test('not of one that began within seconds of it, through another line card', () =>
      assert.deepEqual(spansOf([datagram(0, {}), datagram(60, { startS: -399 })]), [[-400, -0.5], [-399, 59.5]])) // prettier-ignore
  })

  test('not where records are no sessions: those of several hosts by frame, or of a pair of hosts by application', () => {
    const times = [field(152, 8), field(153, 8), field(1, 4)]
    for (const [fields, ...keys] of [
      [
        [field(56, 6), field(80, 6)],
        [1, 2],
        [3, 4],
      ],
      [[field(8, 4), field(12, 4), field(4, 1), field(95, 4)], ['203.0.113.1', '10.0.0.1', 6, 13_000_001], ['203.0.113.1', '10.0.0.1', 6, 13_000_002]], // prettier-ignore
    ] as const) {
      const template = { id: 256, fields: [...fields, ...times] }
      const records = keys.map((key, i) => [...key, testExportMs - 600_000, testExportMs - 300_000 + 60_000 * i, 1]) // prettier-ignore
      const { rows } = decodeAll([encodeIpfix({ sets: [{ templates: [template] }, { data: template, records }] })]) // prettier-ignore
      assert.deepEqual(rows.map((row) => (Number(row['flowStartMilliseconds']) - testExportMs) / 1000), [-600, -600]) // prettier-ignore
    }
  })

  test('after a restart of the collector', () => {
    const before = openDecoder()
    for (const endS of [300, 360]) before.decoder.decode({ ...from, ...report({ endS }) })
    const { decoder, flows } = openDecoder()
    assert.ok(decoder.restore(JSON.parse(JSON.stringify(before.decoder.snapshot()))))
    decoder.decode({ ...from, ...report({ endS: 420 }) })
    assert.deepEqual(spans(rowsOf(flows)), [[360, 420]])
  })

  test('also beside an exporter with many long sessions that keep none', () => {
    const others = Array.from({ length: 9000 }, (_, port) => ({ ...report({ endS: 310, port }), source: '192.0.2.9' })) // prettier-ignore
    const given = [...others.slice(0, 1100), report({ endS: 300 }), ...others.slice(1100), report({ endS: 360 })] // prettier-ignore
    const { decoder, flows } = openDecoder({ limits: { keptStartsMax: 4096 } })
    for (const datagram of given) {
      clearFlowColumns(flows)
      decoder.decode({ ...from, ...datagram })
    }
    assert.deepEqual(spans(rowsOf(flows)), [[300, 360]])
  })

  test('as long as there are no more sessions than can be remembered', () => {
    const given = [50_000, 50_001, 50_002, 50_003, 50_004, 50_000].map((port, i) => report({ endS: 300 + 60 * i, port })) // prettier-ignore
    const { rows } = decodeAll(given, { limits: { keptStartsMax: 4 } })
    assert.deepEqual(spans(rows).at(-1), [0, 600])
    assert.deepEqual(spans(decodeAll(given).rows).at(-1), [300, 600])
  })
})
