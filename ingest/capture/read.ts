/** Reads captures, pcap and pcapng, plain or compressed, as a stream of packets in bounded memory. */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

import { knownLinkType } from './link.ts'

/** A file that is not a capture, or not a readable one. */
export class NotACapture extends Error {
  constructor(path: string, reason: string, cause?: unknown) {
    super(
      `${path} is no capture: ${reason}; give pcap or pcapng files, plain or compressed by gzip or zstd`,
      {
        cause,
      },
    )
    this.name = 'NotACapture'
  }
}

/** A capture that ends within a packet, for example because tcpdump was killed: all packets before it were returned. */
export class CutCapture extends NotACapture {
  constructor(path: string, where: 'packet' | 'block') {
    super(path, `its last ${where} is cut off`)
    this.name = 'CutCapture'
  }
}

/** One captured packet; `bytes` is a view valid until the next packet is requested. */
export interface CapturedPacket {
  bytes: Uint8Array
  linkType: number
  /** unix ms, rounded down */
  timeMs: number
}

/** Larger than the packet of any UDP datagram; a longer record means a corrupt file. */
const packetBytesMax = 262_144
const gzipMagic = 0x1f8b
const zstdMagic = 0x28b52ffd
const pcapHeaderBytes = 24
const recordHeaderBytes = 16
const pcapVersion = '2.4'

/**
 * The packets of a capture, in file order.
 * @throws NotACapture if it is not one; CutCapture after the last complete packet
 */
export async function* readCapture(path: string): AsyncGenerator<CapturedPacket> {
  const source = new Bytes(await openCapture(path))
  try {
    const magic = await source.peek(4)
    if (!magic) throw new NotACapture(path, 'it is empty or shorter than a header')
    const view = new DataView(magic.buffer, magic.byteOffset, 4)
    const format = pcapFormats.get(view.getUint32(0))
    if (format) yield* readPcap(path, source, format)
    else if (view.getUint32(0) === pcapngMagic) yield* readPcapng(path, source)
    else throw new NotACapture(path, `it starts with ${view.getUint32(0).toString(16)}`)
  } catch (error) {
    throw unpackingError(path, error)
  } finally {
    source.close()
  }
}

/** NotACapture if the compressed stream of `path` is broken; any other error as it is. */
export function unpackingError(path: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error && /^Z(STD)?_/.test(String(error.code))))
    return error
  return new NotACapture(path, `its compressed stream is broken (${error.message})`, error)
}

/** The bytes of a capture, unpacked if it is compressed. */
export async function openCapture(
  path: string,
): Promise<AsyncIterable<Buffer> & { destroy(): void }> {
  const file = await open(path)
  const head = Buffer.alloc(4)
  try {
    await file.read(head, 0, 4, 0)
  } finally {
    await file.close()
  }
  const stream = createReadStream(path, { highWaterMark: 1 << 20 })
  const isGzip = head.readUInt16BE(0) === gzipMagic
  if (!isGzip && head.readUInt32BE(0) !== zstdMagic) return stream
  const options = { chunkSize: 1 << 20 }
  const plain = isGzip ? createGunzip(options) : createZstdDecompress(options)
  // Each ends with the other; the reader of `plain` gets the error.
  return pipeline(stream, plain, () => undefined)
}

/** Reads exact numbers of bytes from a stream of chunks. */
class Bytes {
  readonly #stream: AsyncIterable<Buffer> & { destroy(): void }
  readonly #chunks: AsyncIterator<Buffer>
  #buffer: Uint8Array = new Uint8Array(0)

