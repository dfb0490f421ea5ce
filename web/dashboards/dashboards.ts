/** The dashboards as the API stores them: read, saved, deleted, linked to. */
import type { TokenMade } from '../../api/schema/access.ts'
import type { Dashboard, DashboardBody, DashboardsAnswer } from '../../api/schema/state.ts'
import { read, send } from '../client.ts'
import { followAnswer } from '../state/follow.ts'

/** In seconds. */
export const refreshUsually = 15

export const dashboards = followAnswer<readonly Dashboard[]>(
  () => 'all',
  async (ended) => (await read<DashboardsAnswer>('/api/dashboards', ended)).dashboards,
)

export function readDashboard(id: string, ended: AbortSignal): Promise<Dashboard> {
  return read<Dashboard>(`/api/dashboards/${encodeURIComponent(id)}`, ended)
}

/** Creates or imports a dashboard; returns it as stored. @throws RequestError */
export async function makeDashboard(body: DashboardBody): Promise<Dashboard> {
  return dashboards.change('/api/dashboards', { method: 'POST', body })
}

/** Saves a dashboard. @throws RequestError */
export async function keepDashboard(
  { id, etag }: Pick<Dashboard, 'id' | 'etag'>,
  body: DashboardBody,
): Promise<Dashboard> {
  return dashboards.change(`/api/dashboards/${id}`, { method: 'PUT', body, etag })
}

/** Deletes a dashboard. @throws RequestError */
export async function removeDashboard({ id, etag }: Dashboard): Promise<void> {
  await dashboards.change(`/api/dashboards/${id}`, { method: 'DELETE', etag })
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
