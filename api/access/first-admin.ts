/** The first password: from a file, or generated and shown once. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { reasonOf } from '../../flow/reason.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import { StoreFault } from '../../store/spool/fault.ts'
import { StateRefused } from '../../store/state/state.ts'
import { ApiError } from '../errors.ts'
import type { ApiState } from '../documents/state.ts'
import type { GivenUser, KeptUser } from './accounts.ts'
import type { Passwords } from './passwords.ts'

/** The user that exists from the start. */
const firstAdmin = 'admin'

interface FirstAdminParts {
  state: ApiState
  passwords: Passwords
  /** What must be done before the first user is created. */
  prepare?: () => Promise<void>
}

const passwordBytes = 12
/** Ingest, or ClickHouse, may still be starting: retried for about ten minutes. */
const triesMax = 600
const tryAgainMs = 1000
/** A longer file is not a password file. */
const passwordLengthMax = 256

/** The log-in of the first admin, to be shown once. */
export interface FirstLogin {
  user: string
  password: string
}

/**
 * Creates an admin with a generated password if there is none, and returns the log-in; null if there
 * is no need, or another API was faster.
 * @throws ApiError or StoreFault if it could not be stored within ten minutes
 */
export async function makeFirstAdmin(
  { access }: Settings,
  parts: FirstAdminParts,
): Promise<FirstLogin | null> {
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

async function makeWhereNone({ state, passwords }: FirstAdminParts): Promise<FirstLogin | null> {
  const users = await state.list<KeptUser>('users')
  if (users.some(({ body }) => body.role === 'admin')) return null
  const user = freeName(new Set(users.map(({ id }) => id)))
  const password = randomBytes(passwordBytes).toString('base64url')
  const body: KeptUser = { role: 'admin', password: await passwords.hash(password) }
  try {
    await state.change({ collection: 'users', id: user, body, revision: 0 })
    return { user, password }
  } catch (error) {
    if (error instanceof StateRefused && error.reason === 'changed') return null
    throw error
  }
}

/** `admin`, or if that is somebody without the rights of an admin, `admin2` and so on. */
function freeName(taken: ReadonlySet<string>): string {
  let name = firstAdmin
  for (let number = 2; taken.has(name); number++) name = `${firstAdmin}${number}`
  return name
}

/** The first admin with the password in that file. */
export function givenAdmin(path: string): GivenUser {
  return { name: firstAdmin, password: () => passwordInFile(path) }
}

/**
 * The password in WEIR_PASSWORD_FILE, without its line end; read at each use, so that a change
 * takes effect at once. @throws ApiError 503 if the file cannot be read
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
    message: `WEIR_PASSWORD_FILE="${path}" holds no usable password: ${reason}`,
    remedy: 'put one password of at most 256 characters on its first line',
  })
}
