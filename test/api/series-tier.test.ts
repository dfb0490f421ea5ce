/** /api/series from the tiers: values computed by hand. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { appUnderTest, exporter, type Step } from './app-under-test.ts'

const noon = Date.UTC(2026, 10, 16, 12)
const minutes = (n: number) => noon + n * 60_000
const seconds = (ms: number) => ms / 1000
/** The hour of the steps below, from the 5-minute tier. */
const hour = `from=${seconds(noon)}&to=${seconds(minutes(60))}&step=300`

/** 3 MB in and 1 MB out in each of 12 intervals; host a receives four fifths of the 3 MB. */
function steadyHour(): Step[] {
  return Array.from({ length: 12 }, (_, i) => ({
    time: minutes(5 * i),
    rows: {
      total: [
        { direction: 'in', bytes: 3_000_000, packets: 3000, flows: 30, active: 600_000 },
        { direction: 'out', bytes: 1_000_000, packets: 1000, flows: 10, active: 300_000 },
      ],
      host: [
        { host: '10.0.0.1', direction: 'in', bytes: 2_400_000 },
        { host: '10.0.0.2', direction: 'in', bytes: 600_000 },
        { host: '10.0.0.1', direction: 'out', bytes: 1_000_000 },
        { host: '203.0.113.1', direction: 'out', bytes: 3_000_000 },
        { host: '203.0.113.1', direction: 'in', bytes: 1_000_000 },
      ],
      port: [
        { protocol: 'tcp', port: '443', direction: 'in', bytes: 3_000_000 },
        { protocol: 'tcp', port: '443', direction: 'out', bytes: 900_000 },
        { protocol: 'icmp', port: 'none', direction: 'out', bytes: 100_000 },
      ],
    },
  }))
}

