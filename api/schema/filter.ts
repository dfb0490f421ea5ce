/** Queries and answers of /api/filter and /api/queries. */
import { Type, type Static } from 'typebox'

import { closed, text, wholeNumber } from './parts.ts'

export const FilterQuery = closed({
  filter: text('such as: host 10.0.0.22 and port 443', '^[^\\u0000]{0,8000}$'),
  position: wholeNumber('where to complete, in characters; default the end'),
})
export type FilterQuery = Static<typeof FilterQuery>

export const FilterAnswer = closed({
  filter: Type.Union([Type.String(), Type.Null()], {
    description: 'the filter in its canonical form; null if it is invalid',
  }),
  sql: Type.Union([Type.String(), Type.Null()], {
    description: 'the SQL condition for the archive, with its values',
  }),
  error: Type.Union([
    closed({ message: Type.String(), position: Type.Number(), expected: Type.String() }),
    Type.Null(),
  ]),
  suggestions: Type.Array(
    closed({
      text: Type.String({ description: 'replaces [from, to) of the filter' }),
      about: Type.String(),
      from: Type.Number(),
      to: Type.Number(),
    }),
  ),
})
export type FilterAnswer = Static<typeof FilterAnswer>

export const QueryPath = closed({
  id: Type.String({
    pattern: '^[A-Za-z0-9_-]{1,64}$',
    description: 'value of the header weir-query',
  }),
})

export const QueryAnswer = closed({
  id: Type.String(),
  state: Type.Enum(['waiting', 'running']),
  seconds: Type.Number({ description: 'since the query was received' }),
  progress: Type.Union([Type.Number(), Type.Null()], {
    description: 'share of the data read so far, 0 to 1; null if unknown',
  }),
})
export type QueryAnswer = Static<typeof QueryAnswer>
