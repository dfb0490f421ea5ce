/**
 * Takes many datagrams off a socket in one system call (recvmmsg), into reused memory. Node makes
 * one call, several objects and a buffer per datagram: three times the time, and a garbage
 * collection twice a second at 300,000 flows/s. Only for 64-bit Linux; elsewhere Node's sockets are
 * used.
 */
import { endianness } from 'node:os'

import { ipv4Marker } from '../../flow/address.ts'

/** Most datagrams per call. */
export const callDatagramsMax = 64
const payloadBytesMax = 65_535
/** Sizes of the kernel's structures on 64-bit Linux: mmsghdr, iovec, and space for a sockaddr_in6. */
const messageBytes = 64
const pieceBytes = 16
const nameBytes = 32
const offsets = { name: 0, nameLength: 8, piece: 16, pieces: 24, length: 56 }
/** Distance between payloads: at a power of two they would evict each other from the CPU cache. */
const payloadStride = 65_536 + 1600
const wordRange = 2 ** 32
const [familyIPv4, dontWait] = [2, 0x40]
const emptyBytes = new Uint8Array(0)

/** The system call, and the addresses of buffers for it. */
export interface Native {
  receive: (descriptor: number, messages: unknown, count: number, flags: number) => number
  memory: unknown
  bytes: ArrayBuffer
  address: number
}

const [piecesAt, namesAt] = [
  messageBytes * callDatagramsMax,
  (messageBytes + pieceBytes) * callDatagramsMax,
]
const payloadsAt = namesAt + nameBytes * callDatagramsMax
const bytesAll = payloadsAt + payloadStride * callDatagramsMax

/** Finds the system call; null if it is not available. */
export async function openNative(): Promise<Native | null> {
  if (process.platform !== 'linux' || !/^(x64|arm64)$/.test(process.arch)) return null
  if (endianness() !== 'LE') return null
  try {
    const { default: koffi } = await import('koffi')
    const call = koffi.load(null).func('int recvmmsg(int, void *, unsigned int, int, void *)')
    const memory: unknown = koffi.alloc('uint8', bytesAll)
    const bytes = koffi.view(memory, bytesAll)
    const receive: Native['receive'] = (descriptor, messages, count, flags) =>
      call(descriptor, messages, count, flags, null) as number
    return { receive, memory, bytes, address: Number(koffi.address(memory)) }
  } catch {
    return null
  }
}

export class ManyDatagrams {
  readonly #native: Native
  readonly #view: DataView
  readonly #bytes: Uint8Array
  /**
   * The last payload at each index, to reuse: most datagrams of an exporter have the same length.
   */
  readonly #payloads: Uint8Array[] = Array.from({ length: callDatagramsMax }, () => emptyBytes)
  /** Set by `look`. */
  readonly source: [number, number, number, number] = [0, 0, 0, 0]
  sourcePort = 0

  constructor(native: Native) {
    this.#native = native
    this.#view = new DataView(native.bytes)
    this.#bytes = new Uint8Array(native.bytes)
    for (let i = 0; i < callDatagramsMax; i++) {
      const message = messageBytes * i
      const piece = piecesAt + pieceBytes * i
      this.#putAddress(message + offsets.name, namesAt + nameBytes * i)
      this.#putAddress(message + offsets.piece, piece)
      this.#putWide(message + offsets.pieces, 1)
      this.#putAddress(piece, payloadsAt + payloadStride * i)
      this.#putWide(piece + 8, payloadBytesMax)
    }
  }

  /** Takes the waiting datagrams, up to the most per call; returns their number. */
  take(descriptor: number): number {
    const view = this.#view
    for (let i = 0; i < callDatagramsMax; i++)
      view.setUint32(messageBytes * i + offsets.nameLength, nameBytes, true)
    const { receive, memory } = this.#native
    return Math.max(0, receive(descriptor, memory, callDatagramsMax, dontWait))
  }

  /** Reads datagram i of those taken: sets source and port, and returns the payload, valid until the next `take`. */
  look(i: number): Uint8Array {
    const view = this.#view
    const name = namesAt + nameBytes * i
    const source = this.source
    this.sourcePort = view.getUint16(name + 2)
    if (view.getUint16(name, true) === familyIPv4) {
      source[0] = 0
      source[1] = 0
      source[2] = ipv4Marker
      source[3] = view.getUint32(name + 4)
    } else for (let word = 0; word < 4; word++) source[word] = view.getUint32(name + 8 + 4 * word)
    const length = view.getUint32(messageBytes * i + offsets.length, true)
    const held = this.#payloads[i]!
    if (held.length === length) return held
    const at = payloadsAt + payloadStride * i
    return (this.#payloads[i] = this.#bytes.subarray(at, at + length))
  }

  #putAddress(at: number, place: number): void {
    this.#putWide(at, this.#native.address + place)
  }

  #putWide(at: number, value: number): void {
    this.#view.setUint32(at, value % wordRange, true)
    this.#view.setUint32(at + 4, Math.floor(value / wordRange), true)
  }
}
