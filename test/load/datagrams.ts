/**
 * Generated flows as datagrams of an exporter, all in one buffer; their headers are set when they
 * are sent.
 */
import type { MadeFlows } from './flows.ts'

export type LoadVersion = 'v5' | 'v9' | 'ipfix'

/** Flows per datagram, as Ethernet frames hold them. */
export const flowsPerDatagram = { v5: 30, v9: 24, ipfix: 18 } as const

/** Datagrams of flows, sent over and over. */
interface Datagrams {
  version: LoadVersion
  payloads: Buffer[]
  /** How far the times of each one's flows have been moved, ms. */
  movedMs: number[]
}

/** The exporter's uptime when it begins to send. */
const uptimeMs = 50_000_000
const recordBytes = { v5: 48, v9: 56, ipfix: 72 } as const
const headerBytes = { v5: 24, v9: 20, ipfix: 16 } as const
/** The offset of a flow's start in a record, followed by its end. */
const startAt = { v5: 24, v9: 28, ipfix: 36 } as const
const setHeaderBytes = 4
const templateId = 256
/** The template is sent every this many datagrams. */
const templateEvery = 1000

/** Fields of a typical router template, as id and length. */
const fields: Record<'v9' | 'ipfix', readonly (readonly [id: number, length: number])[]> = {
  v9: [
    [8, 4], [12, 4], [15, 4], [10, 4], [14, 4], [2, 4], [1, 4], [22, 4], [21, 4], [7, 2], [11, 2], [4, 1],
    [5, 1], [6, 1], [61, 1], [16, 4], [17, 4], [9, 1], [13, 1], [60, 1], [89, 1],
  ],
  ipfix: [
    [8, 4], [12, 4], [15, 4], [10, 4], [14, 4], [2, 8], [1, 8], [152, 8], [153, 8], [7, 2], [11, 2], [4, 1],
    [5, 1], [6, 2], [61, 1], [136, 1], [16, 4], [17, 4], [9, 1], [13, 1],
  ],
} // prettier-ignore

/**
 * Datagrams of all flows except those that do not fill one. The first ones, one per exporter, carry
 * the template, so that each exporter sends it.
 */
export function encodeFlows(
  flows: MadeFlows,
  version: LoadVersion,
  { nowMs, exporters }: { nowMs: number; exporters: number },
): Datagrams {
  const each = flowsPerDatagram[version]
  const payloads: Buffer[] = []
  for (let from = 0; from + each <= flows.count; from += each) {
    const hasTemplate = version !== 'v5' && payloads.length % templateEvery < exporters
    payloads.push(encode(flows, version, { from, nowMs, hasTemplate }))
  }
  return { version, payloads, movedMs: payloads.map(() => 0) }
}

/**
 * Moves the times of a datagram's flows on, so that they ended as long before this sending as
 * before the first: intervals come and go.
 */
export function moveTimes(
  { version, payloads, movedMs }: Datagrams,
  index: number,
  elapsedMs: number,
): void {
  const payload = payloads[index]!
  const byMs = elapsedMs - movedMs[index]!
  movedMs[index] = elapsedMs
  let from = headerBytes[version]
  if (version !== 'v5') {
    const isTemplate = payload.readUInt16BE(from) !== templateId
    from += setHeaderBytes + (isTemplate ? payload.readUInt16BE(from + 2) : 0)
  }
  for (let at = from + startAt[version]; at < payload.length; at += recordBytes[version]) {
    if (version === 'ipfix')
      for (const time of [at, at + 8])
        payload.writeBigUInt64BE(payload.readBigUInt64BE(time) + BigInt(byMs), time)
    else
      for (const time of [at, at + 4])
        payload.writeUInt32BE(payload.readUInt32BE(time) + byMs, time)
  }
}

/** Sets the header fields that change with each sending: the times and the sequence number. */
export function setHeader(
  { version }: Datagrams,
  payload: Buffer,
  { sequence, nowMs, elapsedMs }: { sequence: number; nowMs: number; elapsedMs: number },
): void {
  const seconds = Math.floor(nowMs / 1000)
  if (version === 'ipfix') {
    payload.writeUInt32BE(seconds, 4)
    payload.writeUInt32BE(sequence, 8)
    return
  }
  payload.writeUInt32BE(uptimeMs + elapsedMs, 4)
  payload.writeUInt32BE(seconds, 8)
  if (version === 'v5') payload.writeUInt32BE((nowMs % 1000) * 1_000_000, 12)
  payload.writeUInt32BE(sequence, version === 'v5' ? 16 : 12)
}

/** The increment of the sequence number after a datagram. */
export function sequenceStep(version: LoadVersion): number {
  return version === 'v9' ? 1 : flowsPerDatagram[version]
}

