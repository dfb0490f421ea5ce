/**
 * Encoding and decoding is the identity: for every version, and all lengths, orders and paddings.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'

import { testUptimeMs, type FixedRecord } from '../../encode/fixed.ts'
import { decodeAll, pick, type Row } from './decoded.ts'
import {
  encoders,
  encodeSets,
  ofTime,
  ofUptime,
  routers4,
  routers8,
  toUnixMs,
  type Lengths,
} from './flow-forms.ts'

/** The row expected for a flow. */
const rowOf = (record: FixedRecord): Row => ({
  sourceAddress: record.source,
  destinationAddress: record.destination,
  nextHopAddress: record.nextHop === '0.0.0.0' ? '' : record.nextHop,
  ingressInterface: record.input,
  egressInterface: record.output,
  packetDeltaCount: record.packets,
  octetDeltaCount: record.octets,
  flowStartMilliseconds: toUnixMs(record.first),
  flowEndMilliseconds: toUnixMs(record.last),
  sourceTransportPort: record.sourcePort,
  destinationTransportPort: record.destinationPort,
  tcpControlBits: record.tcpFlags,
  protocolIdentifier: record.protocol,
  ipClassOfService: record.tos,
  icmpTypeCode: [1, 58].includes(record.protocol) && record.sourcePort === 0 ? record.destinationPort : 0, // prettier-ignore
  bgpSourceAsNumber: record.sourceAs,
  bgpDestinationAsNumber: record.destinationAs,
  sourcePrefixLength: record.sourcePrefix,
  destinationPrefixLength: record.destinationPrefix,
})

const byte = fc.nat(255)
const short = fc.nat(65_535)
const word = fc.nat(2 ** 32 - 1)
const flow: fc.Arbitrary<FixedRecord> = fc
  .record({
    source: fc.ipV4(), destination: fc.ipV4(), nextHop: fc.ipV4(), input: short, output: short,
    packets: word, octets: word, longMs: fc.nat(testUptimeMs - 100_000), agoMs: fc.nat(100_000),
    sourcePort: short, destinationPort: short, tcpFlags: byte, protocol: fc.oneof(fc.constantFrom(1, 6, 17, 33, 58), byte),
    tos: byte, sourceAs: short, destinationAs: short, sourcePrefix: fc.nat(32), destinationPrefix: fc.nat(32),
  })
  .map(({ longMs, agoMs, ...rest }) => ({ ...rest, first: testUptimeMs - agoMs - longMs, last: testUptimeMs - agoMs })) // prettier-ignore

const flows = fc.array(flow, { minLength: 1, maxLength: 20 })

/** Minimum bytes for each element's values, and the most that an exporter may send. */
const bytesOf: Readonly<Record<number, readonly [least: number, most: number]>> = {
  8: [4, 4], 12: [4, 4], 15: [4, 4], 10: [2, 4], 14: [2, 4], 2: [4, 8], 1: [4, 8], 22: [4, 4], 21: [4, 4],
  152: [8, 8], 153: [8, 8], 7: [2, 2], 11: [2, 2], 6: [1, 2], 4: [1, 1], 5: [1, 1], 16: [2, 4], 17: [2, 4],
  9: [1, 1], 13: [1, 1], 61: [1, 1], 136: [1, 1],
} // prettier-ignore
const variableLength = 65_535
/** Numbers, which may also be of variable length; the encoder writes them in 8 bytes. */
const numberIds: ReadonlySet<number> = new Set([10, 14, 2, 1, 7, 11, 6, 4, 5, 16, 17, 9, 13, 61, 136]) // prettier-ignore

const lengthsOf = (fields: Lengths): fc.Arbitrary<Lengths> =>
  fc
    .tuple(
      ...fields.map(([id]) => {
        const [least, most] = bytesOf[id]!
        const lengths = Array.from({ length: most - least + 1 }, (_, i) => least + i)
        const variable = numberIds.has(id) ? [variableLength] : []
        return fc
          .oneof(
            { weight: 19, arbitrary: fc.constantFrom(...lengths) },
            { weight: 1, arbitrary: fc.constantFrom(...lengths, ...variable) },
          )
          .map((length): [number, number] => [id, length])
      }),
    )
    .chain((sized) => fc.shuffledSubarray(sized, { minLength: sized.length }))

describe('encode, then decode, is the identity', () => {
  const check = (
    encode: (records: readonly FixedRecord[]) => Uint8Array,
    records: FixedRecord[],
  ) => {
    const { rows, problems } = decodeAll([encode(records)])
    const expected = records.map(rowOf)
    assert.deepEqual(pick(rows, ...Object.keys(expected[0]!)), expected)
    assert.deepEqual(problems, {})
  }
  for (const [version, encode] of Object.entries(encoders))
    if (version !== 'v1')
      test(version, () => fc.assert(fc.property(flows, (records) => check(encode, records)), { numRuns: 100 })) // prettier-ignore

  for (const version of ['v9', 'ipfix'] as const)
    test(`${version} for all lengths, orders and paddings`, () => {
      const forms = [ofUptime, ofTime, routers4, routers8].filter((fields) => version === 'v9' || !fields.some(([id]) => id === 22)) // prettier-ignore
      const fields = fc.constantFrom(...forms).chain(lengthsOf)
      const options = fc.record({ padding: fc.nat(3), longLengths: fc.boolean() })
      fc.assert(
        fc.property(fields, flows, options, (sized, records, encoding) =>
          check((given) => encodeSets(version, sized, given, encoding), records),
        ),
        { numRuns: 400 },
      )
    })
})
