/** Series of trackers: only totals have them, and only for the time in which they were followed. */
import { intervalMs } from '../../flow/interval.ts'
import type { StateDocument } from '../../store/state/state.ts'
import type { KeptTracker } from '../../store/tracker.ts'
import { badQuery } from '../errors.ts'
import type { SeriesQuery } from '../schema/schema.ts'
import { xff, type CoverageGrid } from './coverage.ts'
import type { Line } from './line.ts'
import type { Stored, Wanted } from './source.ts'

/** All trackers, by id, and those asked for (null: the greatest). */
export interface QueriedTrackers {
  known: ReadonlyMap<string, KeptTracker>
  ids: readonly string[] | null
}

/**
 * What a query asks about trackers; null if nothing.
 * @throws ApiError if it asks for something that totals do not have
 */
export function queriedTrackers(
  query: SeriesQuery,
  documents: readonly StateDocument<KeptTracker>[],
): QueriedTrackers | null {
  const words = query.by?.split(',') ?? []
  if (!words.includes('tracker')) {
    if (query.tracker === undefined) return null
    throw badQuery('bad-parameter', '"tracker" needs by=tracker', 'add by=tracker')
  }
  const other = words.find((word) => !['tracker', 'direction', 'exporter'].includes(word))
  if (other !== undefined || query.filter !== undefined)
    throw badQuery(
      'tracker-alone',
      `trackers are not split by ${other ?? 'a filter'}`,
      'use by=tracker or by=tracker,direction; for more, use the filter of the tracker',
    )
  const known = new Map(documents.map(({ id, body }) => [id, body]))
  const ids = query.tracker?.split(',') ?? null
  const unknown = ids?.find((id) => !known.has(id))
  if (unknown !== undefined)
    throw badQuery('unknown-tracker', `there is no tracker "${unknown}"`, 'see /api/trackers')
  return { known, ids }
}

/**
 * The query as the totals can answer it: never finer than their step, and never from the archive.
 */
export function asOfTotals(wanted: Wanted, stored: Stored): [Wanted, Stored] {
  const stepMs = wanted.stepMs === undefined ? undefined : Math.max(wanted.stepMs, intervalMs)
  return [
    { ...wanted, stepMs, withoutArchive: [] },
    { ...stored, archive: { rows: 0, first: null, last: null } },
  ]
}

/**
 * Makes the time in which a line's tracker was not followed unknown: a step followed for less than
 * xff of what has begun of it has no value, and one followed for part of it has the mean of that
 * part.
 */
export function blankUnfollowed(
  line: Line,
  { known }: QueriedTrackers,
  { grid, openUntil }: Pick<CoverageGrid, 'grid' | 'openUntil'>,
): void {
  const tracker = known.get(String(line.key?.['tracker']))
  if (!tracker) return
  for (let at = 0; at < grid.count; at++) {
    const start = grid.from + at * grid.stepMs
    const end = Math.min(start + grid.stepMs, openUntil ?? Number.POSITIVE_INFINITY)
    if (end <= start) continue
    const followedMs = tracker.spans.reduce(
      (sum, { from, to }) => sum + Math.max(0, Math.min(to ?? end, end) - Math.max(from, start)),
      0,
    )
    if (followedMs < xff * (end - start)) {
      line.average[at] = Number.NaN
      line.peak[at] = Number.NaN
    } else line.average[at]! *= (end - start) / followedMs
  }
}
