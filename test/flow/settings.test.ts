import assert from 'node:assert/strict'
import { test } from 'node:test'

import { endpoint, endpointText, publishedAt, publishedUrl } from '../../flow/settings/values.ts'
import { SettingsError } from '../../flow/settings/settings.ts'
import { readSettings } from '../settings.ts'

function faultsOf(environment: Record<string, string>): string[] {
  try {
    readSettings(environment)
  } catch (error) {
    assert.ok(error instanceof SettingsError)
    for (const { remedy } of error.faults) assert.notEqual(remedy, '')
    return error.faults.map(({ key }) => key)
  }
  return []
}

test('unset variables get the defaults', () => {
  const settings = readSettings({})
  assert.equal(settings.data, './data')
  assert.deepEqual(settings.http, { host: '127.0.0.1', port: 8080 })
  assert.deepEqual(settings.netflow, { host: '0.0.0.0', port: 2055 })
  assert.deepEqual(settings.ipfix, { host: '0.0.0.0', port: 4739 })
  assert.deepEqual(
    settings.tiers.map(({ name, stepMs }) => [name, stepMs]),
    [
      ['5m', 300_000],
      ['30m', 1_800_000],
      ['2h', 7_200_000],
      ['1d', 86_400_000],
    ],
  )
  assert.ok(settings.exporters.hasText('192.168.1.1') && settings.exporters.hasText('127.0.0.1'))
  assert.ok(!settings.exporters.hasText('203.0.113.1'))
})

test('all faults are found at once, each with a remedy', () => {
  const faults = faultsOf({
    WEIR_NETFLOW: '0.0.0.0:70000',
    WEIR_EXPORTERS: '10.0.0.0/40',
    WEIR_TIERS: '5m:90d 7m:1y',
    WEIR_TOP: 'many',
    WEIR_TYPO: '1',
    WEIR_SPOOL_MAX: 'much',
    WEIR_DNS_SERVERS: '10.0.0.1,resolver',
  })
  assert.deepEqual(faults.toSorted(), [
    'WEIR_DNS_SERVERS',
    'WEIR_EXPORTERS',
    'WEIR_NETFLOW',
    'WEIR_SPOOL_MAX',
    'WEIR_TIERS',
    'WEIR_TOP',
    'WEIR_TYPO',
  ])
})

test('what settings must be together is found beside other faults, if each of them can be read', () => {
  const faults = faultsOf({
    WEIR_TOP: 'many',
    WEIR_HTTP: '0.0.0.0:8080',
    WEIR_STORE: 'influx',
    WEIR_STORE_ALSO: 'both',
  })
  assert.deepEqual(faults.toSorted(), [
    'WEIR_HTTP',
    'WEIR_INFLUX_TOKEN_FILE',
    'WEIR_STORE_ALSO',
    'WEIR_TOP',
  ])
  assert.deepEqual(faultsOf({ WEIR_HTTP: 'everywhere', WEIR_PROXIES: 'all' }).toSorted(), [
    'WEIR_HTTP',
    'WEIR_PROXIES',
  ])
})

test('no two sockets receive on one port', () => {
  const port = '127.0.0.1:2055'
  assert.deepEqual(faultsOf({ WEIR_NETFLOW: port, WEIR_SFLOW: port }), ['WEIR_SFLOW'])
  assert.deepEqual(faultsOf({ WEIR_NETFLOW: '127.0.0.1:0', WEIR_IPFIX: '127.0.0.1:0' }), [])
})

test('a length of time is not 0', () => {
  const faults = faultsOf({ WEIR_ARCHIVE_KEEP: '0d', WEIR_FLOW_MAX: '0s', WEIR_TIERS: '5m:0d' })
  assert.deepEqual(faults.toSorted(), ['WEIR_ARCHIVE_KEEP', 'WEIR_FLOW_MAX', 'WEIR_TIERS'])
})

