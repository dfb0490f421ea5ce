/** Sequence numbers of datagrams as they pass: judged before decoding, counted and told after. */
import type { SequenceEvent } from '../../../flow/sequence.ts'
import type { DatagramContext } from '../context.ts'
import { wordSize } from '../steps/numbers.ts'
import type { SequencedContents } from './numbering.ts'
import type { SequencedDatagram, SequenceFinding } from './sequence.ts'
import { sequenceUnits } from '../exporters/stream.ts'

/** What v1, which has no sequence numbers, says of them. */
const noSequence: SequenceFinding = { verdict: 'unknown', lostDatagrams: 0, lostFlows: 0 }

/** An odd constant whose product spreads well (Knuth's multiplicative hashing). */
const hashPrime = 0x9e3779b1

export class Accounting {
  /** What the datagram at hand says; one object, used again. */
  readonly sequenced: SequencedDatagram = {
    sequence: 0,
    uptimeMs: -1,
    exportMs: 0,
    mark: 0,
    checksum: 0,
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

  /** Takes in the header of a datagram. */
  begin(context: DatagramContext, sequence: number): void {
    const { sequenced } = this
    sequenced.sequence = sequence
    sequenced.uptimeMs = context.uptimeMs
    sequenced.exportMs = context.exportMs
  }

  /** Whether the datagram is a second copy, which is counted and must not be decoded again. */
  isDuplicate(context: DatagramContext): boolean {
    const { stream, exporter } = context
    const { sequenced } = this
    if (stream.version === 'v1') return false
    sequenced.mark = markOf(context, sequenced.sequence)
    sequenced.checksum = stream.sequence.isNumbered ? 0 : checksumOf(context)
    if (!stream.sequence.isDuplicate(sequenced)) return false
    exporter.duplicates++
    this.#tell(context, { verdict: 'duplicate', lostDatagrams: 0, lostFlows: 0 })
    return true
  }

  /** Accounts a decoded datagram by what it held. */
  account(context: DatagramContext, records: number): void {
    const { exporter, stream } = context
    if (stream.version === 'v1') {
      this.#tell(context, noSequence)
      return
    }
    const contents = this.#contents
    contents.records = records
    contents.optionsRecords = context.optionsRecords
    contents.recordsUnsure = context.recordsUnsure
    contents.flows = context.flowRecords
    const finding = stream.sequence.account(this.sequenced, contents)
    if (finding.verdict === 'reordered') exporter.reordered++
    if (finding.verdict === 'restart') exporter.restarts++
    this.#tell(context, finding)
  }

  #tell({ exporter, stream, receivedMs }: DatagramContext, finding: SequenceFinding): void {
    const { verdict, lostDatagrams, lostFlows } = finding
    if (this.#onSequence === null && lostDatagrams === 0 && lostFlows === 0) return
    const lostFlowsEstimated = sequenceUnits[stream.version] === 'datagrams'
    if (lostDatagrams !== 0 || lostFlows !== 0) {
      exporter.lost.datagrams += lostDatagrams
      exporter.lost.flows += lostFlows
      if (lostFlowsEstimated) exporter.lost.flowsEstimated = true
    }
    this.#onSequence?.({
      exporter: exporter.address,
      observationDomain: stream.domain,
      receivedMs,
      verdict,
      lostDatagrams,
      lostFlows,
      lostFlowsEstimated,
    })
  }
}

/** A datagram that is shorter, as sFlow's header alone is, is known by its number. */
const markedBytesMin = 12

/**
 * A mark by which a second copy is known: the sequence number itself, and above it 20 bits made of the
 * length, the header's times and some words from all over the datagram.
 */
function markOf({ view, offset, end }: DatagramContext, sequence: number): number {
  const bytes = end - offset
  if (bytes < markedBytesMin) return sequence
  // Four words from all over it, and of the header those with its times: the remainder of exportMs
  // would take longer than all else.
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

/** A checksum of all bytes (FNV-1a), which is too slow to be made of every datagram. */
function checksumOf({ view, offset, end }: DatagramContext): number {
  let hash = 0x811c9dc5
  for (let at = offset; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193)
  return hash >>> 0
}
