/** The UDP sockets: receives, takes the time, refuses who is not an exporter; nothing else. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'

import {
  formatAddress,
  parseAddress,
  type AddressWords,
  type NetworkSet,
} from '../../flow/address.ts'
import type { Endpoint } from '../../flow/settings.ts'
import type { RefusedSource, Warning } from '../../flow/status.ts'

/** A source, looked up once. */
export interface Source {
  /** As it is shown everywhere: dotted, or RFC 5952. */
  text: string
  words: AddressWords
  isAllowed: boolean
}

/** A datagram as it came. It is one object, used again for each of a socket, and so may be its `payload`. */
export interface ReceivedDatagram {
  payload: Uint8Array
  source: AddressWords
  sourcePort: number
  /** The socket's own end, for the journal. */
  destination: AddressWords
  destinationPort: number
  receivedMs: number
}

export interface ListenOptions {
  /** One that is optional may be taken by another program: that is a warning, and the rest is listened on. */
  endpoints: readonly (Endpoint & { isOptional?: boolean })[]
  exporters: NetworkSet
  receiveBufferBytes: number
  onDatagram: (datagram: ReceivedDatagram) => void
}

/** One socket and what the kernel gave it. */
export interface SocketStatus {
  address: string
  receiveBufferBytes: number
  /** Datagrams that the kernel dropped because the buffer was full, or null where it does not say. */
  kernelDrops: number | null
}

/** Addresses remembered with their verdict; on more, the memory starts anew. */
const sourcesMax = 65_536
/** Refused addresses listed in status. */
const refusedMax = 256

export class Listener {
  readonly #options: ListenOptions
  readonly #sockets: { socket: Socket; endpoint: Endpoint }[] = []
  #sources = new Map<string, Source>()
  readonly #refused = new Map<string, RefusedSource>()
  readonly #notListening: Warning[] = []
  /** Datagrams refused in all, listed or not. */
  refusedDatagrams = 0

  constructor(options: ListenOptions) {
    this.#options = options
  }

  /** Binds every endpoint. An address in use or not ours is an error that names it and the remedy. */
  async open(): Promise<void> {
    for (const endpoint of this.#options.endpoints) {
      const socket = createSocket({ type: endpoint.host.includes(':') ? 'udp6' : 'udp4' })
      socket.bind(endpoint.port, endpoint.host)
      try {
        await once(socket, 'listening')
      } catch (error) {
        const what = `UDP ${endpoint.host}:${endpoint.port} cannot be listened on: ${(error as Error).message}`
        const remedy = 'stop what holds it or choose another port in the settings'
        if (endpoint.isOptional === true) {
          this.#notListening.push({ what, remedy })
          continue
        }
        this.close()
        throw new Error(`${what}; ${remedy}`, { cause: error })
      }
      socket.setRecvBufferSize(this.#options.receiveBufferBytes)
      this.#sockets.push({ socket, endpoint: { ...endpoint, port: socket.address().port } })
      this.#receive(socket)
    }
  }

  /** The sockets, with the kernel's buffer and drops. */
  async status(): Promise<SocketStatus[]> {
    const drops = await readKernelDrops()
    return this.#sockets.map(({ socket, endpoint }) => ({
      address: `${endpoint.host}:${endpoint.port}`,
      receiveBufferBytes: grantedBytes(socket),
      kernelDrops: drops?.get(endpoint.port) ?? null,
    }))
  }

  /** What to say of sockets whose buffer the kernel cut, or null. */
  bufferWarning(): Warning | null {
    const asked = this.#options.receiveBufferBytes
    const least = Math.min(...this.#sockets.map(({ socket }) => grantedBytes(socket)))
    if (least >= asked) return null
    return {
      what: `the kernel granted ${least} of ${asked} bytes of receive buffer, so bursts may be lost`,
      remedy: `sysctl -w net.core.rmem_max=${asked}`,
    }
  }

  /** Optional addresses that another program holds. */
  get notListening(): readonly Warning[] {
    return this.#notListening
  }

  /** Sources that are not on the allow-list, most recent first. */
  refused(): RefusedSource[] {
    return [...this.#refused.values()].sort((a, b) => b.lastSeen - a.lastSeen)
  }

  close(): void {
    for (const { socket } of this.#sockets) socket.close()
    this.#sockets.length = 0
  }

  #receive(socket: Socket): void {
    const local = socket.address()
    const destination = parseAddress(local.address) ?? [0, 0, 0, 0]
    const { onDatagram } = this.#options
    const datagram: ReceivedDatagram = {
      payload: new Uint8Array(0),
      source: destination,
      sourcePort: 0,
      destination,
      destinationPort: local.port,
      receivedMs: 0,
    }
    socket.on('message', (payload, remote) => {
      const receivedMs = Date.now()
      const source = this.#source(remote.address)
      if (!source.isAllowed) {
        this.#refuse(source.text, receivedMs)
        return
      }
      datagram.payload = payload
      datagram.source = source.words
      datagram.sourcePort = remote.port
      datagram.receivedMs = receivedMs
      onDatagram(datagram)
    })
  }

  #source(address: string): Source {
    let source = this.#sources.get(address)
    if (!source) {
      if (this.#sources.size >= sourcesMax) this.#sources = new Map()
      // A zone (fe80::1%eth0) is this machine's own name for a link, not part of the address.
      const words = parseAddress(address.split('%', 1)[0]!) ?? [0, 0, 0, 0]
      const isAllowed = this.#options.exporters.has(...words)
      source = { text: formatAddress(...words), words, isAllowed }
      this.#sources.set(address, source)
    }
    return source
  }

  #refuse(address: string, receivedMs: number): void {
    this.refusedDatagrams++
    const held = this.#refused.get(address)
    if (held) {
      held.datagrams++
      held.lastSeen = receivedMs / 1000
    } else if (this.#refused.size < refusedMax)
      this.#refused.set(address, { address, datagrams: 1, lastSeen: receivedMs / 1000 })
  }
}

/** Linux doubles what is asked, for its own bookkeeping, and says the doubled figure. */
function grantedBytes(socket: Socket): number {
  return socket.getRecvBufferSize() / (process.platform === 'linux' ? 2 : 1)
}

/** Drops by local UDP port from /proc/net/udp and udp6 (last column), or null where there is none. */
async function readKernelDrops(): Promise<Map<number, number> | null> {
  const drops = new Map<number, number>()
  for (const path of ['/proc/net/udp', '/proc/net/udp6']) {
    const table = await readFile(path, 'utf8').catch(() => null)
    if (table === null) continue
    for (const line of table.trim().split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/)
      const port = Number.parseInt(columns[1]?.split(':')[1] ?? '', 16)
      drops.set(port, (drops.get(port) ?? 0) + Number(columns.at(-1)))
    }
  }
  return drops.size === 0 ? null : drops
}
