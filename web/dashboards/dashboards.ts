/** The dashboards as the API stores them: read, saved, deleted, linked to. */
import { signal } from '@preact/signals'

import type { TokenMade } from '../../api/schema/access.ts'
import type { Dashboard, DashboardBody, DashboardsAnswer } from '../../api/schema/state.ts'
import { read, send } from '../client.ts'
import { followAnswer } from '../state/follow.ts'

/** In seconds. */
export const refreshUsually = 15

const times = signal(0)

export const dashboards = followAnswer<readonly Dashboard[]>(
  () => String(times.value),
  async (ended) => (await read<DashboardsAnswer>('/api/dashboards', ended)).dashboards,
)

/** Creates or imports a dashboard; returns it as stored. @throws RequestError */
export async function makeDashboard(body: DashboardBody): Promise<Dashboard> {
  const made = await send<Dashboard>('/api/dashboards', { method: 'POST', body })
  times.value++
  return made
}

/** Saves a dashboard. @throws RequestError */
export async function keepDashboard(
  { id, etag }: Pick<Dashboard, 'id' | 'etag'>,
  body: DashboardBody,
): Promise<Dashboard> {
  const kept = await send<Dashboard>(`/api/dashboards/${id}`, { method: 'PUT', body, etag })
  times.value++
  return kept
}

/** Deletes a dashboard. @throws RequestError */
export async function removeDashboard({ id, etag }: Dashboard): Promise<void> {
  await send(`/api/dashboards/${id}`, { method: 'DELETE', etag })
  times.value++
}

/** An address at which a screen shows a dashboard without a log-in. @throws RequestError */
export async function makeLink({ id, title }: Dashboard): Promise<string> {
  const body = { name: `wall: ${title}`.slice(0, 100), role: 'wall', dashboard: id }
  const { link } = await send<TokenMade>('/api/tokens', { method: 'POST', body })
  return location.origin + (link ?? `/wall/${id}`)
}

/** The part of a dashboard that is written, without what the API adds. */
export function bodyOf({ title, panels, refreshSeconds, rotation }: DashboardBody): DashboardBody {
  return {
    title,
    panels,
    ...(refreshSeconds === undefined ? {} : { refreshSeconds }),
    ...(rotation === undefined ? {} : { rotation }),
  }
}
