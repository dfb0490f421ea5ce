/**
 * A scan from spoofed addresses, an hour long: InfluxDB has no bound on series, so Weir must keep one,
 * and the sums must hold all the same.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { RunningInfluxd } from '../influxd.ts'
import { writeCapture, type SentDatagram } from '../encode/pcap-write.ts'
import { scratchFolder } from '../processes.ts'
import { archiveSums } from '../stored.ts'

const flowsPerDatagram = 30
const hourMs = 3_600_000
const intervals = 12
/** Few local hosts are scanned, so that the scanners themselves fill the top K. */
const targets = 10
const exporter = '192.0.2.1'

export interface ScanFigures {
  hosts: number
  top: number
  /** InfluxDB's own count of series of the hour, by measurement. */
  series: Record<string, number>
  bytes: number
  /** Most resident memory, bytes. */
  memory: { influxd: number; ingest: number }
  seconds: number
}

/** Replays a scan of so many hosts into InfluxDB; asserts the bound and the sums. */
export async function scan(hosts: number, top: number): Promise<ScanFigures> {
  const influxd = await RunningInfluxd.startReady()
  const data = await scratchFolder()
  const start = Math.floor(Date.now() / hourMs) * hourMs - 2 * hourMs
  try {
    const capture = join(data, 'scan.pcap')
    const sent = await writeScan(capture, hosts, start)
    const started = performance.now()
    const ingest = await replay(capture, {
      ...influxd.environment,
      WEIR_DATA: join(data, 'weir'),
      WEIR_TOP: String(top),
    })
    const seconds = (performance.now() - started) / 1000
    const ask = async (flux: string) => {
      const answer = await fetch(`${influxd.url}/api/v2/query?org=weir`, {
        method: 'POST',
        headers: {
          authorization: `Token ${await influxd.adminToken()}`,
          'content-type': 'application/vnd.flux',
          accept: 'application/csv',
        },
        body: flux,
      })
      const [heading = '', row = ''] = (await answer.text()).split('\r\n')
      return Number(row.split(',')[heading.split(',').indexOf('_value')] ?? 0)
    }
    const [from, to] = [start, start + hourMs].map((ms) => new Date(ms).toISOString())
    const series: Record<string, number> = {}
    for (const measurement of ['total', 'host', 'port', 'protocol', 'host_port', 'interface']) {
      series[measurement] = await ask(`import "influxdata/influxdb"
        influxdb.cardinality(bucket: "weir_5m", start: ${from}, stop: ${to},
          predicate: (r) => r._measurement == "${measurement}")`)
    }
    const sum = (where: string) =>
      ask(`from(bucket: "weir_5m") |> range(start: ${from}, stop: ${to})
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
    // Of each interval the top K in two or four directions, and one row `other` in each.
    const bounds = { host: 2, host_port: 2, port: 4 }
    for (const [measurement, directions] of Object.entries(bounds))
      assert.ok(series[measurement]! <= intervals * top * directions + directions, measurement)
    const influx = await peakMemory(influxd.pid)
    return { hosts, top, series, bytes: sent, memory: { influxd: influx, ingest }, seconds }
  } finally {
    await influxd.remove()
    await rm(data, { recursive: true, force: true })
  }
}

/** One flow from each host, evenly over the hour; gives the sum of their bytes. */
async function writeScan(file: string, hosts: number, start: number): Promise<number> {
  const datagrams: SentDatagram[] = []
  const count = Math.ceil(hosts / flowsPerDatagram)
  let bytes = 0
  for (let i = 0; i < count; i++) {
    const receivedMs = Math.floor(start + ((i + 0.5) * hourMs) / count)
    const flows = Math.min(flowsPerDatagram, hosts - i * flowsPerDatagram)
    const payload = Buffer.alloc(24 + 48 * flows)
    payload.writeUInt16BE(5, 0)
    payload.writeUInt16BE(flows, 2)
    payload.writeUInt32BE(hourMs + receivedMs - start, 4)
    payload.writeUInt32BE(Math.floor(receivedMs / 1000), 8)
    payload.writeUInt32BE((receivedMs % 1000) * 1_000_000, 12)
    payload.writeUInt32BE(i * flowsPerDatagram, 16)
    for (let f = 0; f < flows; f++) {
      const id = i * flowsPerDatagram + f
      const at = 24 + 48 * f
      const octets = 60 + (id % 1000)
      bytes += octets
      payload.writeUInt32BE(0x0b000000 + id * 7, at)
      payload.writeUInt32BE(0x0a000001 + (id % targets), at + 4)
      payload.writeUInt32BE(1, at + 16)
      payload.writeUInt32BE(octets, at + 20)
      payload.writeUInt32BE(hourMs + receivedMs - start - 5, at + 24)
      payload.writeUInt32BE(hourMs + receivedMs - start - 1, at + 28)
      payload.writeUInt16BE(40_000 + (id % 20_000), at + 32)
      payload.writeUInt16BE(id % 1024, at + 34)
      payload[at + 38] = 6
    }
    datagrams.push({ payload, receivedMs })
  }
  await writeCapture(file, exporter, datagrams)
  return bytes
}

/** Runs weir replay and gives its most resident memory, bytes. */
async function replay(capture: string, environment: Record<string, string>): Promise<number> {
  const child = spawn(process.execPath, ['cli/weir.js', 'replay', capture], {
    env: { ...process.env, ...environment },
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

/** The most memory that a process has had, bytes; 0 where it is gone. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}
