/** /api/series from the archive: values computed by hand, and sums that always agree. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import * as fc from 'fast-check'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { exporterFilter } from '../../flow/filter.ts'
import { noNames } from '../../flow/filter/context.ts'
import { parseFilter } from '../../flow/filter/parse.ts'
import { appUnderTest, exporter, type Step } from './app-under-test.ts'
import { flow } from './memory-flows.ts'

const noon = Date.UTC(2026, 10, 16, 12)
const second = (n: number) => noon + n * 1000
const seconds = (ms: number) => ms / 1000
/** Every interval of half an hour is known. */
const known: Step[] = Array.from({ length: 6 }, (_, i) => ({ time: second(300 * i) }))

suite('/api/series from the archive', () => {
  test('spreads a flow over seconds, zero without traffic, null if nothing is known', async (t) => {
    const flows = [flow({ first: second(10), last: second(20), bytes: 1000, packets: 10 })]
    const { get } = await appUnderTest(t, { steps: { '5m': known }, flows })
    const url = `/api/series?from=${seconds(noon)}&to=${seconds(noon) + 600}`
    const answer = await get<SeriesAnswer>(url)
    assert.equal(answer.source, 'archive')
    assert.equal(answer.step, 1)
    const { values, summary } = answer.series[0]!
    assert.equal(values.length, 600)
    assert.deepEqual(values.slice(8, 12), [0, 0, 800, 800])
    assert.deepEqual(values.slice(18, 22), [800, 800, 0, 0])
    assert.equal(summary.total, 1000)
    assert.equal(summary.maximum, 800)
    // Two 5-minute values: 8000 bits in 300 s, and 0; the ceil(0.95 × 2)-th smallest.
    assert.equal(summary.p95, 8000 / 300)
    const active = await get<SeriesAnswer>(`${url}&measure=active`)
    assert.deepEqual(active.series[0]!.values.slice(9, 11), [0, 1])
    assert.equal(active.series[0]!.summary.total, 10)
  })

  test('steps in an unknown interval are null', async (t) => {
    const flows = [flow({ first: second(0), last: second(1800), bytes: 1800 })]
    const steps = structuredClone(known)
    steps[1] = { ...steps[1]!, known: 0, unknown: { 'exporter-restart': 1 } }
    const { get } = await appUnderTest(t, { steps: { '5m': steps }, flows })
    const url = `/api/series?from=${seconds(noon)}&to=${seconds(noon) + 900}&step=60`
    const { series, unknown } = await get<SeriesAnswer>(url)
    assert.deepEqual(series[0]!.values, [...fill(5, 8), ...fill(5, null), ...fill(5, 8)])
    assert.equal(series[0]!.summary.total, 900)
    assert.deepEqual(unknown, [[seconds(second(300)), seconds(second(600)), 'exporter-restart']])
  })

  test('in steps under 5 minutes, a short absence of an exporter is unknown and not 0', async (t) => {
    const other = '192.0.2.9'
    const sent = (first: number, last: number, from = exporter) =>
      flow({ first: second(first), last: second(last), bytes: last - first, exporter: from })
    const { get, flows } = await appUnderTest(t, {
      steps: { '5m': [...known, ...known.map((step) => ({ ...step, exporter: other }))] },
      flows: [sent(0, 60), sent(140, 300), sent(0, 300, other)],
    })
    const none = { exporter, lostFlows: 9, isRestart: false }
    flows.away.push(
      { ...none, from: second(60.2), to: second(140.4), lostDatagrams: 3 },
      { ...none, from: second(200), to: second(220), lostDatagrams: 2 },
    )
    const url = `/api/series?from=${seconds(noon)}&to=${seconds(noon) + 300}&filter=proto+tcp`
    const answers = await Promise.all(
      [1, 60, 300].map((step) => get<SeriesAnswer>(`${url}&step=${step}&exporter=${exporter}`)),
    )
    const [fine, minutes, whole] = answers.map(({ series }) => series[0]!)
    assert.deepEqual(fine!.values, [...fill(60, 8), ...fill(80, null), ...fill(160, 8)])
    assert.deepEqual(minutes!.values, [8, null, (8 * 40) / 60, 8, 8])
    assert.deepEqual(whole!.values, [(8 * 220) / 300], 'the interval is known, as in the totals')
    for (const { summary } of [fine!, minutes!, whole!])
      assert.deepEqual([summary.total, summary.p95], [220, (8 * 220) / 300])
    assert.deepEqual(answers.map(({ unknown }) => unknown), [
      [[seconds(second(60)), seconds(second(140)), 'lost']],
      [[seconds(second(60)), seconds(second(120)), 'lost']],
      [],
    ]) // prettier-ignore
    const both = await get<SeriesAnswer>(`${url}&step=60&by=exporter`)
    const minuteOf = (address: string) =>
      both.series.find(({ key }) => key!['exporter'] === address)!.values[1]
    assert.deepEqual([minuteOf(exporter), minuteOf(other)], [null, 8])
    const all = await get<SeriesAnswer>(`${url}&step=60`)
    assert.deepEqual(all.series[0]!.values[1], null, 'a sum is unknown while a part of it is')
    const part = await get<SeriesAnswer>(`${url}&step=60&known=any`)
    assert.deepEqual([part.unknown, part.unknownOf], [all.unknown, [exporter]])
    assert.deepEqual(part.series[0]!.values.slice(0, 2), [16, 8], 'or at least what is known')
    flows.away.push({
      ...none,
      exporter: other,
      from: second(60),
      to: second(120),
      lostDatagrams: 3,
    })
    const neither = await get<SeriesAnswer>(`${url}&step=60&known=any`)
    assert.deepEqual(neither.series[0]!.values.slice(0, 2), [16, null])
    assert.equal(neither.unknownOf, undefined, 'nobody is known')
  })

  test('a window under 5 minutes has no p95, and says why', async (t) => {
    const flows = [flow({ first: second(10), last: second(20) })]
    const { get } = await appUnderTest(t, { steps: { '5m': known }, flows })
    const url = `/api/series?from=${seconds(noon) + 5}&to=${seconds(noon) + 65}`
    const { series } = await get<SeriesAnswer>(url)
    assert.equal(series[0]!.summary.p95, null)
    assert.match(series[0]!.summary.p95Reason!, /5-minute/)
  })

  test('queries with the filter and the exporter, and judges by that exporter alone', async (t) => {
    const away: Step[] = known.map((step) => ({
      ...step,
      exporter: '192.0.2.9',
      known: 0,
      unknown: { lost: 1 },
    }))
    const flows = [
      flow({ first: second(0), last: second(600), bytes: 600 }),
      flow({ first: second(0), last: second(600), bytes: 6000, source: '198.51.100.7' }),
    ]
    const { get, flows: store } = await appUnderTest(t, {
      steps: { '5m': [...known, ...away] },
      flows,
    })
    const url = `/api/series?from=${seconds(noon)}&to=${seconds(noon) + 600}&step=300`
    const all = await get<SeriesAnswer>(`${url}&filter=host+203.0.113.80`)
    assert.deepEqual(all.series[0]!.values, [null, null])
    const one = await get<SeriesAnswer>(`${url}&filter=host+203.0.113.80&exporter=${exporter}`)
    assert.deepEqual(one.series[0]!.values, [8, 8])
    assert.deepEqual(store.asked.at(-1)!.filter, {
      kind: 'and',
      terms: [parseFilter('host 203.0.113.80', noNames), exporterFilter(exporter)],
    })
    const named = await get<SeriesAnswer>(`${url}&filter=exporter+${exporter}`)
    assert.equal(named.series[0]!.summary.total, 6600)
  })

  test('folds to long steps: mean over known intervals, their maximum, null below half', async (t) => {
    const flows = [flow({ first: second(0), last: second(600), bytes: 600 })]
    const steps = structuredClone(known)
    for (const at of [3, 4]) steps[at] = { ...steps[at]!, known: 0, unknown: { lost: 1 } }
    const { get } = await appUnderTest(t, { steps: { '5m': steps }, flows })
    const url = `/api/series?from=${seconds(noon)}&to=${seconds(noon) + 3600}&step=1800&filter=proto+tcp`
    const { series } = await get<SeriesAnswer>(url)
    // 8, 8, 0, unknown, unknown, 0 bit/s; the second half hour was never seen.
    assert.deepEqual(series[0]!.values, [4, null])
    assert.equal(series[0]!.summary.maximum, 8)
    const { series: peaks } = await get<SeriesAnswer>(`${url}&cf=max`)
    assert.deepEqual(peaks[0]!.values, [8, null])
  })

  test('a year is answered of which the archive holds half an hour, without losing any of it', async (t) => {
    const flows = [flow({ first: second(0), last: second(600), bytes: 600 })]
    const { get } = await appUnderTest(t, { steps: { '5m': known }, flows })
    const url = `/api/series?from=${seconds(noon) - 366 * 86_400}&to=${seconds(noon) + 1800}`
    const { series, step } = await get<SeriesAnswer>(`${url}&step=1800&filter=proto+tcp`)
    const { values, summary } = series[0]!
    assert.equal(step, 1800)
    assert.deepEqual([values.length, values.at(-2), values.at(-1)], [366 * 48 + 1, null, 16 / 6])
    assert.deepEqual([summary.total, summary.maximum, summary.p95], [600, 8, 8])
  })

  test('flows are at their time in a window that begins before the archive, at any step', async (t) => {
    const flows = [flow({ first: second(0), last: second(600), bytes: 600 })]
    const { get } = await appUnderTest(t, { steps: { '5m': known }, flows })
    const from = seconds(noon) - 3600
    for (const step of [10, 30, 60, 300, 1800]) {
      const url = `/api/series?from=${from}&to=${seconds(noon) + 1800}&step=${step}&filter=proto+tcp`
      const { time, series } = await get<SeriesAnswer>(url)
      const { values, summary } = series[0]!
      assert.equal(values.length, time.length)
      const first = values.findIndex((value) => value !== null && value > 0)
      assert.equal(time[first], seconds(noon), `steps of ${step} s`)
      assert.deepEqual([values[first - 1], summary.total], [null, 600])
    }
  })

  test('a refusal says how to query without what only the archive can answer', async (t) => {
    const flows = [flow({ first: second(0), last: second(600), bytes: 600 })]
    const { refused } = await appUnderTest(t, { steps: { '5m': known }, flows })
    const before = `/api/series?from=${seconds(noon) - 7200}&to=${seconds(noon) - 3600}`
    for (const [asked, remedy] of [
      ['filter=proto+tcp', /^leave out the filter: those totals/],
      ['measure=connections', /^measure flows or active in place of connections: those/],
      ['by=interface,port', /^ask by host, port,/],
      ['include=start&filter=proto+tcp', /^leave out the filter, and leave out include: those/],
    ] as const)
      assert.match((await refused(`${before}&${asked}`)).remedy, remedy)
  })

  test('answers splits that are not stored', async (t) => {
    const flows = [flow({ first: second(0), last: second(600), bytes: 600 })]
    const { get } = await appUnderTest(t, { steps: { '5m': known }, flows })
    const url = `/api/series?from=${seconds(noon)}&to=${seconds(noon) + 600}&step=300&by=interface,port`
    const { series, source } = await get<SeriesAnswer>(url)
    assert.equal(source, 'archive')
    assert.deepEqual(series.map(({ key }) => key), [
      { interface: 1, protocol: 'tcp', port: 443 },
      { interface: 2, protocol: 'tcp', port: 443 },
    ]) // prettier-ignore
  })

  test('shows nothing that has not been counted yet', async (t) => {
    const steps = structuredClone(known)
    steps[5]!.openUntil = second(1620)
    const flows = [flow({ first: second(0), last: second(1800), bytes: 1800 })]
    const { get } = await appUnderTest(t, { steps: { '5m': steps }, flows })
    const url = `/api/series?from=${seconds(second(1500))}&to=${seconds(second(1800))}&step=60`
    const { series, open } = await get<SeriesAnswer>(url)
    assert.deepEqual(series[0]!.values, [8, 8, null, null, null])
    assert.deepEqual(open, [seconds(second(1500)), seconds(second(1620))])
  })

  test('the last value is that of the last complete interval, since flows of the open one are yet to come', async (t) => {
    const steps = structuredClone(known)
    steps[5]!.openUntil = second(1620)
    const flows = [flow({ first: second(0), last: second(1500), bytes: 1500 })]
    const { get } = await appUnderTest(t, { steps: { '5m': steps }, flows })
    for (const step of [60, 300]) {
      const url = `/api/series?from=${seconds(noon)}&to=${seconds(second(1800))}&step=${step}&filter=proto+tcp`
      const { summary } = (await get<SeriesAnswer>(url)).series[0]!
      const { last, minimum, average, total } = summary
      assert.deepEqual([last, minimum, average, total], [8, 8, 8, 1500], `${step}`)
    }
  })

  test('a long step that is still open is drawn from what has begun of it, like that of a tier', async (t) => {
    const steps = structuredClone(known.slice(0, 2))
    steps[1]!.openUntil = second(599)
    const flows = [flow({ first: second(0), last: second(600), bytes: 600 })]
    const { get } = await appUnderTest(t, { steps: { '5m': steps }, flows })
    for (const step of [1800, 7200, 86_400]) {
      const url = `/api/series?from=${seconds(noon)}&to=${seconds(noon) + 86_400}&step=${step}&filter=proto+tcp`
      const { series, time, open } = await get<SeriesAnswer>(url)
      const { values } = series[0]!
      const at = time.findLastIndex((begin) => begin <= seconds(noon))
      if (step === 86_400) assert.equal(values[at], null, 'the morning was not seen')
      else assert.deepEqual(values.slice(at, at + 2), [8, null], `${step}`)
      assert.equal(open?.[1], seconds(second(599)))
    }
  })

  test('property: the listed keys add up to the total, at every step and split', async (t) => {
    const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '203.0.113.1', '203.0.113.2')
    const record = fc
      .record({
        first: fc.integer({ min: 0, max: 1799 }),
        seconds: fc.integer({ min: 0, max: 900 }),
        bytes: fc.integer({ min: 1, max: 1e9 }),
        source: address,
        destination: address,
        sourcePort: fc.constantFrom(53, 80, 443, 50_000),
        protocol: fc.constantFrom('tcp', 'udp', 'icmp'),
      })
      .map(({ first, seconds: length, ...rest }) =>
        flow({ ...rest, first: second(first), last: second(first + length) }),
      )
    const { get, flows: store } = await appUnderTest(t, {
      steps: { '5m': known },
      flows: [flow({ first: second(0), last: second(1) })],
    })
    const window = `from=${seconds(noon)}&to=${seconds(noon) + 2700}`
    const bys = [['', 1], ['direction', 1], ['port', 1], ['host', 2], ['host,direction', 2]] as const // prettier-ignore
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(1, 10, 60),
        async (drawn, top, step) => {
          // The archive must begin with the series, or it does not cover the window.
          const records = [flow({ first: second(0), last: second(1) }), ...drawn]
          store.flows.splice(0, Infinity, ...records)
          const total = records.reduce((sum, { bytes }) => sum + bytes, 0)
          for (const [by, times] of bys) {
            const url = `/api/series?${window}&step=${step}&top=${top}${by && `&by=${by}`}`
            const { series, source } = await get<SeriesAnswer>(url)
            assert.equal(source, 'archive')
            const sum = series.reduce((added, { summary }) => added + summary.total, 0)
            assert.equal(sum, total * times)
          }
        },
      ),
      { numRuns: 25 },
    )
  })
})

function fill<Value>(count: number, value: Value): Value[] {
  return Array.from({ length: count }, () => value)
}
