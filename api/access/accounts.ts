/** Users, sessions and tokens as they are kept: secrets only as hashes. */
import { createHash, randomBytes } from 'node:crypto'

import type { Lately, StateDocument } from '../../store/state.ts'
import type { Role } from '../schema/access.ts'
import type { Identity } from './identity.ts'
import type { ApiState } from '../documents/state.ts'
import { makeChange, putDocument } from '../documents/documents.ts'

/** A user as it is kept, under its name. */
export interface KeptUser {
  role: Exclude<Role, 'wall'>
  /** scrypt hash; see passwords.ts. */
  password: string
}

/** A session as it is kept, under the hash of its secret. Times are unix ms. */
export interface KeptSession {
  user: string
  role: Role
  dashboard: string | null
  /** The token of a wall, without which its session ends. */
  token: string | null
  expiresAt: number
  seenAt: number
}

/** A token as it is kept, under its public half. */
export interface KeptToken {
  name: string
  role: Role
  dashboard: string | null
  author: string
  hash: string
  expiresAt: number | null
}

/** How long sessions last: unused, and at most. Walls hang for years: their token ends them. */
const lifetimes = {
  person: { idleMs: 12 * 3_600_000, longestMs: 7 * 86_400_000, touchMs: 600_000 },
  wall: { idleMs: 60 * 86_400_000, longestMs: 400 * 86_400_000, touchMs: 86_400_000 },
}
/** Sessions kept; beyond, those that end first are ended. */
const sessionsMax = 5000
const secretBytes = 24
/**
 * Where the state is on another machine: a session, user or token that was removed at one API may go
 * on for so long at another, and for so long where that one is not answered.
 */
const accessKept: Lately = { keptMs: 2000, awayMs: 10_000 }

function lifetimeOf(role: Role): (typeof lifetimes)['person'] {
  return role === 'wall' ? lifetimes.wall : lifetimes.person
}

/** The hash of a secret of 192 random bits: fast, since it cannot be guessed. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

export function newSecret(): string {
  return randomBytes(secretBytes).toString('base64url')
}

export class Accounts {
  readonly #state: ApiState
  readonly #now: () => number
  /** Users who need no document, because a file holds their password. */
  readonly #given: ReadonlySet<string>

  constructor(state: ApiState, now: () => number, given: ReadonlySet<string>) {
    this.#state = state
    this.#now = now
    this.#given = given
  }

  user(name: string, lately?: Lately): Promise<StateDocument<KeptUser> | null> {
    return this.#state.get<KeptUser>('users', name, lately)
  }

  /** What a user may do now, or might lately; null where there is none of that name. */
  async roleOf(name: string, lately?: Lately): Promise<KeptUser['role'] | null> {
    if (this.#given.has(name)) return 'admin'
    return (await this.user(name, lately))?.body.role ?? null
  }

  /** Opens a session and gives its secret, which is kept nowhere. */
  async openSession(
    session: Omit<KeptSession, 'expiresAt' | 'seenAt'>,
  ): Promise<{ secret: string; expiresAt: number }> {
    await this.#endOld()
    const secret = newSecret()
    const now = this.#now()
    const expiresAt = now + lifetimeOf(session.role).longestMs
    const body: KeptSession = { ...session, expiresAt, seenAt: now }
    await putDocument(this.#state, {
      collection: 'sessions',
      id: hashOf(secret),
      body,
      revision: 0,
    })
    return { secret, expiresAt }
  }

  /** Who holds a session's secret; null where it has ended, or never was. */
  async sessionOf(secret: string): Promise<Identity | null> {
    const id = hashOf(secret)
    const document = await this.#state.get<KeptSession>('sessions', id, accessKept)
    if (!document) return null
    const session = document.body
    const now = this.#now()
    const { idleMs, touchMs } = lifetimeOf(session.role)
    if (now >= session.expiresAt || now - session.seenAt > idleMs) return null
    const role = await this.#roleNow(session)
    if (role === null) return null
    if (now - session.seenAt > touchMs) this.#touch(document, now)
    const { user, dashboard, expiresAt } = session
    return { user, role, dashboard, session: id, expiresAt }
  }

  /** Who holds an API token; null where there is none such, or it has ended. A wall's is for log-in only. */
  async tokenOf(secret: string, isLogin = false): Promise<(Identity & { token: string }) | null> {
    const [id = ''] = secret.split('.')
    const found = await this.#state.get<KeptToken>('tokens', id, accessKept)
    if (!found || found.body.hash !== hashOf(secret)) return null
    const { name, role, dashboard, expiresAt } = found.body
    if (expiresAt !== null && this.#now() >= expiresAt) return null
    if ((role === 'wall') !== isLogin) return null
    return { user: `token ${name}`, role, dashboard, session: null, expiresAt, token: id }
  }

  /** Ends a session; one that is not there has ended. */
  async endSession(id: string): Promise<void> {
    if (await this.#state.get('sessions', id))
      await makeChange(this.#state, { collection: 'sessions', id })
  }

  /** Ends the sessions of a user or a token, but for one. */
  async endSessions(
    isMeant: (session: KeptSession) => boolean,
    except: string | null = null,
  ): Promise<number> {
    const all = await this.#state.list<KeptSession>('sessions')
    const meant = all.filter(({ id, body }) => id !== except && isMeant(body))
    for (const { id } of meant) await this.endSession(id)
    return meant.length
  }

  /** A session does what its user or token may do now, not what they might when it was opened. */
  async #roleNow(session: KeptSession): Promise<Role | null> {
    if (session.token === null) return this.roleOf(session.user, accessKept)
    const token = await this.#state.get<KeptToken>('tokens', session.token, accessKept)
    const isLeft = token && (token.body.expiresAt === null || this.#now() < token.body.expiresAt)
    return isLeft ? session.role : null
  }

  /** Notes that a session is in use; that it cannot be noted now is no reason to end it. */
  #touch({ id, revision, body }: StateDocument<KeptSession>, now: number): void {
    const wall = body.role === 'wall' ? { expiresAt: now + lifetimes.wall.longestMs } : {}
    const change = { collection: 'sessions', id, revision, body: { ...body, ...wall, seenAt: now } }
    this.#state.change({ ...change, collection: 'sessions' }).catch(() => undefined)
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
