/** Which time is drawn as unknown: what the API says, and every step without a value; never the future. */
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import type { Layers } from './layers.ts'

/** Unix seconds [from, to, reason]; an empty reason if the API gives none. */
export type UnknownRange = [from: number, to: number, reason: string]

/** The unknown ranges of a chart up to `now` (unix seconds), ascending. */
export function unknownRanges(
  answer: SeriesAnswer,
  total: Layers['total'],
  now: number,
): UnknownRange[] {
  const said = answer.unknown.map(([from, to, reason]): UnknownRange => [from, to, reason])
  const isSaid = (from: number, to: number) => said.some(([start, end]) => start < to && end > from)
  const unsaid: UnknownRange[] = []
  answer.time.forEach((from, i) => {
    const to = answer.time[i + 1] ?? answer.to
    if (total.above[i] !== null || total.below[i] !== null || isSaid(from, to)) return
    const before = unsaid.at(-1)
    if (before?.[1] === from) before[1] = to
    else unsaid.push([from, to, ''])
  })
  return [...said, ...unsaid]
    .map(([from, to, reason]): UnknownRange => [from, Math.min(to, now), reason])
    .filter(([from, to]) => to > from)
    .sort((a, b) => a[0] - b[0])
}
