/** /api/series: bandwidth over time, from the best source. */
import type { SeriesAnswer, SeriesQuery } from '../schema/schema.ts'
import { draw, type SeriesContext } from './draw.ts'
import { readQuestion, sourceOf } from './question.ts'
import { answerOf } from './series-answer.ts'
import type { Stored } from './source.ts'
import type { Window } from './window.ts'

/**
 * Answers a series query.
 * @throws ApiError if it cannot be answered as asked
 */
export async function answerSeries(
  query: SeriesQuery,
  window: Window,
  context: SeriesContext,
): Promise<SeriesAnswer> {
  const question = readQuestion(query, window)
  const stored = await whatIsStored(window, context)
  const source = sourceOf(question, stored, context.trackers !== null)
  const drawn = await draw(question, source, { stored, context })
  return answerOf(question, drawn, { source, context })
}

async function whatIsStored(window: Window, context: SeriesContext): Promise<Stored> {
  const { series, flows, tiers } = context
  const [archive, ...extents] = await Promise.all([
    flows.extent(window.from, window.to),
    ...tiers.map((tier) => series.extent(tier)),
  ])
  const leftOut = archive.first === null ? await flows.unreadable?.(window.from, window.to) : []
  const awaitsFlows = leftOut?.some(({ reason }) => reason === 'not-sent') ?? false
  return {
    archive: { ...archive, awaitsFlows },
    tiers: tiers.map((tier, i) => ({ tier, extent: extents[i] ?? null })),
  }
}
