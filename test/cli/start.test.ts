/** The second set-up command: `npm start` serves the page, receives flows, and ends on Ctrl-C. */
import { freeTcpPort } from '../free-port.ts'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import type { ExportersAnswer } from '../../api/schema/status.ts'
import { recentShift } from '../../cli/replay.ts'
import { mondayCapture, weekSeconds } from '../monday.ts'
import { treeOf } from '../load/usage.ts'
import { RunningIngest, runWeir, scratchFolder, spawnStart } from '../processes.ts'
import { until } from '../until.ts'

/** On a machine under load, on which the page is built first. */
const servedMsMax = 60_000
const endedMsMax = 5000

/**
 * An npm script that serves on a port, with its output; a process group of its own, as in a terminal.
 */
function npm(script: readonly string[], environment: Record<string, string>) {
  const child = spawn('npm', script, {
    env: {
      ...process.env,
      WEIR_NETFLOW: '127.0.0.1:0',
      WEIR_IPFIX: '127.0.0.1:0',
      WEIR_SFLOW: '127.0.0.1:0',
      WEIR_METRICS: '127.0.0.1:0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const said = { text: '' }
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said.text += String(chunk)))
  return { child, said }
}

test('npm start serves the page and the API; Ctrl-C ends it in time with exit code 0', async () => {
  const port = await freeTcpPort()
  const started = performance.now()
  const WEIR_HTTP = `127.0.0.1:${port}`
  const { child, said } = npm(['start'], { WEIR_DATA: await scratchFolder(), WEIR_HTTP })
  try {
    let page: Response | null = null
    const isInTime = () => performance.now() - started < servedMsMax
    while (!page && isInTime()) {
      page = await fetch(`http://127.0.0.1:${port}/`).catch(() => null)
      await sleep(50)
    }
    assert.ok(page, `no page after ${servedMsMax} ms: ${said.text}`)
    assert.match(await page.text(), /<script[^>]+type="module"/)
    assert.equal((await fetch(`http://127.0.0.1:${port}/api/status`)).status, 200)
    while (!said.text.includes('weir: NetFlow on UDP 127.0.0.1:') && isInTime()) await sleep(50)
    assert.match(said.text, /weir: NetFlow on UDP 127\.0\.0\.1:/)
    const stopped = performance.now()
    const exited = once(child, 'exit') as Promise<[number | null, string | null]>
    // As a terminal does: to the whole group.
    process.kill(-child.pid!, 'SIGINT')
    const [code, signal] = await exited
    assert.deepEqual([code, signal], [0, null], said.text)
    assert.ok(performance.now() - stopped < endedMsMax, `it took ${performance.now() - stopped} ms`)
  } finally {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL')
  }
})

for (const [signal, told] of [
  ['SIGKILL', /^weir: ingest was killed by SIGKILL; .*memory ran out/m],
  ['SIGTERM', /^weir: ingest was told to stop, and the other with it$/m],
] as const)
  test(`start says which of its two processes got a ${signal}, and ends`, async () => {
    const child = await spawnStart()
    let [stdout, stderr] = ['', '']
    child.stdout!.on('data', (chunk: Buffer) => (stdout += String(chunk)))
    child.stderr!.on('data', (chunk: Buffer) => (stderr += String(chunk)))
    await until(() => stdout.includes('NetFlow on UDP'))
    const pids = (await treeOf(child.pid!)).filter((pid) => pid !== child.pid)
    const commands = await Promise.all(
      // Some of them last only a moment.
      pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    )
    process.kill(pids[commands.findIndex((each) => each.includes('weir.js\0ingest'))]!, signal)
    const [code] = (await once(child, 'close')) as [number | null]
    assert.equal(code, 1)
    assert.match(stderr, told)
  })

test('a signal to all processes at once, as when a session of systemd ends, stops start in order', async () => {
  const child = await spawnStart()
  let stdout = ''
  child.stdout!.on('data', (chunk: Buffer) => (stdout += String(chunk)))
  const said = child.stderr!.toArray()
  await until(() => stdout.includes('NetFlow on UDP') && stdout.includes('the page is at'))
  const ended = once(child, 'exit')
  for (const pid of await treeOf(child.pid!))
    if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGTERM')
  assert.deepEqual(await ended, [0, null], (await said).join(''))
})

test('the shift to the latest past is by the end of a capture, also while a Monday reaches its time', async () => {
  const at = (time: string) => recentShift([mondayCapture], Date.parse(time))
  // The outage was over at noon, the capture ends at one.
  assert.equal(await at('2026-11-23T12:30Z'), 0)
  assert.equal(await at('2026-11-23T13:30Z'), 1000 * weekSeconds)
})

test('npm run demo announces the bundled Monday by name', async () => {
  const port = await freeTcpPort()
  const { child, said } = npm(['run', 'demo'], { WEIR_HTTP: `127.0.0.1:${port}` })
  try {
    const started = performance.now()
    let answer: Response | null = null
    while (!answer && performance.now() - started < 3 * servedMsMax) {
      const [, asked] = /the outage: \S+\?(\S+)/.exec(said.text) ?? []
      const url = `http://127.0.0.1:${port}/api/explain?${asked}`
      answer = asked === undefined ? null : await fetch(url).catch(() => null)
      // An overloaded machine answers 503.
      if (answer?.status === 503) answer = null
      await sleep(100)
    }
    assert.ok(answer?.ok, said.text)
    const { sentence } = (await answer.json()) as { sentence: string }
    assert.match(sentence, /, 11:32:09: traffic through pfsense was cut for 4 min 23 s\. 10\.0\.0\.22 \(bobby22\.bigbiz\.local\) opened 312 connections outward, 280 of them to 203\.0\.113\.80, and downloaded 4\.0 GB\.$/) // prettier-ignore
    const listed = await fetch(`http://127.0.0.1:${port}/api/exporters`)
    const { exporters } = (await listed.json()) as ExportersAnswer
    assert.deepEqual(
      exporters.flatMap(({ interfaces }) => interfaces.map(({ name }) => name)),
      ['lan'],
    )
  } finally {
    const exited = once(child, 'exit')
    process.kill(-child.pid!, 'SIGINT')
    await exited
  }
})

test('a bad setting stops the start with key, value and remedy', async () => {
  const { code, stderr } = await runWeir(['ingest'], { WEIR_NETFLOW: 'everywhere', WEIR_TOP: '0' })
  assert.equal(code, 64)
  assert.match(stderr, /WEIR_NETFLOW="everywhere": write ADDRESS:PORT/)
  assert.match(stderr, /WEIR_TOP="0": write a whole number/)
})

test('a data folder that is no folder is a fault of the settings, whatever is started', async () => {
  const file = join(await scratchFolder(), 'file')
  await writeFile(file, '')
  const capture = 'test/captures/monday-outage.v9.pcap.gz'
  for (const data of ['/dev/null', file, join(file, 'below')])
    for (const args of [['api'], ['ingest'], ['start'], ['query'], ['replay', capture]]) {
      const { code, stderr } = await runWeir(args, { WEIR_DATA: data })
      assert.equal(code, 64, `${args[0]}: ${stderr}`)
      assert.equal(stderr, `weir: WEIR_DATA="${data}": is no folder: name one\n`)
    }
})

test('missing files named in settings are all reported by a check, and by a start', async () => {
  const data = await scratchFolder()
  const script = join(data, 'no-program')
  await writeFile(script, '')
  const settings = {
    WEIR_DATA: join(data, 'data'),
    WEIR_NAMES: join(data, 'names.yaml'),
    WEIR_AS_FILE: join(data, 'as.mmdb'),
    WEIR_ALERT_SCRIPT: script,
  }
  for (const args of [['start', '--check'], ['start'], ['api', '--check']]) {
    const { code, stderr } = await runWeir(args, settings)
    assert.equal(code, 64)
    const keys = [...stderr.matchAll(/^weir: (WEIR_[A-Z_]+)="/gm)].map(([, key]) => key)
    assert.deepEqual(keys, ['WEIR_NAMES', 'WEIR_AS_FILE', 'WEIR_ALERT_SCRIPT'])
  }
})

test('a taken address is one line with its remedy, from ingest and from the API', async () => {
  const udp = createSocket('udp4')
  udp.bind(0, '127.0.0.1')
  await once(udp, 'listening')
  const tcp = createServer().listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const httpPort = (tcp.address() as AddressInfo).port
  try {
    for (const [command, settings, said] of [
      [
        'ingest',
        { WEIR_NETFLOW: `127.0.0.1:${udp.address().port}` },
        /^weir: UDP .*EADDRINUSE.*; stop what holds it or choose another port/,
      ],
      [
        'ingest',
        { WEIR_NETFLOW: '192.0.2.77:0' },
        /^weir: UDP .*EADDRNOTAVAIL.*; name an address of this machine/,
      ],
      [
        'api',
        { WEIR_HTTP: `127.0.0.1:${httpPort}` },
        /^weir: WEIR_HTTP=.*EADDRINUSE.*; stop what listens there/,
      ],
    ] as const) {
      const WEIR_DATA = await scratchFolder()
      const { code, stdout, stderr } = await runWeir([command], { WEIR_DATA, ...settings })
      assert.doesNotMatch(stdout, /NetFlow on|the page is at/)
      const lines = stderr
        .trim()
        .split('\n')
        .filter((line) => !line.includes('building the page'))
      assert.equal(lines.length, 1, stderr)
      assert.match(lines[0]!, said)
      assert.equal(code, 1)
    }
  } finally {
    udp.close()
    tcp.close()
  }
})

test('an empty secret file ends ingest and API with one line', async () => {
  const data = await scratchFolder()
  const token = join(data, 'ingest.token')
  await writeFile(token, '\n')
  const settings = {
    WEIR_STORE: 'influx',
    WEIR_INFLUX_TOKEN_FILE: token,
    WEIR_HTTP: '127.0.0.1:0',
    WEIR_NETFLOW: '127.0.0.1:0',
    WEIR_IPFIX: '127.0.0.1:0',
  }
  for (const command of ['ingest', 'api']) {
    const { code, stderr } = await runWeir([command], {
      WEIR_DATA: join(data, 'data'),
      ...settings,
    })
    assert.equal(code, 64)
    const lines = stderr
      .trim()
      .split('\n')
      .filter((line) => !line.includes('building the page'))
    assert.equal(lines.length, 1, stderr)
    assert.match(lines[0]!, /^weir: WEIR_INFLUX_TOKEN_FILE="[^"]+": holds no token: /)
  }
})

test('an unreadable capture, or a store that cannot be opened, ends a replay before it writes anything', async () => {
  const data = await scratchFolder()
  const path = join(data, 'notes.txt')
  await writeFile(path, 'these are notes, and no capture')
  const { code, stderr } = await runWeir(['replay', path], { WEIR_DATA: join(data, 'data') })
  assert.equal(code, 2)
  assert.match(stderr, /is no capture/)
  const again = await runWeir(['replay', 'test/captures/monday-outage.v9.pcap.gz', path], {
    WEIR_DATA: join(data, 'data'),
  })
  assert.equal(again.code, 2)
  const token = join(data, 'token')
  await writeFile(token, '')
  const refused = await runWeir(['replay', 'test/captures/monday-outage.v9.pcap.gz'], {
    WEIR_DATA: join(data, 'data'),
    WEIR_STORE: 'influx',
    WEIR_INFLUX_TOKEN_FILE: token,
  })
  assert.equal(refused.code, 64)
  assert.match(refused.stderr, /^weir: WEIR_INFLUX_TOKEN_FILE="[^"]+": holds no token: /)
  const whole = await runWeir(['replay', '--json', 'test/captures/monday-outage.v9.pcap.gz'], {
    WEIR_DATA: join(data, 'data'),
  })
  assert.equal(whole.code, 0, 'what failed has left nothing behind')
  assert.equal((JSON.parse(whole.stdout) as { flows: number }).flows, 218_610)
})

test('a full disk ends a replay with one line and what to do', async () => {
  const capture = new URL('../captures/monday-outage.v9.pcap.gz', import.meta.url)
  const weir = new URL('../../cli/weir.js', import.meta.url)
  // Files of at most 20 kB: as on a full disk, writes are cut short.
  const script = 'ulimit -f 40; exec "$0" "$1" replay "$2"'
  const args = ['-c', script, process.execPath, fileURLToPath(weir), fileURLToPath(capture)]
  const child = spawn('sh', args, {
    env: { ...process.env, WEIR_DATA: await scratchFolder() },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 1, said)
  assert.match(
    said,
    /^weir: archive: .+; look whether its disk is full \(df\) or fails \(dmesg\)$/m,
  )
  assert.doesNotMatch(said, /\n +at /)
})

test('on a full disk ingest says in one line what to do', async () => {
  const weir = fileURLToPath(new URL('../../cli/weir.js', import.meta.url))
  const data = await scratchFolder()
  // Files of no bytes: as on a full disk, they can be created and not written.
  const child = spawn('sh', ['-c', 'ulimit -f 0; exec "$0" "$1" ingest', process.execPath, weir], {
    env: { ...process.env, WEIR_DATA: data, WEIR_NETFLOW: '127.0.0.1:0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 1, said)
  assert.match(said, /^weir: .+journal cannot be written: EFBIG.+; .+ WEIR_DATA\n$/)
})

test('another writer is refused in one line while an ingest runs on the data folder', async () => {
  const data = await scratchFolder()
  const ingest = await RunningIngest.start(data)
  for (const args of [
    ['replay', 'test/captures/monday-outage.v9.pcap.gz'],
    ['rebuild', '--from', 'now-1h', '--to', 'now'],
    ['ingest'],
  ]) {
    const { code, stderr } = await runWeir(args, { WEIR_DATA: data })
    assert.equal(code, 1)
    assert.match(
      stderr.trim(),
      /^weir: .* in use by a running ingest, .*; stop it, or name another folder$/,
    )
  }
  assert.equal((await ingest.stop()).code, 0)
})

test('sources outside the allow-list are refused, counted and listed', async () => {
  const data = await scratchFolder()
  const ingest = await RunningIngest.start(data, { WEIR_EXPORTERS: '192.0.2.0/24' })
  const { code } = await runWeir(
    [
      'replay',
      '--to',
      `127.0.0.1:${ingest.port}`,
      '--speed',
      '100000',
      'test/captures/monday-outage.v9.pcap.gz',
    ],
    {},
  )
  assert.equal(code, 0)
  const status = await ingest.until(({ refusedDatagrams }) => refusedDatagrams > 1000)
  assert.equal(status.refused[0]?.address, '127.0.0.1')
  assert.deepEqual(status.exporters, [])
  await ingest.stop()
})

test('a start keeps its compiled code for the next one', async () => {
  const cache = await scratchFolder()
  const { code } = await runWeir(['--help'], { NODE_COMPILE_CACHE: cache })
  assert.equal(code, 0)
  const kept = await readdir(cache, { recursive: true, withFileTypes: true })
  assert.ok(kept.filter((each) => each.isFile()).length > 20, String(kept.length))
})
