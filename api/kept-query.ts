/** The query that a saved report or a panel keeps: held to the schema of the route that answers it. */
import type { TSchema } from 'typebox'
import { Errors } from 'typebox/value'

import { badQuery, descriptionsOf, formError } from './errors.ts'

/**
 * Refuses a query that its route would refuse, so that this does not first show when it is asked.
 * @param schema the route's query
 * @param route its path, for the remedy
 * @param code of the refusal
 * @throws ApiError with the fault that the route would name
 */
export function checkKeptQuery(
  query: Readonly<Record<string, unknown>>,
  { schema, route, code }: { schema: TSchema; route: string; code: string },
): void {
  const known = descriptionsOf(schema)
  const unknown = Object.keys(query).find((name) => !Object.hasOwn(known, name))
  if (unknown !== undefined)
    throw badQuery(
      code,
      `its query has an unknown parameter "${unknown}"`,
      `known parameters of ${route}: ${Object.keys(known).join(', ')}`,
    )
  const [fault] = Errors(schema, query)
  if (!fault) return
  const { message, remedy } = formError(fault, known, query)
  throw badQuery(code, `in its query, ${message}`, remedy)
}
