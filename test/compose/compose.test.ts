/** `docker compose up` as a user runs it: real engine, real UDP from another machine, real InfluxDB. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { rm } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { ExportersAnswer } from '../../api/schema/status.ts'
import type { DoctorAnswer } from '../../cli/doctor.ts'
import { encodeV5 } from '../encode/fixed.ts'
import { freeUdpPort } from '../free-port.ts'
import { skipWithoutEngine } from '../setup/engine.ts'
import { Engine, type Output } from './engine.ts'
import { askFlux, documentedQueries, grafanaQueries } from './influx.ts'
import { ExporterHost, Project } from './project.ts'
import { previousVersion } from './upgrade.ts'

const folder = join(import.meta.dirname, '..', '..')
const monday = join(folder, 'test', 'captures', 'monday-outage.v9.pcap.gz')
const mondayDatagrams = 7057
const mondayBytes = 50_336_916_389
const healthyMsMax = 90_000
/** Four hours of capture in 48 seconds: long enough for a restart in the middle on a busy machine. */
const speed = 300
/** At that speed, export times run ahead of the clock. */
const window = `from=${Math.floor(Date.now() / 1000) - 86_400}&to=${Math.floor(Date.now() / 1000) + 86_400}`

/** The part of an answer used here. */
interface Top {
  total: { bytes: number }
}
interface Series {
  series: { summary: { total: number } }[]
}

