/** Reports that were given a name, kept in this browser; their addresses can be sent to anybody. */
import { signal } from '@preact/signals'

import { go, place } from '../state/route.ts'

interface SavedReport {
  name: string
  /** The query of its address. */
  query: string
}

const storageKey = 'reports'
const savedMax = 100

function stored(): SavedReport[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '[]')
    return Array.isArray(list) ? (list as SavedReport[]).slice(0, savedMax) : []
  } catch {
    return []
  }
}

const reports = signal<readonly SavedReport[]>(stored())
const name = signal('')

function keep(list: readonly SavedReport[]): void {
  reports.value = list.slice(0, savedMax)
  localStorage.setItem(storageKey, JSON.stringify(reports.value))
}

export function Saved() {
  const chosen = reports.value.find(({ query }) => query === place.value.query)
  const save = (event: Event) => {
    event.preventDefault()
    const given = name.value.trim()
    if (given === '') return
    const others = reports.value.filter((report) => report.name !== given)
    keep([{ name: given, query: place.value.query }, ...others])
    name.value = ''
  }
  return (
    <form class="saved" onSubmit={save}>
      {reports.value.length > 0 && (
        <select
          aria-label="Saved reports"
          value={chosen?.name ?? ''}
          onChange={(event) => {
            const picked = reports.value.find((each) => each.name === event.currentTarget.value)
            if (picked) go(`/reports${picked.query}`)
          }}
        >
          <option value="">saved reports</option>
          {reports.value.map((report) => (
            <option key={report.name} value={report.name}>
              {report.name}
            </option>
          ))}
        </select>
      )}
      {chosen && (
        <button
          type="button"
          onClick={() => keep(reports.value.filter((report) => report !== chosen))}
        >
          forget it
        </button>
      )}
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
    </form>
  )
}
