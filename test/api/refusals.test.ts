/** What the API refuses, and in which form: wrong parameters, too much at once, broken HTTP. */
import assert from 'node:assert/strict'
import { connect, type AddressInfo } from 'node:net'
import { suite, test } from 'node:test'

import * as fc from 'fast-check'
import { pino } from 'pino'

import { remedyOfSlow } from '../../api/heavy.ts'
import { until } from '../until.ts'
import { appUnderTest, type Refusal } from './app-under-test.ts'
import { flow } from './memory-flows.ts'

const noon = Date.UTC(2026, 10, 16, 12)
const window = `from=${noon / 1000}&to=${noon / 1000 + 600}`

suite('refusals', () => {
  for (const [url, code, said] of [
    ['/api/series?form=now', 'unknown-parameter', /"form".*known parameters.*from/s],
    ['/api/top?step=3', 'unknown-parameter', /"step"/],
    ['/api/exporters?a=1', 'unknown-parameter', /no parameters/],
    ['/api/status?a=1', 'unknown-parameter', /no parameters/],
    ['/api/series?from=yesterday', 'bad-time', /from "yesterday"/],
    ['/api/series?from=20261116', 'bad-time', /cannot be read.*unix seconds \(9 or 10 digits\)/],
    ['/api/annotations?to=86400', 'bad-time', /cannot be read.*unix seconds \(9 or 10 digits\)/],
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

  test('a name that nobody could see is refused, and what a body takes is said', async (t) => {
    const { app } = await appUnderTest(t)
    for (const [body, said] of [
      [{ name: ' ' }, '"name" cannot be read; it takes: what it follows, in one line of 1 to 100 characters'], // prettier-ignore
      [{ name: 'x'.repeat(101) }, '"name" cannot be read; it takes: what it follows, in one line of 1 to 100 characters'], // prettier-ignore
      [{ name: 5 }, '"name" is not of type string; see /api/docs for its form'],
      [{ name: 'x', comment: '\n ' }, '"comment" cannot be read; it takes: '],
      [{ name: 'x', colour: 'red' }, 'unknown parameter "colour"; known parameters: name, filter, '], // prettier-ignore
    ] as const) {
      const payload = { filter: 'host 10.0.0.1', ...body }
      const response = await app.inject({ method: 'POST', url: '/api/trackers', payload })
      assert.equal(response.statusCode, 400, said)
      const { message, remedy } = response.json<{ error: Refusal }>().error
      assert.equal(`${message}; ${remedy}`.slice(0, said.length), said)
    }
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
    const posted = await app.inject({ method: 'POST', url: '/api/nothing' })
    assert.equal(posted.statusCode, 404)
    assert.equal(posted.json<{ error: { code: string } }>().error.code, 'not-found')
  })

  test('a method that a path does not take is a 405, with those that it takes', async (t) => {
    const { app } = await appUnderTest(t)
    const cases = [
      ['POST', '/api/series?from=now-1h', 'GET, HEAD'],
      ['DELETE', '/api/trackers', 'GET, HEAD, POST'],
      ['POST', '/api/trackers/web-1', 'GET, HEAD, PUT, DELETE'],
      ['DELETE', '/favicon.svg', 'GET, HEAD'],
    ] as const
    for (const [method, url, allow] of cases) {
      const answer = await app.inject({ method, url })
      assert.deepEqual([answer.statusCode, answer.headers.allow], [405, allow], url)
      const { error } = answer.json<{ error: { code: string; remedy: string } }>()
      assert.equal(error.code, 'method-not-allowed')
    }
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

  test('a report that is refused has no header of a report', async (t) => {
    const limits = { runningMax: 1, waitingMax: 1, timeoutMs: 50 }
    const { app, flows } = await appUnderTest(t, { options: { heavyLimits: limits } })
    Object.assign(flows, { scan: () => new Promise(() => undefined) })
    const refusal = async (format: string) => {
      const { statusCode, headers } = await app.inject(`/api/report?${window}&format=${format}`)
      assert.equal(statusCode, 503)
      assert.match(String(headers['content-type']), /^application\/json/)
      return headers
    }
    assert.equal((await refusal('md'))['content-disposition'], undefined)
    const policy = (await app.inject('/api/none')).headers['content-security-policy']
    assert.equal((await refusal('html'))['content-security-policy'], policy)
  })

  test('on a busy machine nobody is told to ask for less', () => {
    assert.equal(remedyOfSlow(3.9, 2), 'ask for less time, or narrow the filter')
    assert.equal(
      remedyOfSlow(13.2, 2),
      'the machine is busy (load average 13 on 2 cores): ask again later',
    )
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

  for (const ends of ['its client goes', 'the API stops'] as const)
    test(`a query is not begun if ${ends} while its question is read`, async (t) => {
      const asked = Promise.withResolvers<void>()
      const read = Promise.withResolvers<null>()
      let reads = 0
      const logged: string[] = []
      const { app, flows } = await appUnderTest(t, {
        options: {
          log: pino({ level: 'error' }, { write: (line: string) => logged.push(line) }),
          status: {
            read: () => {
              if (++reads === 1) return Promise.resolve(null)
              asked.resolve()
              return read.promise
            },
          },
        },
      })
      const running = Promise.withResolvers<AbortSignal>()
      flows.list = (query) => {
        running.resolve(query.signal!)
        return new Promise((_, reject) => {
          query.signal!.addEventListener('abort', () => reject(new Error('it is being closed')))
        })
      }
      let isBegun = false
      flows.top = () => {
        isBegun = true
        return Promise.reject(new Error('it is being closed'))
      }
      const answered = Promise.withResolvers<void>()
      app.addHook('onError', async ({ url }) => {
        if (url.startsWith('/api/top')) answered.resolve()
      })
      const url = await app.listen({ host: '127.0.0.1', port: 0 })
      const client = new AbortController()
      const ask = (path: string) => fetch(`${url}${path}?${window}`, client).catch(() => null)
      const answers = [ask('/api/flows')]
      const signal = await running.promise
      answers.push(ask('/api/top'))
      await asked.promise
      if (ends === 'the API stops') void app.close()
      else client.abort()
      await until(() => signal.aborted)
      read.resolve(null)
      await Promise.all([answered.promise, ...answers])
      assert.deepEqual({ isBegun, logged }, { isBegun: false, logged: [] })
    })

  test('a client that is gone before its request is read is no fault', async (t) => {
    const logged: string[] = []
    const log = pino({ level: 'error' }, { write: (line: string) => logged.push(line) })
    const { app } = await appUnderTest(t, { options: { log } })
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    app.server.prependListener('request', ({ socket }) => socket.destroy())
    await assert.rejects(fetch(`${url}/api/top?${window}`))
    assert.deepEqual(logged, [])
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
