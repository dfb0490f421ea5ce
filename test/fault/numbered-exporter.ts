/**
 * An exporter whose flows are all numbered, so that a test can tell for each datagram whether it
 * was journalled, and whether it was stored once, twice or not at all.
 */
import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { segments } from '../../ingest/receive/journal-files.ts'
import { readSegment } from '../../ingest/receive/journal-read.ts'
import { forEachFlow } from '../stored.ts'

export const flowsPerDatagram = 30
const headerBytes = 24
const recordBytes = 48
const burstMs = 20
/** After a longer pause no more than this is sent at once. */
const burstMsMax = 200
const hosts = 2000
const ports = [443, 80, 53, 22, 25]

/** A time in which datagrams sent may not have been received, unix ms: [from, to]. */
export type Gap = readonly [number, number]

/** Sends NetFlow v5 to a port of this machine until it is stopped. */
export class NumberedExporter {
  /** When each datagram was sent, by number, unix ms. */
  readonly sentAt: number[] = []
  /** Of all flows sent. */
  bytes = 0
  readonly #port: () => number
  readonly #flowsPerSecond: number
  readonly #address: string
  readonly #startedMs = Date.now()
  #isEnding = false
  readonly #sending: Promise<void>

  /** Sends from an address of this machine, which identifies the exporter. */
  constructor(port: () => number, flowsPerSecond: number, address = '127.0.0.1') {
    this.#port = port
    this.#address = address
    this.#flowsPerSecond = flowsPerSecond
    this.#sending = this.#send()
  }

  get flows(): number {
    return this.sentAt.length * flowsPerDatagram
  }

  async end(): Promise<void> {
    this.#isEnding = true
    await this.#sending
  }

  async #send(): Promise<void> {
    const socket = createSocket('udp4')
    // While nobody listens the kernel may answer "refused" to the next send: an exporter has to
    // live with that.
    socket.on('error', () => undefined)
    await new Promise<void>((resolve) => socket.bind(0, this.#address, resolve))
    let at = performance.now()
    let due = 0
    while (!this.#isEnding) {
      await sleep(burstMs)
      const elapsedMs = performance.now() - at
      at += elapsedMs
      // Nothing is made up for after a pause: it would come as one burst.
      due += (Math.min(elapsedMs, burstMsMax) * this.#flowsPerSecond) / 1000
      const burst: Promise<void>[] = []
      while (this.flows < due) {
        const bytes = this.#datagram(this.sentAt.length, Date.now())
        this.sentAt.push(Date.now())
        burst.push(
          new Promise((resolve) => {
            socket.send(bytes, this.#port(), '127.0.0.1', () => resolve())
          }),
        )
      }
      // A socket that is closed at once silently drops what was sent in the same turn.
      await Promise.all(burst)
    }
    await new Promise<void>((resolve) => socket.close(() => resolve()))
  }

  #datagram(number: number, nowMs: number): Buffer {
    const bytes = Buffer.alloc(headerBytes + recordBytes * flowsPerDatagram)
    const first = number * flowsPerDatagram
    bytes.writeUInt16BE(5, 0)
    bytes.writeUInt16BE(flowsPerDatagram, 2)
    const uptimeMs = 3_600_000 + nowMs - this.#startedMs
    bytes.writeUInt32BE(uptimeMs, 4)
    bytes.writeUInt32BE(Math.floor(nowMs / 1000), 8)
    bytes.writeUInt32BE((nowMs % 1000) * 1_000_000, 12)
    bytes.writeUInt32BE(first, 16)
    for (let i = 0; i < flowsPerDatagram; i++) {
      const id = first + i
      const at = headerBytes + recordBytes * i
      bytes.writeUInt32BE(0x0a000000 + ((id * 7919) % hosts), at)
      bytes.writeUInt32BE(0xcb007100 + (id % 200), at + 4)
      // Its number, which identifies it in the archive.
      bytes.writeUInt32BE(id + 1, at + 16)
      bytes.writeUInt32BE(octetsOf(id), at + 20)
      bytes.writeUInt32BE(uptimeMs - 2000, at + 24)
      bytes.writeUInt32BE(uptimeMs - 1000, at + 28)
      bytes.writeUInt16BE(50_000, at + 32)
      bytes.writeUInt16BE(ports[id % ports.length]!, at + 34)
      bytes[at + 38] = 6
      this.bytes += octetsOf(id)
    }
    return bytes
  }
}

/** The octets of a flow by its number. */
export function octetsOf(id: number): number {
  return 1000 + (id % 5000)
}

/** The numbers of the datagrams that the journal of a data folder holds. */
export async function journalled(data: string): Promise<number[]> {
  const folder = join(data, 'journal')
  const numbers: number[] = []
  for (const segment of await segments(folder))
    for await (const { datagram } of readSegment(folder, segment, () => undefined)) {
      const { buffer, byteOffset } = datagram.payload
      numbers.push(new DataView(buffer, byteOffset).getUint32(16) / flowsPerDatagram)
    }
  return numbers
}

export interface Fate {
  /** Datagrams stored, and those not stored that were sent in a gap. */
  stored: number
  excused: number
  /** A sentence for each that is missing, cut or stored twice without excuse. */
  faults: string[]
}

/**
 * Checks every datagram: a journalled one must be stored completely, once; any other must have been
 * sent in a gap.
 */
export async function fateOf(
  { sentAt }: Pick<NumberedExporter, 'sentAt'>,
  { data, accepted, gaps }: { data: string; accepted: ReadonlySet<number>; gaps: readonly Gap[] },
): Promise<Fate> {
  const times = new Uint8Array(sentAt.length * flowsPerDatagram)
  const faults: string[] = []
  await forEachFlow(data, (flows) => {
    for (let i = 0; i < flows.count; i++) {
      const id = flows.packetDeltaCount[i]! - 1
      times[id]!++
      if (flows.octetDeltaCount[i] !== octetsOf(id)) faults.push(`flow ${id} is another than sent`)
    }
  })
  const fate: Fate = { stored: 0, excused: 0, faults }
  for (const [number, at] of sentAt.entries()) {
    const flows = times.subarray(number * flowsPerDatagram, (number + 1) * flowsPerDatagram)
    const isExcused = gaps.some(([from, to]) => at >= from && at <= to) && !accepted.has(number)
    if (flows.every((count) => count === 1)) fate.stored++
    else if (isExcused && flows.every((count) => count === 0)) fate.excused++
    else {
      const found = `its flows are stored ${[...new Set(flows)].join(' or ')} times`
      const how = accepted.has(number) ? 'it was journalled' : 'no journal had it'
      faults.push(`datagram ${number}, sent ${new Date(at).toISOString()}: ${found}, ${how}`)
    }
  }
  return fate
}
