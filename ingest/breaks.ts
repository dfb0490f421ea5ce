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

  /** Takes what a datagram's sequence number said. */
  take({ exporter, observationDomain, receivedMs, verdict, lostFlows }: SequenceEvent): void {
    const key = `${exporter} ${observationDomain}`
    const last = this.#lastMs.get(key)
    this.#lastMs.delete(key)
    this.#lastMs.set(key, Math.max(receivedMs, last ?? receivedMs))
    if (this.#lastMs.size > followedMax) this.#lastMs.delete(this.#lastMs.keys().next().value!)
    if (last === undefined || receivedMs - last < breakLeastMs) return
    if (verdict !== 'gap' && verdict !== 'restart') return
    const isRestart = verdict === 'restart'
    this.#breaks.push({
      exporter,
      from: last,
      to: receivedMs,
      isRestart,
      lostFlows: Math.max(0, lostFlows),
    })
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
