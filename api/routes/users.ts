/** CRUD /api/users, for admins. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import type { StateDocument } from '../../store/state/state.ts'
import type { KeptSession, KeptUser } from '../access/accounts.ts'
import {
  documentOf,
  expectedRevision,
  headOf,
  makeChange,
  putDocument,
  setCreated,
} from '../documents/documents.ts'
import { ApiError } from '../errors.ts'
import type { App } from '../parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import { NewUser, User, UserBody, UsersAnswer } from '../schema/access.ts'
import { IdParameters, Removed } from '../schema/state.ts'
import { NoQuery } from '../schema/status.ts'
import type { SessionParts } from './session.ts'

const collection = 'users' as const

export function usersRoutes(parts: SessionParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    listRoutes(app, parts)
    userRoutes(app, parts)
  }
}

function listRoutes(app: App, { state, accounts, passwords }: SessionParts): void {
  app.get(
    '/api/users',
    {
      schema: {
        summary: 'Who may log in',
        querystring: NoQuery,
        response: { 200: UsersAnswer, ...errorAnswers },
      },
    },
    async () => {
      const sessions = await state.list<KeptSession>('sessions')
      const users = await state.list<KeptUser>(collection)
      const { given } = accounts
      return {
        users: users.map((user) => answerOf(user, sessions)),
        given: given === null ? null : { user: given, sessions: openOf(given, sessions) },
      }
    },
  )
  app.post(
    '/api/users',
    {
      schema: {
        summary: 'Creates a user',
        body: NewUser,
        response: { 201: User, ...errorAnswers },
      },
    },
    async ({ body: { user, role, password } }, reply) => {
      const body: KeptUser = { role, password: await passwords.hash(password) }
      const made = await putDocument(state, { collection, id: user, body, revision: 0 })
      setCreated(reply, `/api/users/${user}`)
      return answerOf(made, [])
    },
  )
}

function userRoutes(app: App, parts: SessionParts): void {
  const { state, accounts, passwords } = parts
  const params = { params: IdParameters }
  app.put(
    '/api/users/:id',
    {
      schema: {
        summary: 'Changes what a user may do, or their password; their sessions end',
        ...params,
        body: UserBody,
        response: { 200: User, ...errorAnswers },
      },
    },
    async (request) => {
      const { id } = request.params
      const { role, password } = request.body
      const before = await documentOf<KeptUser>(state, collection, id)
      const revision = expectedRevision(request, before) ?? before.revision
      if (role === 'viewer') await checkAdminLeft(parts, id)
      const body: KeptUser = {
        role: role ?? before.body.role,
        password: password === undefined ? before.body.password : await passwords.hash(password),
      }
      const after = await putDocument(state, { collection, id, body, revision })
      await accounts.endSessions(({ user }) => user === id)
      return answerOf(after, [])
    },
  )
  app.delete(
    '/api/users/:id',
    {
      schema: {
        summary: 'Removes a user; their sessions end',
        ...params,
        response: { 200: Removed, ...errorAnswers },
      },
    },
    async (request) => {
      const { id } = request.params
      const before = await documentOf<KeptUser>(state, collection, id)
      const revision = expectedRevision(request, before)
      await checkAdminLeft(parts, id)
      await makeChange(state, { collection, id, revision })
      await accounts.endSessions(({ user }) => user === id)
      return { removed: true as const }
    },
  )
  app.delete(
    '/api/users/:id/sessions',
    {
      schema: {
        summary: 'Ends every session of a user',
        ...params,
        response: { 200: Removed, ...errorAnswers },
      },
    },
    async ({ params: { id } }) => {
      await accounts.endSessions(({ user }) => user === id)
      return { removed: true as const }
    },
  )
}

/** The last admin stays, or nobody could create another. */
async function checkAdminLeft({ state, settings }: SessionParts, without: string): Promise<void> {
  if (settings.access.passwordFile !== null) return
  const users = await state.list<KeptUser>(collection)
  if (users.some(({ id, body }) => id !== without && body.role === 'admin')) return
  throw new ApiError(409, 'last-admin', {
    message: `${without} is the last admin`,
    remedy: 'create another admin first',
  })
}

function answerOf(
  document: StateDocument<KeptUser>,
  sessions: readonly StateDocument<KeptSession>[],
): User {
  const { id, body } = document
  return { ...headOf(document), user: id, role: body.role, sessions: openOf(id, sessions) }
}

function openOf(user: string, sessions: readonly StateDocument<KeptSession>[]): number {
  return sessions.filter(({ body }) => body.user === user).length
}
