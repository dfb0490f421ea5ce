/** A stretch of sequence numbers that this collector received without a move in between. */
import type { ExporterClocks, ReceivedRange } from '../../flow/received-range.ts'
import { sequenceUnits, type Stream } from '../decode/exporters/stream.ts'
import { isNumberedAfter } from '../decode/sequence/numbering.ts'
import type { SequenceSnapshot } from '../decode/sequence/sequence.ts'

/** A stretch of this collector, and the losses counted before it. */
export interface OwnSpan extends ReceivedRange {
  /** Its first datagram was received here, so losses before it can be judged. */
  isBegun: boolean
  /** It began with an apparent restart of the exporter. */
  isRestart: boolean
  isEstimated: boolean
  /** Mean flows per datagram. */
  meanFlows: number
  /**
   * Records of the first datagram: to be subtracted from `from` if the exporter numbers a datagram
   * after its records.
   */
  firstRecords: number
  /** The losses counted by the decoder, and their correction since. */
  counted: LostBefore
  corrected: LostBefore | null
  /** What the last judgement was based on. */
  judged: string
}

export interface LostBefore {
  datagrams: number
  flows: number
  /** When the last datagram before was received, unix ms. Absent in what older versions published. */
  sinceMs?: number
}

/** What identifies a stream of an exporter. */
export function nameOf({ version, domain, sourcePort, agent }: Stream): string {
  return [version, domain, sourcePort, ...(agent === 0 ? [] : [agent])].join(' ')
}

function clocksOf({ uptimeMs, exportMs }: SequenceSnapshot): ExporterClocks {
  return { uptimeMs, exportMs }
}

/** A stretch with an unknown beginning: the stream was there before this collector followed it. */
export function unbegun(exporter: string, stream: Stream, state: SequenceSnapshot): OwnSpan {
  const clocks = clocksOf(state)
  return {
    exporter,
    stream: nameOf(stream),
    from: state.expected,
    to: state.expected,
    unsure: state.unsure,
    fromMs: stream.seenMs,
    toMs: stream.seenMs,
    begin: clocks,
    end: clocks,
    isBegun: false,
    isRestart: false,
    isEstimated: sequenceUnits[stream.version] === 'datagrams',
    meanFlows: state.meanFlows,
    firstRecords: 0,
    counted: { datagrams: 0, flows: 0 },
    corrected: null,
    judged: '',
  }
}

/** Brings a stretch up to the current state of its stream. */
export function extend(span: OwnSpan, stream: Stream, state: SequenceSnapshot): void {
  span.to = state.expected
  span.unsure = state.unsure
  span.toMs = Math.max(span.toMs, stream.seenMs)
  span.end = clocksOf(state)
  span.meanFlows = state.meanFlows
  // Only now is it known that this exporter numbers a datagram after its records.
  if (span.firstRecords > 0 && isNumberedAfter(sequenceUnits[stream.version], state.numbering)) {
    span.from = (span.from - span.firstRecords) >>> 0
    span.firstRecords = 0
  }
}

/** The datagrams and flows that missing numbers stand for. */
export function lossOf({ isEstimated, meanFlows }: OwnSpan, units: number): LostBefore {
  if (isEstimated) return { datagrams: units, flows: Math.round(units * meanFlows) }
  const datagrams = units === 0 ? 0 : Math.max(1, Math.round(units / Math.max(1, meanFlows)))
  return { datagrams, flows: units }
}
