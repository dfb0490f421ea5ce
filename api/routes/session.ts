/** Log in, log out, who am I, and one's own password. */
import { createHash, timingSafeEqual } from 'node:crypto'

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'

import { hashOf, type Accounts, type KeptUser } from '../access/accounts.ts'
import { setSessionCookie, sessionSecret, clearSessionCookie } from '../access/authenticate.ts'
import { passwordInFile } from '../access/first-admin.ts'
import type { Lockout } from '../access/lockout.ts'
import type { Passwords } from '../access/passwords.ts'
import { putDocument } from '../documents/documents.ts'
import { ApiError } from '../errors.ts'
import { identityOf, type Identity } from '../access/identity.ts'
import type { ApiParts, App } from '../parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import { LoginBody, PasswordBody, SessionAnswer } from '../schema/access.ts'
import { NoQuery } from '../schema/status.ts'

export interface SessionParts extends ApiParts {
  accounts: Accounts
  passwords: Passwords
  lockout: Lockout
}

const answers = { response: { 200: SessionAnswer, ...errorAnswers } }

export function sessionRoutes(parts: SessionParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/session',
      { schema: { summary: 'The caller, and what they may do', querystring: NoQuery, ...answers } },
      async (request) => answerOf(parts, identityOf(request)),
    )
    loginRoutes(app, parts)
    app.put(
      '/api/session/password',
      { schema: { summary: 'Changes the password of the caller', body: PasswordBody, ...answers } },
      async (request) => {
        const identity = identityOf(request)!
        const { current, password } = request.body
        await checkPassword(parts, request, { user: identity.user, password: current })
        await changePassword(parts, identity.user, password)
        await parts.accounts.endSessions(({ user }) => user === identity.user, identity.session)
        return answerOf(parts, identity)
      },
    )
  }
}

function loginRoutes(app: App, parts: SessionParts): void {
  app.post(
    '/api/login',
    { schema: { summary: 'Opens a session', body: LoginBody, ...answers } },
    async (request, reply) => {
      const { body } = request
      return 'token' in body
        ? loginByToken(parts, { request, reply, token: body.token })
        : loginByPassword(parts, { request, reply, ...body })
    },
  )
  app.post(
    '/api/logout',
    { schema: { summary: 'Ends the session', ...answers } },
    async (request, reply) => {
      const { session = null } = identityOf(request) ?? {}
      if (session !== null) await parts.accounts.endSession(session)
      clearSessionCookie(request, reply)
      return answerOf(parts, null)
    },
  )
}

interface Login {
  request: FastifyRequest
  reply: FastifyReply
}

async function loginByPassword(
  parts: SessionParts,
  { request, reply, user, password }: Login & { user: string; password: string },
): Promise<SessionAnswer> {
  if (parts.settings.access.auth !== 'password')
    throw new ApiError(400, 'no-login', {
      message: 'log-in by password is off here',
      remedy: 'set WEIR_AUTH=password',
    })
  await checkPassword(parts, request, { user, password })
  const role = (await parts.accounts.roleOf(user)) ?? 'viewer'
  const session = { user, role, dashboard: null, token: null }
  return open(parts, { request, reply }, session)
}

/** The link of a wall: its token, from the address's fragment, opens a read-only session. */
async function loginByToken(
  parts: SessionParts,
  { request, reply, token }: Login & { token: string },
): Promise<SessionAnswer> {
  const wait = parts.lockout.waitMs(request.ip, 'token')
  if (wait > 0) throw mustWait(wait)
  const found = await parts.accounts.tokenOf(token, 'wall')
  if (!found) {
    parts.lockout.wrong(request.ip, 'token')
    throw new ApiError(401, 'wrong-token', {
      message: 'this link is not valid, or no longer valid',
      remedy: 'ask an admin for a new one',
    })
  }
  const { user, role, dashboard, token: id } = found
  return open(parts, { request, reply }, { user, role, dashboard, token: id })
}

/** Always opens a new session; one from before the log-in ends. */
async function open(
  parts: SessionParts,
  { request, reply }: Login,
  session: Parameters<Accounts['openSession']>[0],
): Promise<SessionAnswer> {
  const before = sessionSecret(request)
  if (before !== null) await parts.accounts.endSession(hashOf(before))
  const opened = await parts.accounts.openSession(session)
  setSessionCookie(request, reply, opened)
  const { user, role, dashboard } = session
  const identity = { user, role, dashboard, session: null, expiresAt: opened.expiresAt }
  return answerOf(parts, identity)
}

/** @throws ApiError 401 if it is wrong, 429 after too many wrong ones */
async function checkPassword(
  { accounts, lockout, passwords, settings }: SessionParts,
  request: FastifyRequest,
  { user, password }: { user: string; password: string },
): Promise<void> {
  const wait = lockout.waitMs(request.ip, user)
  if (wait > 0) throw mustWait(wait)
  const { passwordFile } = settings.access
  const isRight =
    user === accounts.given && passwordFile !== null
      ? isSame(password, await passwordInFile(passwordFile))
      : await passwords.matches(password, (await accounts.user(user))?.body.password ?? null)
  // Of many tried at once, those after the first few wrong ones must wait like any other, and learn nothing.
  const waitNow = lockout.waitMs(request.ip, user)
  if (waitNow > 0) throw mustWait(waitNow)
  if (isRight) {
    lockout.right(request.ip, user)
    return
  }
  lockout.wrong(request.ip, user)
  request.log.warn({ user, address: request.ip }, 'a log-in failed')
  throw new ApiError(401, 'wrong-password', {
    message: 'user or password is wrong',
    remedy: 'try again; after five wrong passwords you must wait, longer each time',
  })
}

async function changePassword(
  { accounts, passwords, state }: SessionParts,
  name: string,
  password: string,
): Promise<void> {
  const user = await accounts.user(name)
  if (!user || name === accounts.given)
    throw new ApiError(400, 'no-password', {
      message: 'this password is not stored by Weir',
      remedy: 'change it in WEIR_PASSWORD_FILE, or where the proxy keeps it',
    })
  const body: KeptUser = { ...user.body, password: await passwords.hash(password) }
  await putDocument(state, { collection: 'users', id: name, body, revision: user.revision })
}

function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text.normalize('NFC')).digest()
  return timingSafeEqual(digest(a), digest(b))
}

function mustWait(ms: number): ApiError {
  const wait = Math.ceil(ms / 1000)
  return new ApiError(429, 'wait', {
    message: 'too many wrong passwords',
    remedy: `wait ${wait} s, then try again`,
  })
}

function answerOf(
  { accounts, settings, now }: SessionParts,
  identity: Identity | null,
): SessionAnswer {
  const { auth } = settings.access
  const role = identity?.role ?? null
  return {
    auth: auth ?? 'none',
    user: identity?.user ?? null,
    role,
    dashboard: identity?.dashboard ?? null,
    expiresAt: identity?.expiresAt ? identity.expiresAt / 1000 : null,
    passwordInFile: auth === 'password' && identity !== null && identity.user === accounts.given,
    masked: settings.access.mask.some((each) => each === role),
    open: auth === 'none' || auth === null,
    timeZone: settings.timeZone,
    now: now() / 1000,
  }
}
