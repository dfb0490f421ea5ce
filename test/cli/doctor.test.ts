/** `weir doctor` names each fault with its remedy; its health checks answer by the exit code. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'

import { checkExporters } from '../../cli/doctor/exporters.ts'
import type { Finding } from '../../cli/doctor/finding.ts'
import { checkHttp, checkSockets } from '../../cli/doctor/ports.ts'
import type { DoctorAnswer } from '../../cli/doctor.ts'
import { healthSettings } from '../../cli/health.ts'
import type { ExporterStatus, IngestStatus } from '../../flow/status.ts'
import { Connection } from '../../store/influx/connection.ts'
import { organization, provideBucket } from '../../store/influx/provision.ts'
import { openParquetSeries } from '../../store/parquet/series.ts'
import { exporterStatus } from '../exporter-status.ts'
import { RunningInfluxd } from '../influxd.ts'
import { RunningIngest, runWeir, scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { skipWithoutInfluxd } from '../setup/influxd.ts'
import { coverageOf, stepOf, tiers } from '../store/series-rows.ts'

const freePorts = {
  WEIR_HTTP: '127.0.0.1:0',
  WEIR_NETFLOW: '127.0.0.1:0',
  WEIR_IPFIX: '127.0.0.1:0',
  WEIR_SFLOW: '127.0.0.1:0',
}

async function examined(
  environment: Record<string, string>,
): Promise<{ code: number | null; answer: DoctorAnswer }> {
  const { code, stdout } = await runWeir(['doctor', '--json'], { ...freePorts, ...environment })
  return { code, answer: JSON.parse(stdout) as DoctorAnswer }
}

function faultsIn(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ state }) => state === 'fault')
}

test('beside a running ingest there is no fault, and every warning has a remedy', async () => {
  const data = await scratchFolder()
  const ingest = await RunningIngest.start(data)
  const environment = { WEIR_DATA: data, WEIR_NETFLOW: `127.0.0.1:${ingest.port}` }
  const { code, answer } = await examined(environment)
  assert.deepEqual([code, answer.ok, faultsIn(answer.findings)], [0, true, []])
  const said = answer.findings.map(({ what }) => what)
  assert.ok(said.includes(`ingest listens on UDP 127.0.0.1:${ingest.port}`), said.join('\n'))
  for (const { state, what, remedy } of answer.findings)
    assert.ok(state === 'ok' || (remedy ?? '').length > 10, what)
  const { stdout } = await runWeir(['doctor'], { ...freePorts, ...environment })
  assert.match(
    stdout,
    /^warning exporters {2}no exporter has sent anything yet\n +→ point a router/m,
  )
  assert.match(stdout, /^0 faults, (?:1 warning|\d+ warnings)$/m)
  await ingest.stop()
})

test('a port held by another program is a fault', async () => {
  const holder = createSocket('udp4').bind(0, '127.0.0.1')
  await once(holder, 'listening')
  const address = `127.0.0.1:${holder.address().port}`
  const { code, answer } = await examined({
    WEIR_DATA: await scratchFolder(),
    WEIR_IPFIX: address,
  })
  holder.close()
  assert.equal(code, 1)
  const [found, ...others] = faultsIn(answer.findings)
  assert.equal(found?.what, `UDP ${address} is in use by another program`)
  assert.match(found.remedy ?? '', /set WEIR_IPFIX/)
  assert.deepEqual(others, [])
})

test('an API is known by what it answers, and another server is another program', async () => {
  let body = ''
  const server = createHttpServer((_, answer) => answer.end(body)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const settings = { ...readSettings({}), http: { host: '127.0.0.1', port } }
  const stateOf = async (answer: string) => {
    body = answer
    return (await checkHttp(settings))[0]?.state
  }
  assert.equal(await stateOf('{"version":"1.0.0","now":1,"ingest":null}'), 'ok')
  assert.equal(await stateOf('{"error":{"code":"log-in","message":"…","remedy":"log in"}}'), 'ok')
  for (const other of [
    '{"version":"3"}',
    '{"error":"no such page"}',
    '{"error":null}',
    'null',
    '"version"',
  ])
    assert.equal(await stateOf(other), 'fault', other)
  server.closeAllConnections()
  server.close()
})

test('a port held while ingest starts is not said to be held by another program', async () => {
  const holder = createSocket('udp4').bind(0, '127.0.0.1')
  await once(holder, 'listening')
  const held = { host: '127.0.0.1', port: holder.address().port }
  const free = { host: '127.0.0.1', port: 0 }
  const settings = { ...readSettings({}), netflow: held, ipfix: free, sflow: free }
  const states = async (isStarting: boolean) =>
    (await checkSockets(settings, null, isStarting)).map(({ state }) => state)
  assert.deepEqual(await states(true), ['ok', 'ok', 'ok'])
  assert.deepEqual(await states(false), ['fault', 'ok', 'ok'])
  holder.close()
})

test('a data folder that does not exist is no fault if a start can create it, with those above it', async () => {
  const folder = await scratchFolder()
  const data = join(folder, 'not', 'yet', 'there')
  const { code, answer } = await examined({ WEIR_DATA: data })
  assert.deepEqual([code, faultsIn(answer.findings)], [0, []])
  await writeFile(join(folder, 'file'), '')
  const below = join(folder, 'file', 'a', 'b')
  const nowhere = await examined({ WEIR_DATA: below })
  assert.deepEqual(
    faultsIn(nowhere.answer.findings).map(({ what }) => what),
    [`${below} does not exist and cannot be created`],
  )
})

test('faults of the settings are findings too', async () => {
  const { code, answer } = await examined({ WEIR_TOP: 'many' })
  assert.equal(code, 64)
  assert.deepEqual(answer.findings, [
    {
      check: 'settings',
      state: 'fault',
      what: 'WEIR_TOP="many"',
      remedy: 'write a whole number from 1 to 100000',
    },
  ])
})

test('files that settings name and that are missing are findings beside the others', async () => {
  const names = join(await scratchFolder(), 'none.yaml')
  const { code, answer } = await examined({ WEIR_DATA: await scratchFolder(), WEIR_SNMP: names })
  assert.equal(code, 1)
  assert.deepEqual(
    faultsIn(answer.findings).map(({ what }) => what),
    [`WEIR_SNMP="${names}"`],
  )
  assert.ok(answer.findings.some(({ check }) => check === 'disk'))
})

test('a data folder that is not one, or that others may read', async () => {
  const data = await scratchFolder()
  await writeFile(join(data, 'file'), '')
  const file = await examined({ WEIR_DATA: join(data, 'file') })
  assert.equal(file.code, 1)
  assert.ok(faultsIn(file.answer.findings).some(({ check }) => check === 'folder'))
  await mkdir(join(data, 'open'))
  await chmod(join(data, 'open'), 0o755)
  const { code, answer } = await examined({ WEIR_DATA: join(data, 'open') })
  assert.equal(code, 0)
  const open = answer.findings.find(({ what }) => /mode 755/.test(what))
  assert.equal(open?.remedy, `chmod 700 ${join(data, 'open')}`)
})

/** Settings of buckets that come after a hundred others, more than InfluxDB lists at once. */
async function beyondHundred(influxd: RunningInfluxd): Promise<Record<string, string>> {
  const token = await influxd.adminToken()
  const admin = new Connection({ url: influxd.url, token: async () => token })
  const orgId = await organization(admin, 'weir')
  const [finest] = readSettings({}).tiers
  for (let i = 0; i < 100; i++)
    await provideBucket(admin, orgId, { prefix: `a${i}`, tier: finest! })
  for (const tier of readSettings({}).tiers)
    await provideBucket(admin, orgId, { prefix: 'beyond', tier })
  const path = join(await scratchFolder(), 'admin')
  await writeFile(path, token)
  return { WEIR_INFLUX_PREFIX: 'beyond', WEIR_INFLUX_TOKEN_FILE: path }
}

