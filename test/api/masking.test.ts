/** WEIR_MASK: the roles it names see networks instead of hosts, in every answer. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import * as fc from 'fast-check'

import type { SessionAnswer } from '../../api/schema/access.ts'
import { AddressMask } from '../../api/access/masked-text.ts'
import { exporterStatus } from '../exporter-status.ts'
import { AccessUnderTest } from './access-under-test.ts'
import { flow } from './memory-flows.ts'

const at = Date.UTC(2026, 10, 16, 11, 32)
const hosts = ['10.0.0.22', '203.0.113.80', '2001:db8:7::5']
const flows = [
  flow({ first: at, last: at + 1000, source: '10.0.0.22', destination: '203.0.113.80' }),
  flow({ first: at, last: at + 1000, source: '10.0.0.22', destination: '2001:db8:7::5' }),
]
const names = { networks: { '10.0.0.22': 'bobby22.bigbiz.local' } }
const status = {
  running: true, startedAt: 0, exporters: [exporterStatus], refused: [], sockets: [],
} as never // prettier-ignore
const range = 'from=2026-11-16T10:00:00Z&to=2026-11-16T12:00:00Z'
const asked = [
  `/api/top?${range}&by=host`,
  `/api/top?${range}&by=host,exporter`,
  `/api/top?${range}&by=host&format=csv`,
  `/api/flows?${range}`,
  `/api/flows?${range}&format=csv`,
  `/api/flows?${range}&format=ndjson`,
  `/api/series?${range}&by=host,direction&filter=proto%20tcp`,
  `/api/filter?filter=host%20bobby22.bigbiz.local&position=5`,
]

describe('for a viewer whose addresses are masked', () => {
  const open = (t: Parameters<typeof AccessUnderTest.open>[0]) =>
    AccessUnderTest.open(t, {
      environment: { WEIR_MASK: 'viewer,wall' },
      given: { flows, names, status },
    })
  test('no answer names a host, and exporters stay unmasked', async (t) => {
    const console = await open(t)
    const [viewer, admin] = [await console.viewer(), await console.admin()]
    for (const url of asked) {
      const full = await console.ask('GET', url, { cookie: admin })
      const masked = await console.ask('GET', url, { cookie: viewer })
      assert.equal(full.statusCode, 200, full.body)
      assert.equal(masked.statusCode, 200, masked.body)
      for (const host of [...hosts, 'bobby22'])
        assert.ok(!masked.body.includes(host), `${url} tells ${host}: ${masked.body.slice(0, 300)}`)
      if (url.startsWith('/api/filter?')) continue
      assert.ok(full.body.includes('10.0.0.22'), `${url} has no host for anybody`)
      assert.match(masked.body, /10\.0\.0\.0~[a-z0-9]{6}/)
    }
    const listed = await console.ask('GET', asked[3]!, { cookie: viewer })
    assert.ok(listed.body.includes(exporterStatus.address))
    const { masked } = (await console.ask('GET', '/api/session', { cookie: viewer })).json<SessionAnswer>() // prettier-ignore
    assert.equal(masked, true)
  })

  test('filters that single out hosts, single hosts and files are refused', async (t) => {
    const console = await open(t)
    const [viewer, admin] = [await console.viewer(), await console.admin()]
    const refused = [
      `/api/top?${range}&filter=host%2010.0.0.22`,
      `/api/top?${range}&filter=not%20src%20net%2010.0.0.16/28`,
      `/api/flows?${range}&filter=proto%20tcp%20and%20(port%2080%20or%20host%20bobby22.bigbiz.local)`,
      `/api/series?${range}&filter=net%202001:db8:7::/64`,
      `/api/series?${range}&by=host&key=10.0.0.22`,
      `/api/series?${range}&by=host,port,direction&key=10.0.0.22/tcp/443`,
      '/api/names?address=10.0.0.22',
      `/api/flows?${range}&format=parquet`,
    ]
    for (const url of refused) {
      const masked = await console.ask('GET', url, { cookie: viewer })
      assert.equal(masked.statusCode, 403, `${url}: ${masked.body.slice(0, 200)}`)
      assert.equal(masked.json<{ error: { code: string } }>().error.code, 'masked')
      assert.equal((await console.ask('GET', url, { cookie: admin })).statusCode, 200, url)
    }
    const wide = `/api/top?${range}&filter=net%2010.0.0.0/24%20and%20exporter%20192.0.2.1`
    assert.equal((await console.ask('GET', wide, { cookie: viewer })).statusCode, 200)
    const port = `/api/series?${range}&by=port&key=tcp/443`
    assert.equal((await console.ask('GET', port, { cookie: viewer })).statusCode, 200)
  })

  test('alerts that were sent are listed without their text, which names hosts', async (t) => {
    const console = await open(t)
    const text = 'bobby22.bigbiz.local (10.0.0.22) opened 312 connections'
    const sent = { at: 1, alert: 'a', name: 'a', isTest: false, permalink: '', from: 1, to: 2, sent: [] } // prettier-ignore
    await console.state.log('alert-history', { ...sent, text, evidence: text })
    const [viewer, admin] = [await console.viewer(), await console.admin()]
    const full = await console.ask('GET', '/api/alerts/history', { cookie: admin })
    assert.ok(full.body.includes('bobby22'), full.body)
    const masked = await console.ask('GET', '/api/alerts/history', { cookie: viewer })
    assert.equal(masked.json<{ events: unknown[] }>().events.length, 1)
    assert.ok(!/bobby22|10\.0\.0\.22/.test(masked.body), masked.body)
  })
})

test('without WEIR_MASK a viewer sees everything', async (t) => {
  const console = await AccessUnderTest.open(t, { given: { flows, names } })
  const { body } = await console.ask('GET', asked[0]!, { cookie: await console.viewer() })
  assert.ok(body.includes('10.0.0.22') && body.includes('bobby22'))
})

describe('masked text', () => {
  const mask = new AddressMask()
  const none: ReadonlySet<string> = new Set()
  const of = (text: string) => mask.text(text, none).replaceAll(/~[a-z0-9]{6}/g, '~')
  for (const [text, masked] of [
    ['to 203.0.113.80, and', 'to 203.0.113.0~, and'],
    ['"10.0.0.22:443"', '"10.0.0.0~:443"'],
    ['net 10.0.0.0/24 or 10.1.0.0/16', 'net 10.0.0.0/24 or 10.1.0.0/16'],
    ['10.0.0.16/28', '10.0.0.0~'],
    ['(2001:db8:7::5)', '(2001:db8:7::~)'],
    ['::ffff:10.0.0.22', '::ffff:10.0.0.0~'],
    ['2026-11-16T11:32:10Z 11:32:10 4:23', '2026-11-16T11:32:10Z 11:32:10 4:23'],
    ['00:1b:44:11:3a:b7', '00:1b:44~'],
    ['weir 1.2.3 of 0.0.0.0', 'weir 1.2.3 of 0.0.0.0'],
    ['"by\\n10.0.0.22\\t2001:db8:7::5"', '"by\\n10.0.0.0~\\t2001:db8:7::~"'],
    ['"\\u000b10.0.0.22"', '"\\u000b10.0.0.0~"'],
  ] as const)
    test(text, () => assert.equal(of(text), masked))

  test('property: an address is never shown, is distinguished from others, and is recognizable', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6())
    const property = fc.property(address, address, (a, b) => {
      const [masked, again, other] = [a, a, b].map((text) => mask.text(`"${text}"`, none))
      assert.equal(masked, again)
      if (/[1-9a-f]/i.test(a)) assert.match(masked!, /~[a-z0-9]{6}/)
      if (a.includes('.') && b.includes('.') && a !== b) assert.notEqual(masked, other)
    })
    fc.assert(property, { numRuns: 2000 })
  })
})
