/** The UDP sockets: receives, timestamps, refuses senders that are not exporters; nothing else. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

import {
  formatAddress,
  isIPv4,
  isSameAddress,
  parseAddress,
  type AddressWords,
  type NetworkSet,
} from '../../flow/address.ts'
import { endpointText, type Endpoint } from '../../flow/settings/values.ts'
import type { RefusedSource, Warning } from '../../flow/status.ts'
import { bindRemedy, CannotReceive } from './cannot-receive.ts'
import { grantedBytes, readKernelDrops } from './kernel.ts'
import { callDatagramsMax, ManyDatagrams, type Native } from './many.ts'

/** A source, looked up once. */
interface Source {
  /** As displayed everywhere: dotted, or RFC 5952. */
  text: string
  words: AddressWords
  isAllowed: boolean
}

/** A datagram as received. A single object per socket, reused for each; its `payload` may be reused too. */
export interface ReceivedDatagram {
  payload: Uint8Array
  source: AddressWords
  sourcePort: number
  /** The local address and port of the socket, for the journal. */
  destination: AddressWords
  destinationPort: number
  receivedMs: number
}

export interface ListenOptions {
  /** If another program holds an optional endpoint, there is a warning, and the others are still bound. */
  endpoints: readonly (Endpoint & { isOptional?: boolean })[]
  exporters: NetworkSet
  receiveBufferBytes: number
  onDatagram: (datagram: ReceivedDatagram) => void
  /**
   * Called with the number of datagrams at the end of each turn of the loop that received or polled
   * for any.
   */
  onTurn?: (datagrams: number) => void
  /** The call that takes many datagrams at once; without it they are taken one by one. */
  native?: Native | null
}

/** One socket and what the kernel gave it. */
export interface SocketStatus {
  address: string
  receiveBufferBytes: number
  /** Datagrams dropped by the kernel because the buffer was full, or null if unknown. */
  kernelDrops: number | null
}

/** Most addresses cached with their verdict; when full, the cache is cleared. */
const sourcesMax = 65_536
/** Most refused addresses listed in status. */
const refusedMax = 256
/** Most datagrams taken from one socket per turn, in calls for many; then the other sockets get theirs. */
export const turnDatagramsMax = 4 * callDatagramsMax
/** After this many empty turns, the thread sleeps until a datagram arrives. */
const emptyTurnsMax = 5

/** A socket's handle in Node: it has the file descriptor, and can stop reading. */
interface Handle {
  fd: number
  recvStart(): number
  recvStop(): number
}

interface OpenSocket {
  socket: Socket
  endpoint: Endpoint
  /** Reused for every datagram of this socket. */
  datagram: ReceivedDatagram
  handle: Handle | null
}

export class Listener {
  readonly #options: ListenOptions
  readonly #sockets: OpenSocket[] = []
  #sources = new Map<string, Source>()
  readonly #ipv4Sources = new Map<number, Source>()
  #last: Source | null = null
  readonly #many: ManyDatagrams | null
  /** Datagrams of this turn, and the task at its end. */
  #turnDatagrams = 0
  #turn: NodeJS.Immediate | null = null
  #emptyTurns = 0
  readonly #refused = new Map<string, RefusedSource>()
  readonly #notListening: Warning[] = []
  /** All datagrams refused, from listed sources or not. */
  refusedDatagrams = 0

  constructor(options: ListenOptions) {
    this.#options = options
    this.#many = options.native ? new ManyDatagrams(options.native) : null
  }

