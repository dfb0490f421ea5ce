import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import * as fc from 'fast-check'

import { Consolidator } from '../../../ingest/consolidate/consolidator.ts'
import { RedoList } from '../../../ingest/consolidate/redo.ts'
import type { Tier } from '../../../flow/interval.ts'
import { fieldNames, measurementNames } from '../../../store/measurement.ts'
import { openParquetSeries } from '../../../store/parquet/series.ts'
import type { SeriesStore, StepRows } from '../../../store/series.ts'
import { scratchFolder } from '../../processes.ts'
import {
  coverageOf,
  dayMs,
  hourMs,
  minuteMs,
  plain,
  stepOf,
  tiers,
} from '../../store/series-rows.ts'

const origin = Date.UTC(2026, 10, 16)
const exporters = ['192.0.2.1', '192.0.2.2']
const fine = tiers['5m']
const allTiers = Object.values(tiers)

interface Options {
  top?: number
  tiers?: Tier[]
}

/** A store and its consolidator in a folder; `open` opens both, again after `close`. */
async function folderOf(t: TestContext, { top = 3, tiers: set = allTiers }: Options = {}) {
  const folder = await scratchFolder()
  let closing: (() => Promise<void>) | null = null
  const close = async () => {
    await closing?.()
    closing = null
  }
  const open = async (now: readonly Tier[] = set) => {
    await close()
    const store = await openParquetSeries(join(folder, 'series'))
    const redo = await RedoList.open(join(folder, 'redo.jsonl'), now.slice(1))
    const isLocal = (host: string) => host.startsWith('10.')
    const consolidator = new Consolidator({ store, tiers: now, redo, top, isLocal })
    closing = async () => {
      await consolidator.close()
      await store.close()
    }
    return { store, consolidator }
  }
  t.after(() => close())
  return { folder, open, close }
}

/** A step with figures derived from its time and exporter; `version` makes different ones. */
function stepAt(time: number, exporter: string, version = 0): StepRows {
  const seed = (time - origin) / fine.stepMs + exporters.indexOf(exporter) * 7 + version * 1000
  const row = (i: number) => ({
    bytes: seed * 100 + i,
    packets: seed + i,
    flows: i,
    active: seed * i,
  })
  const rows = [0, 1, 2, 3, 4].map((i) => ({
    host: `203.0.113.${(seed + i * i) % 9}`,
    direction: i % 2 ? 'in' : 'out',
    ...row(i),
  }))
  const known = seed % 5 === 0 ? 0 : 1
  const coverage = coverageOf(time, exporter, { known, unknown: known ? {} : { lost: 1 } })
  return stepOf(coverage, {
    total: [{ direction: 'in', ...row(1) }],
    host: [...new Map(rows.map((each) => [`${each.host} ${each.direction}`, each])).values()],
  })
}

async function contents(store: SeriesStore, tier: Tier): Promise<unknown[]> {
  const steps: StepRows[] = []
  for (const exporter of exporters)
    for await (const step of store.steps({
      tier,
      from: origin - dayMs,
      to: origin + 9 * dayMs,
      exporter,
    }))
      steps.push(step)
  return plain(steps)
}

async function sums(store: SeriesStore, tier: Tier): Promise<unknown> {
  const range = { tier, from: origin - dayMs, to: origin + 9 * dayMs, by: ['direction'] as const }
  const rows = []
  for (const measurement of measurementNames)
    rows.push(await store.top({ ...range, measurement, order: 'bytes', limit: 9 }))
  return rows.map((top) =>
    top.map(({ key, sum }) => [key.direction, ...fieldNames.map((f) => sum[f])]),
  )
}

