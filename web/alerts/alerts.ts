/** The alerts as the API stores them, and the history of what was sent. */
import type {
  Alert,
  AlertBody,
  AlertEvent,
  AlertHistory,
  AlertsAnswer,
} from '../../api/schema/trackers.ts'
import { read, send } from '../client.ts'
import { followAnswer } from '../state/follow.ts'

export const alerts = followAnswer<readonly Alert[]>(
  () => 'all',
  async (ended) => (await read<AlertsAnswer>('/api/alerts', ended)).alerts,
)

export const history = followAnswer<readonly AlertEvent[]>(
  () => 'all',
  async (ended) => (await read<AlertHistory>('/api/alerts/history', ended)).events,
)

/** Creates or changes an alert. @throws RequestError */
export async function keepAlert(alert: Alert | null, body: AlertBody): Promise<void> {
  if (!alert) await alerts.change('/api/alerts', { method: 'POST', body })
  else await alerts.change(`/api/alerts/${alert.id}`, { method: 'PUT', body, etag: alert.etag })
}

/** Deletes an alert. @throws RequestError */
export async function removeAlert({ id, etag }: Alert): Promise<void> {
  await alerts.change(`/api/alerts/${id}`, { method: 'DELETE', etag })
}

/** Sends an alert now, as a test; returns the result. @throws RequestError */
export async function testAlert({ id }: Alert): Promise<AlertEvent> {
  const event = await send<AlertEvent>(`/api/alerts/${id}/test`, { method: 'POST' })
  alerts.again()
  history.again()
  return event
}

/** The part of an alert that is written, without what the API adds. */
export function bodyOf(alert: Alert): AlertBody {
  const { name, subject, condition, intervals, repeat, quietMinutes, targets, isOn } = alert
  return {
    name,
    subject,
    targets,
    ...(condition === undefined ? {} : { condition }),
    ...(intervals === undefined ? {} : { intervals }),
    ...(repeat === undefined ? {} : { repeat }),
    ...(quietMinutes === undefined ? {} : { quietMinutes }),
    ...(isOn === undefined ? {} : { isOn }),
  }
}