test('a key of weir.yaml without WEIR_ is a fault, because it would not be read', () => {
  assert.equal(readSettings({}, { WEIR_TOP: 5 }).top, 5)
  assert.throws(() => readSettings({}, { TOP: 5 }), /TOP="5": is no setting; known are WEIR_DATA/)
})

test('a time zone keeps its given name, in the usual spelling', () => {
  const zoneOf = (WEIR_TZ: string) => readSettings({ WEIR_TZ }).timeZone
  assert.equal(zoneOf('Asia/Kathmandu'), 'Asia/Kathmandu')
  assert.equal(zoneOf('europe/berlin'), 'Europe/Berlin')
  assert.equal(zoneOf('Etc/UTC'), 'UTC')
})

test('resolvers are addresses, with or without a port', () => {
  const text = '10.0.0.1, 10.0.0.2:5353,[2001:db8::1]:53,2001:db8::2'
  assert.equal(readSettings({ WEIR_DNS_SERVERS: text }).naming.dnsServers.length, 4)
})

test('endpoints are written as they are read', () => {
  for (const text of ['127.0.0.1:2055', '[::]:2055', 'weir.example:80'])
    assert.equal(endpointText(endpoint(text)!), text)
})

test('the page is published with TLS on port 443, and on any other whose scheme says so', () => {
  for (const [text, url] of [
    ['weir.example:8080', 'http://weir.example:8080'],
    ['weir.example:80', 'http://weir.example'],
    ['weir.example:443', 'https://weir.example'],
    ['https://weir.example:8443', 'https://weir.example:8443'],
    ['https://weir.example/', 'https://weir.example'],
    ['http://[2001:db8::1]:443', 'http://[2001:db8::1]:443'],
  ] as const)
    assert.equal(publishedUrl(publishedAt(text)!), url, text)
  for (const text of ['weir.example', 'https://weir.example/weir', 'ftp://weir.example:80', ''])
    assert.equal(publishedAt(text), null, text)
})

test('off loopback the API requires WEIR_AUTH', () => {
  assert.deepEqual(faultsOf({ WEIR_HTTP: '0.0.0.0:8080' }), ['WEIR_HTTP'])
  assert.deepEqual(faultsOf({ WEIR_HTTP: '[::1]:8080' }), [])
  assert.equal(readSettings({ WEIR_HTTP: '0.0.0.0:8080', WEIR_AUTH: 'none' }).access.auth, 'none')
})

test('a second store must be the opposite one', () => {
  assert.equal(readSettings({}).storeAlso, null)
  assert.equal(readSettings({ WEIR_STORE_ALSO: 'clickhouse' }).storeAlso, 'clickhouse')
  for (const [store, also] of [
    ['parquet', 'parquet'],
    ['clickhouse', 'clickhouse'],
    ['influx', 'parquet'],
    ['parquet', 'influx'],
  ] as const) {
    const token = { WEIR_INFLUX_TOKEN: 'one' }
    const faults = faultsOf({ ...token, WEIR_STORE: store, WEIR_STORE_ALSO: also })
    assert.deepEqual(faults, ['WEIR_STORE_ALSO'])
  }
})

test('where a container or a proxy publishes the page counts, not where it listens', () => {
  const container = { WEIR_HTTP: '0.0.0.0:8080', WEIR_PUBLISHED: '127.0.0.1:8080' }
  assert.deepEqual(faultsOf(container), [])
  const elsewhere = { ...container, WEIR_PUBLISHED: '192.0.2.10:8080' }
  assert.deepEqual(faultsOf(elsewhere), ['WEIR_PUBLISHED'])
  assert.deepEqual(faultsOf({ WEIR_PUBLISHED: 'weir.example.org:443' }), ['WEIR_PUBLISHED'])
})

test('the file supplies what the environment omits, including lists', () => {
  const settings = readSettings(
    { WEIR_TOP: '5' },
    { WEIR_TOP: 7, WEIR_LOCAL: ['10.0.0.0/8', '2001:db8::/32'] },
  )
  assert.equal(settings.top, 5)
  assert.ok(settings.local.hasText('2001:db8::1'))
})
