/** Who makes a request, as the access check found. */
import type { FastifyRequest } from 'fastify'

import type { Role } from '../schema/access.ts'

export interface Identity {
  /** Name of the user, of the token (`token NAME`), or `local` without login. */
  user: string
  role: Role
  /** The only dashboard a wall may read, with those that it rotates with. */
  dashboard: string | null
  /** Id of the session's document; null for tokens, proxies and without login. */
  session: string | null
  /** unix ms; null: no end. */
  expiresAt: number | null
}

/** The caller when no login is required. */
export const everybody: Identity = {
  user: 'local',
  role: 'admin',
  dashboard: null,
  session: null,
  expiresAt: null,
}

const identities = new WeakMap<object, Identity>()

/** Records who makes a request. */
export function identify(request: FastifyRequest, identity: Identity): void {
  identities.set(request.raw, identity)
}

/** Who makes a request; null if not determined (routes open to everybody). */
export function identityOf(request: FastifyRequest): Identity | null {
  return identities.get(request.raw) ?? null
}

/** The name under which a request's actions are logged. */
export function authorOf(request: FastifyRequest): string {
  return identityOf(request)?.user ?? 'nobody'
}
