/**
 * Sequence numbers of datagrams: duplicates are found before decoding, the rest is accounted after
 * it.
 */
import type { DatagramContents, SequenceEvent } from '../../../flow/sequence.ts'
import type { DatagramContext } from '../context.ts'
import { wordSize } from '../steps/numbers.ts'
import type { SequencedContents } from './numbering.ts'
import type { SequencedDatagram, SequenceFinding } from './sequence.ts'
import { sequenceUnits } from '../exporters/stream.ts'

/** The finding for v1, which has no sequence numbers. */
const noSequence: SequenceFinding = { verdict: 'unknown', lostDatagrams: 0, lostFlows: 0, gaps: [] }

/** The finding for a datagram that was accounted before. */
const duplicate: SequenceFinding = { ...noSequence, verdict: 'duplicate' }

/** An odd constant whose products spread well (Knuth's multiplicative hashing). */
const hashPrime = 0x9e3779b1

export class Accounting {
  /** The current datagram; a single object, reused. */
  readonly sequenced: SequencedDatagram = {
    sequence: 0,
    uptimeMs: -1,
    exportMs: 0,
    mark: 0,
    checksum: 0,
    receivedMs: 0,
    sinceMs: 0,
  }
  readonly #contents: SequencedContents = {
    records: 0,
    optionsRecords: 0,
    recordsUnsure: 0,
    flows: 0,
  }
  readonly #onSequence: ((event: SequenceEvent) => void) | null

  constructor(onSequence: ((event: SequenceEvent) => void) | null) {
    this.#onSequence = onSequence
  }

  /** Takes the header of a datagram. */
  begin(context: DatagramContext, sequence: number): void {
    const { sequenced } = this
    sequenced.sequence = sequence
    sequenced.uptimeMs = context.uptimeMs
    sequenced.exportMs = context.exportMs
  }

  /** Whether the datagram is a duplicate, which is counted and must not be decoded again. */
  isDuplicate(context: DatagramContext): boolean {
    const { stream, exporter } = context
    const { sequenced } = this
    // What v1 has in place of a number is the checksum.
    const isV1 = stream.version === 'v1'
    sequenced.mark = markOf(context, isV1 ? checksumOf(context) : sequenced.sequence)
    sequenced.checksum = isV1 || stream.sequence.isNumbered ? 0 : checksumOf(context)
    if (!stream.sequence.isDuplicate(sequenced)) return false
    exporter.duplicates++
    this.#report(context, duplicate)
    return true
  }

  /**
   * Accounts a decoded datagram by its contents. Returns whether it showed that all domains of its
   * session have one counter.
   */
  account(context: DatagramContext, records: number): boolean {
    const { exporter, stream } = context
    const contents = this.#contents
    contents.records = records
    contents.optionsRecords = context.optionsRecords
    contents.recordsUnsure = context.recordsUnsure
    contents.flows = context.flowRecords
    this.sequenced.receivedMs = context.receivedMs
    this.sequenced.sinceMs = context.sinceMs
    const { sequence, session } = stream
    const own = sequence.next
    const finding = sequence.account(this.sequenced, contents)
    if (stream.version === 'v1') {
      this.#report(context, noSequence)
      return false
    }
    const isShared = session.learn(sequence, this.sequenced.sequence, own, finding)
    if (finding.verdict === 'reordered') exporter.reordered++
    if (finding.verdict === 'restart') exporter.restarts++
    this.#report(context, finding)
    return isShared
  }

  #report(context: DatagramContext, finding: SequenceFinding): void {
    const { exporter, stream, receivedMs, sinceMs, exportMs } = context
    const { verdict, lostDatagrams, lostFlows, gaps } = finding
    if (this.#onSequence === null && lostDatagrams === 0 && lostFlows === 0) return
    const lostFlowsEstimated = sequenceUnits[stream.version] === 'datagrams'
    if (lostDatagrams !== 0 || lostFlows !== 0) {
      exporter.lost.datagrams += lostDatagrams
      exporter.lost.flows += lostFlows
      exporter.takenBack.datagrams += Math.max(0, -lostDatagrams)
      exporter.takenBack.flows += Math.max(0, -lostFlows)
      if (lostFlowsEstimated) exporter.lost.flowsEstimated = true
    }
    this.#onSequence?.({
      exporter: exporter.address,
      observationDomain: stream.domain,
      agent: stream.agent,
      receivedMs,
      sinceMs,
      exportMs,
      verdict,
      lostDatagrams,
      lostFlows,
      lostFlowsEstimated,
      gaps,
      carries: contentsOf(context),
      flows: context.flowRecords,
    })
  }
}

function contentsOf({ flowRecords, recordsUnsure }: DatagramContext): DatagramContents {
  if (flowRecords > 0) return 'flows'
  return recordsUnsure > 0 ? 'unread' : 'nothing'
}

/** Shorter datagrams, such as a bare sFlow header, are identified by number only. */
const markedBytesMin = 12

/**
 * A mark that identifies duplicates: the sequence number, with 20 bits above it from the length,
 * the header's times and some words from across the datagram.
 */
function markOf({ view, offset, end }: DatagramContext, sequence: number): number {
  const bytes = end - offset
  if (bytes < markedBytesMin) return sequence
  // Four words from across the datagram, and the header words with its times: exportMs modulo
  // anything would take longer than all the rest.
  const step = (bytes >>> 4) << 2
  const sum =
    Math.imul(view.getInt32(offset + 4), 0x85ebca6b) +
    Math.imul(view.getInt32(offset + 8), 0xc2b2ae35) +
    Math.imul(view.getInt32(offset + step), 0x27d4eb2f) +
    Math.imul(view.getInt32(offset + 2 * step), 0x165667b1) +
    Math.imul(view.getInt32(offset + 3 * step), 0xcc9e2d51) +
    Math.imul(view.getInt32(end - 4), 0x1b873593) +
    bytes
  const hash = Math.imul((sum | 0) ^ (sum >>> 15), hashPrime)
  return (hash >>> 12) * wordSize + sequence
}

/** A checksum of all bytes (FNV-1a), too slow for every datagram. */
function checksumOf({ view, offset, end }: DatagramContext): number {
  let hash = 0x811c9dc5
  for (let at = offset; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193)
  return hash >>> 0
}
