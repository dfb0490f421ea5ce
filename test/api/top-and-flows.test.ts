/** /api/top and /api/flows. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import type { FlowsAnswer, SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import { exporterFilter } from '../../flow/filter.ts'
import { openInfluxSeriesReader } from '../../store/influx/reader.ts'
import { exporterStatus, runningStatus as status } from '../exporter-status.ts'
import { readSettings } from '../settings.ts'
import { appUnderTest, exporter } from './app-under-test.ts'
import { flow } from './memory-flows.ts'

const noon = Date.UTC(2026, 10, 16, 12)
const window = `from=${noon / 1000}&to=${noon / 1000 + 600}`

suite('/api/top and /api/flows', () => {
  const flows = [
    flow({ first: noon, last: noon + 1000, bytes: 3000, source: '203.0.113.80' }),
    flow({ first: noon, last: noon + 1000, bytes: 1000, source: '203.0.113.81' }),
    flow({ first: noon, last: noon + 1000, bytes: 4000, source: '203.0.113.82' }),
  ]

  test('rows and other add up to the total, with labels, times and shares', async (t) => {
    const names = { networks: { '203.0.113.82': '=HYPERLINK("x")' } }
    const { get, app } = await appUnderTest(t, { flows, names })
    const url = `/api/top?${window}&by=src&limit=2`
    const top = await get<TopAnswer>(url)
    assert.deepEqual(
      top.rows.map(({ key, bytes, share }) => [key, bytes, share]),
      [
        [{ src: '203.0.113.82' }, 4000, 0.5],
        [{ src: '203.0.113.80' }, 3000, 0.375],
      ],
    )
    assert.equal(top.rows[1]!.label, '203.0.113.80')
    assert.deepEqual([top.rows[0]!.first, top.rows[0]!.last], [noon / 1000, noon / 1000 + 1])
    assert.deepEqual(top.other, { bytes: 1000, packets: 10, flows: 1 })
    assert.deepEqual(top.total, { bytes: 8000, packets: 30, flows: 3 })
    assert.equal(top.ends, 1)
    const csv = await app.inject(`${url}&format=csv`)
    assert.match(String(csv.headers['content-type']), /text\/csv/)
    assert.deepEqual(csv.body.split('\r\n'), [
      'src,label,bytes,packets,flows,peers,first,last,share',
      `203.0.113.82,"'=HYPERLINK(""x"") (203.0.113.82)",4000,10,1,1,2026-11-16T12:00:00.000Z,2026-11-16T12:00:01.000Z,0.5`,
      '203.0.113.80,203.0.113.80,3000,10,1,1,2026-11-16T12:00:00.000Z,2026-11-16T12:00:01.000Z,0.375',
      ',other,1000,10,1,,,,',
      '',
    ])
    const there = await app.inject(`${url}&format=csv&tz=Europe/Brussels`)
    assert.match(there.body, /2026-11-16T13:00:00\.000\+01:00,2026-11-16T13:00:01\.000\+01:00/)
  })

  for (const [tz, asked, seconds] of [
    ['browser', 'from=2026-11-16&to=2026-11-17', [1_794_787_200, 1_794_873_600]],
    ['Asia/Kathmandu', 'from=2026-11-16&to=2026-11-17', [1_794_766_500, 1_794_852_900]],
    ['Asia/Kathmandu', 'from=2026-11-16&to=2026-11-17&tz=UTC', [1_794_787_200, 1_794_873_600]],
    ['Europe/Berlin', 'from=2026-10-25&to=2026-10-26', [1_792_879_200, 1_792_969_200]],
    ['Australia/Lord_Howe', 'from=2026-10-04&to=2026-10-05', [1_791_034_200, 1_791_118_800]],
  ] as const)
    test(`with WEIR_TZ=${tz}, ${asked} is that day there`, async (t) => {
      const { get } = await appUnderTest(t, { flows, environment: { WEIR_TZ: tz } })
      const { from, to } = await get<TopAnswer>(`/api/top?${asked}&by=src`)
      assert.deepEqual([from, to], seconds)
    })

  test('pairs have both ends, hosts count both', async (t) => {
    const { get } = await appUnderTest(t, { flows })
    const pairs = await get<TopAnswer>(`/api/top?${window}&by=pair&limit=1`)
    assert.deepEqual(pairs.rows[0]!.key, { src: '203.0.113.82', dst: '10.0.0.22' })
    assert.equal(pairs.rows[0]!.label, '203.0.113.82 → 10.0.0.22')
    const hosts = await get<TopAnswer>(`/api/top?${window}`)
    assert.deepEqual(hosts.rows[0]!.key, { host: '10.0.0.22' })
    assert.equal(hosts.rows[0]!.peers, 3)
    assert.equal(hosts.ends, 2)
    assert.equal(hosts.total.bytes, 16_000)
    assert.equal(hosts.total.ends, 2)
  })

  test('parameters are passed on', async (t) => {
    const { get, flows: store } = await appUnderTest(t, { flows, status })
    await get(`/api/top?${window}&include=within&order=peers&filter=port+443&exporter=pfsense`)
    const { signal, progress, ...asked } = store.asked[0]!
    assert.ok(signal && progress)
    assert.deepEqual(asked, {
      from: noon,
      to: noon + 600_000,
      include: 'within',
      by: ['host'],
      order: 'peers',
      limit: 10,
      filter: {
        kind: 'and',
        terms: [
          { kind: 'number', field: 'port', side: 'either', ranges: [[443, 443]] },
          exporterFilter(exporter),
        ],
      },
    })
  })

  test('flows have times in seconds, as JSON, lines and CSV', async (t) => {
    const { get, app } = await appUnderTest(t, { flows })
    const url = `/api/flows?${window}&limit=2`
    const answer = await get<FlowsAnswer>(url)
    assert.equal(answer.more, true)
    assert.equal(answer.flows.length, 2)
    assert.equal(answer.flows[0]!.first, noon / 1000)
    assert.equal(answer.flows[0]!.source, '203.0.113.80')
    const lines = await app.inject(`${url}&format=ndjson`)
    assert.deepEqual(
      lines.body.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown),
      answer.flows,
    ) // prettier-ignore
    assert.equal(lines.headers['weir-more'], 'true')
    const csv = await app.inject(`${url}&format=csv`)
    const [heading, first] = csv.body.split('\r\n')
    assert.match(heading!, /^received,first,last,exporter,source,destination,sourcePort/)
    assert.match(first!, /^2026-11-16T12:00:01.000Z,2026-11-16T12:00:00.000Z,.*203\.0\.113\.80/)
    const there = await app.inject(`${url}&format=csv&tz=America/St_Johns`)
    assert.match(there.body, /\n2026-11-16T08:30:01\.000-03:30,2026-11-16T08:30:00\.000-03:30,/)
  })
})

test('a list without rows says whether that is no traffic, or not known', async (t) => {
  const steps = {
    '5m': [{ time: noon }, { time: noon + 600_000, known: 0 }],
    '1d': [{ time: noon - 43_200_000, known: 1 }],
  }
  const { get } = await appUnderTest(t, { steps })
  const known = async (from: number, to: number, more = '') => {
    const asked = `from=${noon / 1000 + from}&to=${noon / 1000 + to}${more}`
    const top = await get<TopAnswer>(`/api/top?${asked}`)
    const list = await get<FlowsAnswer>(`/api/flows?${asked}`)
    assert.equal(list.known, top.known)
    return top.known
  }
  assert.deepEqual(await Promise.all([known(0, 300), known(10, 20), known(0, 1200)]), [true, true, true]) // prettier-ignore
  assert.deepEqual(await Promise.all([known(300, 900), known(610, 620), known(-600, 0)]), [false, false, false]) // prettier-ignore
  assert.equal(await known(0, 300, '&exporter=192.0.2.9'), false)
})

test('while InfluxDB is away, a list without rows is answered, and does not say which', async (t) => {
  const environment = { WEIR_INFLUX_URL: 'http://127.0.0.1:9', WEIR_INFLUX_TOKEN: 'none' }
  const series = await openInfluxSeriesReader(readSettings(environment).influx)
  const { get } = await appUnderTest(t, { options: { series } })
  const { rows, known } = await get<TopAnswer>(`/api/top?${window}`)
  assert.deepEqual([rows, known], [[], undefined])
  const list = await get<FlowsAnswer>(`/api/flows?${window}`)
  assert.deepEqual([list.flows, list.known], [[], undefined])
})

test('interfaces of several exporters with the same index are marked as added up', async (t) => {
  const at = (address: string, lastSeen: number) => ({ ...exporterStatus, address, lastSeen })
  const both = [at(exporter, noon / 1000 + 60), at('192.0.2.2', noon / 1000 + 60)]
  const remarksWith = async (exporters: (typeof exporterStatus)[], query: string) => {
    const { get } = await appUnderTest(t, { status: { ...status, exporters } })
    return (await get<TopAnswer | SeriesAnswer>(`/api/${query}&${window}`)).remarks
  }
  for (const query of ['top?by=in', 'top?by=host,out', 'series?by=interface', 'series?by=counter'])
    assert.match(
      (await remarksWith(both, query)).join(),
      /added up as one: ask by=exporter,/,
      query,
    )
  for (const query of ['top?by=exporter,in', `top?by=in&exporter=${exporter}`, 'top?by=host'])
    assert.deepEqual(await remarksWith(both, query), [], query)
  const [first] = both
  assert.deepEqual(await remarksWith([first!], 'top?by=in'), [])
  assert.deepEqual(await remarksWith([first!, at('192.0.2.2', noon / 1000 - 1)], 'top?by=in'), [])
})
