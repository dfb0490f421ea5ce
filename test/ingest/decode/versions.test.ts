/** The same flows in v1, v5, v6, v7, v9 and IPFIX give the same rows. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import {
  encodeV1,
  encodeV5,
  testExportMs,
  testUptimeMs,
  type FixedRecord,
} from '../../encode/fixed.ts'
import { decodeAll, pick, type Row } from './decoded.ts'
import { encoders } from './flow-forms.ts'

const plain: FixedRecord = {
  source: '10.0.0.22',
  destination: '203.0.113.80',
  nextHop: '192.0.2.254',
  input: 3,
  output: 4,
  packets: 12,
  octets: 3456,
  first: testUptimeMs - 20_000,
  last: testUptimeMs - 10_000,
  sourcePort: 40_001,
  destinationPort: 443,
  tcpFlags: 0x1b,
  protocol: 6,
  tos: 0xb8,
  sourceAs: 65_001,
  destinationAs: 65_002,
  sourcePrefix: 24,
  destinationPrefix: 16,
}

const plainRow: Row = {
  sourceAddress: '10.0.0.22',
  destinationAddress: '203.0.113.80',
  nextHopAddress: '192.0.2.254',
  ingressInterface: 3,
  egressInterface: 4,
  packetDeltaCount: 12,
  octetDeltaCount: 3456,
  flowStartMilliseconds: testExportMs - 20_000,
  flowEndMilliseconds: testExportMs - 10_000,
  sourceTransportPort: 40_001,
  destinationTransportPort: 443,
  tcpControlBits: 0x1b,
  protocolIdentifier: 6,
  ipClassOfService: 0xb8,
  icmpTypeCode: 0,
  bgpSourceAsNumber: 65_001,
  bgpDestinationAsNumber: 65_002,
  sourcePrefixLength: 24,
  destinationPrefixLength: 16,
  samplingInterval: 1,
  exporterAddress: '192.0.2.1',
  collectionTimeMilliseconds: testExportMs + 100,
}

/** What each case changes in the flow sent and in the row expected, and the problems counted. */
const cases: Record<
  string,
  { sent: Partial<FixedRecord>; row: Row; problems?: Record<string, number> }
> = {
  'a plain flow': { sent: {}, row: {} },
  'no next hop': { sent: { nextHop: '0.0.0.0' }, row: { nextHopAddress: '' } },
  'address 0.0.0.0': { sent: { source: '0.0.0.0' }, row: { sourceAddress: '0.0.0.0' } },
  'counters of 32 bits': {
    sent: { octets: 2 ** 32 - 1, packets: 2 ** 31 },
    row: { octetDeltaCount: 2 ** 32 - 1, packetDeltaCount: 2 ** 31 },
  },
  'ICMP type and code in the destination port': {
    sent: { protocol: 1, sourcePort: 0, destinationPort: 0x0803 },
    row: {
      protocolIdentifier: 1,
      sourceTransportPort: 0,
      destinationTransportPort: 0x0803,
      icmpTypeCode: 0x0803,
    },
  },
  'a flow of one packet': {
    sent: { first: testUptimeMs - 5, last: testUptimeMs - 5 },
    row: { flowStartMilliseconds: testExportMs - 5, flowEndMilliseconds: testExportMs - 5 },
  },
  'last before first': {
    sent: { last: testUptimeMs - 30_000 },
    row: { flowEndMilliseconds: testExportMs - 20_000 },
    problems: { 'time-reversed': 1 },
  },
  'a little after its export': {
    sent: { last: testUptimeMs + 1000 },
    row: { flowEndMilliseconds: testExportMs + 1000 },
  },
  'ten minutes after its export': {
    sent: { last: testUptimeMs + 600_000 },
    row: { flowEndMilliseconds: testExportMs + 100 },
    problems: { 'time-in-future': 1 },
  },
}

/** Columns that a version does not have. */
const unsaid: Record<string, Row> = {
  v1: {
    bgpSourceAsNumber: 0,
    bgpDestinationAsNumber: 0,
    sourcePrefixLength: 0,
    destinationPrefixLength: 0,
  },
}

for (const [version, encode] of Object.entries(encoders))
  describe(version, () => {
    for (const [name, { sent, row, problems = {} }] of Object.entries(cases))
      test(name, () => {
        const decoded = decodeAll([encode([{ ...plain, ...sent }])])
        const expected = { ...plainRow, ...row, ...unsaid[version] }
        assert.deepEqual(pick(decoded.rows, ...Object.keys(expected)), [expected])
        assert.deepEqual(decoded.problems, problems)
      })

    test('rows in the order of the records', () => {
      const records = Array.from({ length: 20 }, (_, i) => ({ ...plain, octets: i }))
      const { rows, decoder } = decodeAll([encode(records)])
      assert.deepEqual(
        rows.map((row) => row['octetDeltaCount']),
        records.map((record) => record.octets),
      )
      assert.equal(decoder.exporters()[0]?.flows, 20)
      assert.deepEqual(decoder.exporters()[0]?.versions, [version.replace(/ .*/, '')])
    })
  })

test('v1 with 48-byte records, as sent by softflowd and fprobe', () => {
  const long = encodeV1({}, [plain, { ...plain, octets: 7 }])
  const short = new Uint8Array(16 + 2 * 48)
  short.set(long.subarray(0, 16 + 48))
  short.set(long.subarray(16 + 52, 16 + 52 + 48), 16 + 48)
  const { rows, problems } = decodeAll([short])
  assert.deepEqual(pick(rows, 'octetDeltaCount', 'protocolIdentifier'), [
    { octetDeltaCount: 3456, protocolIdentifier: 6 },
    { octetDeltaCount: 7, protocolIdentifier: 6 },
  ])
  assert.deepEqual(problems, {})
})

test('v5 has its sampling rate in the header', () => {
  const { rows, decoder } = decodeAll([encodeV5({ sampling: 0x4000 | 100 }, [plain])])
  assert.equal(rows[0]?.['samplingInterval'], 100)
  const [exporter] = decoder.exporters()
  assert.deepEqual([exporter?.sampling, exporter?.bytes], [100, 345_600])
})
