/**
 * Which time is drawn as unknown: what the API says, and every step without a value; never the
 * future. And what is known.
 */
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { intervalSeconds } from '../../flow/interval.ts'
import type { Layers } from './layers.ts'

/**
 * Unix seconds [from, to, reason, of]; an empty reason if the API gives none; `of` which exporters,
 * empty if of all.
 */
export type UnknownRange = [from: number, to: number, reason: string, of: string]

/** Unix seconds [from, to]. */
export type KnownRange = [from: number, to: number]

/** What the API says is unknown of all exporters: of other unknown time, some are known. */
export function unknownOfAll({
  unknown,
  unknownOf,
}: Pick<SeriesAnswer, 'unknown' | 'unknownOf'>): SeriesAnswer['unknown'] {
  return unknown.filter((_, i) => (unknownOf?.[i] ?? '') === '')
}

/** The exporters of which a time (unix seconds) is unknown while others are known; empty if none. */
export function missingIn(
  { unknown, unknownOf = [] }: Pick<SeriesAnswer, 'unknown' | 'unknownOf'>,
  [from, to]: readonly [from: number, to: number],
): string {
  const missing = unknownOf.filter((_, i) => unknown[i]![0] < to && unknown[i]![1] > from)
  return [...new Set(missing)].filter((of) => of !== '').join('; ')
}

/** A time of which some exporters are unknown, in words: its figures are of the others. */
export function withoutText(
  answer: SeriesAnswer,
  time: readonly [from: number, to: number],
): string {
  const missing = missingIn(answer, time)
  return missing === '' ? '' : `, without ${missing}`
}

/**
 * What an answer covers up to `now` (unix seconds) without what is unknown of all, ascending. Whole
 * intervals are known or not: anything shorter is between the clocks of the page and of the API.
 */
export function knownRanges(answer: SeriesAnswer, now: number): KnownRange[] {
  const end = Math.min(answer.to, answer.asked.to, now)
  const known: KnownRange[] = []
  let at = answer.from
  for (const [from, to] of unknownOfAll(answer).toSorted((a, b) => a[0] - b[0])) {
    known.push([at, Math.min(from, end)])
    at = Math.max(at, to)
  }
  known.push([at, end])
  return known.filter(([from, to]) => to - from >= intervalSeconds)
}

/** Until when anything of a step is known, unix seconds: to its end, or to when all fell silent in its hours. */
export function knownUntil(
  answer: Pick<SeriesAnswer, 'time' | 'step' | 'unknown' | 'unknownOf'>,
  index: number,
): number {
  const from = answer.time[index] ?? 0
  let until = from + answer.step
  for (const [start, to] of unknownOfAll(answer).toSorted((a, b) => b[0] - a[0]))
    if (start > from && start < until && to >= until) until = start
  return until
}

/** Known time of which nothing is drawn, as less than half of each step is known: a morning in a year. */
export function undrawnRanges(
  answer: SeriesAnswer,
  total: Layers['total'],
  now: number,
): KnownRange[] {
  const isDrawn = ([from, to]: KnownRange) =>
    answer.time.some(
      (start, i) =>
        start < to &&
        (answer.time[i + 1] ?? answer.to) > from &&
        (total.above[i] !== null || total.below[i] !== null),
    )
  // An answer that could not be fetched has no series, and nothing is known by it.
  if (answer.series.length === 0) return []
  return knownRanges(answer, now).filter((range) => !isDrawn(range))
}

/** The unknown ranges of a chart up to `now` (unix seconds), ascending. */
export function unknownRanges(
  answer: SeriesAnswer,
  total: Layers['total'],
  now: number,
): UnknownRange[] {
  const said = answer.unknown.map(([from, to, reason], i): UnknownRange => [
    from,
    to,
    reason,
    answer.unknownOf?.[i] ?? '',
  ])
  const isSaid = (from: number, to: number) => said.some(([start, end]) => start < to && end > from)
  const unsaid: UnknownRange[] = []
  answer.time.forEach((from, i) => {
    const to = answer.time[i + 1] ?? answer.to
    if (total.above[i] !== null || total.below[i] !== null || isSaid(from, to)) return
    const before = unsaid.at(-1)
    if (before?.[1] === from) before[1] = to
    else unsaid.push([from, to, '', ''])
  })
  return [...said, ...unsaid]
    .map(([from, to, ...why]): UnknownRange => [from, Math.min(to, now), ...why])
    .filter(([from, to]) => to > from)
    .sort((a, b) => a[0] - b[0])
}