function encode(
  flows: MadeFlows,
  version: LoadVersion,
  { from, nowMs, hasTemplate }: { from: number; nowMs: number; hasTemplate: boolean },
): Buffer {
  const each = flowsPerDatagram[version]
  const template = version === 'v5' || !hasTemplate ? Buffer.alloc(0) : templateSet(version)
  const dataHeader = version === 'v5' ? 0 : setHeaderBytes
  const records = each * recordBytes[version]
  const start = headerBytes[version] + template.length + dataHeader
  const bytes = Buffer.alloc(start + records)
  bytes.writeUInt16BE(version === 'v5' ? 5 : version === 'v9' ? 9 : 10, 0)
  // v9 counts its records, templates among them; IPFIX its bytes.
  const inSets = version === 'v9' ? each + Math.sign(template.length) : each
  bytes.writeUInt16BE(version === 'ipfix' ? bytes.length : inSets, 2)
  template.copy(bytes, headerBytes[version])
  if (version !== 'v5') {
    bytes.writeUInt16BE(templateId, start - 4)
    bytes.writeUInt16BE(records + 4, start - 2)
    if (version === 'v9') bytes.writeUInt32BE(1, 16)
    else bytes.writeUInt32BE(1, 12)
  }
  for (let i = 0; i < each; i++) {
    const at = start + i * recordBytes[version]
    if (version === 'v5') writeFixed(bytes, at, flows, from + i)
    else writeRecord(bytes, at, flows, { i: from + i, version, nowMs })
  }
  return bytes
}

function templateSet(version: 'v9' | 'ipfix'): Buffer {
  const numbers = [version === 'v9' ? 0 : 2, 8 + 4 * fields[version].length, templateId]
  numbers.push(fields[version].length, ...fields[version].flat())
  const bytes = Buffer.alloc(numbers.length * 2)
  for (const [i, number] of numbers.entries()) bytes.writeUInt16BE(number, 2 * i)
  return bytes
}

function writeFixed(bytes: Buffer, at: number, flows: MadeFlows, i: number): void {
  const last = uptimeMs - flows.endAgoMs[i]!
  bytes.writeUInt32BE(flows.source[i]!, at)
  bytes.writeUInt32BE(flows.destination[i]!, at + 4)
  bytes.writeUInt32BE(0x0aff0001, at + 8)
  bytes.writeUInt16BE(flows.ingress[i]!, at + 12)
  bytes.writeUInt16BE(flows.egress[i]!, at + 14)
  bytes.writeUInt32BE(flows.packets[i]!, at + 16)
  bytes.writeUInt32BE(flows.octets[i]!, at + 20)
  bytes.writeUInt32BE(last - flows.durationMs[i]!, at + 24)
  bytes.writeUInt32BE(last, at + 28)
  bytes.writeUInt16BE(flows.sourcePort[i]!, at + 32)
  bytes.writeUInt16BE(flows.destinationPort[i]!, at + 34)
  bytes[at + 37] = flows.flags[i]!
  bytes[at + 38] = flows.protocol[i]!
  bytes.writeUInt16BE(65_001, at + 40)
  bytes.writeUInt16BE(flows.destination[i]! >>> 16, at + 42)
  bytes.writeUInt16BE(0x1810, at + 44)
}

function writeRecord(
  bytes: Buffer,
  at: number,
  flows: MadeFlows,
  { i, version, nowMs }: { i: number; version: 'v9' | 'ipfix'; nowMs: number },
): void {
  const end = (version === 'v9' ? uptimeMs : nowMs) - flows.endAgoMs[i]!
  const values: Readonly<Record<number, number>> = {
    1: flows.octets[i]!, 2: flows.packets[i]!, 4: flows.protocol[i]!, 6: flows.flags[i]!,
    7: flows.sourcePort[i]!, 8: flows.source[i]!, 9: 24, 10: flows.ingress[i]!,
    11: flows.destinationPort[i]!, 12: flows.destination[i]!, 13: 16, 14: flows.egress[i]!,
    15: 0x0aff0001, 16: 65_001, 17: flows.destination[i]! >>> 16, 136: 3,
    21: end, 22: end - flows.durationMs[i]!, 152: end - flows.durationMs[i]!, 153: end,
  } // prettier-ignore
  let place = at
  for (const [id, length] of fields[version]) {
    const value = values[id] ?? 0
    if (length === 8) {
      bytes.writeUInt32BE(Math.floor(value / 2 ** 32), place)
      bytes.writeUInt32BE(value % 2 ** 32, place + 4)
    } else bytes.writeUIntBE(value, place, length)
    place += length
  }
}
