/** GET and DELETE /api/queries/:id */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import { Type } from 'typebox'

import { ApiError } from '../errors.ts'
import type { ApiParts } from '../parts.ts'
import { errorAnswers } from '../schema/schema.ts'
import { QueryAnswer, QueryPath } from '../schema/filter.ts'
import { NoQuery } from '../schema/status.ts'

const shared = {
  params: QueryPath,
  querystring: NoQuery,
  response: { ...errorAnswers },
}

export function queriesRoute({ heavy }: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    const asking = {
      ...shared,
      summary: 'Progress of a query that has not been answered yet, by its header weir-query',
      response: { 200: QueryAnswer, ...shared.response },
    }
    app.get('/api/queries/:id', { schema: asking }, async ({ params }) => {
      const found = heavy.progress(params.id)
      if (!found) throw noQuery(params.id)
      return found
    })
    const stopping = {
      ...shared,
      summary: 'Stops a query that has not been answered yet',
      response: { 204: Type.Null(), ...shared.response },
    }
    app.delete('/api/queries/:id', { schema: stopping }, async ({ params }, reply) => {
      if (!heavy.cancel(params.id)) throw noQuery(params.id)
      return reply.code(204).send(null)
    })
  }
}

function noQuery(id: string): ApiError {
  return new ApiError(404, 'not-found', {
    message: `no query ${id} is waiting or running`,
    remedy: 'it has been answered, or was stopped',
  })
}
