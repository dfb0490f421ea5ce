/** CRUD /api/trackers: filters followed for ever as series of their own. */
import { randomBytes } from 'node:crypto'

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'

import { FilterError } from '../../flow/filter.ts'
import { parseFilter } from '../../flow/filter/parse.ts'
import { formatFilter } from '../../flow/filter/print.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { IngestStatus } from '../../flow/status.ts'
import type { StateDocument } from '../../store/state/state.ts'
import {
  ended,
  isRunning,
  restarted,
  withFilter,
  type KeptTracker,
  type TrackerSpan,
} from '../../store/tracker.ts'
import { newId, slugOf } from '../documents/ids.ts'
import { documentRoutes, type MadeDocument } from '../documents/routes.ts'
import { headOf, putDocument } from '../documents/documents.ts'
import { badQuery } from '../errors.ts'
import { authorOf } from '../access/identity.ts'
import { exportersOf } from '../status/ingest-status.ts'
import type { ApiParts, App } from '../parts.ts'
import { filterContext } from '../query/filter-context.ts'
import { refusedFilter } from '../query/window.ts'
import { errorAnswers } from '../schema/schema.ts'
import { NoQuery } from '../schema/status.ts'
import { NewTracker, Tracker, TrackerBody, TrackersAnswer } from '../schema/trackers.ts'
import type { KeptAnnotation } from './annotations.ts'

const collection = 'trackers' as const
/** Ids are never reused, because the totals of a removed tracker stay for a while. */
const idBytes = 3

export function trackersRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    listRoute(app, parts)
    documentRoutes(app, parts, {
      collection,
      summaries: {
        post: 'Follows a filter; with a start in the past its series is built from the archive',
        get: 'A tracker',
        put: 'Revises, archives or restarts a tracker',
        delete: 'Removes a tracker; its totals are no longer shown',
      },
      newBody: NewTracker,
      body: TrackerBody,
      answer: Tracker,
      make: (input, author) => made(input, author, parts),
      revise: (before: KeptTracker, input) => revised(before, input, parts),
      async onKept({ id }, { comment }, request) {
        if (comment !== undefined) await annotate(parts, request, { tracker: id, text: comment })
      },
      answerOf: async (document) => answerOf(document, await parts.status.read()),
    })
  }
}

function listRoute(app: App, parts: ApiParts): void {
  const { state, status } = parts
  app.get(
    '/api/trackers',
    {
      schema: {
        summary: 'Trackers, with the progress of those being built from the archive',
        querystring: NoQuery,
        response: { 200: TrackersAnswer, ...errorAnswers },
      },
    },
    async () => {
      const ingest = await status.read()
      const kept = await state.list<KeptTracker>(collection)
      return { trackers: kept.map((tracker) => answerOf(tracker, ingest)) }
    },
  )
}

async function made(
  { name, filter, from, group = null, side = 'above' }: NewTracker,
  author: string,
  parts: ApiParts,
): Promise<MadeDocument<KeptTracker>> {
  const now = parts.now()
  const start = from === undefined ? now : await startOf(from, parts)
  const spans = withFilter([], await readFilter(filter, parts), { from: start, now })
  const id = `${slugOf(name)}-${randomBytes(idBytes).toString('hex')}`
  return { id, body: { name, group, side, author, spans } }
}

async function revised(
  before: KeptTracker,
  input: TrackerBody,
  parts: ApiParts,
): Promise<KeptTracker> {
  const now = parts.now()
  const { name = before.name, group = before.group, side = before.side } = input
  let { spans } = before
  if (input.state === 'running' && !isRunning(before)) spans = restarted(spans, now)
  const last = spans.at(-1)
  if (input.filter !== undefined || input.from !== undefined) {
    const from = input.from === undefined ? null : await startOf(input.from, parts)
    const read = await readFilter(input.filter ?? last?.filter ?? '', parts)
    // The same filter again is not a revision, unless it starts at another time.
    if (from !== null || read.canonical !== last?.canonical)
      spans = withFilter(spans, read, { from, now })
  }
  if (input.state === 'archived' && isRunning({ spans }))
    spans = ended(spans, intervalStart(now) + intervalMs)
  return { ...before, name, group, side, spans }
}

/** Where a tracker begins: not before the archive, because nothing is known before it. */
async function startOf(seconds: number, { flows, now }: ApiParts): Promise<number> {
  if (seconds * 1000 > now())
    throw badQuery('bad-time', '"from" is in the future', 'leave it out to begin now')
  const { first } = await flows.extent(0, Number.MAX_SAFE_INTEGER)
  return Math.max(seconds * 1000, first ?? now())
}

async function readFilter(
  text: string,
  { names, status, settings }: ApiParts,
): Promise<Pick<TrackerSpan, 'filter' | 'canonical'>> {
  const exporters = exportersOf(await status.read())
  const context = filterContext({ names, exporters, local: settings.local.networks })
  try {
    const canonical = formatFilter(parseFilter(text, context))
    if (canonical === '')
      throw badQuery('bad-filter', 'the filter is empty', 'write "any" for all traffic')
    return { filter: text, canonical }
  } catch (error) {
    throw error instanceof FilterError ? refusedFilter(error) : error
  }
}

/** Adds a dated comment, shown on the tracker's chart. */
async function annotate(
  { state, now }: ApiParts,
  request: FastifyRequest,
  { tracker, text }: { tracker: string; text: string },
): Promise<void> {
  const body: KeptAnnotation = { from: now() / 1000, text, tracker, author: authorOf(request) }
  await putDocument(state, { collection: 'annotations', id: newId(), body, revision: 0 })
}

function answerOf(document: StateDocument<KeptTracker>, ingest: IngestStatus | null): Tracker {
  const { name, group, side, author, spans } = document.body
  const { id } = document
  return {
    ...headOf(document),
    name,
    filter: spans.at(-1)?.filter ?? '',
    spans: spans.map(({ filter, from, to }) => ({
      filter,
      from: from / 1000,
      to: to === null ? null : to / 1000,
    })),
    group,
    side,
    state: isRunning(document.body) ? 'running' : 'archived',
    author,
    progress: ingest?.trackers?.progress[id] ?? null,
    problem: problemOf(document, ingest),
  }
}

function problemOf({ id }: StateDocument, ingest: IngestStatus | null): string | null {
  if (ingest?.running !== true)
    return 'no ingest runs: start weir ingest, which makes the series of trackers'
  return ingest.trackers?.problems[id] ?? null
}
