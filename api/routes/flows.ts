/** GET /api/flows */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'

import { csv, csvTime } from '../../flow/csv.ts'
import { flowsParquet } from '../../store/archive/answer/parquet-answer.ts'
import type { FlowRecord } from '../../store/flows.ts'
import { setCacheControl } from '../cache/http.ts'
import { setRemarks, windowOf, withRemarks, type ApiParts } from '../parts.ts'
import { isKnown } from '../query/known.ts'
import { readWhole } from '../query/numbers.ts'
import { archiveWindow } from '../query/window.ts'
import { inFormats } from '../schema/parts.ts'
import { errorAnswers, Flow, FlowsAnswer, FlowsQuery } from '../schema/schema.ts'

/** The most flows of an answer. */
const flowsMax = 10_000

/** The media types of the formats beside JSON. */
const flowFormats = {
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
} as const

/** The answers in these formats. */
export const flowFiles = {
  [flowFormats.csv]: Type.String(),
  [flowFormats.ndjson]: Type.String(),
  [flowFormats.parquet]: Type.Unknown(),
}

const schema = {
  summary: 'Flows of a window, as received',
  querystring: FlowsQuery,
  response: {
    200: inFormats({ 'application/json': FlowsAnswer, ...flowFiles }),
    ...errorAnswers,
  },
}

export function flowsRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/flows', { schema }, ({ query }, reply) => sendFlows(parts, query, reply))
  }
}

/** Answers a query for flows in the format it asks for. */
export async function sendFlows(parts: ApiParts, query: FlowsQuery, reply: FastifyReply) {
  const { window, seen, now } = await windowOf(parts, query)
  const limit = readWhole('limit', query.limit, { fallback: 100, least: 1, most: flowsMax })
  const listed = parts.heavy.run(reply, (signal, progress) =>
    parts.flows.list({
      ...archiveWindow(window),
      signal,
      progress,
      order: query.order ?? 'first',
      limit,
    }),
  )
  const { answer: list, ...made } = await withRemarks(parts, { window, seen, answer: listed })
  const { flows, more } = list
  if (made.isWhole) setCacheControl(reply, window, now)
  if (query.format === 'parquet')
    return download(reply, {
      type: flowFormats.parquet,
      extension: 'parquet',
      more,
      remarks: made.remarks,
    }).send(await flowsParquet(flows))
  const known = flows.length > 0 || (await isKnown(parts.series, parts.settings.tiers, window))
  const answer = {
    from: window.from / 1000,
    to: window.to / 1000,
    flows: flows.map(flowOf),
    more,
    ...(known === undefined ? {} : { known }),
    remarks: made.remarks,
  }
  return formats[query.format ?? 'json'](reply, answer, query.tz ?? 'UTC')
}

/** A stored record with times in unix seconds. */
function flowOf(record: FlowRecord): Flow {
  const { received, first, last, ...rest } = record
  return { received: received / 1000, first: first / 1000, last: last / 1000, ...rest }
}

const formats = {
  json: (_reply: FastifyReply, answer: FlowsAnswer) => answer,
  csv: (reply: FastifyReply, { flows, ...told }: FlowsAnswer, zone: string) =>
    download(reply, { type: `${flowFormats.csv}; charset=utf-8`, extension: 'csv', ...told }).send(
      csv(
        columns,
        flows.map((flow) => cells(flow, zone)),
      ),
    ),
  ndjson: (reply: FastifyReply, { flows, ...told }: FlowsAnswer) =>
    download(reply, { type: flowFormats.ndjson, extension: 'ndjson', ...told }).send(
      flows.map((flow) => `${JSON.stringify(flow)}\n`).join(''),
    ),
}

function download(
  reply: FastifyReply,
  told: { type: string; extension: string; more: boolean; remarks: readonly string[] },
): FastifyReply {
  const { type, extension, more, remarks } = told
  return setRemarks(reply, remarks)
    .type(type)
    .header('content-disposition', `attachment; filename="weir-flows.${extension}"`)
    .header('weir-more', String(more))
}

const columns = Object.keys(Flow.properties) as (keyof Flow)[]
const timeColumns = new Set<keyof Flow>(['received', 'first', 'last'])

function cells(flow: Flow, zone: string): (string | number | null)[] {
  return columns.map((column) =>
    timeColumns.has(column) ? csvTime(flow[column] as number, zone) : flow[column],
  )
}
