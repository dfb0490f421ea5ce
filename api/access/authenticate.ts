/**
 * Identifies the caller of each request and refuses what they may not do, before anything else
 * runs.
 */
import cookie from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Settings } from '../../flow/settings/settings.ts'
import { ruleOf, type Rule } from './rules.ts'
import { ApiError } from '../errors.ts'
import type { DashboardBody } from '../schema/state.ts'
import { authorOf, everybody, identify, type Identity } from './identity.ts'
import type { ApiState } from '../documents/state.ts'
import type { Accounts } from './accounts.ts'
import { isMasked } from './masking.ts'

/** Over TLS the browser guarantees that no other host set the cookie (`__Host-`). */
const cookieNames = { plain: 'weir-session', secure: '__Host-weir-session' }

interface GuardParts {
  settings: Settings
  accounts: Accounts
  state: ApiState
  now: () => number
}

/**
 * Adds the check to every route registered after it; a route missing from the table stops the
 * start.
 */
export async function guardAccess(app: FastifyInstance, parts: GuardParts): Promise<void> {
  await app.register(cookie)
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) ruleOf(each, url)
  })
  app.addHook('onRequest', async (request) => {
    const rule = ruleOf(request.method, request.routeOptions.url)
    if (!rule) return
    const identity = await callerOf(request, parts)
    if (identity) identify(request, identity)
    if (rule.may !== 'open')
      checkRule(rule, identity, await isOwn(rule, { identity, request, parts }))
    if (rule.whole && isMasked(request, parts.settings)) throw masked()
  })
  // Logged before the answer goes out, so that nobody looks unlogged.
  app.addHook('onSend', async (request, reply) => {
    if (ruleOf(request.method, request.routeOptions.url)?.audit)
      await writeAudit(request, reply, parts)
  })
}

/**
 * Whether the caller of a long-running request may still make it: their session may have ended
 * since.
 */
export async function isStillAllowed(request: FastifyRequest, parts: GuardParts): Promise<boolean> {
  const rule = ruleOf(request.method, request.routeOptions.url)
  const identity = await callerOf(request, parts)
  if (!rule || rule.may === 'open') return true
  return identity !== null && rule.may.includes(identity.role)
}

/** The session secret in a request's cookie. */
export function sessionSecret(request: FastifyRequest): string | null {
  return request.cookies[cookieName(request)] ?? null
}

/**
 * Sets the session cookie: scripts cannot read it, and other sites cannot make the browser send it.
 */
export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  session: { secret: string; expiresAt: number },
): void {
  const expires = new Date(session.expiresAt)
  reply.setCookie(cookieName(request), session.secret, { ...cookieOptions(request), expires })
}

/** Clears the session cookie. */
export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(cookieName(request), cookieOptions(request))
}

function cookieName(request: FastifyRequest): string {
  return request.protocol === 'https' ? cookieNames.secure : cookieNames.plain
}

function cookieOptions(request: FastifyRequest) {
  const secure = request.protocol === 'https'
  return { path: '/', httpOnly: true, sameSite: 'strict', secure } as const
}

async function callerOf(request: FastifyRequest, parts: GuardParts): Promise<Identity | null> {
  const { accounts, settings } = parts
  const bearer = /^Bearer ([\w.-]{20,200})$/.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return accounts.tokenOf(bearer, 'request')
  const secret = sessionSecret(request)
  const session = secret === null ? null : await accounts.sessionOf(secret)
  if (session) {
    checkOrigin(request)
    return session
  }
  const { auth } = settings.access
  if (auth === 'proxy') return fromProxy(request, settings)
  if (auth === 'password') return null
  // Without WEIR_AUTH the settings let the API start only on loopback.
  return everybody
}

/** The user named by a trusted proxy. The header is ignored from anybody else. */
function fromProxy(request: FastifyRequest, { access }: Settings): Identity | null {
  const user = request.headers[access.proxyUserHeader]
  const address = request.socket.remoteAddress ?? ''
  if (typeof user !== 'string' || user === '' || !access.proxies?.hasText(address)) return null
  checkOrigin(request)
  const role = access.proxyAdmins.includes(user) ? 'admin' : 'viewer'
  return { ...everybody, user: user.slice(0, 100), role }
}

/**
 * Changes a browser sends by itself, with its cookie, must come from our own pages. Browsers send
 * the origin of a change, so a change without one is refused.
 */
function checkOrigin({ method, headers }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD') return
  if (headers.origin !== undefined || headers['sec-fetch-site'] === 'same-origin') return
  throw new ApiError(403, 'origin-missing', {
    message: 'a change made with a session cookie must carry an Origin header',
    remedy: 'send Origin, or use an API token: Authorization: Bearer …',
  })
}

function checkRule(rule: Rule, identity: Identity | null, own: boolean): void {
  if (!identity)
    throw new ApiError(401, 'login-needed', {
      message: 'a login is needed',
      remedy: 'log in on the page, or send an API token: Authorization: Bearer …',
    })
  if (rule.may.includes(identity.role) && own) return
  throw new ApiError(403, 'not-allowed', {
    message: `the role ${identity.role} may not do this`,
    remedy: 'ask an admin',
  })
}

function masked(): ApiError {
  return new ApiError(403, 'masked', {
    message: 'addresses are masked for your role, and this is about single hosts',
    remedy: 'ask an admin',
  })
}

/** Whether a wall asks for its own dashboard, or for one that an admin has it rotate with. */
async function isOwn(
  { own }: Rule,
  asked: { identity: Identity | null; request: FastifyRequest; parts: GuardParts },
): Promise<boolean> {
  const { identity, request, parts } = asked
  if (identity?.role !== 'wall' || own === undefined) return true
  const id = (request.params as Record<string, string>)[own]!
  if (identity.dashboard === null || id === identity.dashboard) return id === identity.dashboard
  const mine = await parts.state.get<DashboardBody>('dashboards', identity.dashboard)
  return mine?.body.rotation?.dashboards.includes(id) ?? false
}

async function writeAudit(
  request: FastifyRequest,
  reply: FastifyReply,
  { state, now }: GuardParts,
): Promise<void> {
  const entry = {
    at: now() / 1000,
    user: authorOf(request),
    address: request.ip,
    what: `${request.method} ${request.url.slice(0, 2000)}`,
    status: reply.statusCode,
  }
  // What cannot be written to the audit log is at least in the process's log.
  await state.log('audit', entry).catch((error: unknown) => {
    request.log.warn({ entry, error }, 'an action could not be written to the audit log')
  })
}
