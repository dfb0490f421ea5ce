/**
 * The Monday capture, replayed, queried over HTTP: every total exact at every step, and the cut to the second.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'

import { pino } from 'pino'

import { runApi } from '../../api/main.ts'
import type { SeriesAnswer, SeriesEntry, TopAnswer } from '../../api/schema/schema.ts'
import { mondayFolder } from '../monday.ts'
import { readSettings } from '../settings.ts'

const whole = { bits: 50_336_916_389, packets: 2_029_148, flows: 218_610 }
const day = 'from=2026-11-16&to=2026-11-17'
const cut = 'from=2026-11-16T11:30:00Z&to=2026-11-16T11:40:00Z'

let api: Awaited<ReturnType<typeof runApi>>

before(async () => {
  const data = await mondayFolder()
  const settings = readSettings({ WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0' })
  api = await runApi(settings, pino({ level: 'error' }))
})

after(() => api?.close())

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(api.url + path)
  assert.equal(response.status, 200, path)
  return (await response.json()) as Answer
}

function sum({ series }: SeriesAnswer): number {
  return series.reduce((added, { summary }) => added + summary.total, 0)
}

suite('the Monday capture over HTTP', () => {
  for (const [step, source] of [
    [300, '5m'],
    [1800, '30m'],
    [7200, '2h'],
    [86_400, '1d'],
    [60, 'archive'],
  ] as const)
    test(`totals at ${step} s from ${source} are the capture’s, however they are split`, async () => {
      for (const measure of ['bits', 'packets', 'flows'] as const) {
        const url = `/api/series?${day}&step=${step}&measure=${measure}`
        const all = await get<SeriesAnswer>(url)
        assert.equal(all.source, source)
        assert.equal(all.series[0]!.summary.total, whole[measure])
        // Splits of the archive over a day take a while each; one measure shows them.
        if (source === 'archive' && measure !== 'flows') continue
        for (const [by, times] of [
          ['direction', 1],
          ['protocol', 1],
          ['port', 1],
          ['host', 2],
        ] as const)
          assert.equal(sum(await get(`${url}&by=${by}&top=3`)), times * whole[measure], by)
      }
    })

  test('routes other than series give the same from 1970 on as for the only day with data', async () => {
    for (const path of [
      '/api/top?by=src',
      '/api/flows?limit=3',
      '/api/incidents?exporter=127.0.0.1',
    ]) {
      const {
        from: _,
        to: __,
        ...all
      } = await get<Record<string, unknown>>(`${path}&from=0&to=now`)
      const { from: ___, to: ____, ...own } = await get<Record<string, unknown>>(`${path}&${day}`)
      assert.deepEqual(all, own, path)
    }
  })

  test('unknown time lies before and after the capture at every step, and none within', async () => {
    for (const step of [300, 1800, 7200, 86_400]) {
      const { unknown, lost, open } = await get<SeriesAnswer>(`/api/series?${day}&step=${step}`)
      assert.deepEqual(
        unknown.map(([, , reason]) => reason),
        ['not-seen', 'not-seen'],
      )
      assert.equal(unknown[0]![1], Date.UTC(2026, 10, 16, 9) / 1000)
      assert.deepEqual(lost, [])
      assert.equal(open, null)
    }
  })

  test('the top destination of the cut is the culprit', async () => {
    const { rows } = await get<TopAnswer>(
      '/api/top?from=2026-11-16T11:32:10Z&to=2026-11-16T11:36:33Z&by=dst',
    )
    assert.equal(rows[0]!.key['dst'], '10.0.0.22')
    assert.ok(rows[0]!.bytes > 3.9e9 && rows[0]!.bytes < 4.02e9, String(rows[0]!.bytes))
  })

  test('at steps of a second the culprit starts and the others fall and return', async () => {
    const truth = JSON.parse(await readFile('test/captures/monday-outage.truth.json', 'utf8')) as {
      cut_start: number
      cut_end: number
    }
    const [hosts, directions, before_] = await Promise.all([
      get<SeriesAnswer>(`/api/series?${cut}&step=1&by=host,direction&top=3`),
      get<SeriesAnswer>(`/api/series?${cut}&step=1&by=direction`),
      get<SeriesAnswer>(
        '/api/series?from=2026-11-16T10:32:10Z&to=2026-11-16T11:32:10Z&step=10&by=direction',
      ),
    ])
    const received = (answer: SeriesAnswer, host?: string) =>
      answer.series.find(({ key }) => key!['direction'] === 'in' && key!['host'] === host)!
    const culprit = received(hosts, '10.0.0.22').values
    const second = (t: number) => hosts.time.indexOf(t)
    const onset = culprit.findIndex((value, at) => value! > 0 && at > second(truth.cut_start - 5))
    assert.ok(Math.abs(hosts.time[onset]! - truth.cut_start) <= 2)
    const mean = received(before_).summary.average!
    const others = received(directions).values.map((value, at) => value! - culprit[at]!)
    const share = (t: number) => others[second(t)]! / mean
    assert.ok(share(truth.cut_start) < 0.5)
    for (let t = truth.cut_start + 10; t <= truth.cut_end - 2; t++)
      assert.ok(share(t) < 0.1, `${t}`)
    const back = others.findIndex(
      (value, at) => at > second(truth.cut_start + 20) && value > 0.1 * mean,
    )
    assert.ok(Math.abs(hosts.time[back]! - truth.cut_end) <= 2)
  })

  test('summaries are the same from tiers and from the archive', async () => {
    const find = ({ series }: SeriesAnswer): SeriesEntry =>
      series.find(({ key }) => key!['port'] === 443 && key!['protocol'] === 'tcp')!
    const hours = 'from=2026-11-16T08:00:00Z&to=2026-11-16T14:00:00Z'
    const [archive, ...tiers] = await Promise.all(
      ['10', '300', '1800', '7200'].map(async (step) =>
        find(await get(`/api/series?${hours}&by=port&step=${step}`)),
      ),
    )
    for (const { summary } of tiers) {
      assert.equal(summary.total, archive!.summary.total)
      // Five-minute values are sums of the archive's steps, added in another order.
      assert.ok(Math.abs(summary.p95! / archive!.summary.p95! - 1) < 1e-9)
      assert.equal(summary.maximumIsBound, undefined)
      assert.equal(summary.maximum, tiers[0]!.summary.maximum)
    }
  })
})
