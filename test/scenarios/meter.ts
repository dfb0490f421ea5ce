/**
 * A metering exporter for tests: packets in, NetFlow v9, v5 or IPFIX datagrams out, as from a
 * router's flow cache (RFC 3954): unidirectional flows, active and inactive timeouts, sampling, a
 * clock of its own.
 */
import { encodeV1, encodeV5 } from '../encode/fixed.ts'
import { encodeIpfix, encodeV9, field, type EncodedTemplate } from '../encode/sets.ts'
import type { SentDatagram } from '../encode/pcap-write.ts'
import type { Value } from '../encode/value.ts'
import type { Packet } from './packets.ts'

export interface MeterOptions {
  /** Default: v9. v1 and v5 have no IPv6, and v1 no sampling. */
  version?: 'v1' | 'v5' | 'v9' | 'ipfix'
  /** Flows are sent together, at this interval in ms; absent: as they end. */
  everyMs?: number
  /** Active timeout: a flow that goes on is reported after this; absent: only at its end. */
  activeMs?: number
  inactiveMs: number
  /** All flows end and are sent at this interval in ms, as by an exporter run on captures of that length. */
  cutEveryMs?: number
  /** Sampling: 1 in this many packets. */
  sampling?: number
  /** How far the exporter's clock is ahead of the collector's. */
  clockMs?: number
  /** When its clock is set, and by how many ms; its uptime goes on. */
  clockSet?: { at: number; by: number }
  /** Times at which the exporter restarts: the flows it held are lost. */
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
/** In IPFIX a flow's times are absolute: flowStartMilliseconds and flowEndMilliseconds. */
const absolute = common.map((each) =>
  each.id === 22 ? field(152, 8) : each.id === 21 ? field(153, 8) : each,
)
const fourAbsolute: EncodedTemplate = { id: 256, fields: [field(8, 4), field(12, 4), ...absolute] }
const sixAbsolute: EncodedTemplate = {
  id: 257,
  fields: [field(27, 16), field(28, 16), ...absolute],
}

const recordsMax = 24
const sweepMs = 1000

/** The datagrams that the exporter sends for packets (in order of time). */
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
    const { activeMs = Number.POSITIVE_INFINITY, inactiveMs, cutEveryMs } = this.#options
    const isAt = (ms: number) => Math.floor(now / ms) !== Math.floor((now - sweepMs) / ms)
    const isCut = cutEveryMs !== undefined && isAt(cutEveryMs)
    for (const [key, flow] of this.#cache)
      if (isCut || now - flow.last >= inactiveMs || now - flow.time >= activeMs) {
        this.#cache.delete(key)
        this.#waiting.push(flow)
      }
    const { everyMs = cutEveryMs ?? sweepMs } = this.#options
    if (isAt(everyMs)) this.#flush()
  }

  #flush(): void {
    for (let at = 0; at < this.#waiting.length; at += recordsMax)
      this.#send(this.#waiting.slice(at, at + recordsMax))
    this.#waiting = []
  }

  #send(flows: readonly Flow[]): void {
    const { version = 'v9' } = this.#options
    const payload = this.#payload[version](flows, this.#sweptMs, this.#clock(this.#sweptMs))
    this.#sent.push({ payload, receivedMs: Math.round(this.#sweptMs + 5) })
  }

  readonly #payload = {
    v1: (flows: readonly Flow[], now: number, exportMs: number) =>
      encodeV1(...this.#fixed(flows, now, exportMs)),
    v5: (flows: readonly Flow[], now: number, exportMs: number) =>
      encodeV5(...this.#fixed(flows, now, exportMs)),
    v9: (flows: readonly Flow[], now: number, exportMs: number) =>
      encodeV9({
        uptimeMs: this.#uptime(now),
        exportMs,
        sequence: this.#sequence++,
        sets: this.#sets(flows, [four, six], (t) => this.#uptime(t)),
      }),
    ipfix: (flows: readonly Flow[], _now: number, exportMs: number) => {
      const sequence = this.#sequence
      this.#sequence += flows.length
      return encodeIpfix({
        exportMs,
        sequence,
        sets: this.#sets(flows, [fourAbsolute, sixAbsolute], (t) => Math.round(this.#clock(t))),
      })
    },
  }

  /** Header and records of a fixed format. */
  #fixed(flows: readonly Flow[], now: number, exportMs: number) {
    const sequence = this.#sequence
    this.#sequence += flows.length
    const { sampling = 1 } = this.#options
    const header = {
      uptimeMs: this.#uptime(now),
      exportMs: Math.round(exportMs),
      sequence,
      sampling: sampling > 1 ? 0x4000 | sampling : 0,
    }
    const records = flows.map((flow) => ({
      ...flow,
      octets: Math.round(flow.octets),
      first: this.#uptime(flow.time),
      last: this.#uptime(flow.last),
      input: isOut(flow) ? 2 : 1,
      output: isOut(flow) ? 1 : 2,
    }))
    return [header, records] as const
  }

  /** What the exporter's clock shows at a time. */
  #clock(t: number): number {
    const { clockMs = 0, clockSet } = this.#options
    return t + clockMs + (clockSet && t >= clockSet.at ? clockSet.by : 0)
  }

  #uptime(t: number): number {
    return Math.max(0, Math.round(t - this.#bootMs))
  }

  #sets(
    flows: readonly Flow[],
    templates: readonly [EncodedTemplate, EncodedTemplate],
    timeOf: (t: number) => number,
  ) {
    const isSix = (flow: Flow) => flow.source.includes(':')
    const data = templates.map((each, i) => ({
      data: each,
      records: flows
        .filter((flow) => isSix(flow) === (i === 1))
        .map((flow) => this.#record(flow, timeOf)),
    }))
    return [{ templates }, ...data.filter(({ records }) => records.length > 0)]
  }

  #record(flow: Flow, timeOf: (t: number) => number): Value[] {
    const { sampling = 1 } = this.#options
    return [
      flow.source, flow.destination, flow.sourcePort, flow.destinationPort, flow.protocol,
      flow.tcpFlags, Math.round(flow.octets), flow.packets, timeOf(flow.time), timeOf(flow.last),
      isOut(flow) ? 2 : 1, isOut(flow) ? 1 : 2, sampling,
    ] // prettier-ignore
  }
}

function isOut({ source }: Flow): boolean {
  return /^(10\.|192\.168\.|172\.16|fd)/.test(source)
}
