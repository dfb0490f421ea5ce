/**
 * In a cluster, an exporter may move from one collector to another. Each collector sees only some
 * of its sequence numbers: what the other received is not lost, and neither alone sees what was
 * lost in between. So collectors share the stretches of numbers they received, and each counts what
 * is missing before its own stretches: every loss is counted once, by the collector that received
 * the next datagram.
 */
import type { ReceivedRange } from '../../flow/received-range.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { takenBackBy } from '../../flow/merge-exporters.ts'
import type { SequenceEvent } from '../../flow/sequence.ts'
import type { TakenBack } from '../../flow/status.ts'
import type { UnknownReason } from '../../store/measurement.ts'
import { breakMsMin } from './breaks.ts'
import type { CoverageTracker } from './coverage.ts'
import { beginsAnew, hasRestarted } from '../decode/sequence/boot.ts'
import { distance } from '../decode/sequence/missing.ts'
import type { Stream } from '../decode/exporters/stream.ts'
import { extend, lossOf, nameOf, unbegun, type LostBefore, type OwnSpan } from './own-span.ts'

/** A gap after a shorter silence is a loss on the way: no exporter moves away and back so fast. */
const silenceMsMin = 1000
/** The clocks of collectors may differ by this much. */
const clocksMs = 2000
/** Stretches are shared and judged for this long after their end: as long as coverage is held. */
const spanMsMax = 2 * 3_600_000
/** Most stretches held; beyond, the streams silent longest are dropped. */
export const spansMax = 20_000
/** How much of them is dropped at once: sorting all for each would take too long. */
const droppedPart = 1 / 8

/** What to add to the decoder's counters of an exporter. */
interface CountersCorrection extends Omit<LostBefore, 'sinceMs'> {
  restarts: number
  /** The sum of all that was subtracted so far. Absent in what older versions published. */
  takenBack?: TakenBack
}

const none: CountersCorrection = { datagrams: 0, flows: 0, restarts: 0 }

export interface HandoverSnapshot {
  spans: OwnSpan[]
  /** The same, by exporter. */
  off: [string, CountersCorrection][]
}

/** A stream, as the decoder knows it. */
interface KnownStream {
  exporter: string
  stream: Stream
}

export class Handover {
  readonly #coverage: CoverageTracker
  /** By exporter and stream, oldest first; the last is still growing. */
  #spans = new Map<string, OwnSpan[]>()
  /** Stretches held. */
  #held = 0
  readonly #corrections = new Map<string, CountersCorrection>()

  constructor(coverage: CoverageTracker) {
    this.#coverage = coverage
  }

