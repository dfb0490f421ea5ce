/** The active trackers: tests their filters on columns, one batch of flows at a time. */
import type { FlowColumns } from '../../flow/columns.ts'
import { FilterError, type Filter } from '../../flow/filter.ts'
import { parseFilter } from '../../flow/filter/parse.ts'
import type { StateDocument } from '../../store/state/state.ts'
import type { KeptTracker } from '../../store/tracker.ts'
import { Rules } from './rules.ts'

/** What is needed of a tracker to follow it. */
type FollowedDocument = Pick<StateDocument<Pick<KeptTracker, 'spans'>>, 'id' | 'body'>

/** A tracker that uses a filter, and when. */
interface Follower {
  tracker: number
  span: { from: number; to: number }
}

/** A filter, by its text, and the trackers that use it. */
type FollowedFilters = Map<string, { filter: Filter | null; followers: Follower[] }>

/** Called for each flow (row i) that a tracker (by number) follows in intervals of [from, to). */
export type Visit = (tracker: number, i: number, span: { from: number; to: number }) => void

export class FollowedTrackers {
  /** Trackers whose filter cannot be parsed, with the reason: shown in the status, and not followed. */
  readonly problems = new Map<string, string>()
  /** Ids by number; null if removed. Numbers are never reused: totals refer to them. */
  readonly #ids: (string | null)[] = []
  readonly #numbers = new Map<string, number>()
  #rules = new Rules<Follower>([])

  /** From now on follows exactly these trackers. */
  follow(documents: readonly FollowedDocument[]): void {
    this.problems.clear()
    const given = new Set(documents.map(({ id }) => id))
    for (const [id, number] of this.#numbers) this.#ids[number] = given.has(id) ? id : null
    const filters: FollowedFilters = new Map()
    for (const { id, body } of documents) {
      let number = this.#numbers.get(id)
      if (number === undefined) {
        number = this.#ids.length
        this.#numbers.set(id, number)
        this.#ids.push(id)
      }
      this.#take(filters, { id, number, body })
    }
    this.#rules = new Rules(filters.values())
  }

  /** The number of a tracker in the totals. */
  numberOf(id: string): number | undefined {
    return this.#numbers.get(id)
  }

  /** The tracker's id; null if it was removed. */
  idOf(number: number): string | null {
    return this.#ids[number] ?? null
  }

  /** Calls back with every followed flow; only for the trackers in `only`, if given. */
  forEach(flows: FlowColumns, visit: Visit, only?: { has(tracker: number): boolean }): void {
    if (flows.count === 0) return
    this.#rules.forEach(flows, ({ tracker, span }, i) => {
      if (!only || only.has(tracker)) visit(tracker, i, span)
    })
  }

  #take(
    filters: FollowedFilters,
    { id, number, body }: FollowedDocument & { number: number },
  ): void {
    for (const { canonical, from, to } of body.spans) {
      const follower = { tracker: number, span: { from, to: to ?? Number.POSITIVE_INFINITY } }
      const same = filters.get(canonical)
      if (same) {
        same.followers.push(follower)
        continue
      }
      try {
        filters.set(canonical, { filter: parseFilter(canonical), followers: [follower] })
      } catch (error) {
        if (!(error instanceof FilterError)) throw error
        this.problems.set(id, error.message)
      }
    }
  }
}