suite('/api/series from a tier', () => {
  test('returns bits per second, all steps, and the total in bytes', async (t) => {
    const { get } = await appUnderTest(t, { steps: { '5m': steadyHour() } })
    const answer = await get<SeriesAnswer>(`/api/series?${hour}`)
    assert.equal(answer.source, '5m')
    assert.equal(answer.step, 300)
    assert.equal(answer.snapped, false)
    assert.deepEqual(
      answer.time,
      Array.from({ length: 12 }, (_, i) => seconds(minutes(5 * i))),
    )
    const [all, ...more] = answer.series
    assert.deepEqual(more, [])
    assert.equal(all!.key, null)
    // 4 MB in 300 s.
    assert.deepEqual(new Set(all!.values), new Set([(4_000_000 * 8) / 300]))
    assert.equal(all!.summary.total, 48_000_000)
    assert.equal(all!.summary.p95, (4_000_000 * 8) / 300)
    assert.deepEqual(answer.unknown, [])
    assert.equal(answer.open, null)
  })

  test('a single key by name, even if it is not among the greatest', async (t) => {
    const { get, app } = await appUnderTest(t, { steps: { '5m': steadyHour() } })
    const { series, source } = await get<SeriesAnswer>(
      `/api/series?${hour}&by=host,direction&top=1&key=10.0.0.2`,
    )
    assert.equal(source, '5m')
    assert.deepEqual(
      series.map(({ key, summary }) => [key, summary.total]),
      [[{ host: '10.0.0.2', direction: 'in' }, 7_200_000]],
    )
    const port = await get<SeriesAnswer>(`/api/series?${hour}&by=port&key=tcp/443`)
    assert.deepEqual(
      port.series.map(({ key, summary }) => [key, summary.total]),
      [[{ protocol: 'tcp', port: 443 }, 46_800_000]],
    )
    const none = await get<SeriesAnswer>(`/api/series?${hour}&by=host,direction&key=10.9.9.9`)
    assert.equal(none.series.length, 0)
    for (const query of [
      'by=host&key=a/b',
      'by=direction&key=in',
      'key=x',
      'by=host&key=10.0.0.2&filter=port+443',
    ])
      assert.equal((await app.inject(`/api/series?${hour}&${query}`)).statusCode, 400, query)
  })

  test('a key is accepted as people write it, and refused if impossible', async (t) => {
    const { get, refused } = await appUnderTest(t, { steps: { '5m': steadyHour() } })
    const one = async (query: string) => {
      const { series } = await get<SeriesAnswer>(`/api/series?${hour}&${query}`)
      return series[0]?.summary.total
    }
    assert.equal(await one('by=host,direction&key=::ffff:10.0.0.2'), 7_200_000)
    assert.equal(await one('by=port&key=TCP/0443'), 46_800_000)
    assert.equal(await one('by=port&key=6/443'), 46_800_000)
    for (const [query, message] of [
      ['by=host,direction&key=not-an-ip', '"not-an-ip" is not a valid host'],
      ['by=host&key=10.0.0.256', '"10.0.0.256" is not a valid host'],
      ['by=host&key=other', '"other" is not a valid host'],
      ['by=port&key=tcp/65536', '"65536" is not a valid port'],
      ['by=port&key=tpc/443', '"tpc" is not a valid protocol'],
      ['by=protocol&key=256', '"256" is not a valid protocol'],
      ['by=interface&key=eth0', '"eth0" is not a valid interface'],
      ['by=exporter&key=pfsense', '"pfsense" is not a valid exporter'],
    ] as const) {
      const fault = await refused(`/api/series?${hour}&${query}`)
      assert.deepEqual([fault.code, fault.message], ['bad-key', message])
    }
  })

  for (const [measure, value, total] of [
    ['packets', 4000 / 300, 48_000],
    ['flows', 40 / 300, 480],
    ['active', 3, 12 * 900],
  ] as const)
    test(`returns ${measure}`, async (t) => {
      const { get } = await appUnderTest(t, { steps: { '5m': steadyHour() } })
      const { series } = await get<SeriesAnswer>(`/api/series?${hour}&measure=${measure}`)
      assert.equal(series[0]!.values[0], value)
      assert.equal(series[0]!.summary.total, total)
    })

  test('adds received and sent by host, and lists the rest as other', async (t) => {
    const { get } = await appUnderTest(t, { steps: { '5m': steadyHour() } })
    const { series } = await get<SeriesAnswer>(`/api/series?${hour}&by=host&top=1`)
    assert.deepEqual(
      series.map(({ key, label, summary }) => [key, label, summary.total / 12]),
      [
        [{ host: '203.0.113.1' }, '203.0.113.1', 4_000_000],
        [{ other: true }, 'other', 4_000_000],
      ],
    )
    const { series: all } = await get<SeriesAnswer>(`/api/series?${hour}&by=host`)
    assert.equal(all.length, 3, 'nothing was cut, so there is no other')
  })

  test('keeps both directions of each listed host, and an other for each', async (t) => {
    const { get } = await appUnderTest(t, { steps: { '5m': steadyHour() } })
    const { series } = await get<SeriesAnswer>(`/api/series?${hour}&by=host,direction&top=1`)
    assert.deepEqual(
      series.map(({ key, summary }) => [key, summary.total / 12]),
      [
        [{ host: '203.0.113.1', direction: 'in' }, 1_000_000],
        [{ host: '203.0.113.1', direction: 'out' }, 3_000_000],
        [{ other: true, direction: 'in' }, 3_000_000],
        [{ other: true, direction: 'out' }, 1_000_000],
      ],
    )
  })

  test('returns a port with its protocol and service', async (t) => {
    const { get } = await appUnderTest(t, { steps: { '5m': steadyHour() } })
    const { series } = await get<SeriesAnswer>(`/api/series?${hour}&by=port`)
    assert.deepEqual(
      series.map(({ key, label }) => [key, label]),
      [
        [{ protocol: 'tcp', port: 443 }, '443/tcp https'],
        [{ protocol: 'icmp', port: 'none' }, 'icmp'],
      ],
    )
  })

  test('labels hosts and exporters with their names', async (t) => {
    const names = { networks: { '10.0.0.1': 'anna' }, exporters: { [exporter]: 'pfsense' } }
    const { get } = await appUnderTest(t, { steps: { '5m': steadyHour() }, names })
    const hosts = await get<SeriesAnswer>(`/api/series?${hour}&by=host`)
    assert.ok(hosts.series.some(({ label }) => label === 'anna (10.0.0.1)'))
    const exporters = await get<SeriesAnswer>(`/api/series?${hour}&by=exporter&exporter=pfsense`)
    assert.equal(exporters.series[0]!.label, `pfsense (${exporter})`)
  })

  test('widens the window to whole steps and says so', async (t) => {
    const { get } = await appUnderTest(t, { steps: { '5m': steadyHour() } })
    const [from, to] = [seconds(noon) + 10, seconds(noon) + 310]
    const answer = await get<SeriesAnswer>(`/api/series?from=${from}&to=${to}&step=300`)
    assert.deepEqual([answer.from, answer.to], [seconds(noon), seconds(minutes(10))])
    assert.deepEqual(answer.asked, { from, to })
    assert.equal(answer.snapped, true)
  })

  test('returns unknown time as null, keeps its sums in the total, and gives its reason', async (t) => {
    const steps = steadyHour()
    steps[3] = { ...steps[3]!, known: 0, unknown: { lost: 1 } }
    steps[4] = { ...steps[4]!, known: 0, unknown: { lost: 1 }, lostFlows: 7 }
    const { get } = await appUnderTest(t, { steps: { '5m': steps } })
    const answer = await get<SeriesAnswer>(`/api/series?${hour}`)
    const { values, summary } = answer.series[0]!
    assert.deepEqual([values[2], values[3], values[4]], [(4e6 * 8) / 300, null, null])
    assert.equal(summary.total, 48_000_000)
    assert.deepEqual(answer.unknown, [[seconds(minutes(15)), seconds(minutes(25)), 'lost']])
    assert.deepEqual(answer.lost, [[seconds(minutes(20)), seconds(minutes(25)), 7, false]])
  })

  test('gives not-seen before the first interval and after the last', async (t) => {
    const { get } = await appUnderTest(t, { steps: { '5m': steadyHour().slice(1, 11) } })
    const answer = await get<SeriesAnswer>(`/api/series?${hour}`)
    assert.deepEqual(answer.unknown, [
      [seconds(noon), seconds(minutes(5)), 'not-seen'],
      [seconds(minutes(55)), seconds(minutes(60)), 'not-seen'],
    ])
    assert.equal(answer.series[0]!.values[0], null)
  })

  test('treats a hole between stored intervals as unknown', async (t) => {
    const steps = steadyHour()
    steps.splice(5, 2)
    const { get } = await appUnderTest(t, { steps: { '5m': steps } })
    const answer = await get<SeriesAnswer>(`/api/series?${hour}`)
    assert.deepEqual(answer.unknown, [
      [seconds(minutes(25)), seconds(minutes(35)), 'not-listening'],
    ])
  })

  test('is unknown if an exporter in the sum is, and known if one did not exist yet', async (t) => {
    const second = '192.0.2.2'
    const others: Step[] = steadyHour().slice(6).map((step) => ({ ...step, exporter: second })) // prettier-ignore
    others[2] = { ...others[2]!, known: 0, unknown: { 'exporter-restart': 1 } }
    const { get } = await appUnderTest(t, { steps: { '5m': [...steadyHour(), ...others] } })
    const answer = await get<SeriesAnswer>(`/api/series?${hour}`)
    const rate = (4e6 * 8) / 300
    const { values } = answer.series[0]!
    assert.deepEqual(values.slice(4, 10), [rate, rate, 2 * rate, 2 * rate, null, 2 * rate])
    const part = await get<SeriesAnswer>(`/api/series?${hour}&known=any`)
    assert.deepEqual([part.unknown, part.unknownOf], [answer.unknown, [second]])
    assert.deepEqual(part.series[0]!.values.slice(7, 10), [2 * rate, rate, 2 * rate])
    const split = await get<SeriesAnswer>(`/api/series?${hour}&by=exporter`)
    const byAddress = new Map(split.series.map(({ key, values: own }) => [key!['exporter'], own]))
    assert.deepEqual(byAddress.get(second)!.slice(5, 9), [null, rate, rate, null])
    assert.equal(byAddress.get(exporter)![8], rate)
  })

  test('a sum of exporters that are known at different times has no maximum below its mean', async (t) => {
    const second = '192.0.2.2'
    const rows = { total: [{ direction: 'in', bytes: 3_000_000 }] }
    const lost = { known: 0, unknown: { lost: 1 } }
    const fine = [exporter, second].flatMap((each, half) =>
      Array.from({ length: 6 }, (_, i): Step => {
        const isKnown = i < 3 === (half === 0)
        return { exporter: each, time: minutes(5 * i), ...(isKnown ? { rows } : lost) }
      }),
    )
    const total = [{ direction: 'in', bytes: 9_000_000, known: 3, max: { bytes: 3_000_000 } }]
    const coarse = [exporter, second].map((each): Step => ({ exporter: each, time: noon, known: 3, unknown: { lost: 3 }, rows: { total } })) // prettier-ignore
    const { get } = await appUnderTest(t, { steps: { '5m': fine, '30m': coarse } })
    const url = `/api/series?from=${seconds(noon)}&to=${seconds(minutes(30))}&step=1800&known=any`
    const rate = (3e6 * 8) / 300
    const [mean, most] = [await get<SeriesAnswer>(url), await get<SeriesAnswer>(`${url}&cf=max`)]
    assert.deepEqual(mean.series[0]!.values, [2 * rate], 'each has the mean of its own time')
    assert.deepEqual(most.series[0]!.values, [2 * rate])
    assert.equal(most.series[0]!.maximumIsBound, true)
  })

  test('cuts exporters and interfaces like any key', async (t) => {
    const own = steadyHour().map((step) => ({
      ...step,
      rows: {
        ...step.rows,
        interface: [
          { interface: '1', direction: 'in', bytes: 3_000_000 },
          { interface: '2', direction: 'out', bytes: 3_000_000 },
          { interface: '2', direction: 'in', bytes: 1_000_000 },
        ],
      },
    }))
    const second = steadyHour().map((step) => ({
      ...step,
      exporter: '192.0.2.2',
      rows: { total: [{ direction: 'in', bytes: 100 }] },
    }))
    const names = { exporters: { [exporter]: { name: 'pfsense', interfaces: { 2: 'lan' } } } }
    const { get } = await appUnderTest(t, { steps: { '5m': [...own, ...second] }, names })
    const list = async (by: string) => {
      const { series } = await get<SeriesAnswer>(`/api/series?${hour}&top=1&by=${by}`)
      return series.map(({ key, label, summary }) => [key, label, summary.total / 12])
    }
    assert.deepEqual(await list('exporter'), [
      [{ exporter }, `pfsense (${exporter})`, 4_000_000],
      [{ other: true }, 'other', 100],
    ])
    assert.deepEqual(await list(`interface&exporter=${exporter}`), [
      [{ interface: 2 }, 'lan (2)', 4_000_000],
      [{ other: true }, 'other', 3_000_000],
    ])
    assert.deepEqual(await list('interface,direction'), [
      [{ interface: 2, direction: 'in' }, 'interface 2 in', 1_000_000],
      [{ interface: 2, direction: 'out' }, 'interface 2 out', 3_000_000],
      [{ other: true, direction: 'in' }, 'other in', 3_000_000],
    ])
  })

  test('has no other if everything is listed, however many bytes there are', async (t) => {
    // Together beyond 2^53, where doubles are not exact: 40 TB per step of each of three protocols.
    const of = (i: number) => [40e12 + 7 * i + 1, 40e12 + 3 * i + 2, 40e12 + 5 * i]
    const steps = Array.from({ length: 300 }, (_, i) => ({
      time: minutes(5 * i),
      rows: {
        total: [{ direction: 'in', bytes: of(i).reduce((sum, bytes) => sum + bytes) }],
        protocol: of(i).map((bytes, k) => ({
          protocol: ['tcp', 'udp', 'gre'][k]!,
          direction: 'in',
          bytes,
        })),
      },
    }))
    const { get } = await appUnderTest(t, { steps: { '5m': steps } })
    const day = `from=${seconds(noon)}&to=${seconds(minutes(1500))}&step=300`
    const { series } = await get<SeriesAnswer>(`/api/series?${day}&by=protocol`)
    assert.deepEqual(series.map(({ label }) => label).sort(), ['gre', 'tcp', 'udp'])
    const cut = await get<SeriesAnswer>(`/api/series?${day}&by=protocol&top=1`)
    const rest = cut.series.find(({ key }) => key && 'other' in key)!
    assert.ok(cut.series.length === 2 && rest.values.every((value) => value! > 0))
  })

  test('a key that has no row at all is null, not 0, where an other row may hold it, and that is said', async (t) => {
    const steps = steadyHour()
    for (const each of steps.slice(3, 9))
      each.rows!.host!.push({ host: 'other', direction: 'in', bytes: 600_000 })
    const { get } = await appUnderTest(t, { steps: { '5m': steps } })
    const ask = (query: string) => get<SeriesAnswer>(`/api/series?${hour}&${query}`)
    const { series, remarks } = await ask('by=host&key=10.0.0.99')
    assert.deepEqual(
      series[0]!.values,
      steps.map((_, i) => (i >= 3 && i < 9 ? null : 0)),
    )
    assert.match(remarks.join(), /not among the greatest.*\(WEIR_TOP\).*totals are at least these/)
    assert.deepEqual((await ask('by=host,direction&key=10.0.0.99')).remarks, remarks)
    // The list and a port are whole.
    assert.deepEqual((await ask('by=port&top=5')).remarks, [])
    assert.deepEqual((await ask('by=host&key=10.0.0.1')).remarks, [])
    assert.deepEqual((await ask('by=host,direction&key=10.0.0.2')).remarks, [])
  })

  test('is 0 for a key without a row, but null where an other row may hold it', async (t) => {
    const steps = steadyHour()
    const without = steps[2]!.rows!.host!.filter(({ host }) => host !== '10.0.0.2')
    steps[2]!.rows!.host = [...without, { host: 'x', direction: 'in', bytes: 600_000 }]
    steps[3]!.rows!.host = [...without, { host: 'other', direction: 'in', bytes: 600_000 }]
    const { get } = await appUnderTest(t, { steps: { '5m': steps } })
    const { series } = await get<SeriesAnswer>(`/api/series?${hour}&by=host`)
    const own = series.find(({ key }) => key!['host'] === '10.0.0.2')!
    assert.deepEqual(own.values.slice(1, 4), [16_000, 0, null])
    assert.deepEqual(series.at(-1)!.key, { other: true })
    assert.deepEqual(series.at(-1)!.values.slice(2, 5), [0, 16_000, 0])
  })

  test('marks the open last step and averages only what has been counted of it', async (t) => {
    const steps = steadyHour()
    steps[11]!.openUntil = minutes(57)
    const { get } = await appUnderTest(t, { steps: { '5m': steps } })
    const answer = await get<SeriesAnswer>(`/api/series?${hour}`)
    assert.deepEqual(answer.open, [seconds(minutes(55)), seconds(minutes(57))])
    const { values, summary } = answer.series[0]!
    assert.equal(values[11], (4e6 * 8) / 120)
    assert.equal(summary.last, (4e6 * 8) / 300, 'the last closed step')
  })
})