test('a new tier is built from what the 5-minute tier holds, within its retention', async (t) => {
  const intervals = Array.from({ length: 3 * 144 }, (_, i) => origin + i * fine.stepMs)
  const made = async (sets: readonly (readonly Tier[])[]) => {
    const { open } = await folderOf(t)
    const last = new Map<string, unknown[]>()
    for (const [i, set] of sets.entries()) {
      const { store, consolidator } = await open(set)
      const some = intervals.slice(i * 144, (i + 1) * 144)
      await consolidator.intervalsWritten(some)
      await store.write(
        fine,
        some.flatMap((time) => exporters.map((exporter) => stepAt(time, exporter))),
      )
      await consolidator.run(origin + 4 * dayMs)
      for (const tier of set.slice(1)) last.set(tier.name, await contents(store, tier))
    }
    return last
  }
  const [, half, two, day] = allTiers as [Tier, Tier, Tier, Tier]
  const short = { ...two, keepMs: 30 * hourMs }
  const expected = await made([
    [fine, half, short, day],
    [fine, half, short, day],
    [fine, half, short, day],
  ])
  assert.ok([...expected.values()].every((steps) => steps.length > 0))
  assert.deepEqual(
    await made([
      [fine, half],
      [fine, day],
      [fine, half, short, day],
    ]),
    expected,
  )
})

test('every tier holds the sums of the 5-minute rows, after catching up on days in one run', async (t) => {
  const { open } = await folderOf(t)
  const { store, consolidator } = await open()
  const intervals = Array.from({ length: 3 * 288 - 40 }, (_, i) => origin + i * fine.stepMs)
  // Whole hours are missing, and some intervals of the others.
  const some = intervals.filter((time) => (time / hourMs) % 5 < 1 && (time / fine.stepMs) % 7 > 0)
  await consolidator.intervalsWritten(some)
  await store.write(
    fine,
    some.flatMap((time) => exporters.map((exporter) => stepAt(time, exporter))),
  )
  await consolidator.run(origin + 4 * dayMs)
  assert.equal(consolidator.redoCount, 0)
  const expected = await sums(store, fine)
  for (const tier of allTiers) {
    assert.deepEqual(await sums(store, tier), expected, tier.name)
    const coverage = await store.coverage({ tier, from: origin, to: origin + 9 * dayMs })
    const total = (pick: (each: (typeof coverage)[number]) => number) =>
      coverage.reduce((sum, each) => sum + pick(each), 0)
    assert.equal(
      total(({ datagrams }) => datagrams),
      some.length * 2,
      tier.name,
    )
    assert.equal(
      total(({ known, unknown }) => known + (unknown.lost ?? 0)),
      some.length * 2,
    )
    assert.ok(coverage.every((each) => !('openUntil' in each)))
  }
})

test('property: missed, repeated and late wake-ups, restarts and rewrites lead to the same result', async (t) => {
  const slots = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 12 })
  const action = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), slots, version: fc.nat({ max: 3 }) }),
    fc.record({ kind: fc.constant('run' as const), hours: fc.integer({ min: 0, max: 60 }) }),
    fc.record({ kind: fc.constant('restart' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 8 }), async (actions) => {
      const disturbed = await folderOf(t)
      let { store, consolidator } = await disturbed.open()
      const last = new Map<string, StepRows>()
      for (const act of actions) {
        if (act.kind === 'restart') ({ store, consolidator } = await disturbed.open())
        else if (act.kind === 'run') await consolidator.run(origin + act.hours * hourMs)
        else {
          const steps = act.slots.map((slot) =>
            stepAt(origin + slot * fine.stepMs, exporters[slot % 2]!, act.version),
          )
          await consolidator.intervalsWritten(steps.map(({ coverage }) => coverage.time))
          await store.write(fine, steps)
          for (const step of steps) last.set(`${step.coverage.time}`, step)
        }
      }
      await consolidator.run(origin + 5 * dayMs, { isComplete: true })
      const plainly = await folderOf(t)
      const calm = await plainly.open()
      await calm.consolidator.intervalsWritten(
        [...last.values()].map(({ coverage }) => coverage.time),
      )
      await calm.store.write(fine, [...last.values()])
      await calm.consolidator.run(origin + 5 * dayMs)
      for (const tier of allTiers)
        assert.deepEqual(await contents(store, tier), await contents(calm.store, tier), tier.name)
      await disturbed.close()
      await plainly.close()
    }),
    { numRuns: 4 },
  )
})

