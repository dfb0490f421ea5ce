/** A series query as parsed, and the choice of its source. */
import type { SeriesKey } from '../../store/series.ts'
import { badQuery } from '../errors.ts'
import type { SeriesQuery } from '../schema/schema.ts'
import type { SumRule } from './coverage.ts'
import { isOfCounters, splitBy, type Split, type SplitWord } from './measured.ts'
import { readWhole } from './numbers.ts'
import { readKey } from './one-key.ts'
import { chooseSource, stepsMax, type Source, type Stored, type Wanted } from './source.ts'
import { asOfTotals } from './trackers.ts'
import type { Window } from './window.ts'

export interface Question {
  window: Window
  split: Split
  measure: NonNullable<SeriesQuery['measure']>
  cf: NonNullable<SeriesQuery['cf']>
  known: SumRule
  top: number
  /** The single key asked for. */
  key: SeriesKey | undefined
  points: number
  /** As asked; undefined: any step that gives at most `points`. */
  stepMs: number | undefined
}

/** The most keys listed. */
const topMax = 1000
/** The longest window of a series, ms: more than any tier keeps. */
const windowMaxMs = 20 * 366 * 86_400_000
/** The longest step, seconds. */
const stepMax = 86_400 * 366

/** @throws ApiError if the query is invalid */
export function readQuestion(query: SeriesQuery, window: Window): Question {
  if (window.to - window.from > windowMaxMs)
    throw badQuery('window-too-long', 'the series would cover over 20 years', 'ask for less time')
  const split = splitBy((query.by?.split(',') ?? []) as SplitWord[])
  const step = readWhole('step', query.step, { fallback: undefined, least: 1, most: stepMax })
  return {
    window,
    split,
    key: query.key === undefined ? undefined : readKey(query.key, split),
    measure: query.measure ?? 'bits',
    cf: query.cf ?? 'average',
    known: query.known ?? 'all',
    top: readWhole('top', query.top, { fallback: 8, least: 1, most: topMax }),
    points: readWhole('points', query.points, { fallback: 800, least: 1, most: stepsMax }),
    stepMs: step === undefined ? undefined : step * 1000,
  }
}

/**
 * The source that answers a query; `ofTrackers`: the query is about trackers.
 * @throws ApiError if nothing stored answers it
 */
export function sourceOf(
  { window, split, measure, key, points, stepMs }: Question,
  stored: Stored,
  ofTrackers: boolean,
): Source {
  const { filter, include, from, to } = window
  const withoutArchive = [
    filter !== undefined ? 'leave out the filter' : '',
    include !== 'any' ? 'leave out include' : '',
    split.measurement === null
      ? 'ask by host, port, protocol, interface, direction or exporter'
      : '',
    measure === 'connections' ? 'measure flows or active in place of connections' : '',
  ].filter(Boolean)
  if (key && withoutArchive.length > 0) throw keyOrFilter
  const wanted = { from, to, points, stepMs, withoutArchive }
  if (isOfCounters(split, { filter, measure }) || ofTrackers)
    return chooseSource(...asOfTotals(wanted, stored))
  return key ? tierFor(wanted, stored) : chooseSource(wanted, stored)
}

const keyOrFilter = badQuery(
  'key-or-filter',
  'a key is answered from the stored totals, which cannot be filtered',
  'put the key into the filter, or leave the filter out',
)

/** A single key is answered from the totals, even if the window would fit the archive. */
function tierFor(wanted: Wanted, stored: Stored): Source {
  const [finest] = stored.tiers
  const source = chooseSource(wanted, stored)
  if (source.kind === 'tier' || !finest) return source
  return chooseSource({ ...wanted, stepMs: finest.tier.stepMs }, stored)
}
