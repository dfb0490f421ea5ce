/**
 * Where several collectors share a cluster, an exporter may move from one to another. Each sees but a
 * part of its numbers: what the other heard is no loss, and what was lost between the two is seen by
 * neither alone. So they tell each other which stretches of numbers they heard, and each counts what
 * is missing before its own stretches: every loss once, by the one that heard what came next.
 */
import type { ExporterClocks, HeardSpan } from '../../flow/heard.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { SequenceEvent } from '../../flow/sequence.ts'
import type { UnknownReason } from '../../store/measurement.ts'
import { breakLeastMs } from './breaks.ts'
import type { CoverageTracker } from './coverage.ts'
import { hasRestarted } from '../decode/sequence/boot.ts'
import { distance } from '../decode/sequence/missing.ts'
import { isNumberedAfter } from '../decode/sequence/numbering.ts'
import type { SequenceSnapshot } from '../decode/sequence/sequence.ts'
import { sequenceUnits, type Stream } from '../decode/exporters/stream.ts'

/** A gap after a shorter silence is a loss on the way: nobody moves and comes back so fast. */
const silenceLeastMs = 1000
/** Clocks of collectors may differ by so much. */
const clocksMs = 2000
/** Stretches are told and looked at for so long after their beginning: as long as coverage is held. */
const spanMsMax = 2 * 3_600_000
/** Stretches that are held; of more, those are let go that ended first. */
const spansMax = 20_000

/** A stretch of this collector's own, and what was counted as lost before it. */
interface OwnSpan extends HeardSpan {
  /** Its first datagram was heard here, so that what came before it can be told. */
  isBegun: boolean
  /** It began with what looks like a start of the exporter. */
  isRestart: boolean
  isEstimated: boolean
  /** Mean flows of a datagram. */
  meanFlows: number
  /** Records of the first datagram: its number is that after them where the exporter counts so. */
  firstRecords: number
  /** What the decoder counted, and what it was corrected to since. */
  counted: LostBefore
  corrected: LostBefore | null
  /** What the last judgement was of. */
  judged: string
}

interface LostBefore {
  datagrams: number
  flows: number
}

/** What the counters of an exporter are off by. */
export interface CountersOff extends LostBefore {
  restarts: number
}

export interface HandoverSnapshot {
  spans: OwnSpan[]
  /** What the counters of exporters are off by. */
  off: [string, CountersOff][]
}

/** A stream as the decoder has it. */
export interface KnownStream {
  exporter: string
  stream: Stream
}

export class Handover {
  readonly #coverage: CoverageTracker
  /** By exporter and stream, the oldest first; the last goes on. */
  #spans = new Map<string, OwnSpan[]>()
  readonly #off = new Map<string, CountersOff>()

  constructor(coverage: CoverageTracker) {
    this.#coverage = coverage
  }

  /** Takes what a datagram's number said, with its stream and the time since the one before (null: none). */
  take(event: SequenceEvent, stream: Stream, silenceMs: number | null): void {
    const { verdict, exporter, receivedMs } = event
    if (verdict !== 'gap' && verdict !== 'first' && verdict !== 'restart') return
    const spans = this.#of(exporter, stream)
    const last = spans.at(-1)
    // After a start, the stretch says when the last one came.
    const silence = silenceMs ?? (last ? receivedMs - last.toMs : 0)
    const isGap = verdict === 'gap'
    if (isGap && silence < silenceLeastMs) return
    const state = stream.sequence.snapshot()
    const missing = state.missing.at(-1)
    if (isGap && missing && last) {
      last.to = missing.from
      last.unsure = 0
      last.toMs = Math.max(last.toMs, receivedMs - silence)
    }
    spans.push({
      ...unbegun(exporter, stream, state),
      from: isGap && missing ? (missing.from + missing.units) >>> 0 : state.latest,
      fromMs: receivedMs,
      toMs: receivedMs,
      isBegun: true,
      isRestart: verdict === 'restart',
      firstRecords: isGap ? 0 : (state.expected - state.latest) >>> 0,
      counted: { datagrams: event.lostDatagrams, flows: event.lostFlows },
    })
  }

  /** Notes how far the streams have come. */
  follow(streams: Iterable<KnownStream>): void {
    for (const { exporter, stream } of streams) {
      if (stream.version === 'v1') continue
      const spans = this.#of(exporter, stream)
      const last = spans.at(-1)
      if (last && last.toMs === stream.seenMs) continue
      const state = stream.sequence.snapshot()
      if (state.expected < 0) continue
      if (last) bringUp(last, stream, state)
      else spans.push(unbegun(exporter, stream, state))
    }
    this.#forget()
  }