  /**
   * Binds every endpoint.
   * @throws CannotReceive with the remedy if an address is in use or not local
   */
  async open(): Promise<void> {
    for (const endpoint of this.#options.endpoints) {
      const socket = createSocket({ type: endpoint.host.includes(':') ? 'udp6' : 'udp4' })
      socket.bind(endpoint.port, endpoint.host)
      try {
        await once(socket, 'listening')
      } catch (error) {
        socket.close()
        const what = `UDP ${endpointText(endpoint)} cannot be listened on: ${(error as Error).message}`
        const remedy = bindRemedy(error as NodeJS.ErrnoException)
        if (endpoint.isOptional === true) {
          this.#notListening.push({ what, remedy })
          continue
        }
        this.close()
        throw new CannotReceive(what, remedy)
      }
      socket.setRecvBufferSize(this.#options.receiveBufferBytes)
      this.#receive(socket, { ...endpoint, port: socket.address().port })
    }
  }

  /** The sockets, with the kernel's buffer sizes and drops. */
  async status(): Promise<SocketStatus[]> {
    const drops = await readKernelDrops()
    return this.#sockets.map(({ socket, endpoint }) => ({
      address: endpointText(endpoint),
      receiveBufferBytes: grantedBytes(socket),
      kernelDrops: drops?.get(endpoint.port) ?? null,
    }))
  }

  /** The warning for sockets whose buffer the kernel limited, or null. */
  bufferWarning(): Warning | null {
    const wanted = this.#options.receiveBufferBytes
    const least = Math.min(...this.#sockets.map(({ socket }) => grantedBytes(socket)))
    if (least >= wanted) return null
    return {
      what: `the kernel granted ${least} of ${wanted} bytes of receive buffer, so bursts may be lost`,
      remedy: `run sysctl -w net.core.rmem_max=${wanted}`,
    }
  }

  /** Optional addresses that another program holds. */
  get notListening(): readonly Warning[] {
    return this.#notListening
  }

  /** Sources not on the allow-list, most recent first. */
  refused(): RefusedSource[] {
    return [...this.#refused.values()].sort((a, b) => b.lastSeen - a.lastSeen)
  }

  close(): void {
    if (this.#turn) clearImmediate(this.#turn)
    this.#turn = null
    for (const { socket } of this.#sockets) socket.close()
    this.#sockets.length = 0
  }

  #receive(socket: Socket, endpoint: Endpoint): void {
    const local = socket.address()
    const destination = parseAddress(local.address) ?? [0, 0, 0, 0]
    const datagram: ReceivedDatagram = {
      payload: new Uint8Array(0),
      source: destination,
      sourcePort: 0,
      destination,
      destinationPort: local.port,
      receivedMs: 0,
    }
    const handle = this.#many ? handleOf(socket) : null
    this.#sockets.push({ socket, endpoint, datagram, handle })
    socket.on('message', (payload, remote) => {
      datagram.payload = payload
      datagram.sourcePort = remote.port
      datagram.receivedMs = Date.now()
      this.#take(datagram, this.#sourceOf(remote.address))
      if (handle) this.#readMany()
      else this.#turn ??= setImmediate(() => this.#endTurn())
    })
  }

  #endTurn(): void {
    this.#turn = null
    const datagrams = this.#turnDatagrams
    this.#turnDatagrams = 0
    this.#options.onTurn?.(datagrams)
  }

  /** Takes datagrams many at once from here on, until no more arrive. */
  #readMany(): void {
    if (this.#turn) return
    for (const { handle } of this.#sockets) handle?.recvStop()
    this.#emptyTurns = 0
    this.#turn = setImmediate(() => this.#takeMany())
  }

  #takeMany(): void {
    for (const open of this.#sockets) if (open.handle) this.#takeOf(open, open.handle.fd)
    this.#emptyTurns = this.#turnDatagrams === 0 ? this.#emptyTurns + 1 : 0
    this.#endTurn()
    if (this.#emptyTurns < emptyTurnsMax) this.#turn = setImmediate(() => this.#takeMany())
    else for (const { handle } of this.#sockets) handle?.recvStart()
  }

  #takeOf({ datagram }: OpenSocket, descriptor: number): void {
    const many = this.#many!
    for (let taken = 0; taken < turnDatagramsMax;) {
      const count = many.take(descriptor)
      const receivedMs = Date.now()
      for (let i = 0; i < count; i++) {
        datagram.payload = many.look(i)
        datagram.sourcePort = many.sourcePort
        datagram.receivedMs = receivedMs
        this.#take(datagram, this.#sourceAt(many.source))
      }
      taken += count
      if (count < callDatagramsMax) return
    }
  }

  #take(datagram: ReceivedDatagram, source: Source): void {
    this.#turnDatagrams++
    this.#last = source
    if (!source.isAllowed) {
      this.#refuse(source.text, datagram.receivedMs)
      return
    }
    datagram.source = source.words
    this.#options.onDatagram(datagram)
  }

  /** The source with these words, which usually is that of the previous datagram. */
  #sourceAt(words: AddressWords): Source {
    const last = this.#last
    if (last !== null && isSameAddress(last.words, words)) return last
    if (!isIPv4(words)) return this.#sourceOf(formatAddress(...words))
    let source = this.#ipv4Sources.get(words[3])
    if (!source) {
      if (this.#ipv4Sources.size >= sourcesMax) this.#ipv4Sources.clear()
      source = this.#sourceOf(formatAddress(...words))
      this.#ipv4Sources.set(words[3], source)
    }
    return source
  }

  #sourceOf(address: string): Source {
    let source = this.#sources.get(address)
    if (!source) {
      if (this.#sources.size >= sourcesMax) this.#sources = new Map()
      // A zone (fe80::1%eth0) is this machine's name for a link, not part of the address.
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

/**
 * The handle of a socket; null if it is not of the known kind, as it may be in a later version of
 * Node (which therefore warns about its use). Then datagrams are taken one by one.
 */
function handleOf(socket: Socket): Handle | null {
  const { noDeprecation } = process
  process.noDeprecation = true
  const handle = Reflect.get(socket, '_handle') as Partial<Handle> | null | undefined
  process.noDeprecation = noDeprecation ?? false
  const isKnown =
    typeof handle?.fd === 'number' &&
    handle.fd >= 0 &&
    typeof handle.recvStart === 'function' &&
    typeof handle.recvStop === 'function'
  return isKnown ? (handle as Handle) : null
}
