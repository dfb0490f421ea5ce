/**
 * Encoders of NetFlow v1, v5, v6 and v7 for tests: `encodeV5({ sequence: 7 }, [{ octets: 100 }])`.
 * Omitted fields have the defaults given here.
 */
import { ByteWriter } from './bytes.ts'
import { addressBytes } from './value.ts'

interface FixedHeader {
  /** Default: the number of records. */
  count: number
  /** ms since the exporter's start */
  uptimeMs: number
  /** unix ms of the export */
  exportMs: number
  /** Number of the first flow; not in v1. */
  sequence: number
  engineType: number
  engineId: number
  /** v5 only: 2 bits of mode and 14 of interval. */
  sampling: number
}

export interface FixedRecord {
  source: string
  destination: string
  nextHop: string
  input: number
  output: number
  packets: number
  octets: number
  /** Uptime in ms at the first and the last packet. */
  first: number
  last: number
  sourcePort: number
  destinationPort: number
  tcpFlags: number
  protocol: number
  tos: number
  sourceAs: number
  destinationAs: number
  sourcePrefix: number
  destinationPrefix: number
}

/** 2026-11-16 11:00:00 UTC, the default export time of tests' exporters. */
export const testExportMs = Date.UTC(2026, 10, 16, 11, 0, 0)

/** An hour: the uptime of tests' exporters at testExportMs. */
export const testUptimeMs = 3_600_000

const defaultHeader = {
  uptimeMs: testUptimeMs,
  exportMs: testExportMs,
  sequence: 0,
  engineType: 0,
  engineId: 0,
  sampling: 0,
}

const defaultRecord: FixedRecord = {
  source: '10.0.0.22',
  destination: '203.0.113.80',
  nextHop: '0.0.0.0',
  input: 1,
  output: 2,
  packets: 10,
  octets: 1000,
  first: testUptimeMs - 20_000,
  last: testUptimeMs - 10_000,
  sourcePort: 40_000,
  destinationPort: 443,
  tcpFlags: 0x1b,
  protocol: 6,
  tos: 0,
  sourceAs: 0,
  destinationAs: 0,
  sourcePrefix: 0,
  destinationPrefix: 0,
}

type Version = 1 | 5 | 6 | 7

function encode(
  version: Version,
  given: Partial<FixedHeader>,
  records: readonly Partial<FixedRecord>[],
): Uint8Array<ArrayBuffer> {
  const header = { ...defaultHeader, count: records.length, ...given }
  const writer = new ByteWriter()
  writer.unsigned(version, 2).unsigned(header.count, 2).unsigned(header.uptimeMs, 4)
  writer.unsigned(Math.floor(header.exportMs / 1000), 4)
  writer.unsigned((header.exportMs % 1000) * 1_000_000, 4)
  if (version !== 1) writer.unsigned(header.sequence, 4)
  if (version === 7) writer.zeros(4)
  else if (version !== 1)
    writer
      .unsigned(header.engineType, 1)
      .unsigned(header.engineId, 1)
      .unsigned(version === 5 ? header.sampling : 0, 2)
  for (const record of records) writeRecord(writer, version, { ...defaultRecord, ...record })
  return writer.finish()
}

function writeRecord(writer: ByteWriter, version: Version, record: FixedRecord): void {
  for (const address of [record.source, record.destination, record.nextHop])
    writer.bytes(addressBytes(address))
  writer.unsigned(record.input, 2).unsigned(record.output, 2)
  for (const value of [record.packets, record.octets, record.first, record.last])
    writer.unsigned(value, 4)
  writer.unsigned(record.sourcePort, 2).unsigned(record.destinationPort, 2)
  if (version === 1) {
    writer.zeros(2).unsigned(record.protocol, 1).unsigned(record.tos, 1)
    writer.unsigned(record.tcpFlags, 1).zeros(11)
    return
  }
  writer.zeros(1).unsigned(record.tcpFlags, 1).unsigned(record.protocol, 1).unsigned(record.tos, 1)
  writer.unsigned(record.sourceAs, 2).unsigned(record.destinationAs, 2)
  writer.unsigned(record.sourcePrefix, 1).unsigned(record.destinationPrefix, 1)
  writer.zeros(version === 5 ? 2 : 6)
}

/** A NetFlow v1 datagram. */
export const encodeV1 = (
  header: Partial<FixedHeader>,
  records: readonly Partial<FixedRecord>[],
): Uint8Array<ArrayBuffer> => encode(1, header, records)

/** A NetFlow v5 datagram. */
export const encodeV5 = (
  header: Partial<FixedHeader>,
  records: readonly Partial<FixedRecord>[],
): Uint8Array<ArrayBuffer> => encode(5, header, records)

/** A NetFlow v6 datagram. */
export const encodeV6 = (
  header: Partial<FixedHeader>,
  records: readonly Partial<FixedRecord>[],
): Uint8Array<ArrayBuffer> => encode(6, header, records)

/** A NetFlow v7 datagram. */
export const encodeV7 = (
  header: Partial<FixedHeader>,
  records: readonly Partial<FixedRecord>[],
): Uint8Array<ArrayBuffer> => encode(7, header, records)
