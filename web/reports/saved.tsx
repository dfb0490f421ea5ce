/** Saved reports: stored on the server, for everybody, and run again when chosen. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import type { ReportBody, SavedReport } from '../../api/schema/state.ts'
import { Fault, useAttempt } from '../controls/attempt.tsx'
import { go, place } from '../state/route.ts'
import { session } from '../state/session.ts'
import { view } from '../state/view.ts'
import { zone } from '../state/zone.ts'
import { question, reportQuery } from './question.ts'
import { removeReport, savedReports, saveReport } from './saved-reports.ts'

const name = signal('')

/** The report shown, as saved: with its times as written, so that now means now. */
function bodyOf(given: string): ReportBody {
  const { from, to } = view.value
  const asked = { ...reportQuery.value, from, to, tz: zone.value }
  const query = Object.entries(asked).filter(([, value]) => value !== '')
  return {
    name: given,
    kind: question.value.preset.kind,
    query: Object.fromEntries(query),
    address: place.value.query === '' ? '?' : place.value.query,
  }
}

export function Saved() {
  useEffect(() => savedReports.follow(), [])
  const { isBusy, fault, run } = useAttempt()
  const kept = savedReports.state.value.answer ?? []
  const chosen = kept.find(({ address }) => address === place.value.query)
  const save = (event: Event) => {
    event.preventDefault()
    const given = name.value.trim()
    if (given === '' || !reportQuery.value) return
    void run(async () => {
      await saveReport(bodyOf(given))
      name.value = ''
    })
  }
  const open = (id: string) => {
    const picked = kept.find((each) => each.id === id)
    if (picked) go(`/reports${picked.address ?? ''}`)
  }
  const remove = (report: SavedReport) => {
    if (confirm(`Remove the report "${report.name}"?`)) void run(() => removeReport(report))
  }
  return (
    <form class="saved" onSubmit={save}>
      {kept.length > 0 && (
        <select
          aria-label="Saved reports"
          value={chosen?.id ?? ''}
          onChange={(event) => open(event.currentTarget.value)}
        >
          <option value="">saved reports</option>
          {kept.map((report) => (
            <option key={report.id} value={report.id}>
              {report.name}
            </option>
          ))}
        </select>
      )}
      {chosen && (
        <>
          <a
            href={`/api/reports/${chosen.id}/answer?format=csv`}
            title={`saved by ${chosen.author}; this address runs it again each time`}
            download
          >
            run again, as CSV
          </a>
          <button type="button" disabled={isBusy} onClick={() => remove(chosen)}>
            remove it
          </button>
        </>
      )}
      {session.value?.role !== 'wall' && (
        <>
          <input
            type="text"
            aria-label="Name to save this report under"
            placeholder="save as …"
            maxLength={80}
            value={name.value}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
          <button type="submit" disabled={name.value.trim() === ''}>
            save
          </button>
        </>
      )}
      <Fault text={fault} />
    </form>
  )
}
