/** /api/series: bandwidth over time, from where it is kept best. */
import type { Tier } from '../../flow/interval.ts'
import type { FlowStore, FlowWindow } from '../../store/flows.ts'
import type { SeriesKey } from '../../store/series.ts'
import { badQuery } from '../errors.ts'
import { answerKey, labelOf, type AnswerKey, type NameSource } from '../labels.ts'
import type { SeriesAnswer, SeriesEntry, SeriesQuery } from '../schema.ts'
import type { CoverageGrid, Seen } from './coverage.ts'
import { lookIntoFiveMinutes } from './five-minutes.ts'
import { fromArchive } from './from-archive.ts'
import { fromTier, withDirections, type SeriesReader } from './from-tier.ts'
import { gridEnd, type Grid } from './grid.ts'
import { answerValues, units, type Line } from './line.ts'
import { interfacesAdded } from './interfaces-added.ts'
import { isOfCounters, splitBy, type Split, type SplitWord } from './measured.ts'
import { readWhole } from './numbers.ts'
import { readKey } from './one-key.ts'
import { lostRanges, unknownRanges } from './ranges.ts'
import {
  chooseSource,
  reaches,
  stepsMax,
  valuesMax,
  type Source,
  type Stored,
  type Wanted,
} from './source.ts'
import { summaryOf, type FiveMinute } from './summary.ts'
import { asOfTotals, blankUnfollowed, type TrackersAsked } from './trackers.ts'
import { onlyExporter, type Window } from './window.ts'

export interface SeriesContext {
  series: SeriesReader
  flows: FlowStore
  tiers: readonly Tier[]
  names: NameSource
  seen: readonly Seen[]
  /** null: the query does not ask of them. */
  trackers: TrackersAsked | null
  /** unix ms */
  now: number
  signal: AbortSignal | undefined
  progress?: FlowWindow['progress']
}

/** A question about series, as read from its query. */
interface Question {
  window: Window
  split: Split
  measure: NonNullable<SeriesQuery['measure']>
  cf: NonNullable<SeriesQuery['cf']>
  top: number
  /** The only key that is asked for. */
  key: SeriesKey | undefined
}

/** Lines ready to be written out. */
interface Drawn {
  source: string
  grid: Grid
  lines: Line[]
  covered: CoverageGrid
  /** Coverage in the finest steps that are at hand. */
  finest: CoverageGrid
  fiveMinute: (line: Line) => FiveMinute
  /** Whether peaks of several stored rows are bounds. */
  partsAreBounds: boolean
  openAt: number
}

/** The greatest number of keys that are listed. */
const topMax = 1000

/**
 * Answers a query on series.
 * @throws ApiError where it cannot be answered as asked
 */
export async function answerSeries(
  query: SeriesQuery,
  window: Window,
  context: SeriesContext,
): Promise<SeriesAnswer> {
  const points = readWhole('points', query.points, { fallback: 800, least: 1, most: stepsMax })
  const step =
    query.step === undefined
      ? undefined
      : readWhole('step', query.step, { fallback: 300, least: 1, most: 86_400 * 366 })
  const split = splitBy((query.by?.split(',') ?? []) as SplitWord[])
  const question: Question = {
    window,
    split,
    key: query.key === undefined ? undefined : readKey(query.key, split),
    measure: query.measure ?? 'bits',
    cf: query.cf ?? 'average',
    top: readWhole('top', query.top, { fallback: 8, least: 1, most: topMax }),
  }
  const stored = await whatIsStored(window, context)
  const { filter, include, from, to } = window
  const needsArchive =
    filter !== undefined ||
    include !== 'any' ||
    question.split.measurement === null ||
    question.measure === 'connections'
  const stepMs = step === undefined ? undefined : step * 1000
  const wanted = { from, to, points, stepMs, needsArchive }
  const { key } = question
  if (key && needsArchive) throw keyOrFilter
  const { measure } = question
  const source =
    isOfCounters(split, { filter, measure }) || context.trackers
      ? chooseSource(...asOfTotals(wanted, stored))
      : key
        ? tierFor(wanted, stored)
        : chooseSource(wanted, stored)
  const drawn =
    source.kind === 'tier'
      ? await drawTier(question, source.tier, { stored, context })
      : await drawArchive(question, source.stepMs, { stored, context })
  return written(question, drawn, { source, context })
}

const keyOrFilter = badQuery(
  'key-or-filter',
  'a key is answered from the stored totals, and these know no filter',
  'say the key in the filter, or leave the filter out',
)

/** A single key is answered from the totals, also where the window would fit the archive. */
function tierFor(wanted: Wanted, stored: Stored): Source {
  const [finest] = stored.tiers
  const source = chooseSource(wanted, stored)
  if (source.kind === 'tier' || !finest) return source
  return chooseSource({ ...wanted, stepMs: finest.tier.stepMs }, stored)
}

async function whatIsStored(window: Window, context: SeriesContext): Promise<Stored> {
  const { series, flows, tiers } = context
  const [archive, ...extents] = await Promise.all([
    flows.extent(window.from, window.to),
    ...tiers.map((tier) => series.extent(tier)),
  ])
  return { archive, tiers: tiers.map((tier, i) => ({ tier, extent: extents[i] ?? null })) }
}

interface Surroundings {
  stored: Stored
  context: SeriesContext
}

/** When exporters sent, as far as it bears on the question. */
function seenOf(window: Window, context: SeriesContext): readonly Seen[] {
  const only = onlyExporter(window)
  return only === undefined ? context.seen : context.seen.filter(({ address }) => address === only)
}

