/** Times in which nothing came from an exporter and after which its numbers did not go on. */
import type { ExporterBreak } from '../../flow/incident/incident.ts'
import type { SequenceEvent } from '../../flow/sequence.ts'

/** A shorter time without a datagram is no break: single datagrams were lost. */
export const breakLeastMs = 5000
/** Breaks that are kept; of more, the newest. */
const breaksMax = 1000
/** Exporters and domains that are followed; beyond, the ones longest silent are let go. */
const followedMax = 8192

export class BreakLog {
  /** When the last datagram of each exporter and domain came, unix ms; in order of their last datagram. */
  readonly #lastMs = new Map<string, { ms: number }>()
  /** The one of the datagram before, which is the last of them: most often the next is of it too. */
  #before: { exporter: string; observationDomain: number; last: { ms: number } } | null = null
  #breaks: ExporterBreak[] = []

  /** Takes what a datagram's sequence number said; gives the time since the one before it, or null where there was none. */
  take(event: SequenceEvent): number | null {
    const { exporter, receivedMs, verdict, lostFlows, lostDatagrams } = event
    const last = this.#follow(event)
    const silenceMs = last === null ? null : receivedMs - last
    if (last === null || receivedMs - last < breakLeastMs) return silenceMs
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

  /** Notes when a datagram came; gives when the one before it of its exporter and domain did, or null. */
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
