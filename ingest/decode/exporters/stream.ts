/** What is remembered of one stream of datagrams: an exporter's version, domain and source port. */
import type { DatagramVersion } from '../datagram.ts'
import { Sampling } from './sampling.ts'
import { Sequence, type SequenceUnit } from '../sequence/sequence.ts'
import type { Template } from '../templates/template.ts'

/** A data set that waits for its template, with what its datagram's header said. */
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

export class Stream {
  readonly version: DatagramVersion
  readonly domain: number
  sourcePort: number
  readonly sequence: Sequence
  readonly templates = new Map<number, Template>()
  readonly sampling = new Sampling()
  parked: ParkedSet[] = []
  parkedBytes = 0
  /** How many of them wait for each template, by its id. */
  readonly awaited = new Map<number, number>()
  /** It has announced templates itself, and so announces all that it uses. */
  announces = false
  /** unix ms of the last datagram */
  seenMs: number
  /** When the exporter says it was started (systemInitTimeMilliseconds), or the best guess; null: not known. */
  bootMs: number | null = null
  /** bootMs is only guessed, from the latest uptime-relative time seen. */
  bootGuessed = false

  constructor(version: DatagramVersion, domain: number, sourcePort: number, nowMs: number) {
    this.version = version
    this.domain = domain
    this.sourcePort = sourcePort
    this.seenMs = nowMs
    this.sequence = new Sequence(sequenceUnits[version])
  }
}
