import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import fc from 'fast-check'

import type { Tier } from '../../../flow/interval.ts'
import { fieldNames, type FieldName, type MeasurementName } from '../../../store/measurement.ts'
import type { SqlValues } from '../../../store/parquet/engine.ts'
import { HeldFiles } from '../../../store/parquet/held-files.ts'
import type { SeriesEntry } from '../../../store/parquet/layout.ts'
import { openParquetSeries, openParquetSeriesReader } from '../../../store/parquet/series.ts'
import type { SeriesKey, SeriesReader, SeriesStore } from '../../../store/series.ts'
import { scratchFolder } from '../../processes.ts'
import { coverageOf, dayMs, hourMs, stepOf, tiers, type Row } from '../series-rows.ts'

const origin = Date.UTC(2026, 10, 16)
const exporters = ['192.0.2.1', '192.0.2.10', '2001:db8::1']
const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.30', '2001:db8::2', 'other']

/** Rows by a simple rule, some of them absent, so that keys come and go. */
function rows(time: number, exporter: number, isCoarse: boolean): Row[] {
  const made: Row[] = []
  for (const [h, host] of hosts.entries())
    for (const [d, direction] of ['in', 'out'].entries()) {
      const seed = (time / 300_000) * 31 + exporter * 7 + h * 13 + d * 5
      if (seed % 7 === 0) continue
      const bytes = ((seed * 7919) % 1000) * 10 ** (h * 2)
      const known = isCoarse
        ? { known: seed % 5, bytes_max: bytes / 2, bytes_unknown: seed % 3 }
        : {}
      made.push({ host, direction, bytes, packets: seed % 100, ...known })
    }
  return made
}

async function fill(store: SeriesStore, tier: Tier, lengthMs: number): Promise<void> {
  const isCoarse = tier.stepMs > tiers['5m'].stepMs
  const steps = []
  for (let time = origin; time < origin + lengthMs; time += tier.stepMs)
    for (const [e, exporter] of exporters.entries()) {
      if ((time / tier.stepMs + e) % 11 === 0) continue
      const known = isCoarse ? (time / tier.stepMs) % 7 : 1
      const host = rows(time, e, isCoarse)
      const maxima = isCoarse ? { known: 1, bytes_max: 5 } : {}
      const total = ['in', 'out'].map((direction) => ({
        direction,
        bytes: 7,
        packets: e,
        ...maxima,
      }))
      steps.push(
        stepOf(coverageOf(time, exporter, { known, unknown: { lost: 1 } }), { host, total }),
      )
    }
  await store.write(tier, steps)
}

/** Two readers of one folder, of which only the first holds files. */
async function readers(t: TestContext, tier: Tier, lengthMs: number) {
  const folder = await scratchFolder()
  const store = await openParquetSeries(folder)
  await fill(store, tier, lengthMs)
  await store.close()
  const [holding, plain] = await Promise.all(
    [true, false].map((holdsFiles) => openParquetSeriesReader(folder, { holdsFiles })),
  )
  t.after(async () => {
    await Promise.all([holding!.close(), plain!.close()])
  })
  return { holding: holding!, plain: plain!, folder }
}

const bys: { measurement: MeasurementName; by: readonly ('host' | 'direction' | 'exporter')[] }[] =
  [
    { measurement: 'host', by: ['host'] },
    { measurement: 'host', by: ['host', 'direction'] },
    { measurement: 'host', by: ['exporter', 'host'] },
    { measurement: 'host', by: ['exporter'] },
    { measurement: 'host', by: ['direction'] },
    { measurement: 'total', by: [] },
    { measurement: 'total', by: ['direction'] },
  ]

/** Every kind of query about a range, for both readers. */
function questions(tier: Tier, lengthMs: number) {
  const step = fc.integer({ min: -3, max: lengthMs / tier.stepMs + 3 })
  const keys = (by: readonly string[]) =>
    fc
      .array(
        fc.record({
          host: fc.constantFrom(...hosts, '10.9.9.9'),
          direction: fc.constantFrom('in', 'out'),
          exporter: fc.constantFrom(...exporters),
        }),
        { maxLength: 4 },
      )
      .map((made) =>
        made.map(
          (key) => Object.fromEntries(by.map((tag) => [tag, key[tag as 'host']])) as SeriesKey,
        ),
      )
  return fc.constantFrom(...bys).chain((asked) =>
    fc.record({
      asked: fc.constant(asked),
      keys: keys(asked.by),
      ends: fc.tuple(step, step),
      offsetMs: fc.constantFrom(0, 0, 1, tier.stepMs - 1),
      exporters: fc.option(fc.subarray([...exporters, '198.51.100.1'], { minLength: 1 }), {
        nil: undefined,
      }),
      fields: fc.option(fc.subarray<FieldName>([...fieldNames], { minLength: 1 }), {
        nil: undefined,
      }),
      order: fc.constantFrom<FieldName>('bytes', 'packets', 'flows'),
      limit: fc.integer({ min: 1, max: 12 }),
      rest: fc.option(fc.boolean(), { nil: undefined }),
      sumsOnly: fc.boolean(),
    }),
  )
}

type Question = ReturnType<typeof questions> extends fc.Arbitrary<infer Asked> ? Asked : never

