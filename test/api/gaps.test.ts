/**
 * A list of a time of which not everything is known, or in which flows were lost, says so wherever
 * it is read, as its chart does.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { IncidentsAnswer } from '../../api/schema/explain.ts'
import type { FlowsAnswer, SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import { intervalMs } from '../../flow/interval.ts'
import type { Coverage } from '../../store/series.ts'
import { runWeir } from '../processes.ts'
import { t0 } from '../store/archive/archived.ts'
import { folderWith, notListening } from './gap-folder.ts'
import { bodyOf, openApi } from '../story/api-over.ts'

const end = t0 + 6 * intervalMs
const window = { from: new Date(t0).toISOString(), to: new Date(end).toISOString() }
const asked = `from=${window.from}&to=${window.to}`

const formats = ['csv', 'ndjson', 'parquet']
const host = '127.0.0.1'

/** What lists say, which must be the same in each of them, and what the chart says. */
async function saidOf(
  t: TestContext,
  given: Record<number, Partial<Coverage> | null>,
  of = asked,
  beside?: Record<number, Partial<Coverage>>,
) {
  const data = await folderWith(given, beside)
  const api = await openApi({ WEIR_DATA: data, WEIR_DNS: 'off' }, end + 3_600_000)
  t.after(() => api.close())
  const ask = async <Answer>(path: string) =>
    JSON.parse(await bodyOf(api, `/api/${path}`)) as Answer
  const { remarks } = await ask<TopAnswer>(`top?${of}&by=host`)
  assert.deepEqual((await ask<FlowsAnswer>(`flows?${of}`)).remarks, remarks)
  const incidents = await ask<IncidentsAnswer>(`incidents?${of}`)
  assert.deepEqual(incidents.remarks, remarks)
  for (const file of ['top?format=csv', ...formats.map((format) => `flows?format=${format}`)]) {
    const { headers } = await api.app.inject({ url: `/api/${file}&${of}`, headers: { host } })
    assert.deepEqual([headers['weir-remark'] ?? []].flat(), remarks, file)
  }
  const ends = new URLSearchParams(of)
  const args = ['--from', ends.get('from')!, '--to', ends.get('to')!, '--by', 'host']
  const { code, stderr } = await runWeir(['query', ...args], { WEIR_DATA: data })
  assert.equal(code, 0)
  assert.equal(stderr, remarks.map((remark) => `weir: ${remark}\n`).join(''))
  const { knownSince } = incidents
  return { remarks, knownSince, chart: await ask<SeriesAnswer>(`series?${of}&step=300`) }
}

const nothing = { known: 0, unknown: { lost: 1 }, datagrams: 0 }

test('everything is known: nothing is said', async (t) => {
  const { remarks, knownSince } = await saidOf(t, {})
  // There is no status: the totals say since when there is data.
  assert.deepEqual([remarks, knownSince], [[], t0 / 1000])
})

test('each time that is unknown is named with its reason', async (t) => {
  const { remarks, chart } = await saidOf(t, { 1: notListening, 2: notListening, 4: nothing })
  assert.deepEqual(chart.unknown, [
    [t0 / 1000 + 300, t0 / 1000 + 900, 'not-listening'],
    [t0 / 1000 + 1200, t0 / 1000 + 1500, 'lost'],
  ])
  assert.deepEqual(remarks, [
    'not everything is known of 2026-11-16T11:50:00Z to 2026-11-16T11:55:00Z (datagrams were lost on the way, or wait for their template); ' +
      '2026-11-16T11:35:00Z to 2026-11-16T11:45:00Z (Weir was not listening)',
  ])
})

test('while others are known, the exporter of which time is unknown is named', async (t) => {
  const given = { 1: notListening, 3: nothing }
  const { remarks, chart } = await saidOf(t, given, asked, { 1: notListening })
  assert.deepEqual(chart.unknownOf, ['', '192.0.2.1'])
  assert.deepEqual(remarks, [
    'not everything is known of 2026-11-16T11:45:00Z to 2026-11-16T11:50:00Z (of 192.0.2.1: datagrams were lost on the way, or wait for their template); ' +
      '2026-11-16T11:35:00Z to 2026-11-16T11:40:00Z (Weir was not listening)',
  ])
})

