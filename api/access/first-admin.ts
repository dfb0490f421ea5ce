/** The first password: from a file, or made up and told once. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { reasonOf } from '../../flow/reason.ts'
import type { Settings } from '../../flow/settings.ts'
import { StoreFault } from '../../store/spool/fault.ts'
import { StateRefused } from '../../store/state.ts'
import { ApiError } from '../errors.ts'
import type { ApiState } from '../documents/state.ts'
import type { KeptUser } from './accounts.ts'
import type { Passwords } from './passwords.ts'

/** The user there is from the beginning. */
export const firstAdmin = 'admin'

export interface FirstAdminParts {
  state: ApiState
  passwords: Passwords
  /** What must be done before anybody is made. */
  prepare?: () => Promise<void>
}

const passwordBytes = 12
/** Ingest, or ClickHouse, may still be starting: tried for about ten minutes. */
const triesMax = 600
const tryAgainMs = 1000
/** A password file longer than this is another file. */
const passwordLengthMax = 256

/**
 * Makes the user admin with a password of its own where nobody could log in otherwise, and gives
 * that password; null where there is no need, also because another API was a moment faster.
 * @throws ApiError or StoreFault where it could not be kept within ten minutes
 */
export async function makeFirstAdmin(
  { access }: Settings,
  parts: FirstAdminParts,
): Promise<string | null> {
  const isWanted = access.auth === 'password' && access.passwordFile === null
  for (let tries = 1; ; tries++) {
    try {
      await parts.prepare?.()
      return isWanted ? await makeWhereNone(parts) : null
    } catch (error) {
      const isPassing = error instanceof ApiError || error instanceof StoreFault
      if (!isPassing || tries === triesMax) throw error
      await sleep(tryAgainMs, undefined, { ref: false })
    }
  }
}

async function makeWhereNone({ state, passwords }: FirstAdminParts): Promise<string | null> {
  const users = await state.list<KeptUser>('users')
  if (users.some(({ body }) => body.role === 'admin')) return null
  const password = randomBytes(passwordBytes).toString('base64url')
  const body: KeptUser = { role: 'admin', password: await passwords.hash(password) }
  try {
    await state.change({ collection: 'users', id: firstAdmin, body, revision: 0 })
    return password
  } catch (error) {
    if (error instanceof StateRefused && error.reason === 'changed') return null
    throw error
  }
}

/**
 * The password in WEIR_PASSWORD_FILE, without the end of its line; read at each use, so that another
 * one holds at once. @throws ApiError 503 where it cannot be read
 */
export async function passwordInFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unusable(path, reasonOf(error))
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
