/**
 * Encoder of sFlow v5 datagrams for tests: flow samples of a packet's first bytes, and interface
 * counters.
 */
import { ByteWriter } from './bytes.ts'
import { addressBytes } from './value.ts'

type SflowSample =
  | {
      rate: number
      input: number
      output: number
      /** ifIndex where it was sampled; absent: not given. */
      sampledAt?: number
      /** Type of that data source; default 0, an interface. */
      sourceType?: number
      /** In the expanded form, with separate words for formats and indexes. */
      expanded?: boolean
      /** Records by format (enterprise 0). */
      records: readonly SflowRecord[]
    }
  | {
      counters: {
        index: number
        speed: number
        octetsIn: number
        octetsOut: number
        /** Of the sample; default 1. */
        sequence?: number
        /** In and out each; default 6 and 15. */
        packets?: number
      }
    }

interface SflowRecord {
  format: number
  bytes: Uint8Array
}

interface SflowDatagram {
  agent?: string
  subAgent?: number
  sequence?: number
  uptimeMs?: number
  samples: readonly SflowSample[]
}

/** A record of a packet's first bytes, from the header of a protocol on; default 1, Ethernet. */
export function headerRecord(
  frame: Uint8Array,
  frameBytes = frame.length,
  protocol = 1,
): SflowRecord {
  const writer = new ByteWriter().unsigned(protocol, 4).unsigned(frameBytes, 4).unsigned(4, 4)
  writer
    .unsigned(frame.length, 4)
    .bytes(frame)
    .zeros((4 - (frame.length % 4)) % 4)
  return { format: 1, bytes: writer.finish() }
}

/** A record of words of 32 bits, and addresses as text. */
export function wordsRecord(format: number, ...words: readonly (number | string)[]): SflowRecord {
  const writer = new ByteWriter()
  for (const word of words)
    if (typeof word === 'number') writer.unsigned(word, 4)
    else writer.bytes(addressBytes(word))
  return { format, bytes: writer.finish() }
}

/** An sFlow v5 datagram. */
export function encodeSflow(datagram: SflowDatagram): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().unsigned(5, 4).unsigned(1, 4)
  writer.bytes(addressBytes(datagram.agent ?? '192.0.2.1'))
  writer.unsigned(datagram.subAgent ?? 0, 4).unsigned(datagram.sequence ?? 1, 4)
  writer.unsigned(datagram.uptimeMs ?? 3_600_000, 4).unsigned(datagram.samples.length, 4)
  for (const sample of datagram.samples) {
    const { format, bytes } = encodeSample(sample)
    writer.unsigned(format, 4).unsigned(bytes.length, 4).bytes(bytes)
  }
  return writer.finish()
}

function encodeSample(sample: SflowSample): SflowRecord {
  const writer = new ByteWriter()
  writer.unsigned('counters' in sample ? (sample.counters.sequence ?? 1) : 1, 4)
  if ('counters' in sample) {
    const { index, speed, octetsIn, octetsOut, packets } = sample.counters
    const [packetsIn, packetsOut] = [packets ?? 1, packets ?? 4]
    const others = packets === undefined ? 1 : 0
    writer.unsigned(index, 4).unsigned(1, 4).unsigned(1, 4).unsigned(88, 4)
    writer.unsigned(index, 4).unsigned(6, 4).unsigned(speed, 8).zeros(8)
    writer.unsigned(octetsIn, 8).unsigned(packetsIn, 4)
    writer
      .unsigned(2 * others, 4)
      .unsigned(3 * others, 4)
      .zeros(12)
    writer.unsigned(octetsOut, 8).unsigned(packetsOut, 4)
    writer
      .unsigned(5 * others, 4)
      .unsigned(6 * others, 4)
      .zeros(12)
    return { format: 2, bytes: writer.finish() }
  }
  const { rate, input, output, sampledAt = 0, sourceType = 0, expanded = false, records } = sample
  writer
    .unsigned(sourceType, expanded ? 4 : 1)
    .unsigned(sampledAt, expanded ? 4 : 3)
    .unsigned(rate, 4)
    .zeros(8)
  if (expanded) writer.zeros(4).unsigned(input, 4).zeros(4).unsigned(output, 4)
  else writer.unsigned(input, 4).unsigned(output, 4)
  writer.unsigned(records.length, 4)
  for (const { format, bytes } of records)
    writer.unsigned(format, 4).unsigned(bytes.length, 4).bytes(bytes)
  return { format: expanded ? 3 : 1, bytes: writer.finish() }
}
