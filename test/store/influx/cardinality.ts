/**
 * A one-hour scan from spoofed addresses, read from a capture or sent to a running collector:
 * InfluxDB has no limit on series, so Weir must have one, with correct sums all the same.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { intervalStart } from '../../../flow/interval.ts'
import { RunningInfluxd } from '../../influxd.ts'
import { writeCapture } from '../../encode/pcap-write.ts'
import { RunningIngest, scratchFolder } from '../../processes.ts'
import { archiveSums } from '../../stored.ts'

const flowsPerDatagram = 30
const hourMs = 3_600_000
const intervals = 12
/** Few local hosts are scanned, so that the scanners themselves fill the top K. */
const targets = 10
const exporter = '192.0.2.1'
/** Live: datagrams sent at once, and how often. */
const burst = 4
const burstMs = 20
/** Allows for a busy machine. */
const settleMsMax = 300_000

interface ScanFigures {
  hosts: number
  top: number
  /** InfluxDB's own count of the hour's series, by measurement. */
  series: Record<string, number>
  bytes: number
  /** Peak resident memory, bytes. */
  memory: { influxd: number; ingest: number }
  seconds: number
}

interface ScanOptions {
  hosts: number
  top: number
  /** Sent to a running collector, which gets the whole hour in a moment, instead of replayed. */
  isLive: boolean
}

/** Stores a scan of this many hosts in InfluxDB; asserts the limit and the sums. */
export async function scan({ hosts, top, isLive }: ScanOptions): Promise<ScanFigures> {
  const influxd = await RunningInfluxd.startReady()
  const data = await scratchFolder()
  // Live: the hour that has just ended.
  const start = intervalStart(Date.now()) - hourMs * (isLive ? 1 : 2)
  try {
    const sent = bytesOf(hosts)
    const settings = { ...influxd.environment, WEIR_TOP: String(top) }
    const started = performance.now()
    const ingest = await (isLive ? sendLive : replay)(data, { hosts, start, settings })
    const seconds = (performance.now() - started) / 1000
    const [from, to] = [start, start + hourMs].map((ms) => new Date(ms).toISOString())
    const series: Record<string, number> = {}
    for (const measurement of ['total', 'host', 'port', 'protocol', 'host_port', 'interface']) {
      series[measurement] = await influxd.ask(`import "influxdata/influxdb"
        influxdb.cardinality(bucket: "weir_5m", start: ${from}, stop: ${to},
          predicate: (r) => r._measurement == "${measurement}")`)
    }
    const sum = (where: string) =>
      influxd.ask(`from(bucket: "weir_5m") |> range(start: ${from}, stop: ${to})
        |> filter(fn: (r) => r._field == "bytes" and ${where}) |> group() |> sum()`)
    assert.equal((await archiveSums(join(data, 'weir'))).bytes, sent)
    for (const where of [
      'r._measurement == "total"',
      'r._measurement == "port"',
      'r._measurement == "protocol"',
      'r._measurement == "host" and r.direction == "in"',
      'r._measurement == "host" and r.direction == "out"',
      'r._measurement == "host_port" and r.direction == "in"',
    ])
      assert.equal(await sum(where), sent, where)
    // Per interval the top K in two or four directions, and a row `other` in each.
    const bounds = { host: 2, host_port: 2, port: 4 }
    for (const [measurement, directions] of Object.entries(bounds))
      assert.ok(series[measurement]! <= intervals * top * directions + directions, measurement)
    const influx = await peakMemory(influxd.pid)
    return { hosts, top, series, bytes: sent, memory: { influxd: influx, ingest }, seconds }
  } finally {
    await influxd.remove()
  }
}

interface Scan {
  hosts: number
  /** unix ms */
  start: number
  settings: Record<string, string>
}

function datagramsOf(hosts: number): number {
  return Math.ceil(hosts / flowsPerDatagram)
}

function octetsOf(id: number): number {
  return 60 + (id % 1000)
}

function bytesOf(hosts: number): number {
  let bytes = 0
  for (let id = 0; id < hosts; id++) bytes += octetsOf(id)
  return bytes
}

