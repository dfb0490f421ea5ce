/** What is asked is answered: coverage, the greatest, and rows by key. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { fieldNames } from '../../../store/measurement.ts'
import type { SeriesKey } from '../../../store/series.ts'
import { coverageOf, dayMs, hourMs, plain, stepOf, tiers, type Row } from '../series-rows.ts'
import { a, b, fine, readBack, stepsOf, type SharedSeries } from './shared-series.ts'

export function readingTests(series: SharedSeries): void {
  test('coverage: of all or some exporters, with reasons, losses and open steps', async () => {
    const { store } = series
    const t = series.nextDay()
    const first = coverageOf(t, a, {
      known: 0,
      unknown: { lost: 1 },
      datagrams: 12,
      lostFlows: 34,
      lostFlowsEstimated: true,
    })
    const second = coverageOf(t + fine.stepMs, a, { openUntil: t + fine.stepMs + 61_000 })
    const other = coverageOf(t, b, { known: 0, unknown: { 'not-listening': 1 }, datagrams: 0 })
    await store.write(
      fine,
      [first, second, other].map((coverage) => stepOf(coverage, {})),
    )
    const range = { tier: fine, from: t, to: t + 2 * fine.stepMs }
    assert.deepEqual(await store.coverage(range), [first, other, second])
    assert.deepEqual(await store.coverage({ ...range, exporters: [b] }), [other])
    assert.deepEqual(await store.coverage({ ...range, exporters: [] }), [])
    assert.deepEqual(await store.coverage({ ...range, from: t + fine.stepMs }), [second])
    const day1 = coverageOf(t, a, { known: 200, unknown: { lost: 80, 'exporter-restart': 8 } })
    await store.write(tiers['1d'], [stepOf(day1, {})])
    assert.deepEqual(await store.coverage({ tier: tiers['1d'], from: t, to: t + dayMs }), [day1])
  })

  test('top: greatest first, ties by key, never other, by any field and tags', async () => {
    const { store } = series
    const t = series.nextDay()
    const rows: Row[] = [
      { host: '10.0.0.3', direction: 'in', bytes: 50, packets: 1 },
      { host: '10.0.0.1', direction: 'in', bytes: 30, packets: 9 },
      { host: '10.0.0.1', direction: 'out', bytes: 20, packets: 1 },
      { host: '10.0.0.2', direction: 'out', bytes: 40, packets: 2 },
      { host: 'other', direction: 'in', bytes: 900, packets: 900 },
    ]
    await store.write(fine, [
      stepOf(coverageOf(t, a), { host: rows }),
      stepOf(coverageOf(t, b), { host: [{ host: '10.0.0.2', direction: 'in', bytes: 10 }] }),
      stepOf(coverageOf(t + hourMs, a), {
        host: [{ host: '10.0.0.9', direction: 'in', bytes: 999 }],
      }),
    ])
    const range = { tier: fine, from: t, to: t + hourMs, measurement: 'host' as const }
    const top = async (query: object) =>
      (await store.top({ ...range, by: ['host'], order: 'bytes', limit: 8, ...query })).map(
        ({ key, sum }) => [Object.values(key).join(' '), sum.bytes],
      )
    assert.deepEqual(await top({}), [
      ['10.0.0.1', 50],
      ['10.0.0.2', 50],
      ['10.0.0.3', 50],
    ])
    assert.deepEqual(await top({ limit: 1 }), [['10.0.0.1', 50]])
    assert.deepEqual(
      (await top({ order: 'packets' })).map(([key]) => key),
      ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
    )
    assert.deepEqual(await top({ by: ['host', 'direction'], limit: 2 }), [
      ['10.0.0.3 in', 50],
      ['10.0.0.2 out', 40],
    ])
    assert.deepEqual(await top({ by: ['host', 'exporter'], exporters: [b] }), [
      [`10.0.0.2 ${b}`, 10],
    ])
    assert.deepEqual(await top({ exporters: ['203.0.113.9'] }), [])
    assert.deepEqual(await top({ fields: ['bytes'], limit: 1 }), [['10.0.0.1', 50]])
    assert.deepEqual((await top({ by: ['direction'] })).sort(), [
      ['in', 990],
      ['out', 60],
    ])
  })

  test('read: keys, the rest and other are separate; folded rows are added up and counted', async () => {
    const { store } = series
    const t = series.nextDay()
    const rows: Row[] = [
      { host: '10.0.0.1', direction: 'in', bytes: 30 },
      { host: '10.0.0.1', direction: 'out', bytes: 20 },
      { host: '10.0.0.2', direction: 'out', bytes: 40 },
      { host: '10.0.0.3', direction: 'in', bytes: 5 },
      { host: 'other', direction: 'in', bytes: 900 },
      { host: 'other', direction: 'out', bytes: 90 },
    ]
    const unknown = coverageOf(t + fine.stepMs, a, { known: 0, unknown: { lost: 1 } })
    await store.write(fine, [
      stepOf(coverageOf(t, a), { host: rows }),
      stepOf(coverageOf(t, b), { host: [{ host: '10.0.0.1', direction: 'in', bytes: 1 }] }),
      stepOf(unknown, { host: [{ host: '10.0.0.1', direction: 'in', bytes: 8 }] }),
    ])
    const query = {
      tier: fine,
      from: t,
      to: t + hourMs,
      measurement: 'host' as const,
      by: ['host'] as const,
    }
    const keys: SeriesKey[] = [{ host: '10.0.0.2' }, { host: '10.0.0.1' }, { host: '10.9.9.9' }]
    const all = readBack(await store.read({ ...query, keys }))
    assert.deepEqual(all, [
      [t, a, 0, { sum: 40, max: 40, unknown: 0, known: 1, parts: 1 }],
      [t, a, 1, { sum: 50, max: 50, unknown: 0, known: 1, parts: 2 }],
      [t, a, 3, { sum: 5, max: 5, unknown: 0, known: 1, parts: 1 }],
      [t, a, 4, { sum: 990, max: 990, unknown: 0, known: 1, parts: 2 }],
      [t, b, 1, { sum: 1, max: 1, unknown: 0, known: 1, parts: 1 }],
      [t + fine.stepMs, a, 1, { sum: 8, max: 0, unknown: 8, known: 0, parts: 1 }],
    ])
    const listed = readBack(await store.read({ ...query, keys, rest: false }))
    assert.deepEqual(
      listed.filter(([, , key]) => key !== 3),
      all.filter(([, , key]) => key !== 3),
    )
    assert.deepEqual(readBack(await store.read({ ...query, keys, fields: ['bytes'] })), all)
    const byDirection = await store.read({
      ...query,
      by: ['host', 'direction'],
      keys: [{ host: '10.0.0.1', direction: 'out' }],
    })
    assert.deepEqual(
      readBack(byDirection).map(([time, exporter, key, { sum }]) => [time, exporter, key, sum]),
      [
        [t, a, 0, 20],
        [t, a, 1, 75],
        [t, a, 2, 990],
        [t, b, 1, 1],
        [t + fine.stepMs, a, 1, 8],
      ],
    )
    const whole = await store.read({ ...query, by: ['direction'], keys: [{ direction: 'in' }] })
    assert.deepEqual(
      readBack(whole).map(([, , key, { sum }]) => [key, sum]),
      [
        [0, 935],
        [1, 150],
        [0, 1],
        [0, 8],
      ],
    )
    const nothing = await store.read({ ...query, keys, exporters: ['203.0.113.9'] })
    assert.equal(nothing.count, 0)
  })

  test('read, top and coverage: many keys and exporters in one query', async () => {
    const { store } = series
    const t = series.nextDay()
    const exporters = Array.from({ length: 400 }, (_, i) => `198.18.${i >> 8}.${i & 255}`)
    const keys: SeriesKey[] = exporters.slice(0, 100).flatMap((host) => [
      { host, direction: 'in' },
      { host, direction: 'out' },
    ])
    const step = (bytes: number) =>
      exporters.map((exporter) =>
        stepOf(coverageOf(t, exporter), {
          host: exporter === exporters[0] ? keys.map((key) => ({ ...key, bytes })) : [],
          total: [{ direction: 'in', bytes }],
        }),
      )
    await store.write(fine, step(3))
    const range = { tier: fine, from: t, to: t + hourMs, exporters }
    const hosts = { ...range, measurement: 'host', by: ['host', 'direction'] } as const
    const listed = await store.read({ ...hosts, keys, rest: false })
    assert.deepEqual(
      readBack(listed).map(([, , key, { sum }]) => [key, sum]),
      keys.map((_, place) => [place, 3]),
    )
    const totals = { ...range, measurement: 'total', by: ['exporter'] } as const
    const top = await store.top({ ...totals, order: 'bytes', limit: 1000 })
    assert.equal(top.length, exporters.length)
    assert.equal((await store.coverage(range)).length, exporters.length)
  })

  test('read: consolidated rows keep maxima, unknown parts and known intervals', async () => {
    const { store } = series
    const t = series.nextDay()
    const tier = tiers['2h']
    const row = (bytes: number, rest: Row): Row => ({
      bytes,
      bytes_max: bytes / 2,
      bytes_unknown: 1,
      ...rest,
    })
    await store.write(tier, [
      stepOf(coverageOf(t, a, { known: 24 }), {
        port: [
          row(100, { protocol: 'tcp', port: '443', direction: 'in', known: 24 }),
          row(60, { protocol: 'tcp', port: '443', direction: 'out', known: 20 }),
          row(40, { protocol: 'udp', port: '443', direction: 'in', known: 24 }),
          row(30, { protocol: 'other', port: 'other', direction: 'in', known: 24 }),
        ],
      }),
    ])
    const query = { tier, from: t, to: t + dayMs, measurement: 'port' as const }
    const keys = [{ protocol: 'tcp', port: '443' }]
    assert.deepEqual(readBack(await store.read({ ...query, by: ['protocol', 'port'], keys })), [
      [t, a, 0, { sum: 160, max: 80, unknown: 2, known: 24, parts: 2 }],
      [t, a, 1, { sum: 40, max: 20, unknown: 1, known: 24, parts: 1 }],
      [t, a, 2, { sum: 30, max: 15, unknown: 1, known: 24, parts: 1 }],
    ])
    assert.deepEqual(readBack(await store.read({ ...query, by: [], keys: [] })), [
      [t, a, 0, { sum: 230, max: 115, unknown: 4, known: 24, parts: 4 }],
    ])
  })

  test('read: figures equal to another field’s usual value, over a long time', async () => {
    const { store } = series
    const t = series.nextDay()
    for (const tier of [tiers['30m'], tiers['2h'], tiers['1d']]) {
      const usual = tier.stepMs / fine.stepMs
      const times = [0, 20, 40].map((days) => t - (100 + days) * dayMs)
      const row: Row = {
        direction: 'in',
        bytes: usual,
        packets: usual,
        flows: usual,
        known: usual,
      }
      for (const field of fieldNames) Object.assign(row, { [`${field}_unknown`]: usual })
      const total = (time: number, known: number) =>
        stepOf(coverageOf(time, a, { known }), { total: [{ ...row, known }] })
      const steps = times.map((time, i) => total(time, usual - i))
      await store.write(tier, steps)
      const range = { tier, from: times.at(-1)!, to: times[0]! + tier.stepMs }
      const query = { ...range, measurement: 'total' as const, by: [], keys: [] }
      for (const fields of [fieldNames, ['flows'], ['bytes']] as const) {
        const read = await store.read({ ...query, fields })
        for (const field of fields)
          if (field !== 'active')
            assert.deepEqual(
              [...read.sum[field]],
              times.map(() => usual),
            )
        for (const field of fields)
          assert.deepEqual(
            [...read.unknown[field]],
            times.map(() => usual),
          )
        assert.deepEqual([...read.known], [usual - 2, usual - 1, usual])
      }
    }
  })

  test('a range is [from, to)', async () => {
    const { store } = series
    const t = series.nextDay()
    const at = (time: number) =>
      stepOf(coverageOf(time, a), { total: [{ direction: 'in', bytes: time - t + 1 }] })
    const times = [t, t + fine.stepMs, t + 2 * fine.stepMs]
    await store.write(fine, times.map(at))
    assert.deepEqual(await stepsOf(store, fine, [times[1]!, times[2]!], a), plain([at(times[1]!)]))
    const range = { tier: fine, from: times[1]!, to: times[2]!, measurement: 'total' as const }
    const [top] = await store.top({ ...range, by: ['direction'], order: 'bytes', limit: 9 })
    assert.equal(top?.sum.bytes, fine.stepMs + 1)
    assert.deepEqual([...(await store.read({ ...range, by: [], keys: [] })).time], [times[1]])
  })

  test('texts of any kind come back, and are never part of a query’s text', async () => {
    const { store } = series
    const t = series.nextDay()
    const hosts = ["'; DROP TABLE x; --", 'a"b\\', '\\', 'ü → 🐟', '${x}', 'a=b,c d']
    const rows = hosts.map((host, i): Row => ({ host, direction: 'in', bytes: i + 1 }))
    const exporter = `2001:db8::1%eth0'"\\`
    const step = stepOf(coverageOf(t, exporter), { host: rows })
    await store.write(fine, [step])
    assert.deepEqual(await stepsOf(store, fine, [t, t + hourMs], exporter), plain([step]))
    const query = {
      tier: fine,
      from: t,
      to: t + hourMs,
      measurement: 'host' as const,
      by: ['host'] as const,
      exporters: [exporter],
    }
    const top = await store.top({ ...query, order: 'bytes', limit: 99 })
    assert.deepEqual(
      top.map(({ key }) => key.host),
      hosts.toReversed(),
    )
    const read = await store.read({ ...query, keys: hosts.map((host) => ({ host })) })
    assert.deepEqual(
      readBack(read).map(([, , key, { sum }]) => [key, sum]),
      hosts.map((_, i) => [i, i + 1]),
    )
  })
}