async function drawTier(
  { window, split, measure, cf, top, key }: Question,
  tier: Tier,
  { stored, context }: Surroundings,
): Promise<Drawn> {
  const { exporter } = window
  const seen = seenOf(window, context)
  const { series, trackers } = context
  const question = { series, split, unit: units[measure], top, exporter, seen, trackers }
  const given = key && { keys: withDirections([key], split), wantsRest: false }
  const answer = await fromTier(question, { tier, from: window.from, to: window.to }, given)
  const { covered, grid } = answer
  if (trackers) for (const line of answer.lines) blankUnfollowed(line, trackers, grid)
  const openAt =
    covered.openUntil === null ? -1 : Math.floor((covered.openUntil - grid.from) / grid.stepMs)
  const drawn = { source: tier.name, grid, covered, finest: covered, openAt }
  const first = stored.tiers[0]!
  const lines = () => [
    ...answer.lines.filter(
      (line) => split.directions.length === 0 || line.parts.some((n) => n > 0),
    ),
    ...answer.rests.filter(({ total }) => total !== 0),
  ]
  if (tier.stepMs === first.tier.stepMs)
    return {
      ...drawn,
      lines: lines(),
      partsAreBounds: false,
      fiveMinute: ({ average }) => ({ values: average }),
    }
  const fine = await lookIntoFiveMinutes(question, answer, {
    tier: first.tier,
    extent: first.extent,
    reaches: reaches({ from: grid.from }, stored, first.tier),
    wantsPeaks: cf === 'max',
  })
  return {
    ...drawn,
    finest: fine.answer?.covered ?? covered,
    lines: lines(),
    partsAreBounds: true,
    fiveMinute: fine.values,
  }
}

async function drawArchive(
  { window, split, measure, top }: Question,
  stepMs: number,
  { stored, context }: Surroundings,
): Promise<Drawn> {
  const { series, flows, signal, progress } = context
  const seen = seenOf(window, context)
  const question = {
    series,
    flows,
    stored,
    window,
    split,
    unit: units[measure],
    connections: measure === 'connections',
    top,
    seen,
    signal,
    progress,
  }
  const { grid, covered, lines, fiveMinute } = await fromArchive(question, stepMs)
  const isFine = grid.stepMs < covered.grid.stepMs || covered.openUntil === null
  return {
    source: 'archive',
    grid,
    lines,
    covered,
    finest: covered,
    fiveMinute: (line) => ({ values: fiveMinute.get(line)! }),
    partsAreBounds: false,
    openAt: isFine ? -1 : Math.floor((covered.openUntil! - grid.from) / grid.stepMs),
  }
}

function written(
  { window, split, measure, cf }: Question,
  drawn: Drawn,
  { source, context }: { source: Source; context: SeriesContext },
): SeriesAnswer {
  const { grid, lines, finest } = drawn
  const [from, to] = [grid.from, gridEnd(grid)]
  if (lines.length * grid.count > valuesMax)
    throw badQuery(
      'too-many-values',
      `${lines.length} series of ${grid.count} steps are more than ${valuesMax} values`,
      'ask for a longer step, fewer points or a smaller top',
    )
  const bounds = { from, to, now: context.now }
  const time = Array.from({ length: grid.count }, (_, at) => (from + at * grid.stepMs) / 1000)
  return {
    from: from / 1000,
    to: to / 1000,
    asked: { from: window.from / 1000, to: window.to / 1000 },
    snapped: from !== window.from || to !== window.to,
    step: grid.stepMs / 1000,
    source: drawn.source,
    cf,
    measure,
    by: [...split.by],
    time,
    series: lines.map((line) => entryOf(line, { drawn, split, cf, measure, context, window })),
    unknown: unknownRanges(finest, bounds),
    lost: lostRanges(finest, bounds),
    open: openOf(drawn),
    remarks: [
      ...(source.remark === undefined ? [] : [source.remark]),
      ...interfacesAdded(split.by, window, context.seen),
    ],
  }
}

interface EntryFacts extends Pick<Question, 'split' | 'cf' | 'measure' | 'window'> {
  drawn: Drawn
  context: SeriesContext
}

function entryOf(line: Line, facts: EntryFacts): SeriesEntry {
  const { drawn, split, cf, measure, context, window } = facts
  const exporter = onlyExporter(window)
  const rest = line.direction === undefined ? {} : { direction: line.direction }
  const key = line.key === null ? { other: true, ...rest } : answerKey(split.by, line.key)
  const isAll = split.by.length === 0 && line.key !== null
  const all = exporter === undefined ? 'all traffic' : labelOf({ exporter }, context.names)
  const { partsAreBounds } = drawn
  const isBound = cf === 'max' && partsAreBounds && line.parts.some((n) => n > 1)
  return {
    key: isAll ? null : key,
    label: isAll ? all : labelOf(withName(key, context), context.names, exporter),
    values: answerValues(cf === 'max' ? line.peak : line.average),
    summary: summaryOf(line, {
      unit: units[measure],
      fiveMinute: drawn.fiveMinute(line),
      partsAreBounds,
      openAt: drawn.openAt,
    }),
    ...(isBound ? { maximumIsBound: true } : {}),
  }
}

/** A tracker is called by its name, where it has one. */
function withName(key: AnswerKey, { trackers }: SeriesContext): AnswerKey {
  const name = trackers?.known.get(String(key['tracker']))?.name
  return name === undefined ? key : { ...key, tracker: name }
}

/** The still open step: its start and until when it has been counted, unix seconds. */
function openOf({ grid, covered }: Drawn): [number, number] | null {
  const { openUntil } = covered
  if (openUntil === null || openUntil <= grid.from || openUntil >= gridEnd(grid)) return null
  const stepMs = Math.max(grid.stepMs, covered.grid.stepMs)
  return [(Math.ceil(openUntil / stepMs) * stepMs - stepMs) / 1000, openUntil / 1000]
}
