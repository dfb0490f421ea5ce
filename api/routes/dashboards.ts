/** CRUD /api/dashboards: JSON documents, the same whether written, exported or imported. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import type { StateDocument } from '../../store/state/state.ts'
import { slugOf } from '../documents/ids.ts'
import { documentRoutes, type MadeDocument } from '../documents/routes.ts'
import { headOf } from '../documents/documents.ts'
import type { ApiParts, App } from '../parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import { Dashboard, DashboardBody, DashboardsAnswer, NewDashboard } from '../schema/state.ts'
import { NoQuery } from '../schema/status.ts'
import { checkPanels, type KeptDashboard } from './panels.ts'

const collection = 'dashboards' as const

export function dashboardsRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    listRoute(app, parts)
    documentRoutes(app, parts, {
      collection,
      summaries: {
        post: 'Creates or imports a dashboard',
        get: 'A dashboard',
        put: 'Changes a dashboard',
        delete: 'Removes a dashboard',
      },
      newBody: NewDashboard,
      body: DashboardBody,
      answer: Dashboard,
      async make(input, author): Promise<MadeDocument<KeptDashboard>> {
        await checkPanels(input, parts)
        const { id = slugOf(input.title), ...rest } = input
        return { id, body: { ...rest, author } }
      },
      async revise({ author }: KeptDashboard, input) {
        await checkPanels(input, parts)
        return { ...input, author }
      },
      answerOf,
    })
  }
}

function listRoute(app: App, { state }: ApiParts): void {
  app.get(
    '/api/dashboards',
    {
      schema: {
        summary: 'All dashboards, by title',
        querystring: NoQuery,
        response: { 200: DashboardsAnswer, ...errorAnswers },
      },
    },
    async () => {
      const kept = await state.list<KeptDashboard>(collection)
      const dashboards = kept.map(answerOf)
      return { dashboards: dashboards.sort((a, b) => a.title.localeCompare(b.title)) }
    },
  )
}

function answerOf(document: StateDocument<KeptDashboard>): Dashboard {
  return { ...headOf(document), ...document.body }
}
