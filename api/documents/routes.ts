/** Creating, reading, changing and removing documents of a collection: the same for all user data. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static, TSchema } from 'typebox'

import type { StateChange, StateDocument } from '../../store/state/state.ts'
import { documentOf, expectedRevision, makeChange, putDocument, setCreated } from './documents.ts'
import { authorOf } from '../access/identity.ts'
import type { ApiParts, App } from '../parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import { IdParameters, Removed } from '../schema/state.ts'

/** What distinguishes a collection. */
interface DocumentKind<
  Kept,
  NewBody extends TSchema,
  Body extends TSchema,
  Answer extends TSchema,
> {
  collection: StateChange['collection']
  /** What each route does, for the API's own description. */
  summaries: { post: string; get: string; put: string; delete: string }
  newBody: NewBody
  body: Body
  answer: Answer
  /** The document to store for a request, and its id. @throws ApiError if it is refused */
  make(input: Static<NewBody>, author: string): MadeDocument<Kept> | Promise<MadeDocument<Kept>>
  /** The document to store after a change. @throws ApiError if it is refused */
  revise(before: Kept, input: Static<Body>): Kept | Promise<Kept>
  /** What else to do once it is stored. */
  onKept?(
    document: StateDocument<Kept>,
    input: Static<NewBody> | Static<Body>,
    request: FastifyRequest,
  ): Promise<void>
  /** What the caller may see of it. */
  answerOf(
    document: StateDocument<Kept>,
    request: FastifyRequest,
  ): Static<Answer> | Promise<Static<Answer>>
}

export interface MadeDocument<Kept> {
  id: string
  body: Kept
}

interface OneDocument {
  Params: Static<typeof IdParameters>
}

/**
 * Adds POST /api/COLLECTION, and GET, PUT and DELETE /api/COLLECTION/:id; PUT and DELETE check an
 * If-Match if the request has one.
 */
export function documentRoutes<
  Kept,
  NewBody extends TSchema,
  Body extends TSchema,
  Answer extends TSchema,
>(
  app: App,
  { state }: Pick<ApiParts, 'state'>,
  kind: DocumentKind<Kept, NewBody, Body, Answer>,
): void {
  const { collection, summaries, newBody, body, answer } = kind
  const all = `/api/${collection}`
  const one = `${all}/:id`
  const params = IdParameters
  const found = { 200: answer, ...errorAnswers }
  const removed = { 200: Removed, ...errorAnswers }
  // Fastify validates by the schemas; its types cannot infer schemas that are parameters here.
  const routes = app as unknown as FastifyInstance
  routes.post(
    all,
    {
      schema: {
        summary: summaries.post,
        body: newBody,
        response: { 201: answer, ...errorAnswers },
      },
    },
    async (request, reply) => {
      const input = request.body as Static<NewBody>
      const { id, body: kept } = await kind.make(input, authorOf(request))
      const document = await putDocument(state, { collection, id, body: kept, revision: 0 })
      await kind.onKept?.(document, input, request)
      setCreated(reply, `${all}/${id}`)
      return kind.answerOf(document, request)
    },
  )
  routes.get<OneDocument>(
    one,
    { schema: { summary: summaries.get, params, response: found } },
    async (request) =>
      kind.answerOf(await documentOf<Kept>(state, collection, request.params.id), request),
  )
  routes.put<OneDocument>(
    one,
    { schema: { summary: summaries.put, params, body, response: found } },
    async (request) => {
      const { id } = request.params
      const input = request.body as Static<Body>
      const before = await documentOf<Kept>(state, collection, id)
      const revision = expectedRevision(request, before) ?? before.revision
      const kept = await kind.revise(before.body, input)
      const document = await putDocument(state, { collection, id, body: kept, revision })
      await kind.onKept?.(document, input, request)
      return kind.answerOf(document, request)
    },
  )
  routes.delete<OneDocument>(
    one,
    { schema: { summary: summaries.delete, params, response: removed } },
    async (request) => {
      const before = await documentOf(state, collection, request.params.id)
      const revision = expectedRevision(request, before)
      await makeChange(state, { collection, id: before.id, revision })
      return { removed: true }
    },
  )
}