test(
  'InfluxDB: healthy, a refused token, a missing bucket, and away',
  { skip: skipWithoutInfluxd() },
  async () => {
    const influxd = await RunningInfluxd.startReady()
    const environment = { ...influxd.environment, WEIR_DATA: await scratchFolder() }
    const series = async (more: Record<string, string> = {}) => {
      const { code, answer } = await examined({ ...environment, ...more })
      return { code, found: answer.findings.filter(({ check }) => check === 'series') }
    }
    const well = await series()
    assert.equal(well.code, 0)
    assert.match(well.found[0]!.what, /^InfluxDB .* at http/)
    const missing = await series({ WEIR_INFLUX_PREFIX: 'elsewhere' })
    assert.equal(missing.code, 1)
    assert.match(missing.found.at(-1)!.what, /not visible with this token: elsewhere_5m/)
    assert.match(missing.found.at(-1)!.remedy ?? '', /weir influx setup/)
    const many = await beyondHundred(influxd)
    assert.equal((await series(many)).code, 0)
    const strange = join(await scratchFolder(), 'token')
    await writeFile(strange, 'somebody-elses-token')
    const refused = await series({ WEIR_INFLUX_TOKEN_FILE: strange })
    assert.equal(refused.code, 1)
    assert.match(refused.found.at(-1)!.what, /401/)
    await influxd.stop()
    const away = await series()
    assert.equal(away.code, 1)
    assert.match(away.found[0]!.remedy ?? '', /see that InfluxDB runs/)
  },
)

