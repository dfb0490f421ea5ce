/** Opens the buckets, where flows are counted for the measurements and trackers. */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { Archive } from '../../store/archive/archive.ts'
import type { OpenState } from '../../store/state/state.ts'
import { Buckets } from '../buckets/buckets.ts'
import { FollowedTrackers } from '../trackers/followed.ts'
import { TrackerKeeper } from '../trackers/keeper.ts'

interface OpenBuckets {
  buckets: Buckets
  followed: FollowedTrackers
  trackers: TrackerKeeper
}

/** Counts from the first interval after all archived flows, with the users' trackers. */
export async function openBuckets(
  { local, flowMaxMs }: Settings,
  { archive, state }: { archive: Archive; state: OpenState },
): Promise<OpenBuckets> {
  const followed = new FollowedTrackers()
  const wholeSince = wholeFrom(archive)
  const buckets = new Buckets({ local, flowMaxMs, wholeFrom: wholeSince, trackers: followed })
  buckets.rebuiltFrom = archive.completeFrom()
  const trackers = new TrackerKeeper({ archive, buckets, followed, state })
  await trackers.begin()
  return { buckets, followed, trackers }
}

/**
 * The first interval after all flows that are or were archived, unix ms: from there on the buckets
 * hold intervals in full.
 */
function wholeFrom(archive: Archive): number {
  const lastMs = archive
    .entries()
    .reduce((most, entry) => Math.max(most, entry.lastMax), Number.NEGATIVE_INFINITY)
  const after = Number.isFinite(lastMs) ? intervalStart(lastMs) + intervalMs : lastMs
  return Math.max(after, archive.completeFrom())
}
