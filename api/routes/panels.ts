/**
 * GET /api/dashboards/ID/panels/N: what a panel of a dashboard shows, by the query stored with it.
 * A wall may ask nothing else, so that its link reveals only what its dashboard shows.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { Errors } from 'typebox/value'

import { documentOf } from '../documents/documents.ts'
import { ApiError, badQuery } from '../errors.ts'
import type { ApiParts } from '../parts.ts'
import { errorAnswers, SeriesAnswer, SeriesQuery, TopAnswer, TopQuery } from '../schema/schema.ts'
import { IncidentsAnswer } from '../schema/explain.ts'
import { closed, IdParameters, type DashboardBody, type Panel } from '../schema/state.ts'
import { incidentsAnswer } from './explain.ts'
import { seriesAnswer } from './series.ts'
import { topAnswer } from './top.ts'

/** A dashboard as stored. */
export interface KeptDashboard extends DashboardBody {
  author: string
}

const Parameters = closed({
  id: IdParameters.properties.id,
  panel: Type.String({ pattern: '^[0-9]{1,2}$', description: 'place in the list, from 0' }),
})

/** The range of an incidents panel. */
const incidentsRange = { from: 'now-30d', to: 'now' }
const incidentsUsually = 5

const schema = {
  summary:
    'What a panel of a dashboard shows: answers like /api/series, /api/top or /api/incidents',
  params: Parameters,
  response: {
    200: Type.Union([SeriesAnswer, TopAnswer, IncidentsAnswer]),
    ...errorAnswers,
  },
}

export function panelsRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  const ledger = parts.incidents
  return async (app) => {
    app.get('/api/dashboards/:id/panels/:panel', { schema }, async ({ params }, reply) => {
      const { id, panel: index } = params
      const { panels } = (await documentOf<KeptDashboard>(parts.state, 'dashboards', id)).body
      const panel = panels[Number(index)]
      if (!panel)
        throw new ApiError(404, 'not-found', {
          message: `dashboard "${id}" has ${panels.length} panels`,
          remedy: 'count from 0',
        })
      if (panel.kind !== 'incidents') {
        const answer = await panelAnswer(parts, panel, reply)
        // The panel at this address may change: the browser must revalidate each time.
        reply.header('cache-control', 'private, no-cache')
        return answer
      }
      const limit = String(panel.limit ?? incidentsUsually)
      return incidentsAnswer(parts, ledger, { ...incidentsRange, limit })
    })
  }
}

function panelAnswer(
  parts: ApiParts,
  panel: Panel,
  reply: FastifyReply,
): Promise<SeriesAnswer | TopAnswer> {
  if (panel.kind === 'top') return topAnswer(parts, panel.query, reply)
  if ('query' in panel) return seriesAnswer(parts, panel.query, reply)
  throw badQuery('no-query', `a panel of kind ${panel.kind} has no query`, 'see its dashboard')
}

/**
 * @throws ApiError if a panel's query could not be answered, so that this does not first show on a
 * wall
 */
export function checkPanels({ panels }: DashboardBody): void {
  for (const [index, panel] of panels.entries()) {
    if (!('query' in panel)) continue
    const [fault] = Errors(panel.kind === 'top' ? TopQuery : SeriesQuery, panel.query)
    const name = panel.title === undefined ? panel.kind : `"${panel.title}"`
    if (fault)
      throw badQuery(
        'bad-panel',
        `panel ${index} (${name}): its query ${fault.instancePath} ${fault.message}`,
        `give the parameters of ${panel.kind === 'top' ? '/api/top' : '/api/series'}`,
      )
  }
}
