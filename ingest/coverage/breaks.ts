/**
 * Breaks: times without datagrams from an exporter, after which its sequence numbers did not
 * continue.
 */
import type { ExporterBreak } from '../../flow/incident/incident.ts'
import type { SequenceEvent } from '../../flow/sequence.ts'

/** A shorter time without datagrams is no break: single datagrams were lost. */
export const breakMsMin = 5000
/** Most breaks kept; the oldest are dropped. */
const breaksMax = 1000
/** Most exporters and domains followed; beyond, those silent longest are dropped. */
const followedMax = 8192

export class BreakLog {
  /** Receive time of the last datagram of each exporter and domain, unix ms; in order of that time. */
  readonly #lastMs = new Map<string, { ms: number }>()
  /**
   * The entry of the previous datagram, which is the last of the map: most often the next datagram
   * has the same.
   */
  #before: { exporter: string; observationDomain: number; last: { ms: number } } | null = null
  #breaks: ExporterBreak[] = []

  /** Takes the sequence verdict of a datagram; returns the time since the previous one, or null if there was none. */
  take(event: SequenceEvent): number | null {
    const { exporter, receivedMs, verdict, lostFlows, lostDatagrams } = event
    const last = this.#follow(event)
    const silenceMs = last === null ? null : receivedMs - last
    if (last === null || receivedMs - last < breakMsMin) return silenceMs
    if (verdict !== 'gap' && verdict !== 'restart') return silenceMs
    const isRestart = verdict === 'restart'
    this.#add({
      exporter,
      from: last,
      to: receivedMs,
      isRestart,
      lostFlows: Math.max(0, lostFlows),
      lostDatagrams: Math.max(0, lostDatagrams),
    })
    return silenceMs
  }

  /**
   * Notes the receive time of a datagram; returns that of the previous one of its exporter and
   * domain, or null.
   */
  #follow({ exporter, observationDomain, receivedMs }: SequenceEvent): number | null {
    const before = this.#before
    if (before?.exporter === exporter && before.observationDomain === observationDomain) {
      const { ms } = before.last
      before.last.ms = Math.max(receivedMs, ms)
      return ms
    }
    const key = `${exporter} ${observationDomain}`
    const held = this.#lastMs.get(key)
    const last = held ?? { ms: receivedMs }
    const ms = held ? held.ms : null
    last.ms = Math.max(receivedMs, last.ms)
    this.#lastMs.delete(key)
    this.#lastMs.set(key, last)
    if (this.#lastMs.size > followedMax) this.#lastMs.delete(this.#lastMs.keys().next().value!)
    this.#before = { exporter, observationDomain, last }
    return ms
  }

  /** Replaces an exporter's break that ended at `to`; with null, there was none. */
  replace(
    { exporter, to }: Pick<ExporterBreak, 'exporter' | 'to'>,
    by: ExporterBreak | null,
  ): void {
    this.#breaks = this.#breaks.filter((each) => each.exporter !== exporter || each.to !== to)
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
