/**
 * Follows what people make of trackers: changes are taken up at the very moment at which the archive
 * is sealed, so that what was counted before is found in the archive, and what comes after is counted
 * live, without a seam.
 */
import type { Archive } from '../../store/archive/archive.ts'
import { intervalMs } from '../../flow/interval.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { StoreFault } from '../../store/spool/fault.ts'
import type { StateDocument, StateReading } from '../../store/state.ts'
import type { KeptTracker } from '../../store/tracker.ts'
import type { Buckets } from '../buckets/buckets.ts'
import { adopt, adoptedName, progressOf, type AdoptedTrackers } from './adopt.ts'
import type { FollowedTrackers } from './followed.ts'

export interface KeeperParts {
  archive: Archive
  buckets: Buckets
  followed: FollowedTrackers
  state: StateReading
}

/** What is to be done about trackers that were changed. */
export interface TakenUp {
  /** Intervals to be made again from the archive. */
  redo: number[]
  /** Intervals held in the buckets that are filled, then written again. */
  held: number[]
  /** What the archive's manifest shall hold. */
  set: Record<string, unknown>
}

/** Whoever says that trackers were changed has just asked for them. */
const asLastSeen = { keptMs: Number.POSITIVE_INFINITY, awayMs: Number.POSITIVE_INFINITY }

type Documents = readonly StateDocument<KeptTracker>[]

export class TrackerKeeper {
  readonly #parts: KeeperParts
  #isChanged = true
  /** Held intervals by the number of the tracker that is to be counted in them. */
  #toFill = new Map<number, Set<number>>()

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  /** Follows the trackers that were adopted before, as they were: for flows of before the start. */
  async begin(): Promise<void> {
    const adopted = this.#parts.archive.value<AdoptedTrackers>(adoptedName) ?? {}
    this.#parts.followed.follow(
      Object.entries(adopted).map(([id, { spans }]) => ({ id, body: { spans } })),
    )
  }

  /** Says that trackers were changed. */
  changed(): void {
    this.#isChanged = true
  }

  /** The trackers as they are now, where they were changed since the last call, and can be asked for. */
  async look(): Promise<Documents | null> {
    if (!this.#isChanged) return null
    this.#isChanged = false
    try {
      return await this.#parts.state.list<KeptTracker>('trackers', asLastSeen)
    } catch (error) {
      // While the store is away, those that were adopted are followed as they were. That there are
      // others is said as soon as it has answered.
      if (!(error instanceof StoreFault)) throw error
      return null
    }
  }

  /** Follows these trackers from this moment on; everything counted before must go to the archive next. */
  takeUp(documents: Documents, now: number): TakenUp {
    const { archive, buckets, followed } = this.#parts
    followed.follow(documents)
    const before = archive.value<AdoptedTrackers>(adoptedName) ?? {}
    const hasFlows = (interval: number) => buckets.isHeld(interval) || holdsFlows(archive, interval)
    const adoption = adopt(before, documents, { now, hasFlows })
    if (!adoption) return { redo: [], held: [], set: {} }
    const redo = new Set<number>()
    const held = new Set<number>()
    for (const [id, intervals] of adoption.intervals) {
      const inBuckets = intervals.filter((interval) => buckets.isHeld(interval))
      const number = followed.numberOf(id)
      if (number !== undefined && inBuckets.length > 0) {
        this.#toFill.set(number, new Set(inBuckets))
        buckets.clearTracker(number, inBuckets)
      }
      for (const interval of inBuckets) held.add(interval)
      for (const interval of intervals) if (!buckets.isHeld(interval)) redo.add(interval)
    }
    return { redo: [...redo], held: [...held], set: { [adoptedName]: adoption.adopted } }
  }

  /**
   * Counts what the archive holds of the held intervals, for the trackers that did not see it. Gives
   * the intervals that are no longer held, because the archive could not be read: they are to be made
   * from it later.
   */
  async fill(): Promise<number[]> {
    const toFill = this.#toFill
    if (toFill.size === 0) return []
    this.#toFill = new Map()
    const { archive, buckets } = this.#parts
    const intervals = [...toFill.values()].flatMap((each) => [...each])
    const [from, to] = [Math.min(...intervals), Math.max(...intervals) + intervalMs]
    try {
      for await (const flows of archive.read(from, to)) buckets.addForTrackers(flows, toFill)
      return []
    } catch {
      // The archive has put the file aside and says so; half of a count is none.
      return buckets.letGo(to)
    }
  }

  /** How far trackers have come whose past is being made, and which cannot be followed. */
  status(redo: Iterable<number>): NonNullable<IngestStatus['trackers']> {
    const { archive, followed } = this.#parts
    const adopted = archive.value<AdoptedTrackers>(adoptedName) ?? {}
    return {
      progress: Object.fromEntries(progressOf(adopted, redo)),
      problems: Object.fromEntries(followed.problems),
    }
  }
}

/** Whether a published file may hold flows of an interval. */
export function holdsFlows(archive: Archive, interval: number): boolean {
  return archive
    .entries()
    .some(({ firstMin, lastMax }) => firstMin < interval + intervalMs && lastMax >= interval)
}