const exporter: ExporterStatus = {
  ...exporterStatus,
  address: '10.0.0.1',
  firstSeen: 1000,
  lastSeen: 2000,
  datagrams: 100,
  flows: 3000,
}

function statusOf(exporters: ExporterStatus[], more: Partial<IngestStatus> = {}): IngestStatus {
  const listed = { exporters, refused: [], warnings: [], sockets: [] }
  return { running: true, startedAt: 1000, ...listed, ...more } as unknown as IngestStatus
}

test('exporters: silent, losing, problems, refused', () => {
  const at =
    (seconds: number, isStarting = false) =>
    (status: IngestStatus | null) =>
      checkExporters(status, { nowMs: seconds * 1000, isStarting, port: 9995 })
  const states = (findings: Finding[]) => findings.map(({ check, state }) => `${check} ${state}`)
  assert.deepEqual(states(at(2060)(statusOf([exporter]))), ['ingest ok', 'exporters ok'])
  const [, silent] = at(2000 + 3600)(statusOf([exporter]))
  assert.deepEqual(
    [silent?.state, silent?.what],
    ['fault', '10.0.0.1 has been silent for 60 minutes'],
  )
  const lost = { datagrams: 10, flows: 300, flowsEstimated: true }
  const [, losing] = at(2060)(statusOf([{ ...exporter, lost }]))
  assert.match(losing?.what ?? '', /about 300 of 3300 flows were lost/)
  const few = { ...lost, flows: 2 }
  assert.deepEqual(states(at(2060)(statusOf([{ ...exporter, lost: few }]))), [
    'ingest ok',
    'exporters ok',
  ])
  const [, well] = at(2060)(statusOf([{ ...exporter, lost: few }]))
  assert.equal(well?.what, '10.0.0.1: 3000 flows, about 2 lost')
  assert.equal(at(2060)(statusOf([exporter]))[1]?.what, '10.0.0.1: 3000 flows, none lost')
  assert.match(at(2060)(statusOf([]))[1]?.remedy ?? '', /UDP port 9995 .* udp port 9995$/)
  const [, problem] = at(2060)(statusOf([{ ...exporter, problems: { 'no-template': 7 } }]))
  assert.equal(problem?.what, '10.0.0.1: no-template 7')
  const kinds = { 'set-id': 2, 'withdrawal-ignored': 1 }
  const [, ...told] = at(2060)(statusOf([{ ...exporter, problems: kinds }]))
  assert.deepEqual(
    told.map(({ what, remedy }) => [what, remedy]),
    [
      [
        '10.0.0.1: A set has an id that the standard reserves; it was skipped: set-id 2',
        'the exporter sends what its NetFlow version does not allow: update its software',
      ],
      [
        '10.0.0.1: A template was withdrawn over UDP, which RFC 7011 says to ignore: withdrawal-ignored 1',
        'nothing needs to be done',
      ],
    ],
  )
  const refused = [{ address: '203.0.113.9', datagrams: 4, lastSeen: 2000 }]
  const [, stranger] = at(2060)(statusOf([exporter], { refused }))
  assert.match(stranger?.remedy ?? '', /add 203\.0\.113\.9 to WEIR_EXPORTERS/)
  const stopped = statusOf([exporter], { running: false })
  assert.equal(at(9000)(stopped)[0]?.what, 'no ingest runs: nothing new comes in')
  assert.equal(at(0)(null)[0]?.state, 'warning')
  for (const left of [null, stopped])
    assert.equal(
      at(9000, true)(left)[0]?.what,
      'ingest is starting: new flows wait in its journal and are not shown yet',
    )
})

