/** The user of the page, and what they may do. */
import { computed, signal } from '@preact/signals'

import type { SessionAnswer } from '../../api/schema/access.ts'
import { loginNeeded, read, RequestError, send } from '../client.ts'
import { takeServerZone } from './zone.ts'

export const session = signal<SessionAnswer | null>(null)

/** Whether the user may change what only an admin may. */
export const isAdmin = computed(() => session.value?.role === 'admin')

/** Fetches the session; if nothing answers, the user is unknown. */
export async function askSession(): Promise<void> {
  try {
    const answer = await read<SessionAnswer>('/api/session', new AbortController().signal)
    session.value = answer
    takeServerZone(answer.timeZone)
    loginNeeded.value = answer.role === null
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
  }
}

/**
 * Opens a session.
 * @throws RequestError if name or password is wrong
 */
export async function logIn(user: string, password: string): Promise<void> {
  session.value = await send<SessionAnswer>('/api/login', {
    method: 'POST',
    body: { user, password },
  })
  loginNeeded.value = false
}

/** Ends the session. */
export async function logOut(): Promise<void> {
  await send('/api/logout', { method: 'POST' })
  session.value = null
  loginNeeded.value = true
}