test('a step in progress is open, and rebuilt until it is over', async (t) => {
  const { open } = await folderOf(t)
  let { store, consolidator } = await open()
  await consolidator.intervalsWritten([origin])
  await store.write(fine, [stepAt(origin, exporters[0]!)])
  const openUntil = async (tier: Tier) =>
    (await store.coverage({ tier, from: origin, to: origin + dayMs }))[0]?.openUntil
  await consolidator.run(origin + 6 * minuteMs)
  for (const tier of allTiers.slice(1)) assert.equal(await openUntil(tier), origin + 5 * minuteMs)
  ;({ store, consolidator } = await open())
  await consolidator.run(origin + 3 * hourMs)
  assert.equal(await openUntil(tiers['30m']), undefined)
  assert.equal(await openUntil(tiers['2h']), undefined)
  assert.equal(await openUntil(tiers['1d']), origin + 5 * minuteMs)
  assert.equal(consolidator.redoCount, 1)
  await consolidator.run(origin + dayMs)
  assert.equal(await openUntil(tiers['1d']), undefined)
  assert.equal(consolidator.redoCount, 0)
})

test('a long step is rebuilt at its own rate, however often something changes; or at once on request', async (t) => {
  const { open } = await folderOf(t)
  const { store, consolidator } = await open()
  const dayBytes = async () =>
    (
      await store.read({
        tier: tiers['1d'],
        from: origin,
        to: origin + dayMs,
        measurement: 'total',
        by: [],
        keys: [],
      })
    ).sum.bytes[0]
  const write = async (slot: number) => {
    const time = origin + slot * fine.stepMs
    await consolidator.intervalsWritten([time])
    await store.write(fine, [
      stepOf(coverageOf(time, exporters[0]!), { total: [{ direction: 'in', bytes: 1 }] }),
    ])
  }
  const end = origin + dayMs
  await write(0)
  await consolidator.run(end - 10 * minuteMs)
  assert.equal(await dayBytes(), 1)
  await write(1)
  await consolidator.run(end - minuteMs)
  assert.equal(await dayBytes(), 1, 'within its pace')
  await consolidator.run(end)
  assert.equal(await dayBytes(), 2, 'at once when it has closed')
  await write(2)
  await consolidator.run(end + 10 * minuteMs)
  assert.equal(await dayBytes(), 2)
  assert.equal(consolidator.redoCount, 1)
  await consolidator.run(end + 30 * minuteMs)
  assert.equal(await dayBytes(), 3)
  await write(3)
  await consolidator.run(end + 31 * minuteMs, { isComplete: true })
  assert.equal(await dayBytes(), 4)
  assert.equal(consolidator.redoCount, 0)
})

test('retention counts back from the newest interval, tier by tier', async (t) => {
  const short = [
    { ...fine, keepMs: dayMs },
    { ...tiers['30m'], keepMs: 2 * dayMs },
    { ...tiers['1d'], keepMs: 30 * dayMs },
  ]
  const { open } = await folderOf(t, { tiers: short })
  const { store, consolidator } = await open()
  const intervals = Array.from({ length: 4 * 8 }, (_, i) => origin + i * 3 * hourMs)
  await consolidator.intervalsWritten(intervals)
  await store.write(
    fine,
    intervals.map((time) => stepAt(time, exporters[0]!)),
  )
  // Long after: the folder was idle, and keeps its data.
  await consolidator.run(origin + 300 * dayMs)
  const newestEnd = intervals.at(-1)! + fine.stepMs
  const extents = await Promise.all(short.map((tier) => store.extent(tier)))
  assert.deepEqual(
    extents.map((extent) => extent!.to),
    [intervals.at(-1), intervals.at(-1), origin + 3 * dayMs],
  )
  assert.equal(extents[2]!.from, origin)
  assert.ok(
    extents[0]!.from >= newestEnd - dayMs && extents[0]!.from < newestEnd - dayMs + 3 * hourMs,
  )
  assert.ok(extents[1]!.from >= newestEnd - 2 * dayMs - 30 * minuteMs)
  const days = (
    await store.read({
      tier: short[2]!,
      from: origin,
      to: origin + 9 * dayMs,
      measurement: 'total',
      by: [],
      keys: [],
    })
  ).count
  assert.equal(days, 4)
})