  /** What is to be told to the other collectors. */
  spans(): HeardSpan[] {
    return [...this.#spans.values()].flat().map((span) => ({
      exporter: span.exporter,
      stream: span.stream,
      from: span.from,
      to: span.to,
      unsure: span.unsure,
      fromMs: span.fromMs,
      toMs: span.toMs,
      begin: span.begin,
      end: span.end,
    }))
  }

  /** Judges what was lost before this collector's stretches by what the others heard. */
  settle(others: readonly HeardSpan[]): void {
    const byStream = Map.groupBy(others, keyOf)
    for (const [key, spans] of this.#spans) {
      const theirs = byStream.get(key)
      if (theirs) for (const span of spans) if (span.isBegun) this.#judge(span, spans, theirs)
    }
  }

  /** What the decoder's counters of an exporter's losses are off by. */
  off(exporter: string): CountersOff | null {
    return this.#off.get(exporter) ?? null
  }

  snapshot(): HandoverSnapshot {
    return { spans: [...this.#spans.values()].flat(), off: [...this.#off] }
  }

  restore({ spans, off }: HandoverSnapshot): void {
    this.#spans = Map.groupBy(spans, keyOf)
    for (const [exporter, lost] of off) this.#off.set(exporter, lost)
  }

  #of(exporter: string, stream: Stream): OwnSpan[] {
    const key = keyOf({ exporter, stream: nameOf(stream) })
    let spans = this.#spans.get(key)
    if (!spans) this.#spans.set(key, (spans = []))
    return spans
  }

  #judge(span: OwnSpan, own: readonly OwnSpan[], others: readonly HeardSpan[]): void {
    const earlier = own.findLast((each) => each !== span && each.fromMs < span.fromMs)
    let before: HeardSpan | undefined
    for (const each of others)
      if (each.fromMs < span.fromMs && each.toMs <= span.fromMs + clocksMs)
        if (each.toMs > (before?.toMs ?? earlier?.toMs ?? Number.NEGATIVE_INFINITY)) before = each
    if (!before) return
    const isRestart = hasRestarted(before.end, span.begin)
    const missing = distance(before.to, span.from) - before.unsure
    const units = isRestart ? 0 : Math.max(0, missing)
    const judged = `${before.toMs} ${units} ${isRestart}`
    if (span.judged === judged) return
    // A start that the other heard too is one.
    const restarts = span.isRestart && !isRestart && span.judged === '' ? -1 : 0
    span.judged = judged
    const lost = worthOf(span, units)
    this.#correct(span, lost, restarts)
    this.#tell(span, { fromMs: before.toMs, isRestart, lost })
  }

  #correct(span: OwnSpan, lost: LostBefore, restarts: number): void {
    const { exporter, fromMs, isEstimated } = span
    const is = span.corrected ?? span.counted
    const flows = lost.flows - is.flows
    const datagrams = lost.datagrams - is.datagrams
    span.corrected = lost
    if (flows === 0 && datagrams === 0 && restarts === 0) return
    this.#coverage.correct(exporter, intervalStart(fromMs), { lostFlows: flows, isEstimated })
    const off = this.#off.get(exporter) ?? { datagrams: 0, flows: 0, restarts: 0 }
    this.#off.set(exporter, {
      datagrams: off.datagrams + datagrams,
      flows: off.flows + flows,
      restarts: off.restarts + restarts,
    })
  }

  /** Says what the time was in which neither heard anything. */
  #tell(
    { exporter, fromMs: toMs }: OwnSpan,
    { fromMs, isRestart, lost }: { fromMs: number; isRestart: boolean; lost: LostBefore },
  ): void {
    const isLost = lost.flows > 0 || lost.datagrams > 0
    const reason: UnknownReason | null = isRestart ? 'exporter-restart' : isLost ? 'lost' : null
    const first = intervalStart(fromMs) + intervalMs
    for (let silent = first; silent < intervalStart(toMs); silent += intervalMs)
      this.#coverage.judge(exporter, silent, reason)
    const isBreak = toMs - fromMs >= breakLeastMs && reason !== null
    const { breaks } = this.#coverage
    breaks.replace(
      { exporter, to: toMs },
      isBreak
        ? {
            exporter,
            from: fromMs,
            to: toMs,
            isRestart,
            lostFlows: lost.flows,
            lostDatagrams: lost.datagrams,
          }
        : null,
    )
  }

  /** Lets go of what is too old; of each stream the last stretch stays, for it goes on. */
  #forget(): void {
    let newestMs = Number.NEGATIVE_INFINITY
    let count = 0
    for (const spans of this.#spans.values()) {
      newestMs = Math.max(newestMs, spans.at(-1)?.toMs ?? newestMs)
      count += spans.length
    }
    const endMs = newestMs - spanMsMax
    for (const [key, spans] of this.#spans) {
      const kept = spans.filter((span) => span.toMs > endMs)
      if (kept.length === 0) this.#spans.delete(key)
      else this.#spans.set(key, kept)
      count -= spans.length - kept.length
    }
    if (count <= spansMax) return
    const [oldest] = [...this.#spans].sort((a, b) => a[1].at(-1)!.toMs - b[1].at(-1)!.toMs)
    this.#spans.delete(oldest![0])
  }
}

function keyOf({ exporter, stream }: { exporter: string; stream: string }): string {
  return `${exporter} ${stream}`
}

function nameOf({ version, domain, sourcePort }: Stream): string {
  return `${version} ${domain} ${sourcePort}`
}

function clocksOf({ uptimeMs, exportMs }: SequenceSnapshot): ExporterClocks {
  return { uptimeMs, exportMs }
}

/** A stretch whose beginning is not known: it was there before the collector followed any. */
function unbegun(exporter: string, stream: Stream, state: SequenceSnapshot): OwnSpan {
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

function bringUp(span: OwnSpan, stream: Stream, state: SequenceSnapshot): void {
  span.to = state.expected
  span.unsure = state.unsure
  span.toMs = Math.max(span.toMs, stream.seenMs)
  span.end = clocksOf(state)
  span.meanFlows = state.meanFlows
  // Only now is it known that its numbers are those after a datagram's records.
  if (span.firstRecords > 0 && isNumberedAfter(sequenceUnits[stream.version], state.numbering)) {
    span.from = (span.from - span.firstRecords) >>> 0
    span.firstRecords = 0
  }
}

/** What missing numbers are worth. */
function worthOf({ isEstimated, meanFlows }: OwnSpan, units: number): LostBefore {
  if (isEstimated) return { datagrams: units, flows: Math.round(units * meanFlows) }
  const datagrams = units === 0 ? 0 : Math.max(1, Math.round(units / Math.max(1, meanFlows)))
  return { datagrams, flows: units }
}
