/** Saved reports, as the API stores them: the same for everybody. */
import { signal } from '@preact/signals'

import type { ReportBody, ReportsAnswer, SavedReport } from '../../api/schema/state.ts'
import { read, send } from '../client.ts'
import { followAnswer } from '../state/follow.ts'

const times = signal(0)

export const savedReports = followAnswer<readonly SavedReport[]>(
  () => String(times.value),
  async (ended) => (await read<ReportsAnswer>('/api/reports', ended)).reports,
)

/** Saves a report; replaces one of the same name. @throws RequestError */
export async function saveReport(body: ReportBody): Promise<SavedReport> {
  const same = savedReports.state.value.answer?.find(({ name }) => name === body.name)
  const kept = same
    ? await send<SavedReport>(`/api/reports/${same.id}`, { method: 'PUT', body, etag: same.etag })
    : await send<SavedReport>('/api/reports', { method: 'POST', body })
  times.value++
  return kept
}

/** Deletes a report. @throws RequestError */
export async function removeReport({ id, etag }: SavedReport): Promise<void> {
  await send(`/api/reports/${id}`, { method: 'DELETE', etag })
  times.value++
}
