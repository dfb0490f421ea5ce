/** Common rules of all routes: refusals, security, caching; and the routes other than series. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

import AjvCompiler from '@fastify/ajv-compiler'
import * as fc from 'fast-check'
import { pino } from 'pino'

import { access } from '../../api/access/rules.ts'
import { runApi } from '../../api/main.ts'
import { ingestStatus } from '../../api/status/ingest-status.ts'
import type { FlowsAnswer, SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import type { Exporter, ExportersAnswer, StatusAnswer } from '../../api/schema/status.ts'
import { exporterFilter } from '../../flow/filter.ts'
import { readSettings } from '../../flow/settings.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { takeLock, writerLockPath } from '../../store/lock.ts'
import { exporterStatus } from '../exporter-status.ts'
import { appUnderTest, exporter, type Refusal } from './app-under-test.ts'
import { flow } from './memory-flows.ts'

const noon = Date.UTC(2026, 10, 16, 12)
const window = `from=${noon / 1000}&to=${noon / 1000 + 600}`

const status: IngestStatus = {
  running: true,
  startedAt: noon / 1000,
  exporters: [exporterStatus],
  refused: [{ address: '198.51.100.9', datagrams: 3, lastSeen: noon / 1000 }],
  refusedDatagrams: 3,
  sockets: [],
  journal: null,
  flows: 1,
  flowsTooLate: 0,
  publishedAt: null,
  seriesWrittenAt: null,
  redo: 0,
  memoryBytes: 1,
  warnings: [{ what: 'the receive buffer is small', remedy: 'sysctl' }],
}

suite('refusals', () => {
  for (const [url, code, said] of [
    ['/api/series?form=now', 'unknown-parameter', /"form".*known parameters.*from/s],
    ['/api/top?step=3', 'unknown-parameter', /"step"/],
    ['/api/exporters?a=1', 'unknown-parameter', /no parameters/],
    ['/api/status?a=1', 'unknown-parameter', /no parameters/],
    ['/api/series?from=yesterday', 'bad-time', /from "yesterday"/],
    ['/api/series?from=now&to=now-1h', 'empty-window', /from "now" is not before to "now-1h"/],
    ['/api/series?from=0&to=now', 'window-too-long', /20 years/],
    ['/api/series?tz=Mars/Olympus', 'bad-zone', /Mars/],
    ['/api/series?measure=bytes', 'bad-parameter', /"bytes".*bits, packets, flows, active/s],
    ['/api/series?by=host,hosts', 'bad-parameter', /"by"/],
    ['/api/series?by=trackers', 'bad-parameter', /"by".*direction, host, port, protocol/s],
    ['/api/series?by=tracker,host', 'tracker-alone', /not split by host/],
    ['/api/series?by=tracker&tracker=none', 'unknown-tracker', /no tracker "none"/],
    ['/api/series?tracker=x', 'bad-parameter', /"tracker" needs by=tracker/],
    ['/api/series?top=0', 'out-of-range', /top 0.*1 to 1000/s],
    ['/api/series?top=1001', 'out-of-range', /1001/],
    ['/api/series?top=8.5', 'bad-parameter', /"top".*"8\.5"/],
    ['/api/series?top=+8', 'bad-parameter', /"top"/],
    ['/api/series?top=', 'bad-parameter', /"top"/],
    ['/api/series?points=0', 'out-of-range', /points/],
    ['/api/series?step=0', 'out-of-range', /step/],
    ['/api/series?step=300&from=now-730d', 'too-many-steps', /210240.*at least 631 s/s],
    ['/api/series?step=100000', 'step-too-long', /86400/],
    ['/api/series?by=host&by=port', 'bad-parameter', /more than once/],
    ['/api/series?filter=host', 'bad-filter', /an address.*at position 4/],
    ['/api/series?filter=hots+1', 'bad-filter', /position 0/],
    ['/api/series?exporter=nobody', 'unknown-exporter', /nobody.*\/api\/exporters/s],
    ['/api/top?by=hosts', 'bad-parameter', /"by"/],
    ['/api/top?limit=5000', 'out-of-range', /1000/],
    ['/api/flows?format=xml', 'bad-parameter', /json, csv, ndjson/],
    ["/api/series?from=now'--", 'bad-time', /./],
  ] as const)
    test(`${url} is a 400 ${code}`, async (t) => {
      const { refused } = await appUnderTest(t)
      const error = await refused(url)
      assert.equal(error.code, code)
      assert.match(`${error.message}; ${error.remedy}`, said)
    })

  test('property: every request is answered or refused, and never fails', async (t) => {
    const { app } = await appUnderTest(t, {
      steps: { '5m': [{ time: noon }] },
      flows: [flow({ first: noon, last: noon + 1000 })],
    })
    const names = ['from', 'to', 'tz', 'filter', 'exporter', 'include', 'measure', 'by', 'top', 'cf', 'points', 'step', 'order', 'limit', 'format', 'x'] // prettier-ignore
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom('now', 'now-1h', 'now/d', String(noon / 1000), '2026-11-16', '-1', '1e400'),
      fc.constantFrom('host 10.0.0.22', "host ' OR 1=1 --", 'port 443', 'proto tcp', 'in if 1'),
      fc.constantFrom(
        'host',
        'port,direction',
        'host,port',
        'interface',
        'exporter',
        'src',
        'pair',
      ),
      fc.constantFrom(
        'any',
        'within',
        'max',
        'json',
        'csv',
        'bits',
        'active',
        'peers',
        '1',
        '300',
        '7200',
      ),
    )
    const path = fc.constantFrom('/api/series', '/api/top', '/api/flows')
    await fc.assert(
      fc.asyncProperty(
        path,
        fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 }),
        async (url, query) => {
          const { statusCode, body } = await app.inject({ url, query })
          assert.ok(statusCode === 200 || statusCode === 400, `${statusCode} ${body.slice(0, 300)}`)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a filter’s fault has its position', async (t) => {
    const { refused } = await appUnderTest(t)
    assert.equal((await refused('/api/series?filter=port+443+xor+port+80')).position, 9)
  })

  test('unknown paths are a 404, in the API as JSON', async (t) => {
    const { refused, app } = await appUnderTest(t)
    assert.equal((await refused('/api/nothing', 404)).code, 'not-found')
    assert.equal((await refused('/api', 404)).code, 'not-found')
    assert.equal((await refused('/favicon.ico', 404)).code, 'not-found')
    assert.equal((await refused('/api/series/%zz', 400)).code, 'fst-err-bad-url')
    const posted = await app.inject({ method: 'POST', url: '/api/series' })
    assert.equal(posted.statusCode, 404)
    assert.equal(posted.json<{ error: { code: string } }>().error.code, 'not-found')
  })

  test('a failing store is a 500 without internals', async (t) => {
    const { app, flows } = await appUnderTest(t)
    flows.top = async () => {
      throw new Error('secret path /var/lib/weir')
    }
    const response = await app.inject(`/api/top?${window}`)
    assert.equal(response.statusCode, 500)
    assert.doesNotMatch(response.body, /secret/)
    assert.equal(response.json<{ error: { code: string } }>().error.code, 'internal')
  })

  test('a store’s typed refusal is a 400 with its remedy', async (t) => {
    const { refused, flows } = await appUnderTest(t)
    flows.top = async () => {
      throw Object.assign(new Error('too many rows'), {
        name: 'QueryTooLarge',
        remedy: 'ask for an hour',
      })
    }
    assert.deepEqual(await refused(`/api/top?${window}`), {
      code: 'too-large',
      message: 'too many rows',
      remedy: 'ask for an hour',
    })
  })

  test('too many queries at once are a 503, and those that waited are answered', async (t) => {
    const limits = { runningMax: 1, waitingMax: 1, timeoutMs: 10_000 }
    const { app, flows } = await appUnderTest(t, { options: { heavyLimits: limits } })
    const { promise, resolve } = Promise.withResolvers<void>()
    const top = flows.top.bind(flows)
    flows.top = async (query) => {
      await promise
      return top(query)
    }
    const asked = [1, 2, 3].map(() => app.inject(`/api/top?${window}`))
    const refusedOne = await Promise.race(asked)
    assert.equal(refusedOne.statusCode, 503)
    assert.equal(refusedOne.json<{ error: { code: string } }>().error.code, 'busy')
    resolve()
    const codes = (await Promise.all(asked)).map(({ statusCode }) => statusCode)
    assert.deepEqual(codes.sort(), [200, 200, 503])
  })

  test('a query that takes too long is aborted', async (t) => {
    const limits = { runningMax: 1, waitingMax: 1, timeoutMs: 50 }
    const { refused, flows } = await appUnderTest(t, { options: { heavyLimits: limits } })
    let signal: AbortSignal | undefined
    flows.top = (query) => {
      signal = query.signal
      return new Promise(() => undefined)
    }
    assert.equal((await refused(`/api/top?${window}`, 503)).code, 'timed-out')
    assert.equal(signal?.aborted, true)
  })

  test('a query whose client has gone is aborted', async (t) => {
    const { app, flows } = await appUnderTest(t)
    const asked = Promise.withResolvers<AbortSignal>()
    flows.top = (query) => {
      asked.resolve(query.signal!)
      return new Promise(() => undefined)
    }
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const client = new AbortController()
    const answer = fetch(`${url}/api/top?${window}`, { signal: client.signal })
    const signal = await asked.promise
    client.abort()
    await assert.rejects(answer)
    if (!signal.aborted)
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true })
      })
  })

  test('invalid or excessive HTTP is refused in the same form', async (t) => {
    const { app } = await appUnderTest(t)
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    const long = `GET / HTTP/1.1\r\nHost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`
    for (const [sent, code] of [
      ['\u0016\u0003\u0001 TLS hello\r\n\r\n', 'not-http'],
      [long, 'headers-too-long'],
    ] as const) {
      const socket = connect(port, '127.0.0.1')
      socket.end(sent)
      let answer = ''
      for await (const chunk of socket) answer += String(chunk)
      const body = answer.split('\r\n\r\n')[1]!
      assert.equal((JSON.parse(body) as { error: Refusal }).error.code, code)
    }
  })

  test('requests of one address are limited', async (t) => {
    const { app } = await appUnderTest(t, { options: { requestsPerMinuteMax: 2 } })
    const codes = []
    for (let i = 0; i < 3; i++) codes.push((await app.inject('/api/exporters')).statusCode)
    assert.deepEqual(codes, [200, 200, 429])
    const refusal = (await app.inject('/api/exporters')).json<{ error: { code: string } }>()
    assert.equal(refusal.error.code, 'too-many')
  })
})

suite('security', () => {
  for (const [host, code] of [
    ['127.0.0.1:8080', 200],
    ['localhost:8080', 200],
    ['LOCALHOST', 200],
    ['[::1]:8080', 200],
    ['192.168.1.5', 200],
    [hostname(), 200],
    ['weir.example:8080', 403],
    ['127.0.0.1.attacker.example', 403],
    ['localhost.attacker.example', 403],
    ['[::1].attacker.example', 403],
  ] as const)
    test(`host "${host}" is ${code}`, async (t) => {
      const { app } = await appUnderTest(t)
      const response = await app.inject({ url: '/api/exporters', headers: { host } })
      assert.equal(response.statusCode, code)
    })

  test('the name in WEIR_HTTP is accepted', async (t) => {
    const environment = { WEIR_HTTP: 'weir.example:8080', WEIR_AUTH: 'none' }
    const { app } = await appUnderTest(t, { environment })
    const headers = { host: 'weir.example:8080' }
    assert.equal((await app.inject({ url: '/api/exporters', headers })).statusCode, 200)
  })

  const host = '127.0.0.1:8080'
  const page = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  for (const [what, url, headers, code] of [
    ['the page itself', '/api/exporters', { 'sec-fetch-site': 'same-origin' }, 200],
    ['a typed address', '/api/exporters', { 'sec-fetch-site': 'none', ...page }, 200],
    ['its own origin', '/api/exporters', { origin: `http://${host}` }, 200],
    ['another origin', '/api/exporters', { origin: 'http://attacker.example' }, 403],
    ['another port', '/api/exporters', { origin: 'http://127.0.0.1:3000' }, 403],
    ['an opaque origin', '/api/exporters', { origin: 'null' }, 403],
    ['an image elsewhere', '/api/exporters', { 'sec-fetch-site': 'cross-site' }, 403],
    ['another port’s script', '/api/exporters', { 'sec-fetch-site': 'same-site' }, 403],
    ['a link to the API', '/api/exporters', { 'sec-fetch-site': 'cross-site', ...page }, 403],
    [
      'a frame elsewhere',
      '/',
      { 'sec-fetch-site': 'cross-site', ...page, 'sec-fetch-dest': 'iframe' },
      403,
    ],
    ['a link to the page', '/', { 'sec-fetch-site': 'cross-site', ...page }, 503],
  ] as const)
    test(`${what} is ${code}`, async (t) => {
      const { app } = await appUnderTest(t)
      const response = await app.inject({ url, headers: { host, ...headers } })
      assert.equal(response.statusCode, code)
    })

  test('every answer has the headers, refusals included', async (t) => {
    const { app } = await appUnderTest(t)
    for (const [url, host_] of [
      ['/api/status', host],
      ['/api/none', host],
      ['/api/status', 'attacker.example'],
      ['/', host],
    ] as const) {
      const { headers } = await app.inject({ url, headers: { host: host_ } })
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /default-src 'none'/)
      assert.match(policy, /frame-ancestors 'none'/)
      assert.doesNotMatch(policy, /unsafe|https:|upgrade-insecure/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
      assert.equal(headers['strict-transport-security'], undefined)
    }
  })
})

suite('caching', () => {
  test('closed time may be cached for a while, time that ends now may not', async (t) => {
    const { app } = await appUnderTest(t)
    const closed = await app.inject(`/api/series?${window}`)
    assert.match(String(closed.headers['cache-control']), /^private, max-age=\d+$/)
    for (const open of [
      'from=now-1h',
      'from=now-2d&to=now-1d',
      `from=${Date.now() / 1000 - 60}&to=${(Date.now() / 1000).toFixed(0)}`,
    ]) {
      const { headers } = await app.inject(`/api/series?${open}`)
      assert.equal(headers['cache-control'], 'private, no-cache')
    }
    assert.equal((await app.inject('/api/status')).headers['cache-control'], 'no-store')
  })

  test('an unchanged answer is a 304', async (t) => {
    const { app } = await appUnderTest(t)
    const first = await app.inject(`/api/series?${window}`)
    const etag = String(first.headers.etag)
    const again = await app.inject({
      url: `/api/series?${window}`,
      headers: { 'if-none-match': etag },
    })
    assert.equal(again.statusCode, 304)
    assert.equal(again.body, '')
    const other = await app.inject(`/api/series?${window}&measure=packets`)
    assert.notEqual(other.headers.etag, etag)
  })

  test('long answers are compressed', async (t) => {
    const { app } = await appUnderTest(t)
    const headers = { 'accept-encoding': 'gzip' }
    const url = `/api/series?from=${noon / 1000 - 86_400}&to=${noon / 1000}`
    const response = await app.inject({ url, headers })
    assert.equal(response.headers['content-encoding'], 'gzip')
    const answer = JSON.parse(gunzipSync(response.rawPayload).toString()) as SeriesAnswer
    assert.equal(answer.time.length, 288)
  })

  test('a cached answer is the same in every encoding, and compressed once', async (t) => {
    const { app } = await appUnderTest(t)
    const url = `/api/series?from=${noon / 1000 - 86_400}&to=${noon / 1000}`
    const ask = async (headers: Record<string, string>) => {
      const { statusCode, headers: told, rawPayload } = await app.inject({ url, headers })
      return { status: statusCode, told, bytes: rawPayload }
    }
    const plain = await ask({})
    assert.equal(plain.told['content-encoding'], undefined)
    const unpack = { br: brotliDecompressSync, gzip: gunzipSync }
    for (const [accepted, encoding] of [
      ['gzip, deflate, br', 'br'],
      ['gzip', 'gzip'],
      ['deflate, gzip;q=0.5', 'deflate'],
      ['identity', undefined],
    ] as const)
      for (let time = 0; time < 2; time++) {
        const { status, told, bytes } = await ask({ 'accept-encoding': accepted })
        assert.equal(status, 200)
        assert.equal(told['content-encoding'], encoding, accepted)
        assert.equal(told['etag'], plain.told['etag'])
        if (encoding === undefined) assert.deepEqual(bytes, plain.bytes)
        if (encoding === undefined || encoding === 'deflate') continue
        assert.equal(told['content-length'], String(bytes.length))
        assert.equal(told['vary'], 'accept-encoding')
        assert.deepEqual(unpack[encoding](bytes), plain.bytes)
      }
    const refused = await ask({ 'accept-encoding': 'br', 'x-no-compression': '1' })
    assert.deepEqual(refused.bytes, plain.bytes)
    const tag = String(plain.told['etag'])
    assert.equal((await ask({ 'accept-encoding': 'br', 'if-none-match': tag })).status, 304)
  })
})

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

suite('/api/exporters and /api/status', () => {
  test('without an ingest there are no exporters, and the status says so with 200', async (t) => {
    const { get } = await appUnderTest(t)
    assert.deepEqual(await get<ExportersAnswer>('/api/exporters'), { exporters: [] })
    const answer = await get<StatusAnswer>('/api/status')
    assert.equal(answer.ingest, null)
    assert.deepEqual(answer.archive, { from: null, to: null, rows: 0, bytes: null, problems: [] })
    assert.deepEqual(
      answer.series.map(({ tier, step, from }) => [tier, step, from]),
      [['5m', 300, null], ['30m', 1800, null], ['2h', 7200, null], ['1d', 86_400, null]], // prettier-ignore
    )
    assert.match(answer.warnings[0]!.what, /no ingest runs/)
    assert.equal(answer.starting, false)
  })

  test('an ingest that holds the folder and does not answer yet is starting', async (t) => {
    for (const left of [null, { ...status, running: false }]) {
      const source = { read: async () => left, isStarting: async () => true }
      const { get } = await appUnderTest(t, { options: { status: source } })
      const { starting, warnings } = await get<StatusAnswer>('/api/status')
      assert.equal(starting, true)
      assert.deepEqual(
        warnings.map(({ what }) => what),
        ['ingest is starting: new flows wait in its journal and are not shown yet'],
      )
    }
    const source = { read: async () => status, isStarting: async () => true }
    const { get } = await appUnderTest(t, { options: { status: source } })
    assert.equal((await get<StatusAnswer>('/api/status')).starting, false)
  })

  test('the holder of the folder states its purpose: only ingest counts as starting', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-api-status-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const source = ingestStatus(folder, () => 0)
    assert.equal(await source.isStarting!(), false)
    for (const [writer, expected] of [
      ['ingest', true],
      ['replay', false],
    ] as const) {
      const lock = await takeLock(writerLockPath(folder), writer)
      assert.equal(await source.isStarting!(), expected)
      await lock!.release()
    }
    assert.equal(await source.isStarting!(), false)
  })

  test('with an ingest they are what it reports', async (t) => {
    const steps = { '5m': [{ time: noon }, { time: noon + 300_000 }] }
    const { get } = await appUnderTest(t, { status, steps })
    const { exporters } = await get<ExportersAnswer>('/api/exporters')
    assert.deepEqual(exporters, [exporterStatus])
    const answer = await get<StatusAnswer>('/api/status')
    assert.equal(answer.ingest!.running, true)
    assert.deepEqual(answer.refused, status.refused)
    assert.deepEqual(answer.warnings, status.warnings)
    const { from, to } = answer.series[0]!
    assert.deepEqual([from, to], [noon / 1000, noon / 1000 + 600])
  })

  test('an exporter that reports nothing about its interfaces has those with configured names', async (t) => {
    const named = { 2: { name: 'lan', alias: 'office switch' }, 1: 'wan' }
    const names = { exporters: { [exporter]: { interfaces: named } } }
    const { get } = await appUnderTest(t, { status, names })
    const [{ interfaces }] = (await get<ExportersAnswer>('/api/exporters')).exporters as [Exporter] // prettier-ignore
    assert.deepEqual(interfaces, [
      { index: 1, name: 'wan', alias: null, speed: null },
      { index: 2, name: 'lan', alias: 'office switch', speed: null },
    ])
  })

  test('a broken store is a warning and not a failure', async (t) => {
    const { get, flows } = await appUnderTest(t)
    flows.extent = async () => {
      throw new Error('disk on fire')
    }
    const { warnings } = await get<StatusAnswer>('/api/status')
    assert.ok(warnings.some(({ what }) => what.includes('disk on fire')))
  })

  test('a tier that cannot be read says so', async (t) => {
    const { get, series } = await appUnderTest(t)
    const extent = series.extent.bind(series)
    series.extent = async (tier) => {
      if (tier.name === '2h') throw new Error('disk on fire')
      return extent(tier)
    }
    const answer = await get<StatusAnswer>('/api/status')
    const unreadable = answer.series.filter(({ readable }) => !readable)
    assert.deepEqual(
      unreadable.map(({ tier, from, to }) => [tier, from, to]),
      [['2h', null, null]],
    )
  })

  test('the status is read from the socket, else from the file, else it is null', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-api-status-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    let now = 0
    const source = ingestStatus(folder, () => (now += 10_000))
    assert.equal(await source.read(), null)
    await mkdir(join(folder, 'state'))
    await mkdir(join(folder, 'run'))
    await writeFile(join(folder, 'state', 'exporters.json'), '{"exporters": [')
    assert.equal(await source.read(), null)
    await writeFile(join(folder, 'state', 'exporters.json'), JSON.stringify(status))
    assert.deepEqual(await source.read(), { ...status, running: false })
    const server = createServer((_, response) => {
      response.end(JSON.stringify({ ...status, flows: 2 }))
    })
    await new Promise<void>((resolve) => {
      server.listen(join(folder, 'run', 'ingest.sock'), resolve)
    })
    assert.equal((await source.read())?.flows, 2)
    await new Promise((resolve) => {
      server.close(resolve)
    })
    assert.equal((await source.read())?.running, false)
  })
})

suite('the process', () => {
  test('answers without any data, and reports a taken address', async () => {
    const data = join(tmpdir(), `weir-api-none-${process.pid}`)
    const log = pino({ level: 'silent' })
    const api = await runApi(readSettings({ WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0' }), log)
    const answer = await fetch(`${api.url}/api/status`)
    assert.equal(answer.status, 200)
    const { archive, ingest } = (await answer.json()) as StatusAnswer
    assert.equal(archive.rows, 0)
    assert.equal(ingest, null)
    const series = (await (await fetch(`${api.url}/api/series`)).json()) as SeriesAnswer
    assert.equal(series.series[0]!.summary.average, null)
    const taken = readSettings({ WEIR_DATA: data, WEIR_HTTP: new URL(api.url).host })
    await assert.rejects(runApi(taken, log), {
      message: /WEIR_HTTP="127\.0\.0\.1:\d+"/,
      remedy: /another address or port/,
    })
    await api.close()
    await assert.rejects(fetch(api.url))
  })
})

suite('the page and the description', () => {
  test('the description names every route and parameter', async (t) => {
    const { get, app } = await appUnderTest(t)
    const { paths } = await get<{ paths: Record<string, { get: { parameters?: { name: string }[] } }> }>('/api/docs/json') // prettier-ignore
    const described = new Set(
      Object.keys(paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1')),
    )
    for (const path of described)
      assert.ok(
        Object.keys(access).some((route) => route.endsWith(` ${path}`)),
        path,
      )
    for (const name of ['exporters', 'flows', 'series', 'status', 'top'])
      assert.ok(described.has(`/api/${name}`), name)
    assert.ok(paths['/api/series']!.get.parameters!.some(({ name }) => name === 'points'))
    const page = await app.inject('/api/docs')
    assert.match(String(page.headers['content-type']), /text\/html/)
    assert.match(page.body, /GET \/api\/series/)
    assert.doesNotMatch(page.body, /<script|style=|https?:\/\//)
  })

  test('views are the page, files are files, and nothing else is served', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-page-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    await mkdir(join(folder, 'page', 'assets'), { recursive: true })
    await writeFile(join(folder, 'secret.txt'), 'secret')
    await writeFile(join(folder, 'page', 'index.html'), '<title>Weir</title>')
    await writeFile(join(folder, 'page', 'assets', 'main-1a2b.js'), 'start()')
    const pageFolder = join(folder, 'page')
    const { app } = await appUnderTest(t, { options: { pageFolder } })
    const headers = { accept: 'text/html,*/*' }
    for (const url of ['/', '/wall/lobby', '/?from=now-1d', '/host/10.0.0.22?by=port']) {
      const response = await app.inject({ url, headers })
      assert.equal(response.statusCode, 200, url)
      assert.match(response.body, /Weir/)
      assert.equal(response.headers['cache-control'], 'no-cache')
    }
    const asset = await app.inject('/assets/main-1a2b.js')
    assert.match(String(asset.headers['cache-control']), /immutable/)
    await writeFile(join(folder, 'page', 'assets', 'main-3c4d.js'), 'startAnew()')
    const built = await app.inject('/assets/main-3c4d.js')
    assert.equal(built.body, 'startAnew()', 'a page built while the API runs')
    for (const url of [
      '/secret.txt',
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/../../secret.txt',
      '/assets/..%5c..%5csecret.txt',
      '/assets/none.js',
    ]) {
      const response = await app.inject(url)
      assert.doesNotMatch(response.body, /secret$/, url)
      assert.ok(response.statusCode >= 400, `${url} ${response.statusCode}`)
    }
  })
})

test('the schema of every route can be compiled, which happens only when a request needs it', async (t) => {
  const { app } = await appUnderTest(t, { options: { validators: AjvCompiler() } })
  await app.ready()
})
