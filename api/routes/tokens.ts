/** /api/tokens: for programs, and links for walls; and /api/audit. For admins only. */
import { randomBytes } from 'node:crypto'

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import type { StateDocument } from '../../store/state/state.ts'
import { hashOf, newSecret, type KeptToken } from '../access/accounts.ts'
import { documentOf, headOf, makeChange, putDocument, setCreated } from '../documents/documents.ts'
import { badQuery } from '../errors.ts'
import { authorOf } from '../access/identity.ts'
import type { App } from '../parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import {
  AuditAnswer,
  NewToken,
  Token,
  TokenMade,
  TokensAnswer,
  type AuditEntry,
} from '../schema/access.ts'
import { IdParameters, Removed } from '../schema/state.ts'
import { NoQuery } from '../schema/status.ts'
import type { SessionParts } from './session.ts'

const collection = 'tokens' as const
const idBytes = 6
/** Entries of the audit log in an answer. */
const auditMax = 1000

export function tokensRoutes(parts: SessionParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    listRoutes(app, parts)
    app.delete(
      '/api/tokens/:id',
      {
        schema: {
          summary: 'Revokes a token; sessions of its link end',
          params: IdParameters,
          response: { 200: Removed, ...errorAnswers },
        },
      },
      async ({ params: { id } }) => {
        await documentOf(parts.state, collection, id)
        await makeChange(parts.state, { collection, id })
        await parts.accounts.endSessions(({ token }) => token === id)
        return { removed: true as const }
      },
    )
    app.get(
      '/api/audit',
      {
        schema: {
          summary: 'Who looked at single flows, and who changed who may look; newest first',
          querystring: NoQuery,
          response: { 200: AuditAnswer, ...errorAnswers },
        },
      },
      async () => ({ entries: await parts.state.readLog<AuditEntry>('audit', auditMax) }),
    )
  }
}

function listRoutes(app: App, { state, now }: SessionParts): void {
  app.get(
    '/api/tokens',
    {
      schema: {
        summary: 'Tokens of programs and walls, without their secrets',
        querystring: NoQuery,
        response: { 200: TokensAnswer, ...errorAnswers },
      },
    },
    async () => ({ tokens: (await state.list<KeptToken>(collection)).map(answerOf) }),
  )
  app.post(
    '/api/tokens',
    {
      schema: {
        summary: 'Creates a token; its secret is shown only once',
        body: NewToken,
        response: { 201: TokenMade, ...errorAnswers },
      },
    },
    async (request, reply) => {
      const { name, role, dashboard = null, expiresAt = null } = request.body
      if ((role === 'wall') !== (dashboard !== null))
        throw badQuery('bad-token', 'walls have a dashboard, others have none', 'see /api/docs')
      if (dashboard !== null) await documentOf(state, 'dashboards', dashboard)
      if (expiresAt !== null && expiresAt * 1000 <= now())
        throw badQuery('bad-token', 'it would have expired already', 'give a later "expiresAt"')
      const id = `t${randomBytes(idBytes).toString('hex')}`
      const secret = `${id}.${newSecret()}`
      const body: KeptToken = {
        name,
        role,
        dashboard,
        author: authorOf(request),
        hash: hashOf(secret),
        expiresAt: expiresAt === null ? null : expiresAt * 1000,
      }
      const made = await putDocument(state, { collection, id, body, revision: 0 })
      setCreated(reply, `/api/tokens/${id}`)
      const link = dashboard === null ? null : `/wall/${dashboard}#${secret}`
      return { ...answerOf(made), secret, link }
    },
  )
}

function answerOf(document: StateDocument<KeptToken>): Token {
  const { name, role, dashboard, author, expiresAt } = document.body
  const ends = expiresAt === null ? null : expiresAt / 1000
  return { ...headOf(document), name, role, dashboard, author, expiresAt: ends }
}
