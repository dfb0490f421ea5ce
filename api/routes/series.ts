/** GET /api/series */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'

import type { KeptTracker } from '../../store/tracker.ts'
import { refuseHostKey } from '../access/masking.ts'
import { isClosedWindow, setCacheControl } from '../cache/http.ts'
import { namesAt, windowOf, type ApiParts } from '../parts.ts'
import { answerSeries } from '../query/series.ts'
import { queriedTrackers } from '../query/trackers.ts'
import { errorAnswers, SeriesAnswer, SeriesQuery } from '../schema/schema.ts'

const schema = {
  summary: 'Bandwidth over time, split by the greatest keys',
  querystring: SeriesQuery,
  response: { 200: SeriesAnswer, ...errorAnswers },
}

export function seriesRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/series', { schema }, ({ query }, reply) => seriesAnswer(parts, query, reply))
  }
}

/** Answers a series query, and sets how long the answer may be cached. */
export async function seriesAnswer(
  parts: ApiParts,
  query: SeriesQuery,
  reply: FastifyReply,
): Promise<SeriesAnswer> {
  refuseHostKey(query)
  const { window, seen, now } = await windowOf(parts, query)
  const trackers = queriedTrackers(query, await parts.state.list<KeptTracker>('trackers'))
  const make = () =>
    parts.heavy.run(reply, (signal, progress) =>
      answerSeries(query, window, {
        ...parts,
        names: namesAt(parts, window.to),
        tiers: parts.settings.tiers,
        seen,
        trackers,
        now,
        signal,
        progress,
      }),
    )
  const isClosed = trackers === null && isClosedWindow(window, now)
  const values = ({ time, series }: SeriesAnswer) => time.length * (series.length + 1)
  const answer = await parts.answers.answer(
    `series ${JSON.stringify(query)}`,
    { isClosed, values },
    make,
  )
  setCacheControl(reply, { to: answer.to * 1000, isFixed: window.isFixed }, now)
  return answer
}
