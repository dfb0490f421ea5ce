/** Saved reports, as the API stores them: the same for everybody. */
import type { ReportBody, ReportsAnswer, SavedReport } from '../../api/schema/state.ts'
import { read } from '../client.ts'
import { followAnswer } from '../state/follow.ts'

export const savedReports = followAnswer<readonly SavedReport[]>(
  () => 'all',
  async (ended) => (await read<ReportsAnswer>('/api/reports', ended)).reports,
)

/** Saves a report; replaces one of the same name. @throws RequestError */
export async function saveReport(body: ReportBody): Promise<SavedReport> {
  const same = savedReports.state.value.answer?.find(({ name }) => name === body.name)
  return same
    ? savedReports.change(`/api/reports/${same.id}`, { method: 'PUT', body, etag: same.etag })
    : savedReports.change('/api/reports', { method: 'POST', body })
}

/** Deletes a report. @throws RequestError */
export async function removeReport({ id, etag }: SavedReport): Promise<void> {
  await savedReports.change(`/api/reports/${id}`, { method: 'DELETE', etag })
}
