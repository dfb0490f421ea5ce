/** Administrators' rules for exporters, and exporters that sample at an unknown rate. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { noRules, type ExporterRules } from '../../../flow/exporter-rules.ts'
import { Names, NamesError } from '../../../flow/names/names.ts'
import { warningsOf } from '../../../ingest/exporters/warnings.ts'
import { encodeV5, testExportMs } from '../../encode/fixed.ts'
import {
  encodeIpfix,
  encodeV9,
  field,
  type EncodedSet,
  type EncodedTemplate,
} from '../../encode/sets.ts'
import { encodeSflow, headerRecord } from '../../encode/sflow.ts'
import { decodeAll, from, pick } from './decoded.ts'

const rulesOf = (rules: Partial<ExporterRules>) => ({ rulesOf: () => ({ ...noRules, ...rules }) })

const template: EncodedTemplate = {
  id: 256,
  fields: [field(8, 4), field(1, 4), field(2, 4), field(61, 1), field(48, 1), field(153, 8)],
}
/** Flows of 100 octets and one packet, each with a direction, that name a sampler. */
const flows = (directions: readonly number[], sampler = 0): EncodedSet[] => [
  { templates: [template] },
  {
    data: template,
    records: directions.map((direction, i) => [
      `10.0.0.${i}`,
      100,
      1,
      direction,
      sampler,
      testExportMs,
    ]),
  },
]
const optionsTemplate = { id: 257, scopes: [field(1, 4)], fields: [field(48, 1), field(49, 1), field(50, 4)] } // prettier-ignore
const sampler = (rate: number): EncodedSet[] => [
  { optionsTemplates: [optionsTemplate] },
  { data: optionsTemplate, records: [[0, 3, 2, rate]] },
]

const frame = new Uint8Array(60).fill(0x45)
const sflow = (rate: number) =>
  encodeSflow({ samples: [{ rate, input: 1, output: 2, records: [headerRecord(frame)] }] })

describe('a configured sampling rate overrides the exporter’s', () => {
  const cases: Record<string, Uint8Array> = {
    'v5 that says nothing': encodeV5({}, [{}]),
    'v5 that says 1 of 100': encodeV5({ sampling: 0x4064 }, [{}]),
    'v5 that samples and does not say how': encodeV5({ sampling: 0x4000 }, [{}]),
    'v9 with a sampler of 1 of 10': encodeV9({ sets: [...sampler(10), ...flows([0], 3)] }),
    'v9 with a sampler that is not told': encodeV9({ sets: flows([0], 3) }),
    'IPFIX that says nothing': encodeIpfix({ sets: flows([0]) }),
    'sFlow': sflow(400),
  } // prettier-ignore
  for (const [name, payload] of Object.entries(cases))
    test(name, () => {
      const { rows, decoder, problems } = decodeAll([payload], rulesOf({ sampling: 512 }))
      assert.deepEqual(pick(rows, 'samplingInterval'), [{ samplingInterval: 512 }])
      assert.equal(decoder.exporters()[0]?.sampling, 512)
      assert.deepEqual(problems, {})
    })
})

describe('an exporter that samples without announcing a rate', () => {
  const cases: Record<string, { untold: Uint8Array; told: Uint8Array | null }> = {
    'v5, in the header': { untold: encodeV5({ sampling: 0x4000 }, [{}]), told: encodeV5({ sequence: 1, sampling: 0x4064 }, [{}]) },
    'v9, a sampler of rate 0': { untold: encodeV9({ sets: [...sampler(0), ...flows([0])] }), told: encodeV9({ sequence: 1, sets: sampler(100) }) },
    'v9, a sampler that is not told': { untold: encodeV9({ sets: flows([0], 3) }), told: encodeV9({ sequence: 1, sets: sampler(100) }) },
    'sFlow, rate 0': { untold: sflow(0), told: null },
  } // prettier-ignore
  for (const [name, { untold, told }] of Object.entries(cases))
    test(name, () => {
      const { rows, decoder, problems } = decodeAll([untold])
      assert.deepEqual(pick(rows, 'samplingInterval'), [{ samplingInterval: 1 }])
      assert.deepEqual(problems, { 'sampling-unknown': 1 })
      assert.equal(decoder.exporters()[0]?.sampling, null)
      const [warning, ...others] = warningsOf(decoder.exporters())
      assert.match(String(warning?.what), /^192\.0\.2\.1: samples packets/)
      assert.equal(others.length, 0)
      if (told === null) return
      const again = decodeAll([untold, told]).decoder
      assert.notEqual(again.exporters()[0]?.sampling, null)
      assert.deepEqual(warningsOf(again.exporters()), [])
    })

  test('is still one after a restart of the collector', () => {
    const { decoder } = decodeAll([encodeV9({ sets: flows([0], 3) })])
    const restored = decodeAll([]).decoder
    assert.equal(restored.restore(JSON.parse(JSON.stringify(decoder.snapshot()))), true)
    assert.equal(restored.exporters()[0]?.sampling, null)
  })
})

