/** The trackers that are followed: their filters over columns, a batch of flows at a time. */
import type { FlowColumns } from '../../flow/columns.ts'
import { FilterError } from '../../flow/filter.ts'
import { parseFilter } from '../../flow/filter/parse.ts'
import { compilePredicate, type FlowPredicate } from '../../flow/filter/predicate.ts'
import type { StateDocument } from '../../store/state.ts'
import type { KeptTracker } from '../../store/tracker.ts'

/** A filter in its time. */
interface FollowedSpan {
  predicate: FlowPredicate
  from: number
  to: number
}

interface Followed {
  id: string
  spans: FollowedSpan[]
}

/** Calls back with each flow (row i) that a tracker (by number) follows in intervals of [from, to). */
export type Visit = (tracker: number, i: number, span: { from: number; to: number }) => void

export class FollowedTrackers {
  /** Trackers whose filter cannot be read, with the reason: seen in status, and followed nowhere. */
  readonly problems = new Map<string, string>()
  /** By number; null where it was removed. Numbers are never used again, since totals are kept by them. */
  readonly #trackers: (Followed | null)[] = []
  readonly #numbers = new Map<string, number>()
  #passes = new Uint8Array(0)

  /** Follows these trackers from now on, and no others. */
  follow(documents: readonly StateDocument<KeptTracker>[]): void {
    this.problems.clear()
    const ids = new Set(documents.map(({ id }) => id))
    for (const [id, number] of this.#numbers) if (!ids.has(id)) this.#trackers[number] = null
    for (const { id, body } of documents) {
      const spans = this.#compile(id, body)
      let number = this.#numbers.get(id)
      if (number === undefined) {
        number = this.#trackers.length
        this.#numbers.set(id, number)
      }
      this.#trackers[number] = { id, spans }
    }
  }

  /** The number of a tracker, by which totals are kept. */
  numberOf(id: string): number | undefined {
    return this.#numbers.get(id)
  }

  /** The id of a number; null where that tracker was removed. */
  idOf(number: number): string | null {
    return this.#trackers[number]?.id ?? null
  }

  /** Calls back with every flow that is followed; `only` these trackers, where given. */
  forEach(flows: FlowColumns, visit: Visit, only?: { has(tracker: number): boolean }): void {
    const { count } = flows
    if (count === 0 || this.#trackers.length === 0) return
    if (this.#passes.length < count) this.#passes = new Uint8Array(count)
    const passes = this.#passes
    for (const [number, tracker] of this.#trackers.entries()) {
      if (!tracker || (only && !only.has(number))) continue
      for (const span of tracker.spans) {
        if (span.predicate.matches(flows, count, passes) === 0) continue
        for (let i = passes.indexOf(1); i >= 0 && i < count; i = passes.indexOf(1, i + 1))
          visit(number, i, span)
      }
    }
  }

  #compile(id: string, { spans }: KeptTracker): FollowedSpan[] {
    return spans.flatMap(({ canonical, from, to }) => {
      try {
        const predicate = compilePredicate(parseFilter(canonical))
        return [{ predicate, from, to: to ?? Number.POSITIVE_INFINITY }]
      } catch (error) {
        if (!(error instanceof FilterError)) throw error
        this.problems.set(id, error.message)
        return []
      }
    })
  }
}
