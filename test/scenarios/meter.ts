/**
 * A metering exporter for tests: packets in, NetFlow v9 datagrams out, as a router's flow cache does
 * it (RFC 3954): unidirectional flows, active and inactive timeouts, sampling, a clock of its own.
 */
import { encodeV9, field, type EncodedTemplate } from '../encode/sets.ts'
import type { SentDatagram } from '../encode/pcap-write.ts'
import type { Value } from '../encode/value.ts'
import type { Packet } from './packets.ts'

export interface MeterOptions {
  /** A flow that goes on is reported after so long; absent: only at its end. */
  activeMs?: number
  inactiveMs: number
  /** 1 of so many packets is looked at. */
  sampling?: number
  /** How far the exporter's clock is ahead of the collector's. */
  clockMs?: number
  /** Times at which the exporter starts anew: what it held is lost. */
  restarts?: readonly number[]
}

interface Flow extends Packet {
  last: number
  octets: number
  packets: number
}

const common = [
  field(7, 2), field(11, 2), field(4, 1), field(6, 1), field(1, 8), field(2, 8),
  field(22, 4), field(21, 4), field(10, 2), field(14, 2), field(34, 4),
] as const // prettier-ignore
const four: EncodedTemplate = { id: 256, fields: [field(8, 4), field(12, 4), ...common] }
const six: EncodedTemplate = { id: 257, fields: [field(27, 16), field(28, 16), ...common] }

const recordsMost = 24
const sweepMs = 1000

/** What the exporter sends for packets (in order of time). */
export function meter(packets: readonly Packet[], options: MeterOptions): SentDatagram[] {
  const exporter = new Meter(options, packets[0]?.time ?? 0)
  for (const packet of packets) exporter.take(packet)
  exporter.end()
  return exporter.sent()
}

export class Meter {
  readonly #options: MeterOptions
  readonly #cache = new Map<string, Flow>()
  #sent: SentDatagram[] = []
  readonly #restarts: number[]
  #bootMs: number
  #sweptMs: number
  #looked = 0
  #sequence = 0
  #waiting: Flow[] = []

  constructor(options: MeterOptions, startMs: number) {
    this.#options = options
    this.#bootMs = Math.floor(startMs) - 3_600_000
    this.#sweptMs = startMs
    this.#restarts = [...(options.restarts ?? [])]
  }

  take(packet: Packet): void {
    while (packet.time >= this.#sweptMs + sweepMs) this.#sweep(this.#sweptMs + sweepMs)
    const { sampling = 1 } = this.#options
    if (sampling > 1 && ++this.#looked % sampling !== 0) return
    const { source, destination, sourcePort, destinationPort, protocol } = packet
    const key = `${source} ${destination} ${sourcePort} ${destinationPort} ${protocol}`
    const flow = this.#cache.get(key)
    if (!flow)
      this.#cache.set(key, { ...packet, last: packet.time, octets: packet.bytes, packets: 1 })
    else {
      flow.last = packet.time
      flow.octets += packet.bytes
      flow.packets++
      flow.tcpFlags |= packet.tcpFlags
    }
  }

  /** What was sent since the last call. */
  sent(): SentDatagram[] {
    const sent = this.#sent
    this.#sent = []
    return sent
  }

  end(): void {
    const { inactiveMs } = this.#options
    for (const end = this.#sweptMs + inactiveMs + 2 * sweepMs; this.#sweptMs < end;)
      this.#sweep(this.#sweptMs + sweepMs)
    for (const flow of this.#cache.values()) this.#waiting.push(flow)
    this.#flush()
  }

  #sweep(now: number): void {
    this.#sweptMs = now
    if (this.#restarts[0] !== undefined && now >= this.#restarts[0]) {
      this.#restarts.shift()
      this.#cache.clear()
      this.#waiting = []
      this.#bootMs = Math.floor(now)
      this.#sequence = 0
    }
    const { activeMs = Number.POSITIVE_INFINITY, inactiveMs } = this.#options
    for (const [key, flow] of this.#cache)
      if (now - flow.last >= inactiveMs || now - flow.time >= activeMs) {
        this.#cache.delete(key)
        this.#waiting.push(flow)
      }
    this.#flush()
  }

  #flush(): void {
    for (let at = 0; at < this.#waiting.length; at += recordsMost)
      this.#send(this.#waiting.slice(at, at + recordsMost))
    this.#waiting = []
  }

  #send(flows: readonly Flow[]): void {
    const { clockMs = 0 } = this.#options
    const now = this.#sweptMs
    const isSix = (flow: Flow) => flow.source.includes(':')
    const sets = [
      { templates: [four, six] },
      {
        data: four,
        records: flows.filter((flow) => !isSix(flow)).map((flow) => this.#record(flow)),
      },
      { data: six, records: flows.filter((flow) => isSix(flow)).map((flow) => this.#record(flow)) },
    ].filter((set) => 'templates' in set || set.records.length > 0)
    const payload = encodeV9({
      uptimeMs: Math.round(now - this.#bootMs),
      exportMs: now + clockMs,
      sequence: this.#sequence++,
      sets,
    })
    this.#sent.push({ payload, receivedMs: Math.round(now + 5) })
  }

  #record(flow: Flow): Value[] {
    const { sampling = 1 } = this.#options
    const uptime = (t: number) => Math.max(0, Math.round(t - this.#bootMs))
    const isOut = /^(10\.|192\.168\.|fd)/.test(flow.source)
    return [
      flow.source, flow.destination, flow.sourcePort, flow.destinationPort, flow.protocol,
      flow.tcpFlags, Math.round(flow.octets), flow.packets, uptime(flow.time), uptime(flow.last),
      isOut ? 2 : 1, isOut ? 1 : 2, sampling,
    ] // prettier-ignore
  }
}
