/** The dashboards that a wall shows: fetched by name, again for as long as it hangs, and in turn. */
import { signal } from '@preact/signals'

import type { Dashboard, DashboardBody } from '../../api/schema/state.ts'
import { read, RequestError, send } from '../client.ts'
import { tellAnswered, tellSilent } from '../dashboard/freshness.ts'
import { repeat } from '../dashboard/repeat.ts'
import { standardDashboard } from './standard.ts'

/** A dashboard and its id; without one where it is the standard one. */
export interface Hung {
  id: string | null
  body: DashboardBody
}

export const hung = signal<Hung | null>(null)
export const fault = signal<RequestError | null>(null)

const againMs = 30_000

/**
 * Opens a read-only session by the token in the address's fragment, and takes it out of the address
 * at once, so that it stands in no history.
 */
export async function enterByLink(): Promise<void> {
  const token = location.hash.slice(1)
  if (token === '') return
  history.replaceState(history.state, '', location.pathname + location.search)
  try {
    await send('/api/login', { method: 'POST', body: { token } })
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    fault.value = error
  }
}

/** Shows a dashboard and follows its changes; returns the function that ends it. */
export function hang(id: string): () => void {
  // Without a name there is the standard one.
  if (id === '') {
    take({ id: null, body: standardDashboard })
    return () => undefined
  }
  return repeat(againMs, async (ended) => {
    try {
      const { panels, title, refreshSeconds, rotation } = await dashboard(id, ended)
      const body = {
        title,
        panels,
        ...(refreshSeconds === undefined ? {} : { refreshSeconds }),
        ...(rotation === undefined ? {} : { rotation }),
      }
      take({ id, body })
    } catch (error) {
      if (ended.aborted || !(error instanceof RequestError)) throw error
      if (error.status === 0) tellSilent(Date.now())
      fault.value = error
      throw error
    }
  })
}

function dashboard(id: string, ended: AbortSignal): Promise<Dashboard> {
  return read<Dashboard>(`/api/dashboards/${encodeURIComponent(id)}`, ended)
}

/** The same dashboard is not drawn anew. */
function take(next: Hung): void {
  tellAnswered()
  fault.value = null
  if (JSON.stringify(next) !== JSON.stringify(hung.peek())) hung.value = next
}