test('health: ingest answers and its folder takes a canary, the API answers', async () => {
  const data = await scratchFolder()
  const look = (of: string, environment: Record<string, string> = {}) =>
    runWeir(['doctor', '--health', of], { WEIR_DATA: data, ...environment })
  const without = await look('ingest')
  assert.equal(without.code, 1)
  assert.match(without.stderr, /^weir: ingest does not answer on .*ingest\.sock\n$/)
  const ingest = await RunningIngest.start(data)
  assert.equal((await look('ingest')).code, 0)
  await writeFile(join(data, 'state', 'canary'), '')
  await chmod(join(data, 'state', 'canary'), 0o600)
  assert.equal((await look('ingest')).code, 0)
  await ingest.stop()
  const api = await look('api', { WEIR_HTTP: '127.0.0.1:9' })
  assert.equal(api.code, 1)
  assert.match(api.stderr, /^weir: the API does not answer at http:\/\/127\.0\.0\.1:9\/api\/status/)
  assert.equal((await look('everything')).code, 64)
})

test('health alone uses the defaults of the settings, and parses addresses in the same way', () => {
  const texts = [undefined, '', '0.0.0.0:80', '[::]:8080', '[2001:db8::1]:1', 'localhost:8080']
  for (const WEIR_HTTP of texts) {
    const environment = { WEIR_HTTP, WEIR_AUTH: 'none', WEIR_PUBLISHED: '127.0.0.1:80' }
    const { data, http } = readSettings(environment)
    assert.deepEqual(healthSettings(environment), { data, http })
  }
  assert.equal(healthSettings({ WEIR_DATA: '/data' }).data, '/data')
  assert.throws(() => healthSettings({ WEIR_HTTP: '8080' }), /WEIR_HTTP="8080": write ADDRESS:PORT/)
})

test('health: an API with an unexpected answer is unhealthy', async () => {
  const answers: Record<string, string> = {
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}': 'the API answers',
    'HTTP/1.1 401 Unauthorized\r\n\r\n{}': 'the API answers',
    'HTTP/1.1 503 Service Unavailable\r\n\r\nbusy': 'it answers 503: busy',
    'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}': 'the answer was cut off',
    hello: 'the server there does not speak HTTP',
  }
  for (const [answer, expected] of Object.entries(answers)) {
    const server = createServer((socket) => socket.on('data', () => socket.end(answer)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { stdout, stderr } = await runWeir(['doctor', '--health', 'api'], {
      WEIR_HTTP: `127.0.0.1:${port}`,
    })
    assert.ok((stdout + stderr).includes(expected), stdout + stderr)
    server.close()
  }
})

test('a file of the series that was left out is a warning', async () => {
  const data = await scratchFolder()
  const folder = join(data, 'series')
  const series = await openParquetSeries(folder)
  await series.write(tiers['5m'], [stepOf(coverageOf(0, '192.0.2.1'), { total: [{ direction: 'in', bytes: 1 }] })]) // prettier-ignore
  await series.close()
  await rm(join(folder, '5m', 'total'), { recursive: true })
  await (await openParquetSeries(folder)).close()
  const { answer } = await examined({ WEIR_DATA: data })
  const [found] = answer.findings.filter(({ check }) => check === 'series')
  assert.equal(found?.state, 'warning')
  assert.match(found.what, /^series file 5m\/total\/\S+ is left out: is missing$/)
})
