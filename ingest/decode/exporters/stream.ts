/**
 * What is remembered about one stream of datagrams: an exporter's version, domain and source port.
 */
import type { DatagramVersion } from '../datagram.ts'
import { Sampling } from './sampling.ts'
import { Sequence, type SequenceUnit } from '../sequence/sequence.ts'
import { Session } from '../sequence/session.ts'
import type { Template } from '../templates/template.ts'
import { CountedBefore } from '../counted-before/stream.ts'

/** A data set waiting for its template, with values from its datagram's header. */
export interface ParkedSet {
  templateId: number
  bytes: Uint8Array<ArrayBuffer>
  receivedMs: number
  exportMs: number
  uptimeMs: number
}

export const sequenceUnits: Readonly<Record<DatagramVersion, SequenceUnit>> = {
  v1: 'datagrams',
  v5: 'flows',
  v6: 'flows',
  v7: 'flows',
  v9: 'datagrams',
  ipfix: 'records',
  sflow: 'datagrams',
}

/** What identifies a stream among those of its exporter and version. */
export type StreamIds = Pick<Stream, 'domain' | 'sourcePort' | 'agent'>

export class Stream {
  readonly version: DatagramVersion
  readonly domain: number
  sourcePort: number
  /** See DatagramContext. */
  readonly agent: number
  /** That of all streams from its port. */
  session = new Session()
  readonly #sequence: Sequence
  readonly templates = new Map<number, Template>()
  readonly sampling = new Sampling()
  /** What its exporter announced under any domain of its version; its own until it belongs to one. */
  exporterSampling = this.sampling
  /** What counted of flows that are reported again; shared with the stream of before another port. */
  countedBefore = new CountedBefore()
  /** Records of which it was asked whether they keep their session's start, and those that do: see kept-starts.ts. */
  readonly longRecords = { all: 0, kept: 0 }
  parked: ParkedSet[] = []
  parkedBytes = 0
  /** How many sets wait for each template, by id. */
  readonly awaited = new Map<number, number>()
  /** It has announced templates itself, and so announces all it uses. */
  announces = false
  /**
   * Since when its process sends in place of another one (unix ms), until it announces sampling or
   * is known not to; null: it does not.
   */
  replacesMs: number | null = null
  /** unix ms of the last datagram */
  seenMs: number
  /** When the exporter booted (systemInitTimeMilliseconds), or the best guess; null: unknown. */
  bootMs: number | null = null
  /** Whether bootMs is only guessed, from the latest uptime-relative time. */
  bootGuessed = false

  constructor(version: DatagramVersion, { domain, sourcePort, agent }: StreamIds, nowMs: number) {
    this.version = version
    this.domain = domain
    this.sourcePort = sourcePort
    this.agent = agent
    this.seenMs = nowMs
    this.#sequence = new Sequence(sequenceUnits[version])
  }

  /** Its own numbers, or those of all domains if they have one counter. */
  get sequence(): Sequence {
    return this.session.shared ?? this.#sequence
  }
}

/**
 * Within this time a process that samples has announced it: many routers do so every ten minutes,
 * apart from their templates, and after a restart sample as before.
 */
const announcedMs = 900_000

/** Forgets, if the process of a stream has announced nothing for long, what the one before it announced. */
export function forgetIfUnannounced(stream: Stream, receivedMs: number): void {
  if (stream.replacesMs !== null && receivedMs - stream.replacesMs >= announcedMs)
    forgetReplaced(stream)
}

/** Forgets the sampling that was announced by the process that a stream replaces; another port keeps its own. */
export function forgetReplaced(stream: Stream): void {
  if (stream.replacesMs === null) return
  stream.replacesMs = null
  stream.sampling.forgetDomain(stream.domain)
  stream.exporterSampling.forgetDomain(stream.domain)
}
