/** Reading, changing and removing one document of a collection: the same for all that people make. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static, TSchema } from 'typebox'

import type { StateChange, StateDocument } from '../store/state.ts'
import { documentOf, expectedRevision, makeChange, putDocument } from './documents.ts'
import type { ApiParts, App } from './parts.ts'
import { ErrorAnswer } from './schema.ts'
import { IdParameters, Removed } from './schema-state.ts'

/** What sets a collection apart from the others. */
export interface DocumentKind<Kept, Body extends TSchema, Answer extends TSchema> {
  collection: StateChange['collection']
  /** What each route does, for the API's own description. */
  summaries: { get: string; put: string; delete: string }
  body: Body
  answer: Answer
  /** What is kept after a change. @throws ApiError where that is not to be */
  revise(before: Kept, asked: Static<Body>): Kept | Promise<Kept>
  /** What else is to be done once a change is kept. */
  revised?(
    document: StateDocument<Kept>,
    asked: Static<Body>,
    request: FastifyRequest,
  ): Promise<void>
  answerOf(document: StateDocument<Kept>): Static<Answer> | Promise<Static<Answer>>
}

const errors = { '4xx': ErrorAnswer, '5xx': ErrorAnswer }

interface OneDocument {
  Params: Static<typeof IdParameters>
}

/** Adds GET, PUT and DELETE /api/COLLECTION/:id, the latter two against an If-Match where one is given. */
export function documentRoutes<Kept, Body extends TSchema, Answer extends TSchema>(
  app: App,
  { state }: Pick<ApiParts, 'state'>,
  kind: DocumentKind<Kept, Body, Answer>,
): void {
  const { collection, summaries } = kind
  const path = `/api/${collection}/:id`
  const one = { params: IdParameters, response: { 200: kind.answer, ...errors } }
  // Fastify checks by the schemas; its types cannot see through those that are parameters here.
  const routes = app as unknown as FastifyInstance
  routes.get<OneDocument>(
    path,
    { schema: { summary: summaries.get, ...one } },
    async ({ params }) => kind.answerOf(await documentOf<Kept>(state, collection, params.id)),
  )
  routes.put<OneDocument>(
    path,
    { schema: { summary: summaries.put, ...one, body: kind.body } },
    async (request) => {
      const { id } = request.params
      const asked = request.body as Static<Body>
      const before = await documentOf<Kept>(state, collection, id)
      const revision = expectedRevision(request, before) ?? before.revision
      const body = await kind.revise(before.body, asked)
      const after = await putDocument(state, { collection, id, body, revision })
      await kind.revised?.(after, asked, request)
      return kind.answerOf(after)
    },
  )
  routes.delete<OneDocument>(
    path,
    {
      schema: {
        summary: summaries.delete,
        params: IdParameters,
        response: { 200: Removed, ...errors },
      },
    },
    async (request) => {
      const before = await documentOf(state, collection, request.params.id)
      const revision = expectedRevision(request, before)
      await makeChange(state, { collection, id: before.id, revision })
      return { removed: true }
    },
  )
}
