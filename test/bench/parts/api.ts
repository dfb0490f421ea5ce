/** The API on one core: series, a closed panel, and heavy queries beside ingest. */
import { apiSpeed } from '../api-speed.ts'
import { madeUntil } from '../archive-data.ts'
import { besideQuestions } from '../beside.ts'
import { figure } from '../figure.ts'
import { seriesUntil } from '../series-data.ts'
import { madeYear } from './made.ts'
import type { Part } from './part.ts'

const asked = { p95Ms: 50, perSecond: 1000, loopMs: 50, rate: 200_000, seconds: 20 }

export const api: Part = async ({ folder }) => {
  const data = await madeYear(folder)
  const { day, year, panel, compressedPanel } = await apiSpeed(data, seriesUntil / 1000)
  const { rate, seconds } = asked
  const [from, to] = [madeUntil / 1000 - 86_400, madeUntil / 1000]
  const beside = await besideQuestions(data, { from, to, rate, seconds })
  const loaded = `ingest at ${rate.toLocaleString('en')} flows/s beside 50 questions at once`
  const series = 'API, by host of 1,000 hosts'
  return [
    figure(`${series}, 24 h, p95`, day.p95, 'ms', { most: asked.p95Ms }),
    figure(`${series}, a year, p95`, year.p95, 'ms', { most: asked.p95Ms }),
    figure('API, a closed panel', panel.perSecond, 'answers/s', { least: asked.perSecond }),
    figure('the same, compressed', compressedPanel.perSecond, 'answers/s', { least: asked.perSecond }), // prettier-ignore
    figure(`${loaded}: not kept`, beside.sent - beside.kept, 'flows', { most: 0 }),
    figure('the same: its loop is late, p99', beside.loopDelayMs['p99']!, 'ms', { most: asked.loopMs }), // prettier-ignore
    figure('the same: an answer, the middle', beside.medianMs, 'ms'),
  ]
}
