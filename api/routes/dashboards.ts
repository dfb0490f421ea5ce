/** CRUD /api/dashboards: JSON documents, the same when written, exported and imported. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import type { StateDocument } from '../../store/state.ts'
import {
  documentOf,
  expectedRevision,
  headOf,
  makeChange,
  putDocument,
  sayCreated,
} from '../documents.ts'
import { authorOf } from '../identity.ts'
import type { ApiParts, App } from '../parts.ts'
import { ErrorAnswer } from '../schema.ts'
import {
  Dashboard,
  DashboardBody,
  DashboardsAnswer,
  IdParameters,
  NewDashboard,
  Removed,
} from '../schema-state.ts'
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

function oneRoutes(app: App, { state }: ApiParts): void {
  const one = { params: IdParameters, response: { 200: Dashboard, ...errors } }
  app.get(
    '/api/dashboards/:id',
    { schema: { summary: 'A dashboard', ...one } },
    async ({ params }) => answerOf(await documentOf<KeptDashboard>(state, collection, params.id)),
  )
  app.put(
    '/api/dashboards/:id',
    { schema: { summary: 'Changes a dashboard', ...one, body: DashboardBody } },
    async (request) => {
      checkPanels(request.body)
      const { id } = request.params
      const before = await documentOf<KeptDashboard>(state, collection, id)
      const revision = expectedRevision(request, before) ?? before.revision
      const body: KeptDashboard = { ...request.body, author: before.body.author }
      return answerOf(await putDocument(state, { collection, id, body, revision }))
    },
  )
  app.delete(
    '/api/dashboards/:id',
    {
      schema: {
        summary: 'Removes a dashboard',
        params: IdParameters,
        response: { 200: Removed, ...errors },
      },
    },
    async (request) => {
      const before = await documentOf(state, collection, request.params.id)
      const revision = expectedRevision(request, before)
      await makeChange(state, { collection, id: before.id, revision })
      return { removed: true as const }
    },
  )
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
