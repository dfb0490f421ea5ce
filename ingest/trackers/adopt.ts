/**
 * Computes what a change of trackers requires: which intervals must be rebuilt because a tracker now
 * has a different filter. What was adopted is in the archive's manifest, in the same transaction as the
 * intervals to rebuild, so that neither a crash nor downtime of ingest loses anything.
 */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { StateDocument } from '../../store/state/state.ts'
import {
  changedRange,
  type KeptTracker,
  type Range,
  type TrackerSpan,
} from '../../store/tracker.ts'

/** A tracker in the manifest: the spans for which its series are (being) made. */
interface AdoptedTracker {
  spans: TrackerSpan[]
  /** The time to be rebuilt after its last change, and the number of intervals. */
  making: (Range & { of: number }) | null
}

export type AdoptedTrackers = Record<string, AdoptedTracker>

/** The name of the value in the archive's manifest. */
export const adoptedName = 'trackers'

interface Adoption {
  adopted: AdoptedTrackers
  /** Intervals to rebuild, by tracker; unix ms. */
  intervals: Map<string, number[]>
}

/**
 * Compares trackers with what was adopted. `hasFlows` tells whether the archive may have flows of
 * an interval: those without need no rebuild. Null if nothing has changed.
 */
export function adopt(
  before: AdoptedTrackers,
  documents: readonly StateDocument<KeptTracker>[],
  { now, hasFlows }: { now: number; hasFlows: (interval: number) => boolean },
): Adoption | null {
  const adopted: AdoptedTrackers = {}
  const intervals = new Map<string, number[]>()
  const until = intervalStart(now) + intervalMs
  let isChanged = Object.keys(before).length !== documents.length
  for (const { id, body } of documents) {
    const old = Object.hasOwn(before, id) ? before[id]! : { spans: [], making: null }
    const { spans } = body
    if (Object.hasOwn(before, id) && JSON.stringify(old.spans) === JSON.stringify(spans)) {
      adopted[id] = old
      continue
    }
    isChanged = true
    const range = changedRange(old.spans, spans, until)
    const touched = range ? intervalsOf(range).filter((each) => hasFlows(each)) : []
    intervals.set(id, touched)
    adopted[id] = { spans, making: range && { ...range, of: touched.length } }
  }
  return isChanged ? { adopted, intervals } : null
}

function intervalsOf({ from, to }: Range): number[] {
  const starts: number[] = []
  for (let at = intervalStart(from); at < to; at += intervalMs) starts.push(at)
  return starts
}

/**
 * The progress of trackers in work, by id: how many of their intervals are done. Others have no
 * entry.
 */
export function progressOf(
  adopted: AdoptedTrackers,
  redo: Iterable<number>,
): Map<string, { done: number; of: number }> {
  const waiting = [...redo]
  const progress = new Map<string, { done: number; of: number }>()
  for (const [id, { making }] of Object.entries(adopted)) {
    if (!making || making.of === 0) continue
    const left = waiting.filter((each) => each >= making.from && each < making.to).length
    if (left > 0) progress.set(id, { done: Math.max(0, making.of - left), of: making.of })
  }
  return progress
}
