/**
 * Once the API is up it runs a page's queries on the newest flows: then they are in memory, and the
 * code is compiled, before the first person zooms. Cold, a zoom takes twice as long.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import type { FastifyInstance } from 'fastify'

import { intervalMs, intervalStart } from '../flow/interval.ts'
import type { FlowStore } from '../store/flows.ts'
import { textOf } from './cache/answer-cache.ts'
import { namesAt, windowOf, type ApiParts } from './parts.ts'
import { answerSeries } from './query/series.ts'

/** The first clients go first. */
const delayMs = 1500
/** Between two queries, and while clients have queries running. */
const pauseMs = 20
/** The longest span queried, and the most flows. */
const longest = { spanMs: 4 * 3_600_000, rows: 250_000 }
/**
 * How often: loops are compiled after a few runs. Each run is shifted a little earlier, so that
 * none hits the cache.
 */
const rounds = 4
const earlierMs = 2 * intervalMs

interface Span {
  from: number
  to: number
}

/**
 * Starts when the application listens, and ends with it. A failing query is only logged; the next
 * client to send it gets the error.
 */
export function warmUp(app: FastifyInstance, parts: ApiParts): void {
  const closing = new AbortController()
  let running = Promise.resolve()
  app.addHook('onListen', async () => {
    running = runQueries(parts, closing.signal).catch((error: unknown) => {
      if (!closing.signal.aborted) app.log.warn({ err: error }, 'the newest flows cannot be read')
    })
  })
  app.addHook('onClose', async () => {
    closing.abort()
    await running
  })
}

async function runQueries(parts: ApiParts, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal, ref: false })
  const newest = await newestSpan(parts.flows)
  if (newest === null) return
  for (let round = 0; round < rounds; round++) {
    const from = newest.from - round * earlierMs
    for (const query of queriesOf(parts, { from, to: newest.to - round * earlierMs }, signal)) {
      do await sleep(pauseMs, undefined, { signal, ref: false })
      while (!parts.heavy.isIdle)
      await query()
    }
  }
}

/** The last hours, or less if they have many flows; null if there are none. */
async function newestSpan(flows: FlowStore): Promise<Span | null> {
  const { last } = await flows.extent(0, 0)
  if (last === null) return null
  const to = intervalStart(last) + intervalMs
  for (let { spanMs } = longest; spanMs >= intervalMs; spanMs /= 2) {
    const span = { from: intervalStart(to - spanMs), to }
    const { rows } = await flows.extent(span.from, span.to)
    if (rows <= longest.rows) return span
  }
  return null
}

/** What Explore queries for a window: its chart and its three tables. */
function queriesOf(parts: ApiParts, { from, to }: Span, signal: AbortSignal) {
  const common = { from: String(from / 1000), to: String(to / 1000), points: '1400' }
  const series = (measure: 'bits' | 'flows', by: string, top?: string) => async () => {
    const query = { ...common, measure, by, ...(top ? { top } : {}) }
    const { window, seen, now } = await windowOf(parts, query)
    const { tiers } = parts.settings
    const names = namesAt(parts, window.to)
    const facts = { ...parts, names, tiers, seen, trackers: null, now, signal }
    textOf(await answerSeries(query, window, facts))
  }
  const top = (key: 'host' | 'port' | 'protocol') => () =>
    parts.flows.top({ from, to, include: 'any', by: [key], order: 'bytes', limit: 10, signal })
  return [
    series('bits', 'direction'),
    series('bits', 'host,direction', '24'),
    series('flows', 'host,direction', '24'),
    top('host'),
    top('port'),
    top('protocol'),
  ]
}
