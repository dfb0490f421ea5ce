/**
 * GET /api/live: server-sent events, one stream per page. Event names are the keys of LiveEvents,
 * their data is JSON. The stream begins with `hello` and `ring`; then a `tick` comes each step. If
 * cut off, the browser reconnects by itself; `bye` says that the server is stopping.
 */
import { Type, type Static } from 'typebox'

import { closed, nullableSeconds, seconds } from './parts.ts'

export const LiveQuery = closed({
  step: Type.Optional(
    Type.String({ pattern: '^(1|2|5|10)$', description: 'seconds between ticks; default 1' }),
  ),
})
export type LiveQuery = Static<typeof LiveQuery>

/** Sums of one second, by direction: [bytes, packets, flows]. */
const sums = Type.Record(Type.String(), Type.Tuple([Type.Number(), Type.Number(), Type.Number()]), {
  description: 'direction → [bytes, packets, flows]',
})

/** One second as known so far. Flows arrive late: a second may be sent again with more. */
export const LiveSecond = closed({ time: seconds, sums })
export type LiveSecond = Static<typeof LiveSecond>

const LiveHello = closed({
  version: Type.String(),
  now: seconds,
  step: Type.Number(),
})

/** The last minutes, oldest first, at the step asked for. */
export const LiveRing = closed({ step: Type.Number(), seconds: Type.Array(LiveSecond) })
export type LiveRing = Static<typeof LiveRing>

/** What is new since the last tick, and how old the data is. */
export const LiveTick = closed({
  now: seconds,
  /** When the newest datagram came; null if no ingest runs. */
  receivedAt: nullableSeconds,
  isIngestRunning: Type.Boolean(),
  seconds: Type.Array(LiveSecond),
})
export type LiveTick = Static<typeof LiveTick>

/** Documents of this collection were changed: fetch them again. */
const LiveChanged = closed({ collection: Type.String() })

export interface LiveEvents {
  hello: Static<typeof LiveHello>
  ring: LiveRing
  tick: LiveTick
  changed: Static<typeof LiveChanged>
  bye: { reason: string }
}
