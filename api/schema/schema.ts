/**
 * Every query and answer of the API, as JSON schemas and as types derived from them.
 *
 * Query parameters are texts, each with its pattern: nothing is coerced. Times in answers are unix
 * seconds (fractions allowed); counts are whole numbers, scaled by sampling.
 */
import { Type, type Static } from 'typebox'

import { topKeys } from '../../store/flows.ts'
import { answeredReasons } from '../../store/measurement.ts'
import { splitWords } from '../query/measured.ts'
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

function oneOf<Word extends string>(words: readonly Word[], description: string) {
  return Type.Enum(words, { description })
}

export const remarks = Type.Array(Type.String(), { description: 'what the answer lacks, and why' })
const known = Type.Optional(
  Type.Boolean({
    description: 'false: nothing is known of this time, so that no rows do not mean no traffic',
  }),
)
const icmpNumber = (word: string) =>
  Type.Union([count, Type.Null()], {
    description: `ICMP ${word}, as for icmp-${word} in a filter; null: not ICMP, or its exporter does not say`,
  })
const list = (words: readonly string[]) => `^(${words.join('|')})(,(${words.join('|')}))*$`

const window = {
  from: text(`start: ${timeForms}; default now-6h`),
  to: text(`end, not included: ${timeForms}; default now`),
  tz: text(
    'IANA time zone for now/d, for times without an offset, and for times in CSV (there the default is UTC); default WEIR_TZ, else UTC',
  ),
  filter: text(
    'such as: host 10.0.0.22 and port 443; at most 8,000 characters',
    '^[^\\u0000]{0,8000}$',
  ),
  exporter: text('address or name; default all; for several use filter=exporter in [a b]'),
  include: Type.Optional(
    oneOf(
      ['any', 'start', 'end', 'within'],
      'which flows count: any part in the window (pro rata), that start, end, or lie in it',
    ),
  ),
}

/**
 * What is drawn: bits, packets and flows per second, the mean number of flows in progress, or
 * connections opened per second, which only the archive has.
 */
const measures = ['bits', 'packets', 'flows', 'active', 'connections'] as const
export type Measure = (typeof measures)[number]

export const SeriesQuery = closed({
  ...window,
  measure: Type.Optional(oneOf(measures, 'default bits')),
  by: text(`keys to split by, comma-separated: ${splitWords.join(', ')}`, list(splitWords)),
  tracker: text('with by=tracker: ids of trackers, comma-separated; default the greatest'),
  top: wholeNumber('greatest keys to list, 1 to 1000; default 8'),
  key: text(
    'this key alone, from the stored totals: 10.0.0.22 with by=host, tcp/443 with by=port',
    '^[^\\u0000-\\u001f]{1,255}$',
  ),
  cf: Type.Optional(oneOf(['average', 'max'], 'consolidation; default average')),
  known: Type.Optional(
    oneOf(
      ['all', 'any'],
      'when a sum of several exporters has a value: all that count are known (default), or any is; then it is at least that',
    ),
  ),
  points: wholeNumber('maximum number of steps if no step is given; default 800'),
  step: wholeNumber('step in seconds; the answer is never finer'),
})
export type SeriesQuery = Static<typeof SeriesQuery>

export const TopQuery = closed({
  ...window,
  by: text(`keys, comma-separated: ${topKeys.join(', ')}; default host`, list(topKeys)),
  order: Type.Optional(
    oneOf(['bytes', 'packets', 'flows', 'peers', 'rate', 'duration'], 'default bytes'),
  ),
  limit: wholeNumber('rows, 1 to 1000; default 10'),
  format: Type.Optional(oneOf(['json', 'csv'], 'default json')),
})
export type TopQuery = Static<typeof TopQuery>

export const FlowsQuery = closed({
  ...window,
  order: Type.Optional(
    oneOf(['first', 'last', 'received', 'bytes', 'packets', 'duration', 'rate'], 'default first'),
  ),
  limit: wholeNumber('flows, 1 to 10000; default 100'),
  format: Type.Optional(oneOf(['json', 'csv', 'ndjson', 'parquet'], 'default json')),
})
export type FlowsQuery = Static<typeof FlowsQuery>

/**
 * The key of a series or row: an object named by the words of `by`, such as {protocol: "tcp", port:
 * 443}. The rest of a cut list is {other: true}; where series are split by direction and other
 * words there is one rest per direction: {other: true, direction: "in"}.
 */
export const Key = Type.Record(
  Type.String(),
  Type.Union([Type.String(), Type.Number(), Type.Boolean()]),
  { description: 'names are the words of `by`; {other: true} is the rest of a cut list' },
)
export type Key = Static<typeof Key>

