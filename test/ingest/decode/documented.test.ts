/**
 * Exporters for which no capture was available, in the layouts that their vendors document:
 * pfflowd, Ericsson RFlow, Nokia cflowd, ng_netflow.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import {
  encodeV1,
  encodeV5,
  testExportMs,
  testUptimeMs,
  type FixedRecord,
} from '../../encode/fixed.ts'
import {
  encodeIpfix,
  encodeV9,
  field,
  type EncodedSet,
  type EncodedTemplate,
} from '../../encode/sets.ts'
import type { Value } from '../../encode/value.ts'
import { decodeAll, pick } from './decoded.ts'

/** A v1 datagram with 48-byte records: pfflowd omits four of Cisco's reserved bytes. */
function shortV1(records: readonly Partial<FixedRecord>[]): Uint8Array {
  const long = encodeV1({}, records)
  const short = new Uint8Array(16 + records.length * 48)
  short.set(long.subarray(0, 16))
  records.forEach((_, i) => short.set(long.subarray(16 + 52 * i, 16 + 52 * i + 48), 16 + 48 * i))
  return short
}

describe('pfflowd', () => {
  const born = testUptimeMs - 3_000_000
  /**
   * A pf state of a download that ends now, 50 minutes after it began: one record per direction.
   */
  const state: Partial<FixedRecord>[] = [
    { source: '10.0.0.22', destination: '203.0.113.80', sourcePort: 50_001, destinationPort: 443, octets: 60_000, packets: 1000, first: born, last: testUptimeMs, input: 0, output: 0, tcpFlags: 0 },
    { source: '203.0.113.80', destination: '10.0.0.22', sourcePort: 443, destinationPort: 50_001, octets: 4_000_000_000, packets: 2_800_000, first: born, last: testUptimeMs, input: 0, output: 0, tcpFlags: 0 },
  ] // prettier-ignore
  const datagrams: Record<string, Uint8Array> = {
    v1: shortV1(state),
    v5: encodeV5({ sequence: 12 }, state),
  }
  for (const [version, payload] of Object.entries(datagrams))
    test(`${version}: a state becomes two records over its whole lifetime`, () => {
      const { rows, problems, decoder } = decodeAll([payload])
      assert.deepEqual(
        pick(rows, 'sourceAddress', 'destinationAddress', 'octetDeltaCount', 'packetDeltaCount'),
        [
          { sourceAddress: '10.0.0.22', destinationAddress: '203.0.113.80', octetDeltaCount: 60_000, packetDeltaCount: 1000 },
          { sourceAddress: '203.0.113.80', destinationAddress: '10.0.0.22', octetDeltaCount: 4_000_000_000, packetDeltaCount: 2_800_000 },
        ], // prettier-ignore
      )
      for (const row of rows) {
        assert.equal(row['flowStartMilliseconds'], testExportMs - 3_000_000)
        assert.equal(row['flowEndMilliseconds'], testExportMs)
      }
      assert.deepEqual(problems, {})
      assert.deepEqual(decoder.exporters()[0]?.versions, [version])
    })

  test('v5: loss between two datagrams is counted in flows', () => {
    const { decoder } = decodeAll([12, 14, 20].map((sequence) => encodeV5({ sequence }, state)))
    assert.deepEqual(decoder.exporters()[0]?.lost.flows, 4)
  })
})

describe('Ericsson RFlow', () => {
  test('v5: each traffic card is a separate engine, the interval is in the header', () => {
    const card = (engineId: number, sequence: number) =>
      encodeV5({ engineId, sequence, sampling: 0x4000 | 512 }, [{ octets: 100, packets: 2 }])
    const sent = [card(1, 0), card(2, 900), card(1, 1), card(2, 901), card(1, 2)]
    const { rows, decoder, problems } = decodeAll(sent)
    assert.ok(rows.every((row) => row['samplingInterval'] === 512))
    const [status] = decoder.exporters()
    assert.deepEqual([status?.domains, status?.sampling, status?.bytes], [[1, 2], 512, 5 * 51_200])
    assert.deepEqual([status?.lost.flows, status?.restarts, problems], [0, 0, {}])
  })

  test('v5: sampling without an interval is a problem', () => {
    const { decoder, problems } = decodeAll([encodeV5({ engineId: 1, sampling: 0x8000 }, [{}, {}])])
    assert.deepEqual(
      [decoder.exporters()[0]?.sampling, problems],
      [null, { 'sampling-unknown': 2 }],
    )
  })

  test('v9: the same keys by template, one source per card', () => {
    const template = { id: 256, fields: [field(8, 4), field(12, 4), field(15, 4), field(10, 2), field(14, 2), field(2, 4), field(1, 4), field(22, 4), field(21, 4), field(7, 2), field(11, 2), field(6, 1), field(4, 1), field(5, 1), field(16, 2), field(17, 2), field(9, 1), field(13, 1)] } // prettier-ignore
    const record: Value[] = ['10.0.0.1', '10.0.0.2', '192.0.2.9', 7, 8, 3, 300, testUptimeMs - 5000, testUptimeMs, 1234, 80, 0x1b, 6, 0, 65_001, 65_002, 24, 16] // prettier-ignore
    const { rows, problems } = decodeAll([encodeV9({ sourceId: 3, sets: [{ templates: [template] }, { data: template, records: [record] }] })]) // prettier-ignore
    assert.deepEqual(
      pick(rows, 'observationDomainId', 'nextHopAddress', 'ingressInterface', 'octetDeltaCount', 'bgpSourceAsNumber', 'sourcePrefixLength', 'flowEndMilliseconds'),
      [{ observationDomainId: 3, nextHopAddress: '192.0.2.9', ingressInterface: 7, octetDeltaCount: 300, bgpSourceAsNumber: 65_001, sourcePrefixLength: 24, flowEndMilliseconds: testExportMs }],
    ) // prettier-ignore
    assert.deepEqual(problems, {})
  })
})

