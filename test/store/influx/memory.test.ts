import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'

import { boundGarbage } from '../../../ingest/heap.ts'
import { openInfluxSeries } from '../../../store/influx/series.ts'
import { stepInVersion } from '../../fault/influx-outlive.ts'
import { scratchFolder } from '../../processes.ts'
import { readSettings } from '../../settings.ts'
import { dayMs, tiers } from '../series-rows.ts'

const fine = tiers['5m']
const hosts = 1000
const stepsADay = dayMs / fine.stepMs
/** An interval is rewritten while it is open. */
const versions = 3
const growthBytesMax = 50e6

/** The first day covers what grows with any work, such as V8's heap; the second must add nothing. */
test('a day without InfluxDB waits on disk and not in memory', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // As in the collector.
  boundGarbage()
  const folder = await scratchFolder()
  const environment = {
    WEIR_STORE: 'influx',
    WEIR_INFLUX_URL: 'http://127.0.0.1:1',
    WEIR_INFLUX_TOKEN: 'nobody-asks',
  }
  const settings = readSettings(environment).influx
  const store = await openInfluxSeries({ settings, folder, tiers: Object.values(tiers) })
  const memory = () => {
    collect()
    return process.memoryUsage.rss()
  }
  try {
    const start = Math.floor(Date.now() / dayMs) * dayMs
    let before = 0
    for (let i = 0; i < 2 * stepsADay; i++) {
      if (i === stepsADay) before = memory()
      for (let version = 1; version <= versions; version++)
        await store.write(fine, [stepInVersion(start + i * fine.stepMs, version, hosts)])
    }
    const growth = memory() - before
    const { spool, waiting, points } = store.status!()
    t.diagnostic(`${Math.round(growth / 1e6)} MB more, ${Math.round(spool.bytes / 1e6)} MB on disk`)
    assert.ok(waiting, 'InfluxDB is away')
    assert.equal(spool.steps, 2 * stepsADay)
    assert.equal(points.dropped, 0)
    assert.ok(growth < growthBytesMax, `${growth} bytes more`)
  } finally {
    await store.close()
  }
})