suite('docker compose', { skip: skipWithoutEngine() }, () => {
  let engine: Engine
  let project: Project
  let exporter: ExporterHost

  before(async () => {
    engine = await Engine.open()
    project = await Project.create(engine, folder)
    exporter = await ExporterHost.create(engine)
    await project.compose('build', '-q')
  })

  after(async () => {
    await exporter?.remove()
    await project?.remove()
    await engine?.close()
  })

  test('the files are valid, and contain no secret', async () => {
    for (const file of ['docker-compose.yml', 'docker-compose.parquet.yml']) {
      const args = ['compose', '-f', join(folder, file), '--profile', 'demo', 'config']
      const { stdout, stderr } = await engine.docker(args)
      assert.equal(stderr, '')
      assert.doesNotMatch(stdout, /(password|token|secret)\w*: (?!\/secrets\/|null)\S/i)
    }
  })

  test('from nothing to healthy', async () => {
    const started = performance.now()
    await project.compose('up', '-d', '--build', '--wait')
    const ms = performance.now() - started
    assert.ok(ms < healthyMsMax, `it took ${ms} ms`)
    const states = (await project.containers()).map(({ Service, State, Health, ExitCode }) =>
      [Service, State, Health, ExitCode].join(' '),
    )
    assert.deepEqual(states.toSorted(), [
      'api running healthy 0',
      'influxdb running healthy 0',
      'ingest running healthy 0',
      'setup exited  0',
    ])
    assert.match(await (await fetch(project.url)).text(), /<script[^>]+type="module"/)
  })

  test('secrets are files for their owner only, and in no description of a container', async () => {
    const secrets: [service: string, path: string][] = [
      ['influxdb', '/etc/influxdb2/admin.token'],
      ['influxdb', '/etc/influxdb2/admin.password'],
      ['ingest', '/secrets/ingest/ingest.token'],
      ['api', '/secrets/api/api.token'],
    ]
    const { stdout: ids } = await project.compose('ps', '-aq')
    const { stdout: described } = await engine.docker(['inspect', ...ids.trim().split('\n')])
    const seen = new Set<string>()
    for (const [service, path] of secrets) {
      const { stdout } = await project.compose('exec', '-T', service, 'stat', '-c', '%a %u', path)
      assert.equal(stdout.trim(), '600 1000', path)
      const { stdout: secret } = await project.compose('exec', '-T', service, 'cat', path)
      assert.ok(secret.trim().length >= 40, `${path} is short`)
      assert.ok(!described.includes(secret.trim()), `${path} is to be seen from outside`)
      seen.add(secret)
    }
    assert.equal(seen.size, secrets.length, 'no two are the same')
    const admin = ['exec', '-T', 'api', 'ls', '/secrets/admin', '/secrets/ingest']
    assert.equal((await project.compose(...admin)).stdout.match(/token|password/), null)
  })

  test('containers run without root, privileges or a writable root file system', async () => {
    const { stdout: ids } = await project.compose('ps', '-aq')
    const { stdout } = await engine.docker(['inspect', ...ids.trim().split('\n')])
    for (const { Config, HostConfig } of JSON.parse(stdout) as Inspected[]) {
      assert.ok(['node', '1000:1000'].includes(Config.User), Config.User)
      assert.deepEqual(HostConfig.CapDrop, ['ALL'])
      assert.equal(HostConfig.ReadonlyRootfs, true)
      assert.ok(HostConfig.SecurityOpt.includes('no-new-privileges:true'))
      assert.ok(HostConfig.PidsLimit > 0 && HostConfig.Memory > 0 && HostConfig.Init)
      for (const bindings of Object.values(HostConfig.PortBindings))
        for (const { HostIp } of bindings ?? []) assert.equal(HostIp, '127.0.0.1')
    }
  })

  test('the API’s container can write only to memory', async () => {
    const { stdout } = await project.compose('exec', '-T', 'api', 'node', '-e', writeEverywhere)
    const written = JSON.parse(stdout) as { folder: string; kind: string }[]
    assert.deepEqual(
      written.filter(({ kind }) => !['tmpfs', 'mqueue'].includes(kind)),
      [],
    )
    assert.ok(written.some(({ folder: each }) => each === '/tmp'))
  })

  test('an exporter keeps its address, even when ingest is restarted during its flow', async () => {
    const sending = exporter.send(monday, project.netflowPort, speed)
    await project.until<ExportersAnswer>(
      '/api/exporters',
      ({ exporters }) => (exporters[0]?.datagrams ?? 0) > 1000,
    )
    await project.compose('restart', 'ingest')
    const restarted = await project.until<ExportersAnswer>('/api/exporters', ({ exporters }) =>
      exporters.some(({ datagrams }) => datagrams > 1000),
    )
    assert.equal(await sending, mondayDatagrams)
    const { exporters } = await project.until<ExportersAnswer>('/api/exporters', (answer) => {
      const [one] = answer.exporters
      return one !== undefined && one.datagrams + one.lost.datagrams === mondayDatagrams
    })
    assert.deepEqual(
      exporters.map(({ address }) => address),
      [exporter.address],
    )
    assert.ok(exporters[0]!.datagrams > restarted.exporters[0]!.datagrams, 'it went on after it')
  })

  test('the story arrives completely', async () => {
    const [before] = (await project.get<ExportersAnswer>('/api/exporters')).exporters
    await exporter.send(monday, project.netflowPort, speed * 6)
    await project.until<ExportersAnswer>(
      '/api/exporters',
      ({ exporters: [one] }) =>
        one !== undefined && one.bytes - (before?.bytes ?? 0) === mondayBytes,
    )
  })

  test('behind a bridge the loss of addresses is reported, with the remedy', async () => {
    const name = `${project.name}-bridged`
    const port = await freeUdpPort()
    const publish = ['-p', `127.0.0.1:${port}:2055/udp`]
    const run = ['run', '-d', '--rm', '--name', name, ...publish, `weir:${project.name}`, 'ingest']
    await engine.docker(run)
    try {
      const socket = createSocket('udp4')
      const look = ['exec', name, 'weir', 'doctor', '--json']
      let said: string[] = []
      for (let tries = 0; tries < 60 && !said.some((what) => what.includes('gateway')); tries++) {
        socket.send(encodeV5({ exportMs: Date.now() }, [{}]), port, '127.0.0.1')
        await sleep(500)
        const { stdout } = await engine.docker(look).catch((error: Output) => error)
        said = (JSON.parse(stdout) as DoctorAnswer).findings.map(({ what }) => what)
      }
      socket.close()
      assert.ok(
        said.some((what) => /is this container's own gateway/.test(what)),
        said.join('\n'),
      )
    } finally {
      await engine.docker(['rm', '-f', '-v', name])
    }
  })

  test('down and up keep everything', async () => {
    const before = await project.get<ExportersAnswer>('/api/exporters')
    await project.compose('down')
    await project.compose('up', '-d', '--wait')
    assert.deepEqual(await project.get<ExportersAnswer>('/api/exporters'), before)
    await assertStored(project, before.exporters[0]!.bytes)
  })

  test('the series are in InfluxDB, for Flux by hand and for Grafana’s dashboard', async () => {
    const { exporters } = await project.get<ExportersAnswer>('/api/exporters')
    const [sum] = await askFlux(
      project,
      `from(bucket: "weir_5m") |> range(start: -2d, stop: 2d)
        |> filter(fn: (r) => r._measurement == "total" and r._field == "bytes") |> group() |> sum()`,
    )
    assert.equal(Number(sum?.['_value']), exporters[0]!.bytes)
    for (const [title, text] of grafanaQueries({ from: '-2d', to: '2d' })) {
      const rows = await askFlux(project, text)
      // The story's exporter names no interfaces.
      assert.ok(rows.length > 0 || title === 'Interfaces', `${title}: ${text}`)
    }
    for (const text of documentedQueries()) await askFlux(project, text)
    const write =
      'import "array" array.from(rows: [{_time: now(), _measurement: "total", _field: "bytes", _value: 1}]) |> to(bucket: "weir_5m")'
    await assert.rejects(
      askFlux(project, write.replace('" array', '"\narray')),
      /unauthorized|forbidden|permission/i,
    )
  })

  test('the demo sends a Monday live', async () => {
    await project.compose('--profile', 'demo', 'up', '-d', 'exporter')
    await project.until<ExportersAnswer>('/api/exporters', ({ exporters }) =>
      exporters.some(({ address, flows }) => address === '127.0.0.1' && flows > 0),
    )
    await project.compose('--profile', 'demo', 'stop', 'exporter')
  })

  test('a bad secret file is one clear line, and setup replaces a lost token', async () => {
    const spoil = (command: string) =>
      project.compose(
        'run',
        '--rm',
        '--no-deps',
        '-T',
        '--entrypoint',
        'sh',
        'setup',
        '-c',
        command,
      )
    await spoil(': > /secrets/ingest/ingest.token')
    await assertSaid('ingest', /ingest\.token": holds no token: .*weir influx setup/, () =>
      project.compose('restart', 'ingest'),
    )
    await project.compose('up', '-d', '--wait')
    await project.compose('stop')
    await spoil('echo nonsense > /secrets/admin/admin.token')
    await assertSaid('setup', /admin\.token must hold a token/, () =>
      assert.rejects(project.compose('up', '-d', '--wait'), /didn't complete successfully/),
    )

    /** A service's only message at its start is this line. */
    async function assertSaid(service: string, pattern: RegExp, start: () => Promise<unknown>) {
      const started = Date.now()
      await start()
      let lines: string[] = []
      for (let tries = 0; tries < 30 && lines.length === 0; tries++) {
        await sleep(1000)
        lines = (await project.log(service, started)).filter((line) => line.startsWith('weir:'))
      }
      // A service that is restarted repeatedly says it each time.
      assert.equal(new Set(lines).size, 1, lines.join('\n'))
      assert.match(lines[0]!, pattern)
    }
  })

  test('this version reads what the previous one stored', async (t) => {
    const { path, commit } = await previousVersion(folder)
    t.diagnostic(`from ${commit}`)
    const upgraded = await Project.create(engine, path)
    try {
      await upgraded.compose('up', '-d', '--build', '--wait')
      await exporter.send(monday, upgraded.netflowPort, speed * 6)
      await upgraded.until<ExportersAnswer>(
        '/api/exporters',
        ({ exporters }) => exporters[0]?.bytes === mondayBytes,
      )
      await upgraded.compose('down')
      upgraded.folder = folder
      await upgraded.compose('up', '-d', '--build', '--wait')
      await assertStored(upgraded, mondayBytes)
    } finally {
      await upgraded.remove()
      await rm(path, { recursive: true, force: true })
    }
  })
})

interface Inspected {
  Config: { User: string }
  HostConfig: {
    CapDrop: string[]
    ReadonlyRootfs: boolean
    SecurityOpt: string[]
    PidsLimit: number
    Memory: number
    Init: boolean
    PortBindings: Record<string, { HostIp: string }[] | null>
  }
}

/**
 * Tries to create a file in every folder, and reports where it could, and on what kind of file
 * system.
 */
const writeEverywhere = `
const fs = require('fs'), path = require('path')
const mounts = fs.readFileSync('/proc/mounts', 'utf8').trim().split('\\n').map((line) => line.split(' '))
const kindOf = (folder) => mounts.filter(([, at]) => folder === at || folder.startsWith(at === '/' ? '/' : at + '/'))
  .sort((a, b) => b[1].length - a[1].length)[0][2]
const written = []
const visit = (folder) => {
  try {
    fs.writeFileSync(path.join(folder, 'written-by-test'), 'x')
    fs.rmSync(path.join(folder, 'written-by-test'))
    written.push({ folder, kind: kindOf(folder) })
  } catch {}
  let entries = []
  try { entries = fs.readdirSync(folder, { withFileTypes: true }) } catch {}
  for (const entry of entries)
    if (entry.isDirectory() && !['proc', 'node_modules'].includes(entry.name)) visit(path.join(folder, entry.name))
}
visit('/')
console.log(JSON.stringify(written))
`

/** The exporter's counters, the archive and the series all have this many bytes. */
async function assertStored(project: Project, bytes: number): Promise<void> {
  const { exporters } = await project.get<ExportersAnswer>('/api/exporters')
  assert.equal(exporters[0]?.bytes, bytes)
  const { total } = await project.get<Top>(`/api/top?${window}&by=exporter`)
  assert.equal(total.bytes, bytes)
  const { series } = await project.get<Series>(`/api/series?${window}&by=protocol`)
  const sum = series.reduce((whole, { summary }) => whole + summary.total, 0)
  assert.equal(sum, bytes)
}
