/**
 * GET /api/dashboards/ID/panels/N: what a panel of a dashboard shows, by the query stored with it.
 * A wall may ask nothing else, so that its link reveals only what its dashboard shows.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'

import { figureQuery } from '../../flow/figure-query.ts'
import { documentOf, headOf } from '../documents/documents.ts'
import { ApiError, badQuery } from '../errors.ts'
import { checkKeptQuery } from '../kept-query.ts'
import { windowOf, type ApiParts } from '../parts.ts'
import { readQuestion } from '../query/question.ts'
import { errorAnswers, SeriesAnswer, SeriesQuery, TopAnswer, TopQuery } from '../schema/schema.ts'
import { IncidentsAnswer } from '../schema/explain.ts'
import { closed } from '../schema/parts.ts'
import { IdParameters, type DashboardBody, type Panel } from '../schema/state.ts'
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

/** A list of hosts counts each flow at both ends, so its sum is not the traffic: a chart of hosts asks for that too. */
const PanelQuery = closed({
  revision: Type.Optional(
    Type.String({
      maxLength: 100,
      description: 'the etag of the dashboard that is shown: refused (412) once it was changed',
    }),
  ),
  by: Type.Optional(
    Type.Literal('direction', {
      description: 'of a chart: all its traffic by direction, instead of its own split',
    }),
  ),
})

const schema = {
  summary:
    'What a panel of a dashboard shows: answers like /api/series, /api/top or /api/incidents',
  params: Parameters,
  querystring: PanelQuery,
  response: {
    200: Type.Union([SeriesAnswer, TopAnswer, IncidentsAnswer]),
    ...errorAnswers,
  },
}

export function panelsRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/dashboards/:id/panels/:panel', { schema }, async ({ params, query }, reply) => {
      const { id, panel: index } = params
      const document = await documentOf<KeptDashboard>(parts.state, 'dashboards', id)
      // Another panel may have this number by now: its figures must not appear under this one's title.
      if (query.revision !== undefined && query.revision !== headOf(document).etag)
        throw changed(id)
      const { panels } = document.body
      const panel = panels[Number(index)]
      if (!panel)
        throw new ApiError(404, 'not-found', {
          message: `dashboard "${id}" has ${panels.length} panels`,
          remedy: 'count from 0',
        })
      if (query.by !== undefined && panel.kind !== 'chart')
        throw badQuery('no-chart', `a panel of kind ${panel.kind} has no split`, 'leave out by')
      if (panel.kind !== 'incidents') {
        const asked = query.by === undefined ? panel : { ...panel, query: totalsQuery(panel) }
        const answer = await panelAnswer(parts, asked, reply)
        // The panel at this address may change: the browser must revalidate each time.
        reply.header('cache-control', 'private, no-cache')
        return answer
      }
      const limit = String(panel.limit ?? incidentsUsually)
      return incidentsAnswer(parts, { ...incidentsRange, limit })
    })
  }
}

function changed(id: string): ApiError {
  return new ApiError(412, 'changed', {
    message: `dashboard "${id}" was changed since it was read`,
    remedy: 'read it again',
  })
}

/** A chart's query for all its traffic. */
function totalsQuery(panel: Panel): SeriesQuery {
  const { top: _top, key: _key, tracker: _tracker, ...query } = 'query' in panel ? panel.query : {}
  return { ...query, by: 'direction' }
}

function panelAnswer(
  parts: ApiParts,
  panel: Panel,
  reply: FastifyReply,
): Promise<SeriesAnswer | TopAnswer> {
  if (panel.kind === 'top') return topAnswer(parts, panel.query, reply)
  if (panel.kind === 'number')
    return seriesAnswer(parts, figureQuery<SeriesQuery>(panel.query, panel.direction), reply)
  if ('query' in panel) return seriesAnswer(parts, { known: 'any', ...panel.query }, reply)
  throw badQuery('no-query', `a panel of kind ${panel.kind} has no query`, 'see its dashboard')
}

/**
 * @throws ApiError naming the panel if its query could not be answered, so that this does not first
 * show on a wall
 */
export async function checkPanels({ panels }: DashboardBody, parts: ApiParts): Promise<void> {
  for (const [index, panel] of panels.entries()) {
    if (!('query' in panel)) continue
    const name = panel.title === undefined ? panel.kind : `"${panel.title}"`
    try {
      await checkQuery(panel, parts)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const { status, code, message, remedy, position } = error
      throw new ApiError(status, code, {
        message: `panel ${index} (${name}): ${message}`,
        remedy,
        ...(position === undefined ? {} : { position }),
      })
    }
  }
}

async function checkQuery(
  panel: Extract<Panel, { query: unknown }>,
  parts: ApiParts,
): Promise<void> {
  const isTop = panel.kind === 'top'
  const asked = isTop ? TopQuery : SeriesQuery
  checkKeptQuery(panel.query, {
    schema: asked,
    route: isTop ? '/api/top' : '/api/series',
    code: 'bad-panel',
  })
  const { window } = await windowOf(parts, panel.query)
  if (!isTop) readQuestion(panel.query, window)
}
