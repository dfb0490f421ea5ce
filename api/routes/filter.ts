/** GET /api/filter */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

import { FilterError, type Filter } from '../../flow/filter.ts'
import type { FilterContext } from '../../flow/filter/context.ts'
import { parseFilter } from '../../flow/filter/parse.ts'
import { formatFilter } from '../../flow/filter/print.ts'
import { filterSuggestions } from '../../flow/filter/suggest.ts'
import { filterSqlText } from '../../store/archive/sql/filter-sql.ts'
import { refuseHostFilter } from '../access/masking.ts'
import { ApiError } from '../errors.ts'
import { exportersOf } from '../status/ingest-status.ts'
import type { ApiParts } from '../parts.ts'
import { filterContext, knownNames } from '../query/filter-context.ts'
import { errorAnswers } from '../schema/schema.ts'
import { FilterAnswer, FilterQuery } from '../schema/filter.ts'

const schema = {
  summary: 'Parses a filter: its canonical form, its SQL condition, its error, and completions',
  querystring: FilterQuery,
  response: { 200: FilterAnswer, ...errorAnswers },
}

export function filterRoute(parts: ApiParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/filter', { schema }, async ({ query }): Promise<FilterAnswer> => {
      const { filter: text = '', position = text.length } = query
      const exporters = exportersOf(await parts.status.read())
      const { names } = parts
      const context = filterContext({ names, exporters, local: parts.settings.local.networks })
      return {
        ...read(text, context),
        suggestions: filterSuggestions(text, Number(position), knownNames({ names, exporters })),
      }
    })
  }
}

function read(
  text: string,
  context: FilterContext,
): Pick<FilterAnswer, 'filter' | 'sql' | 'error'> {
  try {
    const filter: Filter = parseFilter(text, context) ?? { kind: 'any' }
    refuseHostFilter(filter)
    return { filter: formatFilter(filter), sql: filterSqlText(filter), error: null }
  } catch (error) {
    if (error instanceof ApiError)
      return {
        filter: null,
        sql: null,
        error: { message: error.message, position: 0, expected: error.remedy },
      }
    if (!(error instanceof FilterError)) throw error
    const { message, position, expected } = error
    return { filter: null, sql: null, error: { message, position, expected } }
  }
}
