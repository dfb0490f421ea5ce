/** The trackers that are followed: their filters over columns, a batch of flows at a time. */
import type { FlowColumns } from '../../flow/columns.ts'
import { FilterError, type Filter } from '../../flow/filter.ts'
import { parseFilter } from '../../flow/filter/parse.ts'
import type { StateDocument } from '../../store/state.ts'
import type { KeptTracker } from '../../store/tracker.ts'
import { Rules } from './rules.ts'

/** What must be known of a tracker to follow it. */
export type FollowedDocument = Pick<StateDocument<Pick<KeptTracker, 'spans'>>, 'id' | 'body'>

/** Who follows a filter, and in which time. */
interface Follower {
  tracker: number
  span: { from: number; to: number }
}

/** A filter, by its text, and who follows it. */
type FollowedFilters = Map<string, { filter: Filter | null; followers: Follower[] }>

/** Calls back with each flow (row i) that a tracker (by number) follows in intervals of [from, to). */
export type Visit = (tracker: number, i: number, span: { from: number; to: number }) => void

export class FollowedTrackers {
  /** Trackers whose filter cannot be read, with the reason: seen in status, and followed nowhere. */
  readonly problems = new Map<string, string>()
  /** Ids by number; null where it was removed. Numbers are never used again: totals are kept by them. */
  readonly #ids: (string | null)[] = []
  readonly #numbers = new Map<string, number>()
  #rules = new Rules<Follower>([])

  /** Follows these trackers from now on, and no others. */
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

  /** The number of a tracker, by which totals are kept. */
  numberOf(id: string): number | undefined {
    return this.#numbers.get(id)
  }

  /** The id of a number; null where that tracker was removed. */
  idOf(number: number): string | null {
    return this.#ids[number] ?? null
  }

  /** Calls back with every flow that is followed; `only` these trackers, where given. */
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
