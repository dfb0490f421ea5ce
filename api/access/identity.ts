/** Who asks, as the access check found out. */
import type { FastifyRequest } from 'fastify'

import type { Role } from '../schema/access.ts'

export interface Identity {
  /** Name of the user, of the token (`token NAME`), or `local` where nobody logs in. */
  user: string
  role: Role
  /** The only dashboard of a wall. */
  dashboard: string | null
  /** Id of the session's document; null for tokens, proxies and where nobody logs in. */
  session: string | null
  /** unix ms; null: no end. */
  expiresAt: number | null
}

/** Who asks where no login is wanted. */
export const everybody: Identity = {
  user: 'local',
  role: 'admin',
  dashboard: null,
  session: null,
  expiresAt: null,
}

const identities = new WeakMap<object, Identity>()

/** Notes who makes a request. */
export function identify(request: FastifyRequest, identity: Identity): void {
  identities.set(request.raw, identity)
}

/** Who makes a request; null where it has not been found out (routes open to everybody). */
export function identityOf(request: FastifyRequest): Identity | null {
  return identities.get(request.raw) ?? null
}

/** The name under which a request's deeds are noted. */
export function authorOf(request: FastifyRequest): string {
  return identityOf(request)?.user ?? 'nobody'
}
