/**
 * Breaks: times without datagrams from an exporter, after which its sequence numbers did not
 * continue; and when its clock was set forward, which leaves a gap in the times of its flows.
 */
import type { ExporterBreak } from '../../flow/incident/incident.ts'
import type { SequenceEvent } from '../../flow/sequence.ts'
import type { ClockStep } from './clock-steps.ts'
import { ExporterClock } from './exporter-clock.ts'

/** A shorter time without datagrams is no break: single datagrams were lost. */
export const breakMsMin = 5000
/** Most breaks kept; the oldest are dropped. */
export const breaksMax = 1000
/** Most exporters and domains followed; beyond, those silent longest are dropped. */
const followedMax = 8192

/**
 * `first` of a domain that was heard before is of another port, with numbers of its own: of a new
 * process, which in IPFIX no uptime tells. If another such port came less long ago than this, its
 * ports are no processes.
 */
const processMsMin = 600_000

/** A break in which the exporter itself, as far as is known, lost nothing. */
const nothingLost = { isRestart: false, lostFlows: 0, lostDatagrams: 0 }

/** When any of an exporter's domains was received. */
interface Heard {
  /** Last, unix ms. */
  ms: number
  /** The last time of breakMsMin and more in which none was, unix ms. */
  silence: { from: number; to: number }
}

/** The last datagram of one domain, in sFlow of one agent's. */
interface Last {
  /** When it was received, unix ms. */
  ms: number
  /** When its last port that begins with numbers of its own came, unix ms. */
  portMs: number
  readonly clock: ExporterClock
  /** The same object for all domains of the exporter. */
  heard: Heard
}

export class BreakLog {
  /**
   * The last datagram of each exporter and domain, in order of the time in which it was received.
   */
  readonly #lastMs = new Map<string, Last>()
  /** By exporter, in order of its domains' first datagrams. */
  readonly #heard = new Map<string, Heard>()
  /**
   * The entry of the previous datagram, which is the last of the map: most often the next datagram
   * has the same.
   */
  #before: { exporter: string; observationDomain: number; agent: number; last: Last } | null = null
  #breaks: ExporterBreak[] = []

