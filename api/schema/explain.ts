/**
 * Queries and answers about what happened: explain, incidents, report. Times are unix seconds;
 * counts are whole numbers, scaled by sampling. Sentences are plain text, in English.
 */
import { Type, type Static } from 'typebox'

import { windowKinds } from '../../flow/incident/incident.ts'
import {
  closed,
  count,
  nullableNumber,
  nullableText,
  seconds,
  text,
  timeForms,
  wholeNumber,
} from './parts.ts'
import { remarks } from './schema.ts'

const window = {
  from: text(`start: ${timeForms}; default now-6h`),
  to: text(`end, not included: ${timeForms}; default now`),
  tz: text(
    'IANA time zone of the sentences, and of times without an offset; default WEIR_TZ, else UTC',
  ),
  exporter: text('address or name; default all'),
}

export const ExplainQuery = closed(window)
export type ExplainQuery = Static<typeof ExplainQuery>

export const IncidentsQuery = closed({
  ...window,
  limit: wholeNumber('incidents, 1 to 1000; default 100'),
})
export type IncidentsQuery = Static<typeof IncidentsQuery>

export const reportFormats = ['html', 'md', 'svg', 'pdf', 'png'] as const
export type ReportFormat = (typeof reportFormats)[number]

export const ReportQuery = closed({
  ...window,
  format: Type.Optional(
    Type.Enum(reportFormats, {
      description: 'html: the page; md: Markdown; svg: the chart alone; pdf, png; default html',
    }),
  ),
})
export type ReportQuery = Static<typeof ReportQuery>

/** The event found inside the range asked for; the range itself if there is none. */
export const EventWindow = closed({
  from: seconds,
  to: seconds,
  seconds: count,
  kind: Type.Enum(windowKinds, {
    description:
      'congestion: one host took the line; silence: nothing passed; exporter: the exporter was away; surge: many times the usual',
  }),
  ongoing: Type.Boolean({ description: 'not over yet when last checked' }),
})
export type EventWindow = Static<typeof EventWindow>

/** The peer with which an actor had most connections, or most bytes if it opened none. */
const Peer = closed({
  address: Type.String(),
  name: nullableText,
  connections: count,
  bytes: count,
})

export const Actor = closed({
  host: Type.String(),
  name: nullableText,
  direction: Type.Enum(['in', 'out'], { description: 'in: it received; out: it sent' }),
  bytes: Type.Number({ description: 'in that direction, within the window' }),
  packets: count,
  connections: Type.Number({ description: 'opened by it from 2 s before the window to its end' }),
  accepted: Type.Number({ description: 'connections opened to it in the same time' }),
  peers: Type.Number({ description: 'distinct peers' }),
  newPeers: Type.Union([count, Type.Null()], {
    description:
      'of these, not seen with it in the quarter of an hour before; null if that time was not read',
  }),
  mainPeer: Type.Union([Peer, Type.Null()]),
  normal: Type.Union([Type.Number(), Type.Null()], {
    description: 'its usual bytes in that direction for the same length of time; null if unknown',
  }),
  share: Type.Number({ description: 'of all bytes in that direction, within the window, 0 to 1' }),
  exporter: Type.Optional(
    Type.String({ description: 'in top, if there are several: the figures are through this one' }),
  ),
})
export type Actor = Static<typeof Actor>

/** What is usual for the same length of time at that hour, and what it was instead. */
export const Usual = closed({
  basis: Type.String({ description: 'what the usual figures are based on, in words' }),
  bits: closed({ in: nullableNumber, out: nullableNumber }, 'bits per second'),
  connections: Type.Null({ description: 'unknown: of earlier times only sums of flows are kept' }),
  actual: closed({
    bits: closed(
      { in: nullableNumber, out: nullableNumber },
      'null if the exporter was away meanwhile',
    ),
    connections: nullableNumber,
  }),
})
export type Usual = Static<typeof Usual>

/** Series to check the verdict against: bits per second from 1 s steps, null if unknown. */
export const Evidence = closed({
  step: Type.Number({ description: 'seconds' }),
  time: Type.Array(seconds),
  series: Type.Array(
    closed({
      label: Type.String(),
      host: nullableText,
      direction: Type.Enum(['in', 'out']),
      values: Type.Array(nullableNumber),
    }),
    { description: 'a series for each actor, then one for all others, by direction' },
  ),
  facts: Type.Array(Type.String(), { description: 'why it was judged so, a sentence each' }),
  limits: Type.Array(Type.String(), {
    description: 'what the data cannot show: lost flows, sampling, timeouts; a sentence each',
  }),
  lost: Type.Union([closed({ flows: count, estimated: Type.Boolean() }), Type.Null()], {
    description: 'flows lost around it, by the exporter’s sequence numbers; null if unknown',
  }),
})
export type Evidence = Static<typeof Evidence>

export const ExplainAnswer = closed({
  asked: closed({ from: seconds, to: seconds }),
  window: EventWindow,
  exporter: nullableText,
  exporterName: nullableText,
  sentence: Type.String(),
  actors: Type.Array(Actor, { description: 'who did it; empty if no one is to blame' }),
  top: Type.Array(Actor, { description: 'if nothing happened: the hosts with most bytes' }),
  usual: Type.Union([Usual, Type.Null()]),
  evidence: Evidence,
  /** The incident's id in /api/incidents, if it is one. */
  incident: nullableText,
})
export type ExplainAnswer = Static<typeof ExplainAnswer>

export const Incident = closed({
  id: Type.String(),
  exporter: Type.String(),
  exporterName: nullableText,
  window: EventWindow,
  sentence: Type.String(),
  actors: Type.Array(Actor),
})
export type Incident = Static<typeof Incident>

export const IncidentsAnswer = closed({
  from: seconds,
  to: seconds,
  incidents: Type.Array(Incident, { description: 'newest first' }),
  more: Type.Boolean({ description: 'there are more incidents than the limit' }),
  knownSince: Type.Union([seconds, Type.Null()], {
    description:
      'no incidents before it does not mean that all was well: the first datagram in this time, ' +
      'or its start if there were some before; null: nothing is known of this time',
  }),
  remarks,
})
export type IncidentsAnswer = Static<typeof IncidentsAnswer>
