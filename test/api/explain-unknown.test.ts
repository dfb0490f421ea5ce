/** An explanation of a time in which the collector did not listen, and of one that begins before the flows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { evidenceOf } from '../../api/query/explain/evidence.ts'
import { findEvent } from '../../api/query/explain/find-event.ts'
import { NetworkSet, parseNetwork } from '../../flow/address.ts'
import { intervalMs } from '../../flow/interval.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import type { Coverage, SeriesReader } from '../../store/series.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { archive, t0, testFlow } from '../store/archive/archived.ts'

const minuteMs = 60_000
/** The interval in which nobody listened. */
const away = { from: t0 + 2 * intervalMs, to: t0 + 3 * intervalMs }
const local = new NetworkSet([parseNetwork('10.0.0.0/8')!])

/** Series of which only the coverage is asked. */
const series = {
  coverage: async ({ from, to }: { from: number; to: number }) => {
    const covered: Coverage[] = []
    for (let time = Math.max(from, t0); time < to; time += intervalMs) {
      const isAway = time === away.from
      covered.push({
        time,
        exporter: '192.0.2.1',
        known: isAway ? 0 : 1,
        unknown: isAway ? { 'not-listening': 1 } : {},
        datagrams: 1,
        lostFlows: 0,
        lostFlowsEstimated: false,
      })
    }
    return covered
  },
  extent: async () => null,
} as unknown as SeriesReader

/** Of that interval nothing is stored at all, as between two captures that were imported. */
const withoutRow = {
  ...series,
  coverage: async (range: Parameters<SeriesReader['coverage']>[0]) =>
    (await series.coverage(range)).filter(({ time }) => time !== away.from),
}

for (const [how, stored] of [
  ['noted', series],
  ['not stored', withoutRow],
] as const)
  test(`what nobody listened to (${how}) is no zero, and said beside the finding that nothing happened`, async () => {
    const folder = await scratchFolder()
    const seconds = Array.from({ length: 6 * 300 }, (_, second) => t0 + second * 1000)
    const heard = seconds.filter((first) => first < away.from || first >= away.to)
    await archive(
      folder,
      heard.map((first) => testFlow({ first })),
    )
    const flows = await openFlowStore(folder, { local })
    const [from, to] = [t0 - 30 * minuteMs, t0 + 30 * minuteMs]
    const window = { from, to, filter: undefined, exporter: undefined, include: 'any', isFixed: true } as const // prettier-ignore
    const incidents = { between: async () => [] } as never
    const event = await findEvent(window, { settings: { ...readSettings({}), local }, series: stored, flows, incidents }) // prettier-ignore
    await flows.close()
    assert.equal(event.incident, null)

    const nobody = () => null
    const wording = { zone: 'UTC', hostName: nobody, exporterName: nobody }
    const { time, step, series: shown, limits } = evidenceOf(event, wording)
    const received = shown.find(
      ({ host, direction }) => host === '10.0.0.22' && direction === 'in',
    )!
    for (const [at, second] of time.entries()) {
      const isHeard = second * 1000 < away.from || (second + step) * 1000 > away.to
      assert.equal(
        received.values[at],
        isHeard ? 8000 : null,
        new Date(second * 1000).toISOString(),
      )
    }
    assert.deepEqual(limits.slice(0, 2), [
      'no flows were received of Monday 16 November 2026, 11:00:00 to 11:30:00',
      'not everything is known of Monday 16 November 2026, 11:40:00 to 11:45:00',
    ])
  })

test('of several exporters, the one of which not everything is known is named with the time, and what was lost of all is counted', async () => {
  const folder = await scratchFolder()
  const seconds = Array.from({ length: 6 * 300 }, (_, second) => t0 + second * 1000)
  const other = '192.0.2.2'
  await archive(
    folder,
    seconds.flatMap((first) => [testFlow({ first }), testFlow({ first, exporter: other })]),
  )
  const flows = await openFlowStore(folder, { local })
  const both = {
    ...series,
    async coverage(range: { from: number; to: number; exporters?: readonly string[] }) {
      const one = await series.coverage(range as never)
      const known = { known: 1, unknown: {}, lostFlows: 3 }
      const all = [...one, ...one.map((each) => ({ ...each, ...known, exporter: other }))]
      return all.filter(({ exporter }) => range.exporters?.includes(exporter) ?? true)
    },
  } as unknown as SeriesReader
  const [from, to] = [t0 + minuteMs, t0 + 20 * minuteMs]
  const window = { from, to, filter: undefined, exporter: undefined, include: 'any', isFixed: true } as const // prettier-ignore
  const incidents = { between: async () => [] } as never
  const event = await findEvent(window, { settings: { ...readSettings({}), local }, series: both, flows, incidents }) // prettier-ignore
  await flows.close()
  assert.equal(event.incident, null)
  const wording = { zone: 'UTC', hostName: () => null, exporterName: (address: string) => (address === '192.0.2.1' ? 'pfsense' : null) } // prettier-ignore
  assert.deepEqual(evidenceOf(event, wording).limits, [
    'not everything is known of pfsense, Monday 16 November 2026, 11:40:00 to 11:45:00',
    '12 flows of these minutes were lost on the way: figures are at least these',
    'this covers several exporters: for details by the second, ask for one of them',
  ])
})
