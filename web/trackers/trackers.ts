/** The trackers as the API stores them. */
import { signal } from '@preact/signals'

import type { NewTracker, Tracker, TrackerBody, TrackersAnswer } from '../../api/schema/trackers.ts'
import { read, send } from '../client.ts'
import { followAnswer } from '../state/follow.ts'

/** How often the progress is fetched while a series is built from the archive, in ms. */
const progressMs = 2000

const times = signal(0)

export const trackers = followAnswer<readonly Tracker[]>(
  () => String(times.value),
  async (ended) => {
    const { trackers: listed } = await read<TrackersAnswer>('/api/trackers', ended)
    if (listed.some(({ progress }) => progress !== null))
      setTimeout(() => !ended.aborted && times.value++, progressMs)
    return listed
  },
)

/** Creates a tracker. @throws RequestError */
export async function makeTracker(body: NewTracker): Promise<void> {
  await send('/api/trackers', { method: 'POST', body })
  times.value++
}

/** Changes a tracker. @throws RequestError */
export async function reviseTracker({ id, etag }: Tracker, body: TrackerBody): Promise<void> {
  await send(`/api/trackers/${id}`, { method: 'PUT', body, etag })
  times.value++
}

/** Deletes a tracker and its series. @throws RequestError */
export async function removeTracker({ id, etag }: Tracker): Promise<void> {
  await send(`/api/trackers/${id}`, { method: 'DELETE', etag })
  times.value++
}