  constructor(stream: AsyncIterable<Buffer> & { destroy(): void }) {
    this.#stream = stream
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  /** The next `length` bytes without consuming them, or null if fewer are left. */
  async peek(length: number): Promise<Uint8Array | null> {
    if (this.#buffer.length < length) {
      const parts = [this.#buffer]
      let have = this.#buffer.length
      while (have < length) {
        const next = await this.#chunks.next()
        if (next.done === true) break
        parts.push(next.value)
        have += next.value.length
      }
      this.#buffer = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
      if (have < length) return null
    }
    return this.#buffer.subarray(0, length)
  }

  async take(length: number): Promise<Uint8Array | null> {
    const bytes = await this.peek(length)
    if (bytes) this.#buffer = this.#buffer.subarray(length)
    return bytes
  }

  /** Skips bytes without buffering them; false if fewer are left. */
  async skip(length: number): Promise<boolean> {
    let left = length
    while (left > this.#buffer.length) {
      left -= this.#buffer.length
      const next = await this.#chunks.next()
      this.#buffer = next.done === true ? new Uint8Array(0) : next.value
      if (next.done === true) return false
    }
    this.#buffer = this.#buffer.subarray(left)
    return true
  }

  /** The bytes left after peek returned null. */
  get rest(): number {
    return this.#buffer.length
  }

  close(): void {
    this.#stream.destroy()
  }
}

interface PcapFormat {
  littleEndian: boolean
  unitsPerMs: number
}

const pcapFormats = new Map<number, PcapFormat>([
  [0xa1b2c3d4, { littleEndian: false, unitsPerMs: 1000 }],
  [0xd4c3b2a1, { littleEndian: true, unitsPerMs: 1000 }],
  [0xa1b23c4d, { littleEndian: false, unitsPerMs: 1_000_000 }],
  [0x4d3cb2a1, { littleEndian: true, unitsPerMs: 1_000_000 }],
])

/** The format of a capture appended to another (cat), if one starts here; else null. */
function formatBehind(head: Uint8Array): PcapFormat | null {
  const view = dataView(head)
  const format = pcapFormats.get(view.getUint32(0))
  if (!format) return null
  // As a packet, this could only be of one particular microsecond in 2055.
  const version = [4, 6].map((at) => view.getUint16(at, format.littleEndian)).join('.')
  return version === pcapVersion ? format : null
}

async function readLinkType(path: string, source: Bytes, format: PcapFormat): Promise<number> {
  const header = await source.take(pcapHeaderBytes)
  if (!header) throw new NotACapture(path, 'its header is cut off')
  const linkType = dataView(header).getUint32(20, format.littleEndian) & 0x0fff_ffff
  if (!knownLinkType(linkType))
    throw new NotACapture(path, `its link type ${linkType} is not known`)
  return linkType
}

async function* readPcap(
  path: string,
  source: Bytes,
  format: PcapFormat,
): AsyncGenerator<CapturedPacket> {
  let { littleEndian, unitsPerMs } = format
  let linkType = await readLinkType(path, source, format)
  for (;;) {
    const record = await source.peek(recordHeaderBytes)
    if (!record) break
    const behind = formatBehind(record)
    if (behind) {
      ;({ littleEndian, unitsPerMs } = behind)
      linkType = await readLinkType(path, source, behind)
      continue
    }
    await source.take(recordHeaderBytes)
    const view = dataView(record)
    const seconds = view.getUint32(0, littleEndian)
    const fraction = view.getUint32(4, littleEndian)
    const length = view.getUint32(8, littleEndian)
    if (length > packetBytesMax) throw new NotACapture(path, `it has a packet of ${length} bytes`)
    const bytes = await source.take(length)
    if (!bytes) throw new CutCapture(path, 'packet')
    yield { bytes, linkType, timeMs: seconds * 1000 + Math.floor(fraction / unitsPerMs) }
  }
  if (source.rest > 0) throw new CutCapture(path, 'packet')
}

const pcapngMagic = 0x0a0d0d0a
const byteOrderMagic = 0x1a2b3c4d
const blocks = { interfaceDescription: 1, packet: 2, simplePacket: 3, enhancedPacket: 6 }
const readBlocks: ReadonlySet<number> = new Set([pcapngMagic, ...Object.values(blocks)])
const interfaceOptions = { end: 0, timeResolution: 9, timeOffset: 14 }

interface CaptureInterface {
  linkType: number
  unitsPerSecond: number
  /** Added to the times of the interface's packets. */
  offsetSeconds: bigint
}

async function* readPcapng(path: string, source: Bytes): AsyncGenerator<CapturedPacket> {
  let littleEndian = true
  let interfaces: CaptureInterface[] = []
  for (;;) {
    const head = await source.peek(12)
    if (!head) break
    const view = dataView(head)
    const isSection = view.getUint32(0) === pcapngMagic
    if (isSection) {
      littleEndian = view.getUint32(8, true) === byteOrderMagic
      interfaces = []
    }
    const type = view.getUint32(0, littleEndian)
    const block = await nextBlock(path, source, { type, length: view.getUint32(4, littleEndian) })
    if (block === null || isSection) continue
    if (type === blocks.simplePacket) throw new NotACapture(path, 'its packets have no times')
    if (type === blocks.interfaceDescription)
      interfaces.push(readInterface(dataView(block), littleEndian))
    else if (block.length >= 32) {
      const packet = readTimedPacket(block, interfaces, littleEndian)
      if (!packet)
        throw new NotACapture(path, 'it has a packet of an interface it does not describe')
      yield packet
    }
  }
  if (source.rest > 0) throw new CutCapture(path, 'block')
}

/** A block with its head; null if it is of a type that is skipped. */
async function nextBlock(
  path: string,
  source: Bytes,
  { type, length }: { type: number; length: number },
): Promise<Uint8Array | null> {
  const isRead = readBlocks.has(type)
  if (length < 12 || length % 4 !== 0 || (isRead && length > packetBytesMax + 4096))
    throw new NotACapture(path, `it has a block of ${length} bytes`)
  if (isRead) {
    const block = await source.take(length)
    if (!block) throw new CutCapture(path, 'block')
    return block
  }
  if (!(await source.skip(length))) throw new CutCapture(path, 'block')
  return null
}

function readInterface(body: DataView, littleEndian: boolean): CaptureInterface {
  const linkType = body.getUint16(8, littleEndian)
  let unitsPerSecond = 1e6
  let offsetSeconds = 0n
  for (let at = 16; at + 4 <= body.byteLength - 4;) {
    const option = body.getUint16(at, littleEndian)
    const length = body.getUint16(at + 2, littleEndian)
    if (option === interfaceOptions.timeResolution && length >= 1) {
      const value = body.getUint8(at + 4)
      unitsPerSecond = value & 0x80 ? 2 ** (value & 0x7f) : 10 ** value
    }
    if (option === interfaceOptions.timeOffset && length === 8 && at + 12 <= body.byteLength)
      offsetSeconds = body.getBigInt64(at + 4, littleEndian)
    if (option === interfaceOptions.end) break
    at += 4 + Math.ceil(length / 4) * 4
  }
  return { linkType, unitsPerSecond, offsetSeconds }
}

/** A packet of an enhanced packet block, or of the obsolete packet block, whose interface field is half as long. */
function readTimedPacket(
  block: Uint8Array,
  interfaces: CaptureInterface[],
  littleEndian: boolean,
): CapturedPacket | null {
  const body = dataView(block)
  const isEnhanced = body.getUint32(0, littleEndian) === blocks.enhancedPacket
  const index = isEnhanced ? body.getUint32(8, littleEndian) : body.getUint16(8, littleEndian)
  const from = interfaces[index]
  const length = body.getUint32(20, littleEndian)
  if (!from || length > block.length - 32) return null
  // Nanoseconds since 1970 exceed 2^53, so the time stays a bigint until it is ms.
  const units =
    (BigInt(body.getUint32(12, littleEndian)) << 32n) | BigInt(body.getUint32(16, littleEndian))
  return {
    bytes: block.subarray(28, 28 + length),
    linkType: from.linkType,
    timeMs: Number(from.offsetSeconds * 1000n + (units * 1000n) / BigInt(from.unitsPerSecond)),
  }
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
