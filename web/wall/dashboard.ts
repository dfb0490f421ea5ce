/**
 * The dashboards that a wall shows: fetched by name, refreshed for as long as it hangs, and in
 * rotation.
 */
import { signal } from '@preact/signals'

import type { DashboardBody } from '../../api/schema/state.ts'
import { RequestError, retryMs, send } from '../client.ts'
import type { StoredAs } from '../dashboard/panel-data.ts'
import { repeat } from '../dashboard/repeat.ts'
import { bodyOf, readDashboard } from '../dashboards/dashboards.ts'
import { standardDashboard } from './standard.ts'

/** A dashboard as stored; the standard one is not. */
export interface Hung {
  stored: StoredAs | null
  body: DashboardBody
}

export const hung = signal<Hung | null>(null)
export const fault = signal<RequestError | null>(null)
/** Why the link that the page was opened with does not log in. */
export const linkFault = signal<RequestError | null>(null)

const againMs = 30_000

/**
 * Opens a read-only session with the token in the address's fragment, and removes it from the
 * address at once, so that it is not in the history. A screen may be on before Weir is: then it is
 * tried again, since the token is nowhere else.
 */
export async function enterByLink(ended: AbortSignal): Promise<void> {
  const token = location.hash.slice(1)
  if (token === '') return
  history.replaceState(history.state, '', location.pathname + location.search)
  while (!ended.aborted)
    try {
      await send('/api/login', { method: 'POST', body: { token } })
      fault.value = null
      return
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      if (!error.isPassing) {
        linkFault.value = error
        return
      }
      fault.value = error
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
}

/** Shows a dashboard and follows its changes; returns the function that stops this. */
export function hang(id: string): () => void {
  // Without a name the standard one is shown.
  if (id === '') {
    take({ stored: null, body: standardDashboard })
    return () => undefined
  }
  const load = async (ended: AbortSignal) => {
    const read = await readDashboard(id, ended)
    take({ stored: { id, etag: read.etag }, body: bodyOf(read) })
  }
  return repeat(againMs, load, (error) => {
    fault.value = error
  })
}

/** An unchanged dashboard is not redrawn. */
function take(next: Hung): void {
  fault.value = null
  linkFault.value = null
  if (JSON.stringify(next) !== JSON.stringify(hung.peek())) hung.value = next
}
