/** Times in which nothing came from an exporter and after which its numbers did not go on. */
import type { ExporterBreak } from '../flow/incident/incident.ts'
import type { SequenceEvent } from '../flow/sequence.ts'

/** Shorter ones are single datagrams that were lost. */
const breakLeastMs = 5000
/** Breaks that are kept; of more, the newest. */
const breaksMax = 1000
/** Exporters and domains that are followed; beyond, the ones longest silent are let go. */
const followedMax = 8192

export class BreakLog {
  /** When the last datagram of each exporter and domain came, unix ms; in order of their last datagram. */
  readonly #lastMs = new Map<string, number>()
  #breaks: ExporterBreak[] = []

  /** Takes what a datagram's sequence number said; gives the time since the one before it, or null where there was none. */
  take(event: SequenceEvent): number | null {
    const { exporter, observationDomain, receivedMs, verdict, lostFlows } = event
    const key = `${exporter} ${observationDomain}`
    const last = this.#lastMs.get(key)
    this.#lastMs.delete(key)
    this.#lastMs.set(key, Math.max(receivedMs, last ?? receivedMs))
    if (this.#lastMs.size > followedMax) this.#lastMs.delete(this.#lastMs.keys().next().value!)
    const silenceMs = last === undefined ? null : receivedMs - last
    if (last === undefined || receivedMs - last < breakLeastMs) return silenceMs
    if (verdict !== 'gap' && verdict !== 'restart') return silenceMs
    const isRestart = verdict === 'restart'
    this.#add({
      exporter,
      from: last,
      to: receivedMs,
      isRestart,
      lostFlows: Math.max(0, lostFlows),
    })
    return silenceMs
  }

  /** Puts a break in the place of the one of an exporter that ended at a time; null: there was none. */
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

  /** Takes a list back; what comes after is added to it. */
  restore(breaks: readonly ExporterBreak[]): void {
    this.#breaks = [...breaks]
  }
}
