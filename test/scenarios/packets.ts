/**
 * Packets of a simulated office behind one line: browsing, DNS lookups, calls, and what goes wrong.
 */

export interface Packet {
  /** unix ms */
  time: number
  source: string
  destination: string
  sourcePort: number
  destinationPort: number
  protocol: number
  /** Of the IP packet. */
  bytes: number
  tcpFlags: number
}

/** A time in which no packets pass, except those of the hosts that take the line. */
export interface Cut {
  from: number
  to: number
  /** Hosts whose packets pass anyway. */
  except: readonly string[]
  /** The share of the others' packets that passes. */
  keeps: number
}

interface Transfer {
  start: number
  seconds: number
  client: string
  server: string
  clientPort: number
  serverPort: number
  bytes: number
  /** Whether the client receives or sends. */
  direction: 'down' | 'up'
  protocol?: number
}

const dataBytesMax = 60_000
const headerBytes = 52
const [syn, ack, fin, push] = [2, 16, 1, 8]
/** When a connection without an answer is retried, ms. */
const tries = [0, 1000, 3000, 7000]

export class Line {
  readonly packets: Packet[] = []
  readonly #cuts: readonly Cut[]
  readonly #random: () => number

  constructor(cuts: readonly Cut[], random: () => number) {
    this.#cuts = cuts
    this.#random = random
  }

  /** One packet, if it passes. */
  send(packet: Packet): boolean {
    const cut = this.#cutAt(packet.time, packet)
    if (cut && this.#random() >= cut.keeps) return false
    this.packets.push(packet)
    return true
  }

  /** A TCP connection from its first to its last packet; a cut holds it up or ends it. */
  transfer(transfer: Transfer): void {
    const { client, server, clientPort, serverPort, direction, protocol = 6 } = transfer
    const up = { source: client, destination: server, sourcePort: clientPort, destinationPort: serverPort, protocol } // prettier-ignore
    const down = { source: server, destination: client, sourcePort: serverPort, destinationPort: clientPort, protocol } // prettier-ignore
    const opened = tries.find((wait) => {
      const time = transfer.start + wait
      const flags = protocol === 6 ? syn : 0
      if (!this.send({ ...up, time, bytes: 60, tcpFlags: flags })) return false
      return this.send({
        ...down,
        time: time + 20,
        bytes: 60,
        tcpFlags: flags === 0 ? 0 : syn | ack,
      })
    })
    if (opened === undefined) return
    const data = direction === 'down' ? down : up
    const back = direction === 'down' ? up : down
    const count = Math.max(
      1,
      Math.ceil(transfer.bytes / dataBytesMax),
      Math.min(60, Math.round(transfer.seconds)),
    )
    const each = Math.round(transfer.bytes / count)
    let delay = opened + 40
    for (let i = 0; i < count; i++) {
      const planned = transfer.start + ((i + 0.5) / count) * transfer.seconds * 1000
      const cut = this.#cutAt(planned + delay, data)
      if (cut && this.#random() >= cut.keeps) {
        if (this.#random() < 0.5) return
        delay = cut.to + this.#random() * 2000 - planned
      }
      const time = planned + delay
      this.packets.push({
        ...data,
        time,
        bytes: each + headerBytes,
        tcpFlags: protocol === 6 ? ack | push : 0,
      })
      this.packets.push({
        ...back,
        time: time + 10,
        bytes: headerBytes,
        tcpFlags: protocol === 6 ? ack : 0,
      })
    }
    const end = transfer.start + transfer.seconds * 1000 + delay + 30
    if (protocol === 6) this.send({ ...up, time: end, bytes: headerBytes, tcpFlags: fin | ack })
  }

  #cutAt(
    time: number,
    { source, destination }: Pick<Packet, 'source' | 'destination'>,
  ): Cut | undefined {
    return this.#cuts.find(
      ({ from, to, except }) =>
        time >= from && time < to && !except.includes(source) && !except.includes(destination),
    )
  }
}

export interface OfficeOptions {
  from: number
  to: number
  hosts: readonly string[]
  sites: readonly string[]
  /** Connections per hour and host, at a time (unix ms). */
  perHour: (t: number) => number
}

/** What people do: look up a name, fetch some pages, now and then something large. */
export function browse(
  line: Line,
  { from, to, hosts, sites, perHour }: OfficeOptions,
  random: () => number,
): void {
  let port = 1024
  for (const client of hosts)
    for (let t = from; ;) {
      const rate = Math.max(0.01, perHour(t))
      t += (-Math.log(1 - random()) * 3_600_000) / rate
      if (t >= to) break
      if (random() * rate > perHour(t)) continue
      port = port >= 60_000 ? 1024 : port + 1
      const server = sites[Math.floor(random() * sites.length)]!
      if (random() < 0.4) {
        const ask = { source: client, destination: '192.0.2.53', sourcePort: port, destinationPort: 53, protocol: 17, tcpFlags: 0 } // prettier-ignore
        if (line.send({ ...ask, time: t - 30, bytes: 70 }))
          line.send({
            ...ask,
            source: ask.destination,
            destination: client,
            sourcePort: 53,
            destinationPort: port,
            time: t - 20,
            bytes: 190,
          })
      }
      const bytes = Math.min(30e6, 3000 * Math.exp(2.2 * (random() + random() + random())))
      const seconds = Math.max(
        0.3,
        bytes / (200_000 + 600_000 * random()),
        random() * random() * 40,
      )
      line.transfer({
        start: t,
        seconds,
        client,
        server,
        clientPort: port,
        serverPort: random() < 0.8 ? 443 : 80,
        bytes,
        direction: 'down',
      })
    }
}
