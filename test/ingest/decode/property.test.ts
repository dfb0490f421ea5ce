/** Properties: decoding is total on any bytes, and inverts encoding for all templates. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'

import { clearFlowColumns } from '../../../flow/columns.ts'
import { decoderRowsMax } from '../../../ingest/decode/limits.ts'
import { encodeV5, testExportMs } from '../../encode/fixed.ts'
import { encodeIpfix, encodeV9, field, type EncodedTemplate } from '../../encode/sets.ts'
import { encodeSflow, headerRecord } from '../../encode/sflow.ts'
import type { Value } from '../../encode/value.ts'
import { decodeAll, from, openDecoder, pick, type Row } from './decoded.ts'

/** An element, its possible lengths, and the column that it sets. */
interface DrawnField {
  id: number
  length: number
  value: Value
  row: Row
}

const number = (id: number, column: string, lengths: readonly number[], columnBytes: number) =>
  fc.constantFrom(...lengths).chain((length) => {
    const bytes = Math.min(columnBytes, length === 65_535 ? 8 : length)
    const max = bytes >= 7 ? Number.MAX_SAFE_INTEGER : 2 ** (8 * bytes) - 1
    return fc
      .integer({ min: 0, max })
      .map((value) => ({ id, length, value, row: { [column]: value } }))
  })

const sizes = (max: number) => [...Array.from({ length: max }, (_, i) => i + 1), 65_535]

const ipv4 = fc.ipV4()
const address = (id: number, column: string) =>
  ipv4.map((value): DrawnField => ({ id, length: 4, value, row: { [column]: value } }))

/** Fields in any order, each of any sufficient length, and some unknown ones. */
const record: fc.Arbitrary<DrawnField[]> = fc
  .tuple(
    address(8, 'sourceAddress'),
    address(12, 'destinationAddress'),
    number(1, 'octetDeltaCount', sizes(8), 8),
    number(2, 'packetDeltaCount', sizes(8), 8),
    number(7, 'sourceTransportPort', sizes(2), 2),
    number(11, 'destinationTransportPort', sizes(2), 2),
    number(4, 'protocolIdentifier', [1, 65_535], 1),
    number(6, 'tcpControlBits', sizes(2), 2),
    number(5, 'ipClassOfService', [1], 1),
    number(10, 'ingressInterface', sizes(4), 4),
    number(14, 'egressInterface', sizes(4), 4),
    number(16, 'bgpSourceAsNumber', sizes(4), 4),
    number(58, 'vlanId', sizes(2), 2),
    number(234, 'ingressVRFID', sizes(4), 4),
    fc.record({ id: fc.integer({ min: 30_000, max: 32_000 }), length: fc.constantFrom(1, 3, 16, 65_535) }).map((unknown): DrawnField => ({ ...unknown, value: 'abc', row: {} })),
  )
  .chain((fields) => fc.shuffledSubarray<DrawnField>(fields, { minLength: fields.length })) // prettier-ignore

const times: DrawnField[] = [
  { id: 152, length: 8, value: testExportMs - 2000, row: { flowStartMilliseconds: testExportMs - 2000 } },
  { id: 153, length: 8, value: testExportMs - 1000, row: { flowEndMilliseconds: testExportMs - 1000 } },
] // prettier-ignore

describe('encode, then decode', () => {
  for (const version of ['v9', 'ipfix'] as const)
    test(`${version}: the identity for all lengths, orders and paddings`, () => {
      fc.assert(
        fc.property(
          record,
          fc.integer({ min: 0, max: 3 }),
          fc.boolean(),
          (given, padding, longLengths) => {
            const fields = [...given, ...times]
            const template: EncodedTemplate = { id: 256, fields: fields.map(({ id, length }) => field(id, length)) } // prettier-ignore
            const sets = [
              { templates: [template] },
              { data: template, records: [fields.map(({ value }) => value), fields.map(({ value }) => value)], padding, longLengths }, // prettier-ignore
            ]
            const payload = version === 'v9' ? encodeV9({ sets }) : encodeIpfix({ sets })
            const { rows, problems } = decodeAll([payload])
            const row: Row = Object.assign({}, ...fields.map((one) => one.row)) as Row
            assert.deepEqual(pick(rows, ...Object.keys(row)), [row, row])
            assert.deepEqual(problems, {})
          },
        ),
        { numRuns: 60 },
      )
    })
})

/** Datagrams of the encoders, to be mutated. */
const template: EncodedTemplate = { id: 256, fields: [field(8, 4), field(12, 4), field(1, 4), field(371, 65_535), field(22, 4), field(21, 4), field(1, 4, 29_305)] } // prettier-ignore
const values: Value[] = ['10.0.0.1', '10.0.0.2', 100, 'name', 1000, 2000, 50]
const options = { id: 257, scopes: [field(1, 4)], fields: [field(34, 4), field(82, 65_535)] }
const sets = [
  { templates: [template] },
  { optionsTemplates: [options] },
  { data: template, records: [values, values, values] },
  { data: options, records: [[1, 100, 'eth0']] },
]
const sflow = encodeSflow({
  samples: [
    { rate: 9, input: 1, output: 2, records: [headerRecord(new Uint8Array(60).fill(0x45))] },
    { counters: { index: 1, speed: 1, octetsIn: 1, octetsOut: 1 } },
  ],
})
const originals = [encodeV5({}, [{}, {}, {}]), encodeV9({ sets }), encodeIpfix({ sets }), sflow]

const mutated = fc
  .record({
    original: fc.constantFrom(...originals),
    changes: fc.array(fc.tuple(fc.nat(2000), fc.constantFrom(0, 1, 2, 4, 127, 128, 255)), { maxLength: 8 }),
    keep: fc.nat(400),
  })
  .map(({ original, changes, keep }) => {
    const payload = original.slice(0, keep < 200 ? undefined : original.length - (keep - 200))
    for (const [at, byte] of changes) if (payload.length > 0) payload[at % payload.length] = byte
    return payload
  }) // prettier-ignore

const withVersion = fc
  .tuple(fc.constantFrom(1, 5, 6, 7, 9, 10), fc.uint8Array({ maxLength: 600 }))
  .map(([version, bytes]) => new Uint8Array([0, version, ...bytes]))

test('decoding is total: any bytes give rows and counted problems', () => {
  const { decoder, flows } = openDecoder()
  let sent = 0
  fc.assert(
    fc.property(fc.oneof(mutated, withVersion, fc.uint8Array({ maxLength: 300 })), (payload) => {
      decoder.decode({ ...from, payload, receivedMs: from.receivedMs + sent++ })
      for (let i = 0; i < flows.count; i++) {
        const start = flows.flowStartMilliseconds[i]!
        const end = flows.flowEndMilliseconds[i]!
        assert.ok(
          start >= 0 && start <= end && end <= flows.collectionTimeMilliseconds[i]! + 300_000,
        )
        assert.ok(Number.isSafeInteger(flows.octetDeltaCount[i]) && Number.isSafeInteger(start))
        assert.ok(flows.samplingInterval[i]! >= 1)
      }
      if (flows.capacity - flows.count < decoderRowsMax || flows.count > 0) clearFlowColumns(flows)
    }),
    { numRuns: 20_000 },
  )
  const [exporter] = decoder.exporters()
  assert.equal(exporter?.datagrams, sent)
  assert.ok(JSON.stringify(decoder.snapshot()).length < 8_000_000)
})
