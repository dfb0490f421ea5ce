/**
 * CRUD /api/reports: saved reports; and GET /api/reports/ID/answer, which runs one again. Its times
 * are relative to now, so that a program gets today's report at the same address as yesterday's.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

import type { StateDocument } from '../../store/state/state.ts'
import { slugOf } from '../documents/ids.ts'
import { documentRoutes, type MadeDocument } from '../documents/routes.ts'
import { documentOf, headOf } from '../documents/documents.ts'
import { checkKeptQuery } from '../kept-query.ts'
import { windowOf, type ApiParts, type App } from '../parts.ts'
import { inFormats } from '../schema/parts.ts'
import { errorAnswers, FlowsAnswer, FlowsQuery, TopAnswer, TopQuery } from '../schema/schema.ts'
import {
  ReportAnswerQuery,
  ReportBody,
  ReportsAnswer,
  IdParameters,
  SavedReport,
} from '../schema/state.ts'
import { NoQuery } from '../schema/status.ts'
import { flowFiles, sendFlows } from './flows.ts'
import { sendTop } from './top.ts'

interface KeptReport extends ReportBody {
  author: string
}

const collection = 'reports' as const

export function reportsRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    listRoute(app, parts)
    documentRoutes(app, parts, {
      collection,
      summaries: {
        post: 'Saves a report under a name',
        get: 'A saved report',
        put: 'Changes a saved report',
        delete: 'Removes a saved report',
      },
      newBody: ReportBody,
      body: ReportBody,
      answer: SavedReport,
      async make(input, author): Promise<MadeDocument<KeptReport>> {
        checkReport(input)
        await windowOf(parts, input.query)
        return { id: slugOf(input.name), body: { ...input, author } }
      },
      async revise({ author }: KeptReport, input) {
        checkReport(input)
        await windowOf(parts, input.query)
        return { ...input, author }
      },
      answerOf,
    })
    answerRoute(app, parts)
  }
}

function listRoute(app: App, { state }: ApiParts): void {
  app.get(
    '/api/reports',
    {
      schema: {
        summary: 'All saved reports, by name',
        querystring: NoQuery,
        response: { 200: ReportsAnswer, ...errorAnswers },
      },
    },
    async () => {
      const kept = await state.list<KeptReport>(collection)
      return { reports: kept.map(answerOf).sort((a, b) => a.name.localeCompare(b.name)) }
    },
  )
}

function answerRoute(app: App, parts: ApiParts): void {
  app.get(
    '/api/reports/:id/answer',
    {
      schema: {
        summary: 'Runs a saved report: answers like /api/top or /api/flows',
        params: IdParameters,
        querystring: ReportAnswerQuery,
        response: {
          200: inFormats({
            'application/json': Type.Union([TopAnswer, FlowsAnswer]),
            ...flowFiles,
          }),
          ...errorAnswers,
        },
      },
    },
    async ({ params, query }, reply) => {
      const { kind, query: kept } = (
        await documentOf<KeptReport>(parts.state, collection, params.id)
      ).body
      const combined = query.format === undefined ? kept : { ...kept, format: query.format }
      checkReport({ kind, query: combined })
      return kind === 'top' ? sendTop(parts, combined, reply) : sendFlows(parts, combined, reply)
    },
  )
}

/** @throws ApiError if a report's query could not be answered */
function checkReport({ kind, query }: Pick<ReportBody, 'kind' | 'query'>): void {
  const schema = kind === 'top' ? TopQuery : FlowsQuery
  checkKeptQuery(query, { schema, route: `/api/${kind}`, code: 'bad-report' })
}

function answerOf(document: StateDocument<KeptReport>): SavedReport {
  return { ...headOf(document), ...document.body }
}