suite('/api/series from a consolidated tier', () => {
  /** Two half hours of one host; its received and sent peak in different intervals. */
  const coarse: Step[] = [0, 30].map((start) => ({
    time: minutes(start),
    known: 6,
    rows: {
      total: [
        { direction: 'in', bytes: 1200, max: { bytes: 900 } },
        { direction: 'out', bytes: 600, max: { bytes: 500 } },
      ],
      host: [
        { host: '10.0.0.1', direction: 'in', bytes: 1200, max: { bytes: 900 } },
        { host: '10.0.0.1', direction: 'out', bytes: 600, max: { bytes: 500 } },
        { host: '203.0.113.1', direction: 'in', bytes: 600, max: { bytes: 500 } },
        { host: '203.0.113.1', direction: 'out', bytes: 1200, max: { bytes: 900 } },
      ],
    },
  }))
  const window = `from=${seconds(noon)}&to=${seconds(minutes(60))}&step=1800`

  test('averages over known intervals and leaves out the bytes of unknown ones', async (t) => {
    const [first, second] = structuredClone(coarse) as [Step, Step]
    first.known = 4
    first.unknown = { lost: 2 }
    first.rows!.total = [
      { direction: 'in', bytes: 1200, max: { bytes: 900 }, unknown: { bytes: 300 } },
    ]
    second.known = 2
    second.unknown = { lost: 4 }
    const { get } = await appUnderTest(t, { steps: { '30m': [first, second] } })
    const answer = await get<SeriesAnswer>(`/api/series?${window}`)
    const { values, summary } = answer.series[0]!
    // 900 bytes in 4 × 300 s; then less than half is known.
    assert.deepEqual(values, [(900 * 8) / 1200, null])
    assert.equal(summary.total, 3000)
    assert.deepEqual(answer.unknown, [[seconds(minutes(30)), seconds(minutes(60)), 'lost']])
    assert.equal(summary.p95, null)
    assert.match(summary.p95Reason!, /5-minute totals/)
  })

  test('marks the sum of maxima as a bound if no 5-minute totals are left', async (t) => {
    const { get } = await appUnderTest(t, { steps: { '30m': coarse } })
    const { series } = await get<SeriesAnswer>(`/api/series?${window}&by=host&cf=max`)
    assert.deepEqual(series[0]!.values, [(1400 * 8) / 300, (1400 * 8) / 300])
    assert.equal(series[0]!.maximumIsBound, true)
    assert.equal(series[0]!.summary.maximumIsBound, true)
    const split = await get<SeriesAnswer>(`/api/series?${window}&by=host,direction&cf=max`)
    assert.deepEqual(
      split.series.map(({ values, maximumIsBound }) => [values[0], maximumIsBound]),
      [900, 500, 500, 900].map((sum) => [(sum * 8) / 300, undefined]),
    )
  })

  test('a peak in a step with too little known to be drawn still counts for the maximum', async (t) => {
    const total = (bytes: number) => ({ total: [{ direction: 'in', bytes }] })
    const fine = [50, 900, 10, 10, 10, 10, 10, 10].map((bytes, i) => ({
      time: minutes(20 + 5 * i),
      rows: total(bytes),
    }))
    const [first, second] = [
      { time: minutes(0), known: 2, unknown: { 'not-seen': 4 }, rows: total(950) },
      { time: minutes(30), known: 6, rows: total(60) },
    ]
    const { get } = await appUnderTest(t, { steps: { '5m': fine, '30m': [first, second] } })
    const { series } = await get<SeriesAnswer>(`/api/series?${window}`)
    const { values, summary } = series[0]!
    assert.deepEqual(values, [null, (60 * 8) / 1800])
    assert.deepEqual([summary.maximum, summary.maximumIsBound], [(900 * 8) / 300, undefined])
    assert.deepEqual([summary.average, summary.total], [(60 * 8) / 1800, 1010])
  })

  test('a key of which nothing is stored has no line in coarse steps either', async (t) => {
    const { get } = await appUnderTest(t, { steps: { '5m': steadyHour(), '30m': coarse } })
    for (const asked of ['&cf=average', '&cf=max']) {
      const query = `${window}&by=host,direction&key=10.9.9.9${asked}`
      const { series, source } = await get<SeriesAnswer>(`/api/series?${query}`)
      assert.deepEqual([source, series], ['30m', []])
    }
  })

  test('takes exact maxima and p95 from the 5-minute totals while they last', async (t) => {
    const bytes: [number, number][] = [[900, 50], [100, 500], [50, 50], [50, 0], [50, 0], [50, 0]] // prettier-ignore
    const fine = [0, 30].flatMap((start) =>
      bytes.map(([received, sent], i) => ({
        time: minutes(start + 5 * i),
        rows: {
          total: [
            { direction: 'in', bytes: received },
            { direction: 'out', bytes: sent },
          ],
          host: [
            { host: '10.0.0.1', direction: 'in', bytes: received },
            { host: '10.0.0.1', direction: 'out', bytes: sent },
          ],
        },
      })),
    )
    const { get } = await appUnderTest(t, { steps: { '5m': fine, '30m': coarse } })
    for (const by of ['', '&by=host', '&by=exporter']) {
      const { series, source } = await get<SeriesAnswer>(`/api/series?${window}${by}&cf=max`)
      assert.equal(source, '30m')
      assert.deepEqual(series[0]!.values, [(950 * 8) / 300, (950 * 8) / 300])
      const { maximum, maximumIsBound, p95, average } = series[0]!.summary
      assert.equal(maximum, (950 * 8) / 300)
      assert.equal(maximumIsBound, undefined)
      // The 12th of 12 values sorted: ceil(0.95 × 12) = 12.
      assert.equal(p95, (950 * 8) / 300)
      assert.equal(average, (1800 * 8) / 1800)
    }
  })

  test('checks the remaining 5-minute totals for a maximum that they may hold', async (t) => {
    const old: Step = { ...structuredClone(coarse[0]!), time: minutes(-30) }
    const fine = Array.from({ length: 6 }, (_, i) => ({
      time: minutes(30 + 5 * i),
      rows: { total: [{ direction: 'in', bytes: 200 }, { direction: 'out', bytes: 100 }] }, // prettier-ignore
    }))
    const long = `from=${seconds(minutes(-30))}&to=${seconds(minutes(60))}&step=1800`
    const { get } = await appUnderTest(t, { steps: { '5m': fine, '30m': [old, ...coarse] } })
    const { series } = await get<SeriesAnswer>(`/api/series?${long}&cf=max`)
    assert.deepEqual(series[0]!.values, [1400, 1400, 300].map((sum) => (sum * 8) / 300)) // prettier-ignore
    assert.equal(series[0]!.summary.maximumIsBound, true)
    assert.match(series[0]!.summary.p95Reason!, /kept since 2026-11-16T12:30/)
  })
})
