/** Two stores at once: whatever is written during the copy, and however often the second fails, both end up equal. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { DoubledSeries, rangeToCopy, type OwedStep } from '../../../store/moving/double.ts'
import { Manifest } from '../../../store/manifest/manifest.ts'
import { openParquetSeries } from '../../../store/parquet/series.ts'
import type { SeriesStore, StepRows } from '../../../store/series.ts'
import { seed } from '../../drawn.ts'
import { scratchFolder } from '../../processes.ts'
import { seeded } from '../../random.ts'
import { coverageOf, minuteMs, plain, stepOf, tiers } from '../series-rows.ts'

const tier = tiers['5m']
const t0 = Date.UTC(2026, 10, 16)
const steps = 40
const exporters = ['192.0.2.1', '192.0.2.2']

function stepAt(i: number, bytes: number): StepRows {
  const coverage = coverageOf(t0 + i * tier.stepMs, exporters[i % 2]!, { datagrams: bytes })
  return stepOf(coverage, { total: [{ direction: 'in', bytes, packets: 1, flows: 1 }] })
}

async function contents(store: SeriesStore): Promise<unknown[]> {
  const found: StepRows[] = []
  for (const exporter of exporters)
    for await (const step of store.steps({ tier, from: t0, to: t0 + 1e9, exporter }))
      found.push(step)
  return plain(found)
}

/** A slow store that sometimes refuses. */
function failing(store: SeriesStore, random: () => number): { store: SeriesStore; failed: number } {
  const made = { store: Object.create(store) as SeriesStore, failed: 0 }
  made.store.write = async (...args) => {
    if (random() < 0.5) {
      made.failed++
      throw new Error('it would not')
    }
    await store.write(...args)
  }
  for (const name of ['steps', 'coverage', 'read', 'extent', 'close', 'expire', 'top'] as const)
    made.store[name] = store[name].bind(store) as never
  return made
}

for (const fails of [false, true])
  test(`written during the copy${fails ? ', to a second that fails half of the time' : ''}: both are equal`, async () => {
    const random = seeded(seed)
    const folder = await scratchFolder()
    const first = await openParquetSeries(join(folder, 'first'))
    const second = await openParquetSeries(join(folder, 'second'))
    for (let i = 0; i < steps; i += 4)
      await first.write(
        tier,
        [0, 1, 2, 3].map((j) => stepAt(i + j, 1)),
      )
    // Left from an earlier period of double writing: it is wrong, and the first store is right.
    await second.write(tier, [stepAt(3, 77)])
    const troubled = fails ? failing(second, random) : { store: second, failed: 0 }
    const open = async () => {
      const progress = await Manifest.open<OwedStep>(join(folder, 'progress.jsonl'))
      const parts = { first, second: troubled.store, kind: 'parquet' as const, tiers: [tier] }
      return {
        progress,
        store: new DoubledSeries({ ...parts, progress, now: Date.now, restMs: 10 }),
      }
    }
    const { store, progress } = await open()
    store.follow()
    for (let version = 2; version < 20; version++) {
      const at = [Math.floor(random() * steps), Math.floor(random() * steps)]
      await store.write(
        tier,
        [...new Set(at)].map((i) => stepAt(i, version)),
      )
      await sleep(random() * 20)
    }
    await store.write(tier, [stepAt(steps, 1000)])
    const newest = t0 + steps * tier.stepMs
    for (let waited = 0; ; waited += 50) {
      const { through, owed } = store.also()
      if (through['5m'] === newest / 1000 && owed === 0) break
      assert.ok(waited < minuteMs, JSON.stringify(store.also()))
      await sleep(50)
    }
    if (fails) assert.ok(troubled.failed > 0)
    const expected = await contents(first)
    assert.equal(expected.length, steps + 1)
    assert.deepEqual(await contents(second), expected)
    assert.equal(progress.entries().length, 0)
    await store.close()
  })

test('nothing is to be copied of a tier with one step, or with none that ClickHouse would keep: nobody has to wait for it', () => {
  const rangeOf = (from: number, to: number, kind: 'clickhouse' | 'parquet') =>
    rangeToCopy({ from, to }, { tier, kind, nowMs: t0 + tier.keepMs })
  const step = tier.stepMs
  assert.equal(rangeToCopy(null, { tier, kind: 'parquet', nowMs: t0 }), null)
  assert.equal(rangeOf(t0, t0, 'parquet'), null)
  assert.deepEqual(rangeOf(t0, t0 + step, 'parquet'), { from: t0, to: t0 + step })
  assert.equal(rangeOf(t0, t0 + step, 'clickhouse'), null)
  assert.deepEqual(rangeOf(t0, t0 + 3 * step, 'clickhouse'), { from: t0 + step, to: t0 + 3 * step })
})
