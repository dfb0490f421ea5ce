/** GET /api/report */
import { Readable } from 'node:stream'

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'

import { ApiError } from '../errors.ts'
import { namesAt, windowOf, type ApiParts } from '../parts.ts'
import { reportPolicy } from '../report/html.ts'
import { CannotRender } from '../report/render.ts'
import { formatReport, makeReport, reportTypes } from '../report/report.ts'
import { inFormats } from '../schema/parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import { ReportQuery, type ReportFormat } from '../schema/explain.ts'
import { wordingOf } from './explain.ts'

const files = Object.fromEntries(
  Object.values(reportTypes).map((type) => [type.split(';')[0]!, Type.Unknown()]),
)

const schema = {
  summary: 'What happened in a window, on one page of paper: HTML to print, Markdown, PDF, PNG',
  querystring: ReportQuery,
  response: { 200: inFormats(files), ...errorAnswers },
}

export function reportRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/report', { schema }, async ({ query, method }, reply) => {
      const { window, now } = await windowOf(parts, query)
      const format = query.format ?? 'html'
      // A stream has no length, which only making it could tell.
      if (method === 'HEAD') return headed(reply, format).send(Readable.from([]))
      const wording = await wordingOf({ ...parts, names: namesAt(parts, window.to) }, query.tz)
      const made = await parts.heavy.run(reply, async (signal) => {
        const report = await makeReport(window, { ...parts, wording, now, signal })
        return formatReport(report, format, signal).catch((error: unknown) => {
          throw refusalOf(error)
        })
      })
      return headed(reply, format).send(made)
    })
  }
}

/** The headers of a report, which a refusal does not have. @returns the reply */
function headed(reply: FastifyReply, format: ReportFormat): FastifyReply {
  reply.type(reportTypes[format]).header('cache-control', 'no-store')
  return format === 'html'
    ? reply.header('content-security-policy', reportPolicy)
    : reply.header('content-disposition', `inline; filename="weir-report.${format}"`)
}

function refusalOf(error: unknown): unknown {
  if (!(error instanceof CannotRender)) return error
  return new ApiError(501, 'no-chromium', { message: error.message, remedy: error.remedy })
}
