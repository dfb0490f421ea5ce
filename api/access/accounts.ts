/** Users, sessions and tokens as stored: secrets only as hashes. */
import { createHash, createHmac, randomBytes } from 'node:crypto'

import type { MaxAge, StateDocument } from '../../store/state/state.ts'
import type { Role } from '../schema/access.ts'
import type { Identity } from './identity.ts'
import type { ApiState } from '../documents/state.ts'
import { makeChange, putDocument } from '../documents/documents.ts'

/** A user as stored, under its name. */
export interface KeptUser {
  role: Exclude<Role, 'wall'>
  /** scrypt hash; see passwords.ts. */
  password: string
}

/** A session as stored, under the hash of its secret. Times are unix ms. */
export interface KeptSession {
  user: string
  role: Role
  dashboard: string | null
  /** The wall token behind the session: the session ends with it. */
  token: string | null
  /**
   * A digest of the user's password if a file held it, keyed with the session's secret, so that nobody
   * can guess the password by what is stored. With another password in the file, or none, the session
   * is over: a user of that name with a stored password is another person.
   */
  given: string | null
  expiresAt: number
  seenAt: number
}

/** A token as stored, under its public half. */
export interface KeptToken {
  name: string
  role: Role
  dashboard: string | null
  author: string
  hash: string
  expiresAt: number | null
}

/**
 * How long sessions last: idle, and at most. A wall's session ends only with its token: walls hang
 * for years.
 */
const lifetimes = {
  person: { idleMs: 12 * 3_600_000, longestMs: 7 * 86_400_000, touchMs: 600_000 },
  wall: { idleMs: 60 * 86_400_000, longestMs: 400 * 86_400_000, touchMs: 86_400_000 },
}
/** Sessions kept; above that, those that expire first are ended. */
const sessionsMax = 5000
const secretBytes = 24
/**
 * With shared state on another machine: after an API removes a session, user or token, another API
 * may still accept it for `keptMs`, or for `awayMs` while that machine does not answer.
 */
const accessKept: MaxAge = { keptMs: 2000, awayMs: 10_000 }

/** A user whose password a file holds. */
export interface GivenUser {
  name: string
  /** What the file holds now. @throws ApiError if it holds no usable password */
  password: () => Promise<string>
}

function lifetimeOf(role: Role): (typeof lifetimes)['person'] {
  return role === 'wall' ? lifetimes.wall : lifetimes.person
}

/**
 * The hash of a secret of 192 random bits: a fast hash will do, because the secret cannot be
 * guessed.
 */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** A random secret, as base64url. */
export function newSecret(): string {
  return randomBytes(secretBytes).toString('base64url')
}

export class Accounts {
  readonly #state: ApiState
  readonly #now: () => number
  /** The user without a document, because a file holds the password. */
  readonly #given: GivenUser | null

  constructor(state: ApiState, now: () => number, given: GivenUser | null) {
    this.#state = state
    this.#now = now
    this.#given = given
  }

  /** The name of the user whose password a file holds; null if there is none. */
  get given(): string | null {
    return this.#given?.name ?? null
  }

  user(name: string, maxAge?: MaxAge): Promise<StateDocument<KeptUser> | null> {
    return this.#state.get<KeptUser>('users', name, maxAge)
  }

  /** The role of a user, read now or (`maxAge`) cached; null if there is no such user. */
  async roleOf(name: string, maxAge?: MaxAge): Promise<KeptUser['role'] | null> {
    if (this.#given?.name === name) return 'admin'
    return (await this.user(name, maxAge))?.body.role ?? null
  }

  /** Opens a session and returns its secret, which is stored nowhere. */
  async openSession(
    session: Omit<KeptSession, 'given' | 'expiresAt' | 'seenAt'>,
  ): Promise<{ secret: string; expiresAt: number }> {
    await this.#endOld()
    const secret = newSecret()
    const now = this.#now()
    const expiresAt = now + lifetimeOf(session.role).longestMs
    const given = await this.#givenOf(session, secret)
    const body: KeptSession = { ...session, given, expiresAt, seenAt: now }
    await putDocument(this.#state, {
      collection: 'sessions',
      id: hashOf(secret),
      body,
      revision: 0,
    })
    return { secret, expiresAt }
  }

