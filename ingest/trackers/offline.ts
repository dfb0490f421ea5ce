/** Trackers while ingest is not running: replay and rebuild make their series, too. */
import type { Archive } from '../../store/archive/archive.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import { openSharedState } from '../../store/open.ts'
import { StateReader } from '../../store/state/files.ts'
import type { KeptTracker } from '../../store/tracker.ts'
import { adopt, adoptedName, type AdoptedTrackers } from './adopt.ts'
import { FollowedTrackers } from './followed.ts'
import { holdsFlows } from './keeper.ts'

/**
 * The trackers of a data folder or cluster, ready to follow; intervals affected by a change are
 * added to the archive's redo list.
 */
export async function followOffline(
  settings: Settings,
  archive: Archive,
  now: number,
): Promise<FollowedTrackers> {
  const documents = await trackersOf(settings)
  const followed = new FollowedTrackers()
  followed.follow(documents)
  const before = archive.value<AdoptedTrackers>(adoptedName) ?? {}
  const hasFlows = (interval: number) => holdsFlows(archive, interval)
  const adoption = adopt(before, documents, { now, hasFlows })
  if (adoption)
    await archive.publish({
      redo: [...new Set([...archive.redo(), ...[...adoption.intervals.values()].flat()])],
      set: { [adoptedName]: adoption.adopted },
    })
  return followed
}

async function trackersOf(settings: Settings) {
  const shared = await openSharedState(settings)
  if (!shared) return new StateReader(settings.data).list<KeptTracker>('trackers')
  try {
    return await shared.state.list<KeptTracker>('trackers')
  } finally {
    await shared.close()
  }
}
