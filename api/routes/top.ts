/** GET /api/top */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'

import type { FlowTop, TopKeyName } from '../../store/flows.ts'
import { isClosedWindow, setCacheControl } from '../cache/http.ts'
import { namesAt, setRemarks, windowOf, withRemarks, type ApiParts } from '../parts.ts'
import { isKnown } from '../query/known.ts'
import { interfacesAdded } from '../query/interfaces-added.ts'
import { readWhole } from '../query/numbers.ts'
import { topCsv, writeTop } from '../query/top-answer.ts'
import { archiveWindow } from '../query/window.ts'
import { inFormats } from '../schema/parts.ts'
import { errorAnswers, TopAnswer, TopQuery } from '../schema/schema.ts'

/** The most rows of an answer. */
const rowsMax = 1000

const schema = {
  summary: 'The greatest hosts, ports, protocols or other keys of a window, from the flow archive',
  querystring: TopQuery,
  response: {
    200: inFormats({ 'application/json': TopAnswer, 'text/csv': Type.String() }),
    ...errorAnswers,
  },
}

export function topRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/top', { schema }, ({ query }, reply) => sendTop(parts, query, reply))
  }
}

/** Answers a query for a top table in the format it asks for. */
export async function sendTop(parts: ApiParts, query: TopQuery, reply: FastifyReply) {
  const answer = await topAnswer(parts, query, reply)
  if (query.format !== 'csv') return answer
  return sendCsv(setRemarks(reply, answer.remarks), topCsv(answer, query.tz))
}

/** Answers a query for a top table, and sets how long the answer may be cached. */
export async function topAnswer(
  parts: ApiParts,
  query: TopQuery,
  reply: FastifyReply,
): Promise<TopAnswer> {
  const { window, seen, now } = await windowOf(parts, query)
  const limit = readWhole('limit', query.limit, { fallback: 10, least: 1, most: rowsMax })
  const by = [...new Set((query.by ?? 'host').split(','))] as TopKeyName[]
  const order = query.order ?? 'bytes'
  const make = () => {
    const answer = parts.heavy.run(reply, (signal, progress) =>
      parts.flows.top({ ...archiveWindow(window), signal, progress, by, order, limit }),
    )
    return withRemarks(parts, { window, seen, answer })
  }
  const isClosed = isClosedWindow(window, now)
  const values = (made: { answer: FlowTop; isWhole: boolean }) =>
    made.isWhole ? 10 * made.answer.rows.length : Number.POSITIVE_INFINITY
  const { from, to, filter, include } = window
  const key = JSON.stringify({
    from,
    to,
    filter,
    include,
    exporter: query.exporter,
    by,
    order,
    limit,
  })
  const made = await parts.answers.answer(`top ${key}`, { isClosed, values }, make)
  const { answer: top, remarks: lacking } = made
  if (made.isWhole) setCacheControl(reply, window, now)
  const remarks = [...interfacesAdded(by, window, seen), ...lacking]
  const known = top.rows.length > 0 || (await isKnown(parts.series, parts.settings.tiers, window))
  return writeTop(top, { by, order, window, names: namesAt(parts, window.to), known, remarks })
}

function sendCsv(reply: FastifyReply, text: string): FastifyReply {
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', 'attachment; filename="weir-top.csv"')
    .send(text)
}
