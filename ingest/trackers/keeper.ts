/**
 * Follows users' changes of trackers: changes take effect exactly when the archive is sealed, so
 * that everything counted before is in the archive, and everything after is counted live, without a
 * gap.
 */
import type { Archive } from '../../store/archive/archive.ts'
import { intervalMs } from '../../flow/interval.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { orAborted } from '../../store/or-aborted.ts'
import { StoreFault } from '../../store/spool/fault.ts'
import type { StateDocument, StateReading } from '../../store/state/state.ts'
import type { KeptTracker } from '../../store/tracker.ts'
import type { Buckets } from '../buckets/buckets.ts'
import { adopt, adoptedName, progressOf, type AdoptedTrackers } from './adopt.ts'
import type { FollowedTrackers } from './followed.ts'

interface KeeperParts {
  archive: Archive
  buckets: Buckets
  followed: FollowedTrackers
  state: StateReading
}

/** What a change of trackers requires. */
interface TakenUp {
  /** Intervals to rebuild from the archive. */
  redo: number[]
  /** Intervals held in the buckets that are filled in, then rewritten. */
  held: number[]
  /** Values for the archive's manifest. */
  set: Record<string, unknown>
}

/** Any age will do: whoever reported the change has just read them. */
const asLastSeen = { keptMs: Number.POSITIVE_INFINITY, awayMs: Number.POSITIVE_INFINITY }

type Documents = readonly StateDocument<KeptTracker>[]

export class TrackerKeeper {
  readonly #parts: KeeperParts
  #isChanged = true
  /** Held intervals to fill in, by tracker number. */
  #toFill = new Map<number, Set<number>>()

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  /** Follows the previously adopted trackers unchanged: for flows from before the start. */
  async begin(): Promise<void> {
    const adopted = this.#parts.archive.value<AdoptedTrackers>(adoptedName) ?? {}
    this.#parts.followed.follow(
      Object.entries(adopted).map(([id, { spans }]) => ({ id, body: { spans } })),
    )
  }

  /** Records that trackers were changed. */
  changed(): void {
    this.#isChanged = true
  }

  /** The current trackers, if changed since the last call and readable before the process is `ending`. */
  async look(ending: AbortSignal): Promise<Documents | null> {
    if (!this.#isChanged || ending.aborted) return null
    this.#isChanged = false
    try {
      const documents = this.#parts.state.list<KeptTracker>('trackers', asLastSeen)
      return await orAborted(documents, ending)
    } catch (error) {
      // While the store is down, the adopted ones are followed unchanged. The next answer reports
      // the change.
      if (!ending.aborted && !(error instanceof StoreFault)) {
        this.#isChanged = true
        throw error
      }
      return null
    }
  }

  /** Follows these trackers from now on; everything counted before must be the next thing archived. */
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
   * Counts the archive's flows of the held intervals, for the trackers that missed them. Returns
   * the intervals that are no longer held, because the archive could not be read: they must be
   * rebuilt from it later.
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
      // The archive reports the file that it moved aside; half a count is useless.
      return buckets.dropBefore(to)
    }
  }

  /** The progress of trackers being backfilled, and those that cannot be followed. */
  status(redo: Iterable<number>): NonNullable<IngestStatus['trackers']> {
    const { archive, followed } = this.#parts
    const adopted = archive.value<AdoptedTrackers>(adoptedName) ?? {}
    return {
      progress: Object.fromEntries(progressOf(adopted, redo)),
      problems: Object.fromEntries(followed.problems),
    }
  }
}

/** Whether a published file may have flows of an interval, of which none were dropped. */
export function holdsFlows(archive: Archive, interval: number): boolean {
  if (!archive.isComplete(interval)) return false
  return archive
    .entries()
    .some(({ firstMin, lastMax }) => firstMin < interval + intervalMs && lastMax >= interval)
}
