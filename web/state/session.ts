/** The user of the page, and what they may do. */
import { computed, signal } from '@preact/signals'

import type { SessionAnswer } from '../../api/schema/access.ts'
import { loginNeeded, read, RequestError, send } from '../client.ts'
import { takeServerTime } from './clock.ts'
import { hasUnsaved, mayLeave, reloadPage } from './route.ts'
import { takeServerZone } from './zone.ts'

export const session = signal<SessionAnswer | null>(null)

/** Whether the user may change what only an admin may. */
export const isAdmin = computed(() => session.value?.role === 'admin')

/** Fetches the session; if nothing answers, the user is unknown. */
export async function askSession(): Promise<void> {
  const sent = Date.now()
  try {
    const answer = await read<SessionAnswer>('/api/session', new AbortController().signal)
    session.value = answer
    takeServerTime(answer.now, sent, Date.now())
    takeServerZone(answer.timeZone)
    loginNeeded.value = answer.role === null
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
  }
}

/** Whether unsaved changes wait for their user, whose session has ended by itself. */
export function isAwaited(): boolean {
  return hasUnsaved() && (session.value?.role ?? null) !== null
}

/**
 * Opens a session; the page is loaded anew for a user other than the last.
 * @throws RequestError if name or password is wrong
 */
export async function logIn(user: string, password: string): Promise<void> {
  const answer = await send<SessionAnswer>('/api/login', {
    method: 'POST',
    body: { user, password },
  })
  const before = session.value
  if (before && before.role !== null && before.user !== answer.user) return reloadPage()
  session.value = answer
  loginNeeded.value = false
}

/** Ends the session, unless the user would rather save something first. */
export async function logOut(): Promise<void> {
  if (!mayLeave()) return
  await send('/api/logout', { method: 'POST' })
  reloadPage()
}
