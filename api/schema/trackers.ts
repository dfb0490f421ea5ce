/**
 * Trackers (filters followed for ever as series of their own) and alerts. Times are unix seconds; a
 * tracker's series is /api/series?by=tracker (or by=tracker,direction).
 */
import { Type, type Static } from 'typebox'

import {
  closed,
  givenSeconds,
  line,
  nullableNumber,
  nullableSeconds,
  nullableText,
  paragraph,
  seconds,
} from './parts.ts'
import { documented } from './state.ts'
import { idPattern } from '../../store/state/state.ts'

const filter = Type.String({ minLength: 1, maxLength: 2000, description: 'filter language' })
const group = Type.Union([line('trackers of one group are drawn together', 100), Type.Null()])
const side = Type.Enum(['above', 'below'], { description: 'of the axis, in its group' })

/** `from` in the past: the series is built from the archive in the background. Default: now. */
export const NewTracker = closed({
  name: line('what it follows', 100),
  filter,
  from: Type.Optional(givenSeconds),
  group: Type.Optional(group),
  side: Type.Optional(side),
  comment: Type.Optional(paragraph('why')),
})
export type NewTracker = Static<typeof NewTracker>

/**
 * A revision. A new filter applies from now on, or, with `from`, is followed again from there. The
 * comment becomes an annotation on the tracker's chart. `state`: archived stops and keeps the
 * tracker, running restarts it.
 */
export const TrackerBody = closed({
  name: Type.Optional(line('what it follows', 100)),
  filter: Type.Optional(filter),
  from: Type.Optional(givenSeconds),
  group: Type.Optional(group),
  side: Type.Optional(side),
  state: Type.Optional(Type.Enum(['running', 'archived'])),
  comment: Type.Optional(paragraph('why')),
})
export type TrackerBody = Static<typeof TrackerBody>

export const Tracker = closed({
  ...documented,
  name: Type.String(),
  /** The filter in force, and earlier ones: [from, to), to null for the current one. */
  filter: Type.String(),
  spans: Type.Array(closed({ filter: Type.String(), from: seconds, to: nullableSeconds })),
  group: nullableText,
  side,
  state: Type.Enum(['running', 'archived']),
  author: Type.String(),
  /** While the series is built from the archive: 5-minute intervals done, of how many. */
  progress: Type.Union([closed({ done: Type.Integer(), of: Type.Integer() }), Type.Null()]),
  /** Why the filter cannot be followed; null while it is. */
  problem: nullableText,
})
export type Tracker = Static<typeof Tracker>

export const TrackersAnswer = closed({ trackers: Type.Array(Tracker) })
export type TrackersAnswer = Static<typeof TrackersAnswer>

const exporter = Type.Optional(
  Type.Union([line('address of an exporter; null: each of them'), Type.Null()]),
)

/**
 * What is watched. Values of trackers are 5-minute averages: bits, packets, flows per second,
 * active.
 */
const AlertSubject = Type.Union([
  closed({
    kind: Type.Literal('tracker'),
    tracker: Type.String({ pattern: idPattern }),
    measure: Type.Enum(['bits', 'packets', 'flows', 'active']),
    direction: Type.Optional(Type.Enum(['in', 'out', 'internal', 'transit'])),
  }),
  closed({ kind: Type.Literal('incident'), exporter }),
  closed({
    kind: Type.Literal('silent'),
    exporter,
    seconds: Type.Integer({ minimum: 60, maximum: 604_800 }),
  }),
  /** Value: flows lost in the interval, in percent of all flows. */
  closed({ kind: Type.Literal('loss'), exporter }),
  /** Value: free space on the data folder's disk, in percent. */
  closed({ kind: Type.Literal('disk') }),
])

/**
 * When a value is out of range. `unusual`: beyond k standard deviations (sigma) of the last
 * `observations` known values. Incidents and silences have no condition.
 */
const AlertCondition = Type.Union([
  closed({ is: Type.Literal('above'), value: Type.Number() }),
  closed({ is: Type.Literal('below'), value: Type.Number() }),
  closed({ is: Type.Literal('outside'), low: Type.Number(), high: Type.Number() }),
  closed({
    is: Type.Literal('unusual'),
    sigma: Type.Number({ minimum: 0.5, maximum: 20 }),
    observations: Type.Integer({ minimum: 4, maximum: 288 }),
  }),
])

/** Where an alert is sent. The script is named in the settings only. */
const AlertTarget = Type.Union([
  closed({ mail: Type.String({ maxLength: 254, pattern: '^[^\\s@<>,;"]+@[^\\s@<>,;"]+$' }) }),
  closed({ webhook: Type.String({ maxLength: 1000, pattern: '^https?://[^\\s]+$' }) }),
  closed({ script: Type.Literal(true) }),
])

export const AlertBody = closed({
  name: line('what it warns about', 100),
  subject: AlertSubject,
  condition: Type.Optional(AlertCondition),
  /** The number of 5-minute intervals in a row. */
  intervals: Type.Optional(Type.Enum([1, 3, 6, 12])),
  /** once: once until it is over; each: at every interval out of range. */
  repeat: Type.Optional(Type.Enum(['once', 'each'])),
  /** No further message for this long after one. */
  quietMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_080 })),
  targets: Type.Array(AlertTarget, { maxItems: 10 }),
  isOn: Type.Optional(Type.Boolean()),
})
export type AlertBody = Static<typeof AlertBody>

/**
 * The state of an alert: `waiting` to be evaluated, `well`, `amiss` (not yet often enough), `told`
 * (sent), or `problem` (cannot be evaluated).
 */
export const Alert = closed({
  ...documented,
  ...AlertBody.properties,
  author: Type.String(),
  state: closed({
    is: Type.Enum(['waiting', 'well', 'amiss', 'told', 'problem']),
    value: nullableNumber,
    at: nullableSeconds,
    problem: nullableText,
  }),
})
export type Alert = Static<typeof Alert>

export const AlertsAnswer = closed({ alerts: Type.Array(Alert) })
export type AlertsAnswer = Static<typeof AlertsAnswer>

/** One alert that was sent (or tested): what, with which evidence, to whom, and whether it arrived. */
export const AlertEvent = closed({
  at: seconds,
  alert: Type.String(),
  name: Type.String(),
  isTest: Type.Boolean(),
  text: Type.String(),
  evidence: Type.String(),
  permalink: Type.String(),
  from: seconds,
  to: seconds,
  sent: Type.Array(closed({ target: Type.String(), error: nullableText })),
})
export type AlertEvent = Static<typeof AlertEvent>

export const AlertHistory = closed({ events: Type.Array(AlertEvent) })
export type AlertHistory = Static<typeof AlertHistory>