test('an interval of a time when the clock was wrong, far ahead, makes nothing else expire', async (t) => {
  const short = [{ ...fine, keepMs: dayMs }, tiers['30m']]
  const { open } = await folderOf(t, { tiers: short })
  const { store, consolidator } = await open()
  const times = [origin, origin + hourMs, origin + 366 * dayMs]
  await store.write(
    fine,
    times.map((time) => stepAt(time, exporters[0]!)),
  )
  await consolidator.intervalsWritten(times)
  await consolidator.run(origin + 2 * hourMs, { isComplete: true })
  assert.equal((await store.extent(fine))!.from, origin)
})

test('a clock that is a year ahead for a minute makes nothing expire, over a restart too; a time that lasts does', async (t) => {
  const short = [{ ...fine, keepMs: dayMs }, tiers['30m']]
  const { open } = await folderOf(t, { tiers: short })
  let { store, consolidator } = await open()
  const write = (time: number) => store.write(fine, [stepAt(time, exporters[0]!)])
  await write(origin)
  await consolidator.run(origin + hourMs)
  const ahead = origin + 366 * dayMs
  await write(ahead)
  const passed = t.mock.method(performance, 'now', () => 1000)
  await consolidator.run(ahead + hourMs)
  assert.equal((await store.extent(fine))!.from, origin)
  ;({ store, consolidator } = await open())
  await consolidator.run(ahead + hourMs)
  assert.equal((await store.extent(fine))!.from, origin)
  passed.mock.mockImplementation(() => 1000 + hourMs)
  await consolidator.run(ahead + hourMs)
  assert.equal((await store.extent(fine))!.from, ahead)
})

test('a step whose intervals have partly expired is not rebuilt from the rest', async (t) => {
  const short = [{ ...fine, keepMs: dayMs }, tiers['1d']]
  const { open } = await folderOf(t, { tiers: short })
  const { store, consolidator } = await open()
  const write = async (time: number) => {
    await consolidator.intervalsWritten([time])
    await store.write(fine, [
      stepOf(coverageOf(time, exporters[0]!), { total: [{ direction: 'in', bytes: 1 }] }),
    ])
  }
  for (const hours of [0, 1, 2, 60]) await write(origin + hours * hourMs)
  await consolidator.run(origin + 3 * dayMs)
  await write(origin + 5 * hourMs)
  await consolidator.run(origin + 4 * dayMs)
  const read = await store.read({
    tier: tiers['1d'],
    from: origin,
    to: origin + 9 * dayMs,
    measurement: 'total',
    by: [],
    keys: [],
  })
  assert.deepEqual([...read.sum.bytes], [3, 1])
  // A day without stored steps is built, however old.
  await write(origin - 20 * dayMs)
  await consolidator.run(origin + 4 * dayMs)
  assert.equal(
    (await store.coverage({ tier: tiers['1d'], from: origin - 30 * dayMs, to: origin })).length,
    1,
  )
})

test('a failed run leaves its steps on the list; the next one builds them', async (t) => {
  const { folder, open } = await folderOf(t)
  const { store, consolidator } = await open()
  await consolidator.intervalsWritten([origin])
  await store.write(fine, [stepAt(origin, exporters[0]!)])
  await rm(join(folder, 'series', 'staging'), { recursive: true })
  await writeFile(join(folder, 'series', 'staging'), 'in the way')
  await assert.rejects(consolidator.run(origin + 2 * dayMs))
  assert.equal(consolidator.redoCount, 3)
  const again = await open()
  await again.consolidator.run(origin + 2 * dayMs)
  assert.equal(again.consolidator.redoCount, 0)
  assert.equal((await again.store.extent(tiers['1d']))?.from, origin)
})