/** When the flows of a datagram ended: spread evenly over the hour. */
function endOf(number: number, { hosts, start }: Scan): number {
  return Math.floor(start + ((number + 0.5) * hourMs) / datagramsOf(hosts))
}

/** One flow from each of its hosts, as NetFlow v5. */
function datagram(number: number, scanned: Scan, exportMs: number): Buffer {
  const firstId = number * flowsPerDatagram
  const flows = Math.min(flowsPerDatagram, scanned.hosts - firstId)
  const payload = Buffer.alloc(24 + 48 * flows)
  const uptimeOf = (ms: number) => hourMs + ms - scanned.start
  payload.writeUInt16BE(5, 0)
  payload.writeUInt16BE(flows, 2)
  payload.writeUInt32BE(uptimeOf(exportMs), 4)
  payload.writeUInt32BE(Math.floor(exportMs / 1000), 8)
  payload.writeUInt32BE((exportMs % 1000) * 1_000_000, 12)
  payload.writeUInt32BE(firstId, 16)
  const endMs = endOf(number, scanned)
  for (let f = 0; f < flows; f++) {
    const id = firstId + f
    const at = 24 + 48 * f
    payload.writeUInt32BE(0x0b000000 + id * 7, at)
    payload.writeUInt32BE(0x0a000001 + (id % targets), at + 4)
    payload.writeUInt32BE(1, at + 16)
    payload.writeUInt32BE(octetsOf(id), at + 20)
    payload.writeUInt32BE(uptimeOf(endMs) - 5, at + 24)
    payload.writeUInt32BE(uptimeOf(endMs) - 1, at + 28)
    payload.writeUInt16BE(40_000 + (id % 20_000), at + 32)
    payload.writeUInt16BE(id % 1024, at + 34)
    payload[at + 38] = 6
  }
  return payload
}

/** Runs weir replay over a capture of the scan; returns its peak resident memory, bytes. */
async function replay(data: string, scanned: Scan): Promise<number> {
  const capture = join(data, 'scan.pcap')
  const datagrams = Array.from({ length: datagramsOf(scanned.hosts) }, (_, number) => {
    const receivedMs = endOf(number, scanned)
    return { payload: datagram(number, scanned, receivedMs), receivedMs }
  })
  await writeCapture(capture, exporter, datagrams)
  const child = spawn(process.execPath, ['cli/weir.js', 'replay', capture], {
    env: { ...process.env, ...scanned.settings, WEIR_DATA: join(data, 'weir') },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  let peak = 0
  const timer = setInterval(() => {
    void peakMemory(child.pid!).then((bytes) => (peak = Math.max(peak, bytes)))
  }, 200)
  const [code] = (await once(child, 'exit')) as [number | null]
  clearInterval(timer)
  assert.equal(code, 0)
  return peak
}

/** Sends the scan to a running ingest; returns ingest's peak resident memory, bytes. */
async function sendLive(data: string, scanned: Scan): Promise<number> {
  const folder = join(data, 'weir')
  let ingest = await RunningIngest.start(folder, scanned.settings)
  const socket = createSocket('udp4')
  const send = (payload: Buffer) =>
    new Promise<unknown>((resolve) => socket.send(payload, ingest.port, '127.0.0.1', resolve))
  const count = datagramsOf(scanned.hosts)
  for (let number = 0; number < count;) {
    const end = Math.min(count, number + burst)
    for (; number < end; number++) await send(datagram(number, scanned, Date.now()))
    await sleep(burstMs)
  }
  socket.close()
  await ingest.until((status) => status.flows === scanned.hosts)
  const peak = await peakMemory(ingest.pid)
  assert.equal((await ingest.stop()).code, 0)
  // Intervals to be rebuilt from the archive are rebuilt at the next start.
  ingest = await RunningIngest.start(folder, scanned.settings)
  await ingest.until(
    ({ seriesWrittenAt, redo, store }) =>
      seriesWrittenAt !== null && redo === 0 && store!.spool.steps === 0,
    settleMsMax,
  )
  await ingest.stop()
  return peak
}

/** A process's peak memory, bytes; 0 if it has ended. */
async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}
