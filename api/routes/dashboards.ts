/** CRUD /api/dashboards: JSON documents, the same when written, exported and imported. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import type { StateDocument } from '../../store/state.ts'
import { documentRoutes } from '../document-routes.ts'
import { headOf, putDocument, sayCreated } from '../documents.ts'
import { authorOf } from '../identity.ts'
import type { ApiParts, App } from '../parts.ts'
import { ErrorAnswer } from '../schema.ts'
import { Dashboard, DashboardBody, DashboardsAnswer, NewDashboard } from '../schema-state.ts'
import { NoQuery } from '../schema-status.ts'
import { checkPanels, type KeptDashboard } from './panels.ts'

const errors = { '4xx': ErrorAnswer, '5xx': ErrorAnswer }
const collection = 'dashboards' as const
/** An id made of a title is cut here. */
const idLengthMax = 48

export function dashboardsRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    listRoutes(app, parts)
    oneRoutes(app, parts)
  }
}

function listRoutes(app: App, { state }: ApiParts): void {
  app.get(
    '/api/dashboards',
    {
      schema: {
        summary: 'All dashboards, by title',
        querystring: NoQuery,
        response: { 200: DashboardsAnswer, ...errors },
      },
    },
    async () => {
      const kept = await state.list<KeptDashboard>(collection)
      const dashboards = kept.map(answerOf)
      return { dashboards: dashboards.sort((a, b) => a.title.localeCompare(b.title)) }
    },
  )
  app.post(
    '/api/dashboards',
    {
      schema: {
        summary: 'Makes or imports a dashboard',
        body: NewDashboard,
        response: { 201: Dashboard, ...errors },
      },
    },
    async (request, reply) => {
      checkPanels(request.body)
      const { id = slugOf(request.body.title), ...rest } = request.body
      const body: KeptDashboard = { ...rest, author: authorOf(request) }
      const made = await putDocument(state, { collection, id, body, revision: 0 })
      sayCreated(reply, `/api/dashboards/${id}`)
      return answerOf(made)
    },
  )
}

function oneRoutes(app: App, parts: ApiParts): void {
  documentRoutes(app, parts, {
    collection,
    summaries: { get: 'A dashboard', put: 'Changes a dashboard', delete: 'Removes a dashboard' },
    body: DashboardBody,
    answer: Dashboard,
    revise({ author }: KeptDashboard, asked) {
      checkPanels(asked)
      return { ...asked, author }
    },
    answerOf,
  })
}

/** A text as it can stand in an address: small letters, digits and dashes. */
export function slugOf(text: string): string {
  const slug = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, idLengthMax)
    .replace(/-$/, '')
  return slug === '' ? 'unnamed' : slug
}

function answerOf(document: StateDocument<KeptDashboard>): Dashboard {
  return { ...headOf(document), ...document.body }
}
