/** The first password: from a file, or made up and told once. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Settings } from '../../flow/settings.ts'
import { ApiError } from '../errors.ts'
import type { ApiState } from '../state.ts'
import type { KeptUser } from './accounts.ts'
import type { Passwords } from './passwords.ts'

/** The user there is from the beginning. */
export const firstAdmin = 'admin'

const passwordBytes = 12
/** Ingest may still be starting, and only it may write: tried for about a minute. */
const triesMax = 60
const tryAgainMs = 1000
/** A password file longer than this is another file. */
const passwordLengthMax = 256

/**
 * Makes the user admin with a password of its own where nobody could log in otherwise, and gives
 * that password; null where there is no need.
 * @throws ApiError 503 where it could not be kept within a minute
 */
export async function makeFirstAdmin(
  { access }: Settings,
  { state, passwords }: { state: ApiState; passwords: Passwords },
): Promise<string | null> {
  if (access.auth !== 'password' || access.passwordFile !== null) return null
  const users = await state.list<KeptUser>('users')
  if (users.some(({ body }) => body.role === 'admin')) return null
  const password = randomBytes(passwordBytes).toString('base64url')
  const body: KeptUser = { role: 'admin', password: await passwords.hash(password) }
  for (let tries = 1; ; tries++) {
    try {
      await state.change({ collection: 'users', id: firstAdmin, body, revision: 0 })
      return password
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (tries === triesMax) throw error
      await sleep(tryAgainMs)
    }
  }
}

/**
 * The password in WEIR_PASSWORD_FILE, without the end of its line; read at each use, so that another
 * one holds at once. @throws ApiError 503 where it cannot be read
 */
export async function passwordInFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unusable(path, error instanceof Error ? error.message : String(error))
  })
  const password = text.replace(/\r?\n$/, '')
  if (password === '' || password.length > passwordLengthMax)
    throw unusable(path, `it holds ${password.length} characters`)
  return password
}

function unusable(path: string, reason: string): ApiError {
  return new ApiError(503, 'password-file', {
    message: `WEIR_PASSWORD_FILE="${path}" gives no password: ${reason}`,
    remedy: 'put one password of at most 256 characters on its first line',
  })
}