/** Over the window, in the unit of the values; null if nothing is known. */
export const SeriesSummary = closed({
  average: nullableNumber,
  maximum: nullableNumber,
  minimum: nullableNumber,
  last: nullableNumber,
  p95: nullableNumber,
  /** Why p95 is null. */
  p95Reason: Type.Optional(Type.String()),
  /** Exact bytes, packets or flows of the window; for active: flow-seconds. */
  total: count,
  /** The maximum is the sum of the maxima of several stored rows: an upper bound. */
  maximumIsBound: Type.Optional(Type.Literal(true)),
})
export type SeriesSummary = Static<typeof SeriesSummary>

export const SeriesEntry = closed({
  key: Type.Union([Key, Type.Null()]),
  label: Type.String(),
  values: Type.Array(nullableNumber),
  summary: SeriesSummary,
  /** With cf=max: some of the values are bounds, as in the summary. */
  maximumIsBound: Type.Optional(Type.Literal(true)),
})
export type SeriesEntry = Static<typeof SeriesEntry>

const UnknownRange = Type.Tuple([seconds, seconds, Type.Enum(answeredReasons)])
const LostRange = Type.Tuple([seconds, seconds, count, Type.Boolean()])

export const SeriesAnswer = closed({
  /** The window of the answer: as asked, snapped outward to the step. */
  from: seconds,
  to: seconds,
  /** The window as asked. */
  asked: closed({ from: seconds, to: seconds }),
  snapped: Type.Boolean({
    description: 'from and to differ from those asked for: they were snapped to the step',
  }),
  step: Type.Number({ description: 'seconds' }),
  source: Type.String({ description: 'archive, or the tier: 5m, 30m, 2h, 1d' }),
  cf: oneOf(['average', 'max'], 'consolidation'),
  measure: oneOf(measures, 'unit of the values'),
  by: Type.Array(Type.String()),
  /** Starts of the steps, all of the window. */
  time: Type.Array(seconds),
  series: Type.Array(SeriesEntry),
  unknown: Type.Array(UnknownRange, { description: '[from, to, reason]' }),
  unknownOf: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'the exporters of which each of these ranges is unknown, in words; empty where no other is known. Absent if all are empty',
    }),
  ),
  lost: Type.Array(LostRange, { description: '[from, to, flows, estimated]' }),
  /** The last step while it is still open: its start, and until when it has been counted. */
  open: Type.Union([Type.Tuple([seconds, seconds]), Type.Null()]),
  /** Sentences about the answer, such as where the archive begins. */
  remarks: Type.Array(Type.String()),
})
export type SeriesAnswer = Static<typeof SeriesAnswer>

const Sums = closed({ bytes: count, packets: count, flows: count })

/** Sums, with `ends: 2` where each flow counts for both of its ends, so that nobody reads them as the traffic. */
const TopTotal = closed({ ...Sums.properties, ends: Type.Optional(Type.Literal(2)) })

export const TopRow = closed({
  key: Key,
  label: Type.String(),
  bytes: count,
  packets: count,
  flows: count,
  peers: Type.Number({ description: 'distinct peers' }),
  first: seconds,
  last: seconds,
  share: Type.Number({
    description: 'share of the total, in the measure of order (bytes when ordered by peers)',
  }),
})
export type TopRow = Static<typeof TopRow>

export const TopAnswer = closed({
  from: seconds,
  to: seconds,
  by: Type.Array(Type.String()),
  order: Type.String(),
  /** As asked; where it is not any, flows that reach beyond the window count whole. */
  include: Type.String(),
  rows: Type.Array(TopRow),
  other: Sums,
  /** Rows and other add up to it exactly. */
  total: TopTotal,
  ends: Type.Number({ description: '2 if each flow counts for both of its ends' }),
  known,
  remarks,
})
export type TopAnswer = Static<typeof TopAnswer>

export const Flow = closed({
  received: seconds,
  first: seconds,
  last: seconds,
  exporter: Type.String(),
  source: Type.String(),
  destination: Type.String(),
  sourcePort: count,
  destinationPort: count,
  protocol: Type.String(),
  bytes: count,
  packets: count,
  sampling: count,
  inInterface: count,
  outInterface: count,
  tcpFlags: Type.String(),
  tos: count,
  sourceAs: count,
  destinationAs: count,
  nextHop: nullableText,
  vlan: count,
  icmpType: icmpNumber('type'),
  icmpCode: icmpNumber('code'),
})
export type Flow = Static<typeof Flow>

export const FlowsAnswer = closed({
  from: seconds,
  to: seconds,
  flows: Type.Array(Flow),
  more: Type.Boolean({ description: 'there are more flows than the limit' }),
  known,
  remarks,
})
export type FlowsAnswer = Static<typeof FlowsAnswer>

export const ErrorAnswer = closed({
  error: closed({
    code: Type.String(),
    message: Type.String(),
    remedy: Type.String(),
    /** Where in a filter the fault is, in characters. */
    position: Type.Optional(Type.Number()),
  }),
})
export type ErrorAnswer = Static<typeof ErrorAnswer>

/** What every route may answer instead. */
export const errorAnswers = { '4xx': ErrorAnswer, '5xx': ErrorAnswer }