for (const [name, lengthMs] of [
  ['5m', 9 * hourMs],
  ['2h', 9 * dayMs],
] as const)
  test(`held files give the same answers as SQL: tier ${name}`, async (t) => {
    const tier = tiers[name]
    const { holding, plain, folder } = await readers(t, tier, lengthMs)
    const answers = async (reader: SeriesReader, asked: Question) => {
      const { ends, offsetMs, exporters: of, asked: what, keys, order, limit, ...rest } = asked
      const [from, to] = ends
        .map((at) => origin + at * tier.stepMs + offsetMs)
        .sort((a, b) => a - b) as [number, number]
      const range = { tier, from, to, exporters: of }
      return {
        top: await reader.top({ ...range, ...what, order, limit, fields: rest.fields }),
        read: await reader.read({ ...range, ...what, keys, ...rest }),
        coverage: await reader.coverage(range),
      }
    }
    const made = questions(tier, lengthMs)
    let rowsSeen = 0
    await fc.assert(
      fc.asyncProperty(made, async (asked) => {
        const expected = await answers(plain, asked)
        // First from the files, then held, then from memory only.
        for (let time = 0; time < 3; time++) {
          const found = await answers(holding, asked)
          assert.deepEqual(found, expected)
        }
        rowsSeen += expected.read.count
      }),
      { numRuns: 60 },
    )
    assert.ok(rowsSeen > 1000, `${rowsSeen} rows`)

    const all = { tier, from: origin, to: origin + lengthMs, measurement: 'host', by: ['host'] } as const // prettier-ignore
    const asked = async () => [
      await holding.top({ ...all, order: 'bytes', limit: 3 }),
      await holding.read({ ...all, keys: [{ host: hosts[0]! }] }),
    ]
    const before = await asked()
    await rm(join(folder, name), { recursive: true })
    assert.deepEqual(await asked(), before, 'from memory, without the files')
  })

test('sums too large for a double are left to SQL', async () => {
  const folder = await scratchFolder()
  const store = await openParquetSeries(folder)
  const tier = tiers['5m']
  const steps = [0, 1, 2].map((i) =>
    stepOf(coverageOf(origin + i * tier.stepMs, exporters[0]!), {
      host: [{ host: '10.0.0.1', direction: 'in', bytes: i === 0 ? 2 ** 53 : 1 }],
    }),
  )
  await store.write(tier, steps)
  await store.close()
  const reader = await openParquetSeriesReader(folder, { holdsFiles: true })
  const query = { tier, from: origin, to: origin + hourMs, measurement: 'host', by: ['host'], order: 'bytes', limit: 1 } as const // prettier-ignore
  // Added one by one as doubles, it would stay 2^53.
  for (let time = 0; time < 3; time++)
    assert.equal((await reader.top(query))[0]!.sum.bytes, 2 ** 53 + 2)
  await reader.close()
})

test('a file is held from its second use on, while there is space, and released when unreadable', async () => {
  const asked: string[] = []
  const entry = (file: string, count = 3) =>
    ({ file, table: 'total', rows: count }) as unknown as SeriesEntry
  let isBroken = false
  const ask = async (sql: string, { files: paths }: SqlValues) => {
    asked.push(`${/DISTINCT/.test(sql) ? 'keys' : 'rows'} ${String(paths)}`)
    if (isBroken) throw new Error('torn')
    return []
  }
  const path = (file: string) => file
  const files = new HeldFiles({ ask, path }, { bytesMax: 100, questionBytesMax: 90 })
  const take = (...entries: SeriesEntry[]) =>
    files.take(entries, ['bytes'], { tier: tiers['5m'], onlyHeld: false })
  assert.equal(await take(entry('a')), null, 'the first time')
  assert.deepEqual(asked, [])
  assert.equal((await take(entry('a')))?.length, 1)
  assert.deepEqual(asked.splice(0), ['keys a', 'rows a'])
  assert.equal((await take(entry('a')))?.length, 1)
  assert.deepEqual(asked.splice(0), [], 'held')
  assert.equal(
    await files.take([entry('b')], ['bytes'], { tier: tiers['5m'], onlyHeld: true }),
    null,
  )
  assert.equal(await take(entry('b')), null, 'what only looks for held files has not asked')
  assert.equal(await take(entry('c', 5)), null)
  assert.equal(await take(entry('c', 5)), null, 'too many rows for one question')
  await take(entry('b'))
  assert.deepEqual(asked.splice(0), ['keys b', 'rows b'])
  await take(entry('b'))
  assert.deepEqual(asked, [], 'what was asked for last stays')
  await take(entry('a'))
  assert.deepEqual(asked.splice(0), ['keys a', 'rows a'], 'for two there is no room')
  await files.take([entry('a')], ['packets'], { tier: tiers['5m'], onlyHeld: true })
  assert.deepEqual(asked.splice(0), ['rows a'], 'a further column is read alone')
  isBroken = true
  await assert.rejects(take(entry('b')), /torn/)
  isBroken = false
  asked.length = 0
  await take(entry('b'))
  assert.deepEqual(asked, ['keys b', 'rows b'], 'what failed is not held')
  files.close()
})
