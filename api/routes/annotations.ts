/** CRUD /api/annotations: what happened, drawn on the charts of its time. */
import { readZone } from '../query/window.ts'
import { randomBytes } from 'node:crypto'

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import { parseTime } from '../../flow/time-grammar.ts'
import type { StateDocument } from '../../store/state.ts'
import { documentRoutes } from '../document-routes.ts'
import { headOf, putDocument, sayCreated } from '../documents.ts'
import { badQuery } from '../errors.ts'
import { authorOf } from '../identity.ts'
import type { ApiParts, App } from '../parts.ts'
import { ErrorAnswer } from '../schema.ts'
import { Annotation, AnnotationBody, AnnotationsAnswer, AnnotationsQuery } from '../schema-state.ts'

/** An annotation as it is kept. */
export interface KeptAnnotation extends AnnotationBody {
  author: string
}

const errors = { '4xx': ErrorAnswer, '5xx': ErrorAnswer }
const collection = 'annotations' as const

export function annotationsRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    listRoutes(app, parts)
    oneRoutes(app, parts)
  }
}

function listRoutes(app: App, { state, now }: ApiParts): void {
  app.get(
    '/api/annotations',
    {
      schema: {
        summary: 'Annotations that touch a time, oldest first',
        querystring: AnnotationsQuery,
        response: { 200: AnnotationsAnswer, ...errors },
      },
    },
    async ({ query }) => {
      const touches = readRange(query, now())
      const kept = await state.list<KeptAnnotation>(collection)
      const found = kept.map(answerOf).filter((each) => touches(each))
      return { annotations: found.sort((a, b) => a.from - b.from) }
    },
  )
  app.post(
    '/api/annotations',
    {
      schema: {
        summary: 'Makes an annotation',
        body: AnnotationBody,
        response: { 201: Annotation, ...errors },
      },
    },
    async (request, reply) => {
      checkRange(request.body)
      const id = newId()
      const body: KeptAnnotation = { ...request.body, author: authorOf(request) }
      const made = await putDocument(state, { collection, id, body, revision: 0 })
      sayCreated(reply, `/api/annotations/${id}`)
      return answerOf(made)
    },
  )
}

function oneRoutes(app: App, parts: ApiParts): void {
  documentRoutes(app, parts, {
    collection,
    summaries: {
      get: 'An annotation',
      put: 'Changes an annotation',
      delete: 'Removes an annotation',
    },
    body: AnnotationBody,
    answer: Annotation,
    revise({ author }: KeptAnnotation, asked) {
      checkRange(asked)
      return { ...asked, author }
    },
    answerOf,
  })
}

/** An id for what has no name: 72 random bits. */
export function newId(): string {
  return `_${randomBytes(9).toString('base64url')}`
}

function answerOf(document: StateDocument<KeptAnnotation>): Annotation {
  const {
    from,
    to = null,
    text,
    tags = [],
    exporter = null,
    tracker = null,
    author,
  } = document.body
  return { ...headOf(document), from, to, text, tags, exporter, tracker, author }
}

function checkRange({ from, to }: AnnotationBody): void {
  if (typeof to === 'number' && to < from)
    throw badQuery('bad-range', 'it ends before it begins', 'give a "to" that is not before "from"')
}

function readRange(query: AnnotationsQuery, now: number): (each: Annotation) => boolean {
  const zone = readZone(query.tz)
  const time = (side: 'from' | 'to', fallback: number): number => {
    const text = query[side]
    if (text === undefined) return fallback
    const t = parseTime(text, { now, zone, side })
    if (t === null)
      throw badQuery(
        'bad-time',
        `"${side}" is no time: ${text}`,
        'write ISO 8601, unix seconds or now-6h',
      )
    return t / 1000
  }
  const from = time('from', Number.NEGATIVE_INFINITY)
  const to = time('to', Number.POSITIVE_INFINITY)
  return (each) =>
    each.from < to &&
    (each.to ?? each.from) >= from &&
    (query.tracker === undefined || each.tracker === query.tracker)
}
