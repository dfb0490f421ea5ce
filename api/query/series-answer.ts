/** Builds the answer to a series query from its lines. */
import { intervalMs } from '../../flow/interval.ts'
import { badQuery } from '../errors.ts'
import { answerKey, labelOf, type AnswerKey } from '../names/labels.ts'
import type { SeriesAnswer, SeriesEntry } from '../schema/schema.ts'
import type { Drawn, SeriesContext } from './draw.ts'
import { gridEnd } from './grid.ts'
import { interfacesAdded } from './interfaces-added.ts'
import { answerValues, units, type Line } from './line.ts'
import type { Question } from './question.ts'
import { lostRanges, unknownRanges } from './ranges.ts'
import { valuesMax, type Source } from './source.ts'
import { summaryOf } from './summary.ts'
import { onlyExporter } from './window.ts'

/** @throws ApiError if there are too many values */
export function answerOf(
  { window, split, measure, cf }: Question,
  drawn: Drawn,
  { source, context }: { source: Source; context: SeriesContext },
): SeriesAnswer {
  const { grid, lines, finest, away } = drawn
  const [from, to] = [grid.from, gridEnd(grid)]
  if (lines.length * grid.count > valuesMax)
    throw badQuery(
      'too-many-values',
      `${lines.length} series of ${grid.count} steps are more than ${valuesMax} values`,
      'ask for a longer step, fewer points or a smaller top',
    )
  const bounds = { from, to, now: context.now }
  const unknown = unknownRanges(finest, bounds, { away, names: context.names })
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
    unknown: unknown.ranges,
    ...(unknown.of.some((each) => each !== '') ? { unknownOf: unknown.of } : {}),
    lost: lostRanges(finest, bounds),
    open: openOf(drawn),
    remarks: [
      ...(source.remark === undefined ? [] : [source.remark]),
      ...interfacesAdded(split.by, window, context.seen),
      ...(drawn.remarks ?? []),
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
      isCoarse: drawn.grid.stepMs > intervalMs,
      partsAreBounds,
      openAt: drawn.openAt,
    }),
    ...(isBound ? { maximumIsBound: true } : {}),
  }
}

/** A tracker is labelled by its name, if it has one. */
function withName(key: AnswerKey, { trackers }: SeriesContext): AnswerKey {
  const name = trackers?.known.get(String(key['tracker']))?.name
  return name === undefined ? key : { ...key, tracker: name }
}

/** The open step: its start and until when it has been counted, unix seconds. */
function openOf({ grid, covered }: Drawn): [number, number] | null {
  const { openUntil } = covered
  if (openUntil === null || openUntil <= grid.from || openUntil >= gridEnd(grid)) return null
  const stepMs = Math.max(grid.stepMs, covered.grid.stepMs)
  return [(Math.ceil(openUntil / stepMs) * stepMs - stepMs) / 1000, openUntil / 1000]
}