  /** Takes the sequence verdict of a datagram. */
  take(event: SequenceEvent): void {
    const { exporter, receivedMs, exportMs, verdict, lostFlows, lostDatagrams } = event
    const last = this.#of(event)
    const isFirst = last.ms === Number.NEGATIVE_INFINITY
    const { ms: from, portMs, clock, heard } = last
    if (verdict === 'first') last.portMs = receivedMs
    last.ms = Math.max(receivedMs, from)
    if (receivedMs - heard.ms >= breakMsMin) heard.silence = { from: heard.ms, to: receivedMs }
    heard.ms = Math.max(receivedMs, heard.ms)
    const wasAheadMs = clock.take(exportMs - receivedMs)
    if (isFirst) return
    if (event.gaps.some(({ units }) => units < 0)) this.#takeBack(event)
    if (wasAheadMs !== null) {
      const skipped = { from: from + wasAheadMs, to: exportMs }
      this.#add({ exporter, from, to: receivedMs, ...nothingLost, clock: skipped })
    }
    const isNewProcess = verdict === 'first' && receivedMs - portMs >= processMsMin
    const isRestart = verdict === 'restart' || isNewProcess
    if (receivedMs - from < breakMsMin || !(verdict === 'gap' || isRestart)) return
    // While another domain is received, the exporter is not away.
    if (receivedMs - heard.silence.to >= breakMsMin) return
    this.#add({
      exporter,
      from: Math.max(from, heard.silence.from),
      to: receivedMs,
      isRestart,
      lostFlows: Math.max(0, lostFlows),
      lostDatagrams: Math.max(0, lostDatagrams),
    })
  }

  /** Notes that this machine's clock was set forward: no flow of the exporter has a time in between. */
  clockSetForward(exporter: string, { from, to, passedMs }: ClockStep): void {
    const clock = { from, to, isOurs: true }
    this.#add({ exporter, from: to - passedMs, to, ...nothingLost, clock })
  }

  /**
   * Notes a time in which the collector did not listen to an exporter: the datagram after it has
   * none before it to compare.
   */
  notListening(exporter: string, { from, to }: { from: number; to: number }): void {
    if (to - from < breakMsMin) return
    this.#add({ exporter, from, to, ...nothingLost, isOurs: true })
  }

  /** Notes that this machine's clock was set back to a time: nothing that was noted ahead of it lasts beyond it. */
  clockSetBack(nowMs: number): void {
    this.#breaks = this.#breaks
      .filter(({ from }) => from < nowMs)
      .map((each) => ({ ...each, to: Math.min(each.to, nowMs) }))
  }

  /** Takes back what a break lost, because it arrived late: it was none if nothing of it is missing any more. */
  #takeBack({ exporter, gaps }: SequenceEvent): void {
    this.#breaks = this.#breaks.flatMap((each) => {
      const own = gaps.filter((gap) => isAt(each, { exporter, to: gap.untilMs }))
      if (own.length === 0) return [each]
      let { lostFlows, lostDatagrams = 0 } = each
      for (const { flows, datagrams } of own) {
        lostFlows += flows
        lostDatagrams += datagrams
      }
      return lostFlows <= 0 && lostDatagrams <= 0 ? [] : [{ ...each, lostFlows, lostDatagrams }]
    })
  }

  /** What is remembered of the previous datagram of an exporter and domain; changed by the caller. */
  #of({ exporter, observationDomain, agent }: SequenceEvent): Last {
    const before = this.#before
    const isSame =
      before?.exporter === exporter &&
      before.observationDomain === observationDomain &&
      before.agent === agent
    if (isSame) return before.last
    const key = `${exporter} ${observationDomain} ${agent}`
    const last = this.#lastMs.get(key) ?? {
      ms: Number.NEGATIVE_INFINITY,
      portMs: Number.NEGATIVE_INFINITY,
      clock: new ExporterClock(),
      heard: this.#heardOf(exporter),
    }
    this.#lastMs.delete(key)
    this.#lastMs.set(key, last)
    if (this.#lastMs.size > followedMax) this.#lastMs.delete(this.#lastMs.keys().next().value!)
    this.#before = { exporter, observationDomain, agent, last }
    return last
  }

  #heardOf(exporter: string): Heard {
    const heard = this.#heard.get(exporter) ?? {
      ms: Number.NEGATIVE_INFINITY,
      silence: { from: Number.NEGATIVE_INFINITY, to: Number.NEGATIVE_INFINITY },
    }
    this.#heard.delete(exporter)
    this.#heard.set(exporter, heard)
    if (this.#heard.size > followedMax) this.#heard.delete(this.#heard.keys().next().value!)
    return heard
  }

  /** Replaces an exporter's break that ended at `to`; with null, there was none. */
  replace(
    { exporter, to }: Pick<ExporterBreak, 'exporter' | 'to'>,
    by: ExporterBreak | null,
  ): void {
    this.#breaks = this.#breaks.filter((each) => !isAt(each, { exporter, to }))
    if (by) this.#add(by)
  }

  #add(added: ExporterBreak): void {
    this.#breaks.push(added)
    if (this.#breaks.length > breaksMax) this.#breaks = this.#breaks.slice(-breaksMax)
  }

  /** All breaks, oldest first. */
  list(): readonly ExporterBreak[] {
    return this.#breaks
  }

  /** Restores a list; later breaks are added to it. */
  restore(breaks: readonly ExporterBreak[]): void {
    this.#breaks = [...breaks]
  }
}

/** Whether an exporter's absence ended then; that its clock was set at the same time is another break. */
function isAt(
  each: ExporterBreak,
  { exporter, to }: Pick<ExporterBreak, 'exporter' | 'to'>,
): boolean {
  return each.exporter === exporter && each.to === to && each.clock === undefined
}
