/** GET /api/explain and GET /api/incidents */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import type { Incident as KeptIncident } from '../../flow/incident/incident.ts'
import { sayIncident } from '../../flow/incident/sentence/sentence.ts'
import type { Wording } from '../../flow/incident/sentence/wording.ts'
import { zoneOf } from '../../flow/settings/settings.ts'
import { setCacheControl } from '../cache/http.ts'
import { exportersOf } from '../status/ingest-status.ts'
import { gapsOf, namesAt, windowOf, type ApiParts } from '../parts.ts'
import { actorOf, explainAnswer, windowOf as eventWindow } from '../query/explain/answer.ts'
import { findEvent, usualTraffic } from '../query/explain/find-event.ts'
import { firstKept, isKnownCoarsely } from '../query/known.ts'
import { readWhole } from '../query/numbers.ts'
import { errorAnswers } from '../schema/schema.ts'
import {
  ExplainAnswer,
  ExplainQuery,
  IncidentsAnswer,
  IncidentsQuery,
  type Incident,
} from '../schema/explain.ts'

const explainSchema = {
  summary: 'What happened in a window: the event in it, who did it, and the evidence',
  querystring: ExplainQuery,
  response: { 200: ExplainAnswer, ...errorAnswers },
}

const incidentsSchema = {
  summary: 'Incidents: times of abnormal traffic, newest first',
  querystring: IncidentsQuery,
  response: { 200: IncidentsAnswer, ...errorAnswers },
}

/** The most incidents of an answer. */
const incidentsMax = 1000

export function explainRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/explain', { schema: explainSchema }, async ({ query }, reply) => {
      const { window, now } = await windowOf(parts, query)
      const wording = await wordingOf({ ...parts, names: namesAt(parts, window.to) }, query.tz)
      const answer = await parts.heavy.run(reply, async (signal) => {
        const context = { ...parts, signal }
        const event = await findEvent(window, context)
        return explainAnswer(event, await usualTraffic(event, context), wording)
      })
      setCacheControl(reply, window, now)
      return answer
    })
    app.get('/api/incidents', { schema: incidentsSchema }, ({ query }) =>
      incidentsAnswer(parts, query),
    )
  }
}

/** Answers a query for incidents. @throws ApiError if it is invalid */
export async function incidentsAnswer(
  parts: ApiParts,
  query: IncidentsQuery,
): Promise<IncidentsAnswer> {
  const { window, seen } = await windowOf(parts, query)
  const limit = readWhole('limit', query.limit, { fallback: 100, least: 1, most: incidentsMax })
  const wording = await wordingOf(parts, query.tz)
  const { from, to, exporter } = window
  const gaps = gapsOf(parts, window, seen)
  const isAsked = (address: string) => exporter === undefined || address === exporter
  const found = (await parts.incidents.between(from, to)).filter((each) => isAsked(each.exporter))
  const firsts = seen.filter(({ address }) => isAsked(address)).map(({ firstSeen }) => firstSeen)
  const { series, settings } = parts
  // Without a status nobody says who sent when: the totals say since when there is data.
  const first =
    seen.length > 0
      ? Math.min(...firsts, Number.POSITIVE_INFINITY)
      : await firstKept(series, settings.tiers)
  const isAnyKnown =
    first < to &&
    (found.length > 0 || (await isKnownCoarsely(series, settings.tiers, window)) !== false)
  return {
    from: from / 1000,
    to: to / 1000,
    incidents: found.slice(0, limit).map((each) => incidentOf(each, wording)),
    more: found.length > limit,
    knownSince: isAnyKnown ? Math.max(first, from) / 1000 : null,
    remarks: await gaps(),
  }
}

/** How things are named in sentences: names as known now, times in the zone asked for. */
export async function wordingOf(
  parts: Pick<ApiParts, 'names' | 'settings' | 'status'>,
  tz: string | undefined,
): Promise<Wording> {
  const { names, settings } = parts
  const reportedNames = new Map(
    exportersOf(await parts.status.read()).map(({ address, name }) => [address, name]),
  )
  return {
    zone: tz ?? zoneOf(settings),
    hostName: (address) => names.hostName(address),
    learn: async (addresses) => names.learn?.(addresses),
    exporterName: (address) => names.exporterName(address) ?? reportedNames.get(address) ?? null,
  }
}

function incidentOf(kept: KeptIncident, wording: Wording): Incident {
  return {
    id: kept.id,
    exporter: kept.exporter,
    exporterName: wording.exporterName(kept.exporter),
    window: eventWindow({ incident: kept, span: kept }),
    sentence: sayIncident(kept, wording),
    actors: kept.actors.map((actor) => actorOf(actor, wording)),
  }
}
