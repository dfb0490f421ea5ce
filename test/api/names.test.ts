/** Names: by DNS as of a time, from a file that changes, from CSV; AS and country from MMDB. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { HostNames } from '../../api/names/host-names.ts'
import { OwnNames } from '../../store/names/own-names.ts'
import { Places } from '../../api/names/places.ts'
import { openApiState } from '../../api/documents/state.ts'
import { AllNames } from '../../api/names/all-names.ts'
import type { NamesAnswer } from '../../api/routes/names.ts'
import type { ExportersAnswer } from '../../api/schema/status.ts'
import { NamesError, Names } from '../../flow/names/names.ts'
import { namesFromCsv } from '../../flow/names/csv.ts'
import { dnsServer } from '../dns-server.ts'
import { exporterStatus } from '../exporter-status.ts'
import { scratchFolder } from '../processes.ts'
import { until } from '../until.ts'
import { appUnderTest } from './app-under-test.ts'

test('a host has its name of the time: the one that DNS returned then', async (t) => {
  let name: string | null = 'pc-17.bigbiz.example'
  const { server, asked } = await dnsServer(t, () => name)
  let now = 1_794_828_000_000
  const data = await scratchFolder()
  const state = openApiState(data)
  const options = { asks: 'private', servers: [server], state, now: () => now } as const
  const hosts = new HostNames(options)
  assert.equal(hosts.nameAt('10.0.0.22', now), null, 'not known yet')
  await until(() => hosts.nameAt('10.0.0.22', now) !== null)
  assert.equal(hosts.nameAt('10.0.0.22', now), 'pc-17.bigbiz.example')
  assert.equal(asked.length, 1, 'asked once')
  assert.match(asked[0]!, /22\.0\.0\.10\.in-addr\.arpa/)
  const then = now
  now += 30 * 86_400_000
  name = 'printer.bigbiz.example'
  hosts.nameAt('10.0.0.22', now)
  await until(() => hosts.nameAt('10.0.0.22', now) === 'printer.bigbiz.example')
  assert.equal(hosts.nameAt('10.0.0.22', then + 60_000), 'pc-17.bigbiz.example')
  // Another process remembers both.
  const again = new HostNames(options)
  await until(async () => {
    await again.open()
    return again.history('10.0.0.22').length === 2
  })
  assert.equal(again.nameAt('10.0.0.22', then), 'pc-17.bigbiz.example')
  const names = new AllNames({ own: { names: new Names() }, hosts: again, now: () => now })
  assert.equal(names.hostName('10.0.0.22'), 'printer.bigbiz.example')
  assert.equal(names.at(then).hostName('10.0.0.22'), 'pc-17.bigbiz.example')
})

test('a name that cannot be stored for now is known, and later ones are stored', async (t) => {
  const { server } = await dnsServer(t, (question) => `pc-${question.split('.')[0]}.example`)
  const state = openApiState(await scratchFolder())
  const broken = t.mock.method(state, 'list', () =>
    Promise.reject(new Error('too many open files')),
  )
  const hosts = new HostNames({ asks: 'private', servers: [server], state, now: Date.now })
  const isNamed = (address: string) => () => hosts.nameAt(address, Date.now()) !== null
  await until(isNamed('10.0.0.1'))
  broken.mock.restore()
  await until(isNamed('10.0.0.2'))
  await until(async () => (await state.list('host-names')).length > 0)
})

test('an exporter is listed by the name that the administrator gave it, else by its own', async (t) => {
  const exporters = [exporterStatus, { ...exporterStatus, address: '192.0.2.2', name: 'own-2' }]
  const { get } = await appUnderTest(t, {
    names: { exporters: { '192.0.2.1': { name: 'edge' } } },
    status: { running: true, startedAt: 0, exporters, refused: [], sockets: [] } as never,
  })
  const answer = await get<ExportersAnswer>('/api/exporters')
  assert.deepEqual(
    answer.exporters.map(({ name }) => name),
    ['edge', 'own-2'],
  )
})

test('who waits for names has them at once, and does not wait for a server that is silent', async (t) => {
  const { server, asked } = await dnsServer(t, (question) => `${question.slice(0, 2)}.example`)
  const state = openApiState(await scratchFolder())
  const options = { asks: 'private', state, now: Date.now } as const
  const hosts = new HostNames({ ...options, servers: [server] })
  await hosts.learn(['10.0.0.22', '10.0.0.33', '203.0.113.80'])
  assert.equal(hosts.nameAt('10.0.0.22', Date.now()), '22.example')
  assert.equal(hosts.nameAt('10.0.0.33', Date.now()), '33.example')
  await hosts.learn(['10.0.0.22'])
  assert.equal(asked.length, 2)
  // The page may have asked for it a moment before.
  assert.equal(hosts.nameAt('10.0.0.44', Date.now()), null)
  await hosts.learn(['10.0.0.44'])
  assert.equal(hosts.nameAt('10.0.0.44', Date.now()), '44.example')
  assert.equal(asked.length, 3)
  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const waiting = new HostNames({ ...options, servers: [`127.0.0.1:${silent.address().port}`] })
  t.after(() => waiting.close())
  const begun = performance.now()
  await waiting.learn(['10.0.0.22'])
  assert.ok(performance.now() - begun < 1500)
  assert.equal(waiting.nameAt('10.0.0.22', Date.now()), null)
})

test('addresses that come up together are asked for side by side, each once', async (t) => {
  const { server, asked } = await dnsServer(t, (question) => `pc-${question.split('.')[0]}.example`)
  const state = openApiState(await scratchFolder())
  const hosts = new HostNames({ asks: 'private', servers: [server], state, now: Date.now })
  const addresses = Array.from({ length: 12 }, (_, i) => `10.0.0.${i + 1}`)
  for (const address of addresses) hosts.nameAt(address, Date.now())
  await until(() => addresses.every((each) => hosts.history(each).length > 0))
  assert.equal(new Set(asked.slice(0, 8)).size, 8, 'side by side')
  assert.equal(asked.length, addresses.length)
})

test('public addresses are looked up only if configured, and invalid names are ignored', async (t) => {
  const { server, asked } = await dnsServer(t, () => '<script>alert(1)</script>')
  const state = openApiState(await scratchFolder())
  const hosts = new HostNames({ asks: 'private', servers: [server], state, now: Date.now })
  assert.equal(hosts.nameAt('203.0.113.80', Date.now()), null)
  hosts.nameAt('10.0.0.1', Date.now())
  await until(() => hosts.refused === 1)
  assert.equal(asked.length, 1, 'the private address only, though the public one came first')
  assert.match(asked[0]!, /1\.0\.0\.10\.in-addr\.arpa/)
  assert.equal(hosts.nameAt('10.0.0.1', Date.now()), null)
  const all = new HostNames({ asks: 'all', servers: [server], state, now: Date.now })
  all.nameAt('203.0.113.80', Date.now())
  await until(() => asked.length === 2)
})

test('the file of names is reloaded when it changes; a fault in it changes nothing, and is reported', async () => {
  const path = join(await scratchFolder(), 'names.yaml')
  await writeFile(path, 'networks: { 10.0.0.1: gateway }')
  const own = await OwnNames.open(path)
  const names = new AllNames({ own })
  assert.equal(names.hostName('10.0.0.1'), 'gateway')
  await writeFile(path, 'networks: { 10.0.0.1: router, 10.0.0.2: second }')
  await own.look()
  assert.equal(names.hostName('10.0.0.1'), 'router')
  await writeFile(path, 'networks: { nonsense: x }')
  await own.look()
  assert.match(own.problem ?? '', /nonsense/)
  assert.equal(names.hostName('10.0.0.1'), 'router')
  await writeFile(path, 'networks: { 10.0.0.1: mended }')
  await own.look()
  assert.equal(own.problem, null)
  assert.equal(names.hostName('10.0.0.1'), 'mended')
  own.close()
})

test('names come from a spreadsheet too', () => {
  const text =
    '\uFEFFNetwork;Name;Site\r\n10.0.0.0/24;"the ""main"" office; first";Brussels\r\n10.0.0.7;seven;\r\n\r\n'
  const names = new Names(namesFromCsv(text))
  assert.equal(names.hostName('10.0.0.7'), 'seven')
  assert.deepEqual(names.networkOf('10.0.0.9'), {
    name: 'the "main" office; first',
    site: 'Brussels',
    owner: null,
  })
  assert.throws(() => namesFromCsv('a,b\n1,2\n'), NamesError)
  assert.throws(() => namesFromCsv('ip,name\n10.0.0.1,a\n10.0.0.1,b\n'), /stands twice/)
})

test('AS and country come from the administrator’s files', async (t) => {
  const path = join(await scratchFolder(), 'as.mmdb')
  await writeFile(path, mmdb())
  const places = await Places.open(path, null)
  assert.deepEqual(places.of('203.0.113.80'), { as: 64_500, asName: 'EXAMPLE', country: 'BE' })
  assert.equal(places.of('10.0.0.1').as, null)
  await writeFile(`${path}.txt`, 'this is none')
  await assert.rejects(Places.open(`${path}.txt`, null), { message: /not an MMDB file/, remedy: /WEIR_AS_FILE/ }) // prettier-ignore
  const names = new AllNames({
    own: { names: new Names({ networks: { '10.0.0.0/8': 'lan' } }) },
    places,
  })
  const { get } = await appUnderTest(t, { options: { names } })
  const { addresses } = await get<NamesAnswer>('/api/names?address=203.0.113.80,10.1.2.3')
  assert.equal(addresses[0]!.asName, 'EXAMPLE')
  assert.equal(addresses[0]!.country, 'BE')
  assert.equal(addresses[1]!.network?.name, 'lan')
})

/** A minimal MMDB file (format 2.0): one network, 128.0.0.0/1, with an AS and a country. */
function mmdb(): Buffer {
  const text = (value: string) =>
    Buffer.concat([Buffer.from([0x40 | value.length]), Buffer.from(value)])
  const long = (value: string) =>
    Buffer.concat([Buffer.from([0x5d, value.length - 29]), Buffer.from(value)])
  const key = (value: string) => (value.length < 29 ? text(value) : long(value))
  const u16 = (value: number) => Buffer.from([0xa2, value >> 8, value & 255])
  const u32 = (value: number) =>
    Buffer.from([0xc4, 0, value >> 16, (value >> 8) & 255, value & 255])
  const u64 = (value: number) => Buffer.from([0x04, 0x02, 0, 0, value >> 8, value & 255])
  const map = (entries: [string, Buffer][]) =>
    Buffer.concat([
      Buffer.from([0xe0 | entries.length]),
      ...entries.flatMap(([name, value]) => [key(name), value]),
    ])
  const data = map([
    ['autonomous_system_number', u32(64_500)],
    ['autonomous_system_organization', text('EXAMPLE')],
    ['country', map([['iso_code', text('BE')]])],
  ])
  // One node of 24-bit records: left nothing (1 = node count), right the data at 0 (1 + 16).
  const tree = Buffer.from([0, 0, 1, 0, 0, 17])
  const array = (values: Buffer[]) => Buffer.concat([Buffer.from([values.length, 0x04]), ...values])
  const metadata = map([
    ['binary_format_major_version', u16(2)],
    ['binary_format_minor_version', u16(0)],
    ['build_epoch', u64(1)],
    ['database_type', text('test')],
    ['description', map([['en', text('test')]])],
    ['ip_version', u16(4)],
    ['languages', array([text('en')])],
    ['node_count', u32(1)],
    ['record_size', u16(24)],
  ])
  const marker = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')])
  return Buffer.concat([tree, Buffer.alloc(16), data, marker, metadata])
}