describe('Nokia cflowd', () => {
  const labels: EncodedTemplate = { id: 300, fields: [field(8, 4), field(12, 4), field(1, 8), field(2, 8), field(22, 4), field(21, 4), field(70, 3), field(71, 3), field(61, 1)] } // prettier-ignore
  const options = { id: 301, scopes: [field(1, 4)], fields: [field(34, 4), field(35, 1)] }
  const sets: EncodedSet[] = [
    { templates: [labels] },
    { optionsTemplates: [options] },
    { data: options, records: [[0, 1000, 2]] },
    { data: labels, records: [['10.0.0.1', '10.0.0.2', 5000, 4, testUptimeMs - 3000, testUptimeMs, new Uint8Array([0x12, 0x34, 0x51]), 0, 0]] }, // prettier-ignore
  ]
  test('v9: MPLS labels, and the rate in options data', () => {
    const { rows, problems, decoder } = decodeAll([encodeV9({ sets })])
    assert.deepEqual(pick(rows, 'octetDeltaCount', 'samplingInterval', 'mplsTopLabel'), [
      { octetDeltaCount: 5000, samplingInterval: 1000, mplsTopLabel: 0x12345 },
    ])
    assert.deepEqual([problems, decoder.exporters()[0]?.sampling], [{}, 1000])
  })

  test('version 8, aggregates without hosts, is reported as unknown', () => {
    const payload = encodeV5({}, [{}])
    payload[1] = 8
    assert.deepEqual(decodeAll([payload]).problems, { 'version-unknown': 1 })
  })
})

describe('pflow and ng_netflow', () => {
  test('pflow, IPFIX: times in milliseconds, one record per direction', () => {
    const template = { id: 256, fields: [field(8, 4), field(12, 4), field(10, 4), field(14, 4), field(2, 8), field(1, 8), field(152, 8), field(153, 8), field(7, 2), field(11, 2), field(5, 1), field(4, 1)] } // prettier-ignore
    const record: Value[] = ['10.0.0.1', '10.0.0.2', 1, 2, 10, 2 ** 40, testExportMs - 7_200_000, testExportMs, 4000, 22, 0, 6] // prettier-ignore
    const { rows, problems } = decodeAll([encodeIpfix({ sets: [{ templates: [template] }, { data: template, records: [record] }] })]) // prettier-ignore
    assert.deepEqual(pick(rows, 'octetDeltaCount', 'flowStartMilliseconds'), [
      { octetDeltaCount: 2 ** 40, flowStartMilliseconds: testExportMs - 7_200_000 },
    ])
    assert.deepEqual(problems, {})
  })

  test('ng_netflow, v9: prefix lengths, next hop and AS numbers', () => {
    const template = { id: 257, fields: [field(8, 4), field(12, 4), field(15, 4), field(10, 2), field(14, 2), field(2, 4), field(1, 4), field(22, 4), field(21, 4), field(7, 2), field(11, 2), field(6, 1), field(4, 1), field(5, 1), field(16, 4), field(17, 4), field(9, 1), field(13, 1)] } // prettier-ignore
    const record: Value[] = ['10.0.0.1', '10.0.0.2', '10.0.0.254', 1, 2, 3, 400, testUptimeMs - 1000, testUptimeMs, 53, 4000, 0, 17, 0, 0, 4_200_000_001, 8, 24] // prettier-ignore
    const { rows, problems } = decodeAll([encodeV9({ sets: [{ templates: [template] }, { data: template, records: [record] }] })]) // prettier-ignore
    assert.deepEqual(pick(rows, 'bgpDestinationAsNumber', 'destinationPrefixLength', 'nextHopAddress'), [
      { bgpDestinationAsNumber: 4_200_000_001, destinationPrefixLength: 24, nextHopAddress: '10.0.0.254' },
    ]) // prettier-ignore
    assert.deepEqual(problems, {})
  })
})
