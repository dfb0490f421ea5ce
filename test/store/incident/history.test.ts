/** What is usual at an hour: by local time, also across clock changes. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'

import { instantOf, wallTime } from '../../../flow/zone.ts'
import { usualOf } from '../../../store/incident/history.ts'
import { openParquetSeries } from '../../../store/parquet/series.ts'
import { scratchFolder } from '../../processes.ts'
import { coverageOf, dayMs, hourMs, minuteMs, stepOf, tiers } from '../series-rows.ts'

const exporter = '192.0.2.1'
const tier = tiers['5m']
const backupBytes = 1_000_000
const key = { host: '10.0.0.5', direction: 'out' }

/** Days up to `to` in which a host backs up from 2:00 to 2:30 local time. */
async function backups(t: TestContext, zone: string, { from, to }: { from: number; to: number }) {
  const folder = await scratchFolder()
  const series = await openParquetSeries(folder)
  t.after(() => series.close())
  const isBackup = new Set<number>()
  for (let at = from; at < to; at += dayMs) {
    const begun = instantOf({ ...wallTime(at, zone), hour: 2, minute: 0 }, zone)
    for (let i = 0; i < 6; i++) isBackup.add(begun + i * tier.stepMs)
  }
  const steps = Array.from({ length: (to - from) / tier.stepMs }, (_, i) => {
    const time = from + i * tier.stepMs
    const bytes = isBackup.has(time) ? backupBytes : 10
    return stepOf(coverageOf(time, exporter), { host: [{ ...key, bytes }] })
  })
  await series.write(tier, steps)
  return series
}

suite('what is usual', () => {
  // Berlin sets its clock forward by an hour on 29 March 2026, Lord Howe sets its own back by half an hour on 5
  // April.
  const zones = [
    { zone: 'Europe/Berlin', month: 3, day: 30 },
    { zone: 'Australia/Lord_Howe', month: 4, day: 6 },
    { zone: 'UTC', month: 3, day: 30 },
  ]
  for (const { zone, month, day } of zones)
    for (const earlierDays of [4, 15])
      test(`the same hour by the clock of ${zone}, ${earlierDays} days back`, async (t) => {
        const from = instantOf({ year: 2026, month, day, hour: 2, minute: 5 }, zone)
        const midnight = instantOf({ year: 2026, month, day }, zone)
        const range = { from: midnight - earlierDays * dayMs, to: from + hourMs }
        const aligned = {
          from: range.from - (range.from % hourMs),
          to: range.to - (range.to % hourMs),
        }
        const series = await backups(t, zone, aligned)
        const usual = await usualOf(
          { series, tier, exporter, zone, from, to: from + 10 * minuteMs },
          { measurement: 'host', keys: [key] },
        )
        assert.equal(usual!.isEarlier, true)
        assert.deepEqual(usual!.bytes, [2 * backupBytes])
        assert.ok(usual!.reached(0, backupBytes) >= 2)
      })
})