  /** The owner of a session's secret; null if it has ended or never existed. */
  async sessionOf(secret: string): Promise<Identity | null> {
    const id = hashOf(secret)
    const document = await this.#state.get<KeptSession>('sessions', id, accessKept)
    if (!document) return null
    const session = document.body
    const now = this.#now()
    const { idleMs, touchMs } = lifetimeOf(session.role)
    if (now >= session.expiresAt || now - session.seenAt > idleMs) return null
    const role = await this.#roleNow(session, secret)
    if (role === null) return null
    if (now - session.seenAt > touchMs) this.#touch(document, now)
    const { user, dashboard, expiresAt } = session
    return { user, role, dashboard, session: id, expiresAt }
  }

  /**
   * The owner of an API token; null if there is none or it has expired. A wall's token is for
   * log-in only.
   */
  async tokenOf(
    secret: string,
    use: 'request' | 'wall',
  ): Promise<(Identity & { token: string }) | null> {
    const [id = ''] = secret.split('.')
    const found = await this.#state.get<KeptToken>('tokens', id, accessKept)
    if (!found || found.body.hash !== hashOf(secret)) return null
    const { name, role, dashboard, expiresAt } = found.body
    if (expiresAt !== null && this.#now() >= expiresAt) return null
    if ((role === 'wall') !== (use === 'wall')) return null
    return { user: `token ${name}`, role, dashboard, session: null, expiresAt, token: id }
  }

  /** Ends a session; ending one that is gone is no error. */
  async endSession(id: string): Promise<void> {
    if (await this.#state.get('sessions', id))
      await makeChange(this.#state, { collection: 'sessions', id })
  }

  /** Ends the sessions that match, except the one with the id `except`; returns how many. */
  async endSessions(
    matches: (session: KeptSession) => boolean,
    except: string | null = null,
  ): Promise<number> {
    const all = await this.#state.list<KeptSession>('sessions')
    const matching = all.filter(({ id, body }) => id !== except && matches(body))
    for (const { id } of matching) await this.endSession(id)
    return matching.length
  }

  /** A session has the rights its user or token has now, not those it had when it was opened. */
  async #roleNow(session: KeptSession, secret: string): Promise<Role | null> {
    if (session.token === null) {
      const isSamePerson = session.given === (await this.#givenOf(session, secret))
      return isSamePerson ? this.roleOf(session.user, accessKept) : null
    }
    const token = await this.#state.get<KeptToken>('tokens', session.token, accessKept)
    const isValid = token && (token.body.expiresAt === null || this.#now() < token.body.expiresAt)
    return isValid ? session.role : null
  }

  /** See KeptSession.given. */
  async #givenOf(
    { user, token }: Pick<KeptSession, 'user' | 'token'>,
    secret: string,
  ): Promise<string | null> {
    if (token !== null || this.#given?.name !== user) return null
    const password = await this.#given.password()
    return createHmac('sha256', secret).update(password.normalize('NFC')).digest('hex')
  }

  /** Records that a session is in use; a failure to record it does not end the session. */
  #touch({ id, revision, body }: StateDocument<KeptSession>, now: number): void {
    const wall = body.role === 'wall' ? { expiresAt: now + lifetimes.wall.longestMs } : {}
    const seen: KeptSession = { ...body, ...wall, seenAt: now }
    this.#state.change({ collection: 'sessions', id, revision, body: seen }).catch(() => undefined)
  }

  async #endOld(): Promise<void> {
    const all = await this.#state.list<KeptSession>('sessions')
    const now = this.#now()
    const isOver = ({ body }: StateDocument<KeptSession>) =>
      now >= body.expiresAt || now - body.seenAt > lifetimeOf(body.role).idleMs
    const over = all.filter(isOver)
    const left = all.filter((each) => !isOver(each)).sort((a, b) => a.body.seenAt - b.body.seenAt)
    const tooMany = left.slice(0, Math.max(0, left.length + 1 - sessionsMax))
    for (const { id } of [...over, ...tooMany]) await this.endSession(id)
  }
}
