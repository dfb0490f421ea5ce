/** A tracker made after the story is built from the archive, and continues seamlessly with live flows. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { pino } from 'pino'

import { runApi } from '../../api/main.ts'
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import type { Tracker } from '../../api/schema/trackers.ts'
import { untilAdopted } from '../adopted.ts'
import { encodeV5, testUptimeMs } from '../encode/fixed.ts'
import { mondayFolder } from '../monday.ts'
import { RunningIngest } from '../processes.ts'
import { readSettings } from '../settings.ts'

const filter = 'dst net 203.0.113.0/24'
const nine = Date.UTC(2026, 10, 16, 9) / 1000
const dayMs = 86_400_000
const madeMsMax = 120_000

type Api = Awaited<ReturnType<typeof runApi>>

async function ask<Answer>(api: Api, path: string, body?: object): Promise<Answer> {
  const given = body && {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  }
  const response = await fetch(api.url + path, given)
  const text = await response.text()
  assert.ok(response.ok, `${path}: ${text}`)
  return JSON.parse(text) as Answer
}

/** Two flows, one of them to the tracker's network. */
async function send(port: number, sequence: number): Promise<void> {
  const exportMs = Date.now()
  const flow = { first: testUptimeMs - 2000, last: testUptimeMs - 1000, source: '10.0.0.7' }
  const datagram = encodeV5({ sequence, exportMs }, [
    { ...flow, destination: '203.0.113.80', octets: 1_000_000, packets: 700 },
    { ...flow, destination: '198.51.100.9', octets: 5000, packets: 5 },
  ])
  const socket = createSocket('udp4')
  await new Promise((resolve) => {
    socket.send(datagram, port, '127.0.0.1', resolve)
  })
  socket.close()
}

/** Compares each step’s values of the tracker with those of its filter, over [from, to). */
async function compare(
  api: Api,
  { id, from, to, step }: { id: string; from: number; to: number; step: number },
): Promise<number> {
  const window = `from=${from}&to=${to}&step=${step}`
  let compared = 0
  for (const measure of ['bits', 'packets', 'flows', 'active']) {
    const tracked = await ask<SeriesAnswer>(
      api,
      `/api/series?${window}&measure=${measure}&by=tracker&tracker=${id}`,
    )
    const filtered = await ask<SeriesAnswer>(
      api,
      `/api/series?${window}&measure=${measure}&filter=${encodeURIComponent(filter)}`,
    )
    assert.notEqual(tracked.source, 'archive')
    assert.equal(filtered.source, 'archive')
    assert.deepEqual(tracked.time, filtered.time)
    const [a, b] = [tracked.series[0]!, filtered.series[0]!]
    assert.equal(a.summary.total, b.summary.total, `${measure} total at ${step} s`)
    for (const [at, value] of b.values.entries()) {
      const own = a.values[at]
      if (own === null || value === null) continue
      assert.ok(Math.abs(own! - value) <= 1e-6 * value, `${measure} at ${tracked.time[at]}`)
      if (value > 0) compared++
    }
  }
  return compared
}

test('its series equals that of its filter at each tier, before and after it was made', async (t) => {
  const data = await mondayFolder()
  let ingest = await RunningIngest.start(data)
  const settings = readSettings({ WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0' })
  const api = await runApi(settings, pino({ level: 'error' }))
  t.after(() => api.close())

  // Some live flows come before the tracker is made, some after.
  await send(ingest.port, 0)
  await ingest.until(({ flows }) => flows >= 2)
  const started = performance.now()
  const { id } = await ask<Tracker>(api, '/api/trackers', { name: 'Mirror', filter, from: nine })
  await send(ingest.port, 2)
  await ingest.until(({ flows }) => flows >= 4)
  await untilAdopted(data, id)
  const made = await ingest.until(({ trackers, redo }) => {
    const progress = trackers?.progress[id]
    if (progress) assert.ok(progress.done <= progress.of)
    return redo === 0 && performance.now() - started > 2000
  }, madeMsMax)
  assert.deepEqual(made.trackers?.problems, {})
  t.diagnostic(`made from the archive in ${Math.round(performance.now() - started)} ms`)
  await send(ingest.port, 4)
  await ingest.until(({ flows }) => flows >= 6)
  await ingest.stop()
  // A restart must not count anything twice.
  ingest = await RunningIngest.start(data)
  await send(ingest.port, 6)
  await ingest.until(({ flows }) => flows >= 2)
  // The coarser tiers are made after the intervals, which a loaded machine may not have done yet.
  await ingest.until(({ redo }) => redo === 0, madeMsMax)
  const day = `from=${Date.UTC(2026, 10, 16) / 1000}&to=${Date.UTC(2026, 10, 17) / 1000}&step=86400&measure=bits`
  const made1d = () => ask<SeriesAnswer>(api, `/api/series?${day}&by=tracker&tracker=${id}`)
  for (const until = performance.now() + madeMsMax; performance.now() < until; await sleep(500))
    if ((await made1d()).series.some(({ summary }) => summary.total > 0)) break
  await ingest.stop()
  await sleep(50)

  const story = { from: nine, to: nine + 4 * 3600 }
  for (const step of [300, 1800, 7200]) {
    const compared = await compare(api, { id, ...story, step })
    assert.ok(compared >= 4, `${compared} values at ${step} s`)
  }
  const monday = Date.UTC(2026, 10, 16) / 1000
  // The day's tier begins before nine: the sums are the same, since nothing came before.
  await compare(api, { id, from: monday, to: monday + 86_400, step: 86_400 })
  const today = Math.floor(Date.now() / dayMs) * 86_400
  const hourAgo = Math.floor(Date.now() / 1000 / 300 - 6) * 300
  for (const step of [300, 1800]) {
    const from = Math.max(hourAgo, today)
    await compare(api, { id, from, to: Math.ceil(Date.now() / 300_000) * 300, step })
  }
  const live = await ask<SeriesAnswer>(
    api,
    `/api/series?from=${hourAgo}&to=now&step=300&measure=bits&by=tracker&tracker=${id}`,
  )
  assert.equal(live.series[0]!.summary.total, 4_000_000)
  assert.equal(live.series[0]!.label, 'Mirror')
})
