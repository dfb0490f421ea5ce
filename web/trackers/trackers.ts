/** The trackers as the API stores them. */
import type { NewTracker, Tracker, TrackerBody, TrackersAnswer } from '../../api/schema/trackers.ts'
import { read } from '../client.ts'
import { followAnswer, type Followed } from '../state/follow.ts'

/** How often the progress is fetched while a series is built from the archive, in ms. */
const progressMs = 2000

export const trackers: Followed<readonly Tracker[]> = followAnswer(
  () => 'all',
  async (ended) => {
    const { trackers: listed } = await read<TrackersAnswer>('/api/trackers', ended)
    if (listed.some(({ progress }) => progress !== null))
      setTimeout(() => !ended.aborted && trackers.again(), progressMs)
    return listed
  },
)

/** Creates a tracker. @throws RequestError */
export async function makeTracker(body: NewTracker): Promise<void> {
  await trackers.change('/api/trackers', { method: 'POST', body })
}

/** Changes a tracker. @throws RequestError */
export async function reviseTracker({ id, etag }: Tracker, body: TrackerBody): Promise<void> {
  await trackers.change(`/api/trackers/${id}`, { method: 'PUT', body, etag })
}

/** Deletes a tracker and its series. @throws RequestError */
export async function removeTracker({ id, etag }: Tracker): Promise<void> {
  await trackers.change(`/api/trackers/${id}`, { method: 'DELETE', etag })
}
