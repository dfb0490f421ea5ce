/** The API, in this process, over the result of a replay. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import assert from 'node:assert/strict'
import { pino } from 'pino'

import { buildApp } from '../../api/app.ts'
import { openStatus } from '../../api/status/cluster-status.ts'
import { openStateOf } from '../../api/documents/shared-state.ts'
import { Names } from '../../flow/names/names.ts'
import { openSeriesReader } from '../../store/open-series.ts'
import { openFlows, openIncidents } from '../../store/open.ts'
import { readSettings } from '../settings.ts'

/** The API over a data folder and its store, at a given time (unix ms), or by a clock. */
export async function openApi(
  environment: Record<string, string> & { WEIR_DATA: string },
  time: number | (() => number),
) {
  const now = typeof time === 'number' ? () => time : time
  const settings = readSettings(environment)
  const { data } = settings
  const flows = await openFlows(settings, now)
  const series = await openSeriesReader(settings, { holdsFiles: true })
  const incidents = await openIncidents(settings)
  const status = await openStatus(settings, now)
  const state = await openStateOf(settings, now)
  const app = await buildApp({
    settings,
    series,
    flows,
    incidents,
    status,
    names: new Names(),
    state: state.state,
    pageFolder: join(data, 'none'),
    log: pino({ level: 'silent' }),
    now,
    // Replays in this process may block the loop for long.
    lagMaxMs: 0,
  })
  return {
    app,
    settings,
    opened: state,
    close: async () => {
      await app.close()
      await Promise.all([flows, series, incidents, status, state].map((each) => each.close()))
    },
  }
}

/** The body of an answer. On a busy machine the API may ask to come back later. */
export async function bodyOf(
  { app }: Awaited<ReturnType<typeof openApi>>,
  path: string,
): Promise<string> {
  let answer = await app.inject({ url: path, headers: { host: '127.0.0.1' } })
  for (let tries = 0; answer.statusCode === 503 && tries < 20; tries++) {
    await sleep(1000)
    answer = await app.inject({ url: path, headers: { host: '127.0.0.1' } })
  }
  assert.equal(answer.statusCode, 200, `${path}: ${answer.body.slice(0, 500)}`)
  return answer.body
}
