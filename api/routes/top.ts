/** GET /api/top */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'

import type { FlowTop, TopKeyName } from '../../store/flows.ts'
import { sayFreshness } from '../caching.ts'
import { csv, csvTime } from '../csv.ts'
import { answerKey, labelOf } from '../labels.ts'
import { windowOf, type ApiParts } from '../parts.ts'
import { readWhole } from '../query/numbers.ts'
import { archiveFilter, onlyExporter, type Window } from '../query/window.ts'
import { ErrorAnswer, TopAnswer, TopQuery } from '../schema.ts'

/** The most rows of an answer. */
const rowsMax = 1000

const schema = {
  summary: 'The greatest hosts, ports, protocols or other keys of a window, from the flow archive',
  querystring: TopQuery,
  response: { 200: TopAnswer, '4xx': ErrorAnswer, '5xx': ErrorAnswer },
}

export function topRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/top', { schema }, async ({ query }, reply) => {
      const answer = await topAnswer(parts, query, reply)
      return query.format === 'csv' ? sendCsv(reply, topCsv(answer)) : answer
    })
  }
}

/** Answers a query for a top table, and says for how long the answer holds. */
export async function topAnswer(
  parts: ApiParts,
  query: TopQuery,
  reply: FastifyReply,
): Promise<TopAnswer> {
  const { window, now } = await windowOf(parts, query)
  const limit = readWhole('limit', query.limit, { fallback: 10, least: 1, most: rowsMax })
  const by = [...new Set((query.by ?? 'host').split(','))] as TopKeyName[]
  const order = query.order ?? 'bytes'
  const top = await parts.heavy.run(reply, (signal) =>
    parts.flows.top({
      from: window.from,
      to: window.to,
      filter: archiveFilter(window),
      include: window.include,
      signal,
      by,
      order,
      limit,
    }),
  )
  sayFreshness(reply, window, now)
  return answerOf(top, { by, order, window, parts })
}

function sendCsv(reply: FastifyReply, text: string): FastifyReply {
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', 'attachment; filename="weir-top.csv"')
    .send(text)
}

/** The words of the keys in an answer: pair gives src and dst, port its protocol too. */
function keyWords(by: readonly TopKeyName[]): string[] {
  const expanded = by.flatMap((word): string[] => {
    if (word === 'pair') return ['src', 'dst']
    return word === 'port' ? ['protocol', 'port'] : [word]
  })
  return [...new Set(expanded)]
}

function answerOf(
  top: FlowTop,
  facts: { by: TopKeyName[]; order: keyof typeof shareFields; window: Window; parts: ApiParts },
): TopAnswer {
  const { by, order, window, parts } = facts
  const words = keyWords(by)
  const exporter = onlyExporter(window)
  const whole = top.total[shareFields[order]]
  return {
    from: window.from / 1000,
    to: window.to / 1000,
    by: words,
    order,
    rows: top.rows.map((row) => {
      const key = answerKey(words, row.key)
      return {
        key,
        label: labelOf(key, parts.names, exporter),
        bytes: row.bytes,
        packets: row.packets,
        flows: row.flows,
        peers: row.peers,
        first: row.first / 1000,
        last: row.last / 1000,
        share: whole === 0 ? 0 : row[shareFields[order]] / whole,
      }
    }),
    other: top.other,
    total: top.total,
    ends: top.ends,
  }
}

/** What a row's share is of; peers do not add up, so by them it is of the bytes. */
const shareFields = { bytes: 'bytes', packets: 'packets', flows: 'flows', peers: 'bytes' } as const

/** A column for each key word, then the figures; a last row `other`, so that rows add up to the total. */
function topCsv({ by, rows, other }: TopAnswer): string {
  const heading = [...by, 'label', 'bytes', 'packets', 'flows', 'peers', 'first', 'last', 'share']
  const lines = rows.map((row) => [
    ...by.map((word) => row.key[word]),
    row.label,
    row.bytes,
    row.packets,
    row.flows,
    row.peers,
    csvTime(row.first),
    csvTime(row.last),
    row.share,
  ])
  const rest = [
    ...by.map(() => ''),
    'other',
    other.bytes,
    other.packets,
    other.flows,
    '',
    '',
    '',
    '',
  ]
  return csv(heading, [...lines, rest])
}