  /** Takes the sequence verdict of a datagram, with its stream. */
  take(event: SequenceEvent, stream: Stream): void {
    const { verdict, exporter, receivedMs, sinceMs } = event
    if (verdict !== 'gap' && verdict !== 'first' && verdict !== 'restart') return
    const spans = this.#of(exporter, stream)
    const last = spans.at(-1)
    const isGap = verdict === 'gap'
    if (isGap && receivedMs - sinceMs < silenceMsMin) return
    const state = stream.sequence.snapshot()
    const missing = state.missing.at(-1)
    if (isGap && missing && last) {
      last.to = missing.from
      last.unsure = 0
      last.toMs = Math.max(last.toMs, sinceMs)
    }
    this.#add(spans, {
      ...unbegun(exporter, stream, state),
      from: isGap && missing ? (missing.from + missing.units) >>> 0 : state.latest,
      fromMs: receivedMs,
      toMs: receivedMs,
      isBegun: true,
      isRestart: verdict === 'restart',
      firstRecords: isGap ? 0 : (state.expected - state.latest) >>> 0,
      counted: { datagrams: event.lostDatagrams, flows: event.lostFlows, sinceMs },
    })
  }

  /** Brings the stretches up to the current state of the streams. */
  follow(streams: Iterable<KnownStream>): void {
    for (const { exporter, stream } of streams) {
      if (stream.version === 'v1') continue
      const spans = this.#of(exporter, stream)
      const last = spans.at(-1)
      if (last && last.toMs === stream.seenMs) continue
      const state = stream.sequence.snapshot()
      if (state.expected < 0) continue
      if (last) extend(last, stream, state)
      else this.#add(spans, unbegun(exporter, stream, state))
    }
    this.#forget()
  }

  /** The stretches to share with the other collectors. */
  spans(): ReceivedRange[] {
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

  /** Corrects the losses before this collector's stretches by what the others received. */
  settle(others: readonly ReceivedRange[]): void {
    const byStream = Map.groupBy(others, keyOf)
    for (const [key, spans] of this.#spans) {
      const theirs = byStream.get(key)
      if (theirs) for (const span of spans) if (span.isBegun) this.#judge(span, spans, theirs)
    }
  }

  /** What to add to the losses that the decoder counted for an exporter. */
  correctionOf(exporter: string): CountersCorrection | null {
    return this.#corrections.get(exporter) ?? null
  }

  snapshot(): HandoverSnapshot {
    return { spans: [...this.#spans.values()].flat(), off: [...this.#corrections] }
  }

  restore({ spans, off }: HandoverSnapshot): void {
    this.#spans = Map.groupBy(spans, keyOf)
    this.#held = spans.length
    for (const [exporter, lost] of off) this.#corrections.set(exporter, lost)
  }

  #of(exporter: string, stream: Stream): OwnSpan[] {
    const key = keyOf({ exporter, stream: nameOf(stream) })
    let spans = this.#spans.get(key)
    if (!spans) this.#spans.set(key, (spans = []))
    return spans
  }

  #judge(span: OwnSpan, own: readonly OwnSpan[], others: readonly ReceivedRange[]): void {
    const earlier = own.findLast((each) => each !== span && each.fromMs < span.fromMs)
    let before: ReceivedRange | undefined
    for (const each of others)
      if (each.fromMs < span.fromMs && each.toMs <= span.fromMs + clocksMs)
        if (each.toMs > (before?.toMs ?? earlier?.toMs ?? Number.NEGATIVE_INFINITY)) before = each
    if (!before) return
    const missing = distance(before.to, span.from) - before.unsure
    const ahead = { first: span.from, ahead: missing }
    const isRestart =
      beginsAnew(ahead, before.end, span.begin) || hasRestarted(before.end, span.begin)
    const units = isRestart ? 0 : Math.max(0, missing)
    const judged = `${before.toMs} ${units} ${isRestart}`
    if (span.judged === judged) return
    // It stays a restart only if the other collector's last datagram shows it too.
    const restarts = span.isRestart && !isRestart && span.judged === '' ? -1 : 0
    span.judged = judged
    const lost = { ...lossOf(span, units), sinceMs: before.toMs }
    this.#correct(span, lost, restarts)
    this.#judgeSilence(span, { fromMs: before.toMs, isRestart, lost })
  }

  #correct(span: OwnSpan, lost: LostBefore, restarts: number): void {
    const { exporter, fromMs, isEstimated } = span
    const is = span.corrected ?? span.counted
    const flows = lost.flows - is.flows
    const datagrams = lost.datagrams - is.datagrams
    span.corrected = lost
    if (flows === 0 && datagrams === 0 && restarts === 0) return
    const move = ({ flows: lostFlows, sinceMs = fromMs }: LostBefore, sign: 1 | -1) =>
      this.#coverage.lose(exporter, { lostFlows: sign * lostFlows, isEstimated, sinceMs }, fromMs)
    move(is, -1)
    move(lost, 1)
    const { takenBack, ...correction } = this.#corrections.get(exporter) ?? none
    this.#corrections.set(exporter, {
      datagrams: correction.datagrams + datagrams,
      flows: correction.flows + flows,
      restarts: correction.restarts + restarts,
      takenBack: takenBackBy(takenBack, {
        datagrams: Math.max(0, -datagrams),
        flows: Math.max(0, -flows),
        restarts: -restarts,
      }),
    })
  }

  /** Sets the reason of the time in which neither collector received anything. */
  #judgeSilence(
    { exporter, fromMs: toMs }: OwnSpan,
    { fromMs, isRestart, lost }: { fromMs: number; isRestart: boolean; lost: LostBefore },
  ): void {
    const isLost = lost.flows > 0 || lost.datagrams > 0
    const reason: UnknownReason | null = isRestart ? 'exporter-restart' : isLost ? 'lost' : null
    const first = intervalStart(fromMs) + intervalMs
    for (let silent = first; silent < intervalStart(toMs); silent += intervalMs)
      this.#coverage.judge(exporter, silent, reason)
    const isBreak = toMs - fromMs >= breakMsMin && reason !== null
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

  /** Anyone who is allowed to send can name streams without end, between two calls of `follow` too. */
  #add(spans: OwnSpan[], span: OwnSpan): void {
    spans.push(span)
    if (++this.#held <= spansMax) return
    for (const [key, { length }] of [...this.#spans].sort((a, b) => endOf(a[1]) - endOf(b[1]))) {
      if (this.#held <= spansMax * (1 - droppedPart)) break
      this.#spans.delete(key)
      this.#held -= length
    }
  }

  /** Drops stretches that ended too long ago. */
  #forget(): void {
    let newestMs = Number.NEGATIVE_INFINITY
    for (const spans of this.#spans.values()) newestMs = Math.max(newestMs, endOf(spans))
    const endMs = newestMs - spanMsMax
    for (const [key, spans] of this.#spans) {
      const kept = spans.filter((span) => span.toMs > endMs)
      if (kept.length === 0) this.#spans.delete(key)
      else this.#spans.set(key, kept)
      this.#held -= spans.length - kept.length
    }
  }
}

/** When a stream's last stretch ended. */
function endOf(spans: readonly OwnSpan[]): number {
  return spans.at(-1)?.toMs ?? Number.NEGATIVE_INFINITY
}

function keyOf({ exporter, stream }: { exporter: string; stream: string }): string {
  return `${exporter} ${stream}`
}