test('an exporter is named for its own time alone, not for that in which another is away too, or instead', async (t) => {
  const { remarks, chart } = await saidOf(t, { 1: nothing, 2: nothing }, asked, { 2: nothing, 3: nothing }) // prettier-ignore
  const at = (interval: number) => t0 / 1000 + interval * 300
  assert.deepEqual(chart.unknown, [
    [at(1), at(2), 'lost'],
    [at(2), at(3), 'lost'],
    [at(3), at(4), 'lost'],
  ])
  assert.deepEqual(chart.unknownOf, ['192.0.2.1', '', '192.0.2.2'])
  const lost = 'datagrams were lost on the way, or wait for their template'
  assert.deepEqual(remarks, [
    `not everything is known of 2026-11-16T11:45:00Z to 2026-11-16T11:50:00Z (of 192.0.2.2: ${lost}); ` +
      `2026-11-16T11:40:00Z to 2026-11-16T11:45:00Z (${lost}); ` +
      `2026-11-16T11:35:00Z to 2026-11-16T11:40:00Z (of 192.0.2.1: ${lost})`,
  ])
})

test('of what is not in the totals, nobody knows whether Weir was listening', async (t) => {
  const { remarks } = await saidOf(t, { 1: null, 2: null, 4: notListening })
  assert.deepEqual(remarks, [
    'not everything is known of 2026-11-16T11:50:00Z to 2026-11-16T11:55:00Z (Weir was not listening); ' +
      '2026-11-16T11:35:00Z to 2026-11-16T11:45:00Z ' +
      '(nothing of it is in the totals: Weir was not listening, or they could not be written)',
  ])
})

test('of a time that begins before the first totals, only what came after', async (t) => {
  const of = 'from=2026-11-16T11:02:00Z&to=2026-11-16T12:00:00Z'
  const { remarks } = await saidOf(t, { 1: notListening }, of)
  assert.deepEqual(remarks, [
    'not everything is known of 2026-11-16T11:35:00Z to 2026-11-16T11:40:00Z (Weir was not listening)',
  ])
})

test('only of the time asked for', async (t) => {
  const of = 'from=2026-11-16T11:40:00Z&to=2026-11-16T11:42:00Z'
  const { remarks } = await saidOf(t, { 1: nothing, 2: notListening }, of)
  assert.deepEqual(remarks, [
    'not everything is known of 2026-11-16T11:40:00Z to 2026-11-16T11:42:00Z (Weir was not listening)',
  ])
})

test('flows that were lost are counted, and more times than three', async (t) => {
  const lost = { lostFlows: 600, lostFlowsEstimated: true }
  const { remarks, chart } = await saidOf(t, { 0: { lostFlows: 34 }, 3: lost })
  assert.equal(
    chart.lost.reduce((sum, each) => sum + each[2], 0),
    634,
  )
  assert.deepEqual(remarks, [
    'about 634 flows of this time were lost on the way: figures are at least these',
  ])
  const of = 'from=2026-11-16T11:46:00Z&to=2026-11-16T11:50:00Z'
  assert.deepEqual((await saidOf(t, { 3: { lostFlows: 5 } }, of)).remarks, [
    'up to 5 flows of this time were lost on the way: figures are at least these',
  ])
  const restart = { known: 0, unknown: { 'exporter-restart': 1 } }
  const many = await saidOf(t, { 1: nothing, 2: restart, 3: nothing, 4: notListening, 5: restart })
  assert.match(many.remarks.join(), /of 2026-11-16T11:55:00Z .*; 2 earlier times$/)
})

test('while the store of the totals is away, a list is answered, and says that it cannot be told', async (t) => {
  const environment = {
    WEIR_DATA: await folderWith({}),
    WEIR_DNS: 'off',
    WEIR_STORE: 'influx',
    // Nobody listens there.
    WEIR_INFLUX_URL: 'http://127.0.0.1:9',
    WEIR_INFLUX_TOKEN: 'any',
  }
  const api = await openApi(environment, end + 3_600_000)
  t.after(() => api.close())
  const { rows, remarks } = JSON.parse(await bodyOf(api, `/api/top?${asked}&by=host`)) as TopAnswer
  assert.ok(rows.length > 0)
  assert.deepEqual(remarks, [
    'whether all of this time was received cannot be told while the totals cannot be read',
  ])
})