describe('which records count', () => {
  const payload = encodeV9({ sets: flows([0, 1, 0, 1, 1]) })
  const cases = [
    { counts: 'both', kept: ['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] },
    { counts: 'ingress', kept: ['10.0.0.0', '10.0.0.2'] },
    { counts: 'egress', kept: ['10.0.0.1', '10.0.0.3', '10.0.0.4'] },
    { counts: 'none', kept: [] },
  ] as const
  for (const { counts, kept } of cases)
    test(counts, () => {
      const decoded = decodeAll([payload], rulesOf({ counts, sampling: 2 }))
      assert.deepEqual(
        decoded.rows.map((row) => row['sourceAddress']),
        kept,
      )
      const [status] = decoded.decoder.exporters()
      assert.deepEqual(
        [status?.flows, status?.flowsLeftOut, status?.bytes, status?.packets],
        [kept.length, 5 - kept.length, 200 * kept.length, 2 * kept.length],
      )
      const left = decoded.flows.sourceAddressLow.subarray(2 * kept.length, 20)
      assert.ok(left.every((word) => word === 0))
    })
})

describe('traffic through address translation', () => {
  const translated: EncodedTemplate = {
    id: 258,
    fields: [field(8, 4), field(7, 2), field(12, 4), field(11, 2), field(1, 4), field(2, 4), field(225, 4), field(226, 4), field(228, 2), field(153, 8)],
  } // prettier-ignore
  const records = [
    ['10.0.0.22', 50_000, '203.0.113.80', 443, 100, 1, '192.0.2.1', '203.0.113.80', 0],
    ['203.0.113.80', 443, '192.0.2.1', 50_000, 4000, 3, '203.0.113.80', '10.0.0.22', 0],
    ['203.0.113.9', 40_000, '192.0.2.1', 8443, 700, 2, '203.0.113.9', '10.0.0.5', 443],
    ['203.0.113.9', 40_000, '192.0.2.1', 22, 60, 1, '203.0.113.9', '0.0.0.0', 0],
    ['203.0.113.8', 40_000, '192.168.0.2', 50_001, 80, 1, '203.0.113.8', '10.0.0.22', 0],
    ['203.0.113.7', 40_000, '192.0.2.1', 443, 0, 0, '203.0.113.7', '10.0.0.5', 0],
  ].map((each) => [...each, testExportMs])
  const payload = encodeV9({ sets: [{ templates: [translated] }, { data: translated, records }] })
  const destinations = (rows: ReturnType<typeof decodeAll>['rows']) =>
    rows.map((row) => [row['destinationAddress'], row['destinationTransportPort'], row['postNATDestinationAddress'], row['postNAPTDestinationTransportPort']]) // prettier-ignore

  test('has the destination that is reported, and it is counted', () => {
    const { rows, problems } = decodeAll([payload])
    assert.deepEqual(destinations(rows), [
      ['203.0.113.80', 443, '203.0.113.80', 0],
      ['192.0.2.1', 50_000, '10.0.0.22', 0],
      ['192.0.2.1', 8443, '10.0.0.5', 443],
      ['192.0.2.1', 22, '', 0],
      ['192.168.0.2', 50_001, '10.0.0.22', 0],
      ['192.0.2.1', 443, '10.0.0.5', 0],
    ])
    assert.deepEqual(problems, { 'destination-translated': 2 })
  })

  test('is that of the host inside, by the rule', () => {
    const { rows, problems } = decodeAll([payload], rulesOf({ hosts: 'inside' }))
    assert.deepEqual(destinations(rows), [
      ['203.0.113.80', 443, '203.0.113.80', 0],
      ['10.0.0.22', 50_000, '192.0.2.1', 0],
      ['10.0.0.5', 443, '192.0.2.1', 8443],
      ['192.0.2.1', 22, '', 0],
      ['10.0.0.22', 50_001, '192.168.0.2', 0],
      ['10.0.0.5', 443, '192.0.2.1', 0],
    ])
    assert.deepEqual(problems, {})
  })

  test('the reply in a record of both directions comes from the host that the record is about', () => {
    const both: EncodedTemplate = { id: 259, fields: [...translated.fields.slice(0, 4), field(231, 4), field(232, 4), ...translated.fields.slice(6)] } // prettier-ignore
    const sets = [{ templates: [both] }, { data: both, records: [records[0]!, records[2]!] }]
    const { rows } = decodeAll([encodeV9({ sets })], rulesOf({ hosts: 'inside' }))
    assert.deepEqual(pick(rows, 'sourceAddress', 'destinationAddress', 'octetDeltaCount'), [
      { sourceAddress: '10.0.0.22', destinationAddress: '203.0.113.80', octetDeltaCount: 100 },
      { sourceAddress: '203.0.113.9', destinationAddress: '10.0.0.5', octetDeltaCount: 700 },
      { sourceAddress: '203.0.113.80', destinationAddress: '10.0.0.22', octetDeltaCount: 1 },
      { sourceAddress: '10.0.0.5', destinationAddress: '203.0.113.9', octetDeltaCount: 2 },
    ])
  })
})

test('the names file sets rules per exporter; invalid ones are named', () => {
  const names = new Names({
    exporters: { '192.0.2.1': { name: 'edge', sampling: 100, counts: 'ingress', hosts: 'inside' }, '192.0.2.2': 'core' }, // prettier-ignore
  })
  assert.deepEqual(names.rules(from.source), { sampling: 100, counts: 'ingress', hosts: 'inside' })
  assert.deepEqual(names.rules('192.0.2.2'), noRules)
  assert.deepEqual(names.rules('192.0.2.3'), noRules)
  assert.throws(
    () =>
      new Names({ exporters: { '192.0.2.1': { sampling: 0, counts: 'twice', hosts: 'outside' } } }),
    (error) => {
      assert.ok(error instanceof NamesError)
      assert.equal(error.faults.length, 3)
      return true
    },
  )
})
