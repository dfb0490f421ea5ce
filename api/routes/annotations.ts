/** CRUD /api/annotations: what happened, drawn on the charts of its time. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import { zoneOf } from '../../flow/settings/settings.ts'
import type { StateDocument } from '../../store/state/state.ts'
import { newId } from '../documents/ids.ts'
import { documentRoutes, type MadeDocument } from '../documents/routes.ts'
import { headOf } from '../documents/documents.ts'
import { badQuery } from '../errors.ts'
import type { ApiParts, App } from '../parts.ts'
import { readTime, readZone } from '../query/window.ts'
import { errorAnswers } from '../schema/schema.ts'
import { Annotation, AnnotationBody, AnnotationsAnswer, AnnotationsQuery } from '../schema/state.ts'

/** An annotation as stored. */
export interface KeptAnnotation extends AnnotationBody {
  author: string
}

const collection = 'annotations' as const

export function annotationsRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    listRoute(app, parts)
    documentRoutes(app, parts, {
      collection,
      summaries: {
        post: 'Creates an annotation',
        get: 'An annotation',
        put: 'Changes an annotation',
        delete: 'Removes an annotation',
      },
      newBody: AnnotationBody,
      body: AnnotationBody,
      answer: Annotation,
      make(input, author): MadeDocument<KeptAnnotation> {
        checkRange(input)
        return { id: newId(), body: { ...input, author } }
      },
      revise({ author }: KeptAnnotation, input) {
        checkRange(input)
        return { ...input, author }
      },
      answerOf,
    })
  }
}

function listRoute(app: App, { state, settings, now }: ApiParts): void {
  app.get(
    '/api/annotations',
    {
      schema: {
        summary: 'Annotations that overlap a time range, oldest first',
        querystring: AnnotationsQuery,
        response: { 200: AnnotationsAnswer, ...errorAnswers },
      },
    },
    async ({ query }) => {
      const touches = readRange(query, { now: now(), zone: zoneOf(settings) })
      const kept = await state.list<KeptAnnotation>(collection)
      const found = kept.map(answerOf).filter((each) => touches(each))
      return { annotations: found.sort((a, b) => a.from - b.from) }
    },
  )
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

function readRange(
  query: AnnotationsQuery,
  { now, zone: ours }: { now: number; zone: string },
): (each: Annotation) => boolean {
  const zone = readZone(query.tz ?? ours)
  const time = (side: 'from' | 'to', fallback: number): number => {
    const text = query[side]
    if (text === undefined) return fallback
    return readTime(text, { now, zone, side }) / 1000
  }
  const from = time('from', Number.NEGATIVE_INFINITY)
  const to = time('to', Number.POSITIVE_INFINITY)
  return (each) =>
    each.from < to &&
    (each.to ?? each.from) >= from &&
    (query.tracker === undefined || each.tracker === query.tracker)
}
