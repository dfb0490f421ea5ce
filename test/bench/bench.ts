/**
 * `npm run bench`: the stages of ingest from memory, and the archive beside nfdump's files where it
 * is installed. Prints a table; writes test/results/bench.json. Trust ratios, not figures: the
 * machine is shared.
 */
import { execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { clearFlowColumns, createFlowColumns } from '../../flow/columns.ts'
import { readSettings } from '../../flow/settings.ts'
import { Decoder } from '../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../ingest/decode/limits.ts'
import { Archive } from '../../store/archive/archive.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import { encodeV5 } from '../encode/fixed.ts'
import { encodeIpfix, encodeV9, field } from '../encode/sets.ts'
import type { DecodeSpeed } from './decode-speed.ts'
import { makeFlow } from './made-flows.ts'
import type { StageSpeed } from './stages.ts'
import { skipWithout } from '../setup/parts.ts'

const flowsPerDatagram = 24
const exportMs = Date.now()

const template = {
  id: 300,
  fields: [field(8, 4), field(12, 4), field(7, 2), field(11, 2), field(4, 1), field(6, 1), field(1, 8),
    field(2, 8), field(10, 4), field(14, 4), field(152, 8), field(153, 8)], // prettier-ignore
}

function encoded(version: 'v5' | 'v9' | 'ipfix', index: number): Uint8Array {
  const made = Array.from({ length: flowsPerDatagram }, () => makeFlow(Math.random))
  const sequence = version === 'v9' ? index : index * flowsPerDatagram
  if (version === 'v5')
    return encodeV5(
      { sequence, exportMs, uptimeMs: 3_600_000 },
      made.map((flow) => ({
        ...flow,
        protocol: 6,
        first: 3_600_000 - flow.startAgoMs,
        last: 3_600_000 - Math.floor(flow.startAgoMs / 2),
      })),
    )
  const records = made.map((flow) => [
    flow.source, flow.destination, flow.sourcePort, flow.destinationPort, 6, 0x1b, flow.octets, flow.packets, 1, 2,
    exportMs - flow.startAgoMs, exportMs - Math.floor(flow.startAgoMs / 2),
  ]) // prettier-ignore
  const sets = [...(index === 0 ? [{ templates: [template] }] : []), { data: template, records }]
  return version === 'v9'
    ? encodeV9({ sequence, exportMs, sets })
    : encodeIpfix({ sequence, exportMs, sets })
}

const rows: { stage: string; figure: string; value: number }[] = []

function report(stage: string, value: number, figure: string): void {
  rows.push({ stage, figure, value })
  console.log(`${stage.padEnd(44)} ${value.toFixed(2).padStart(9)} ${figure}`)
}

for (const version of ['v5', 'v9', 'ipfix'] as const) {
  const runner = join(import.meta.dirname, 'decode-run.ts')
  const { best, median } = JSON.parse(
    execFileSync(process.execPath, [runner, version], { encoding: 'utf8' }),
  ) as DecodeSpeed
  report(`decode ${version}, from memory, best round`, best, 'M flows per CPU second')
  report(`decode ${version}, from memory, middle`, median, 'M flows per CPU second')
}

const settings = readSettings({})
for (const version of ['v5', 'v9'] as const) {
  const runner = join(import.meta.dirname, 'stages.ts')
  const stages = execFileSync(process.execPath, [runner, version], { encoding: 'utf8' })
  for (const { stage, median } of JSON.parse(stages) as StageSpeed[])
    report(`stage ${stage}, ${version}, 100,000 hosts, middle`, median, 'CPU-s per M flows')
}

const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'))
const made = Array.from({ length: 42_000 }, (_, i) => encoded('v5', i))
const archive = await Archive.open(folder)
const block = createFlowColumns(16_384 + decoderRowsMax)
const decoder = new Decoder(block)
let archived = 0
const cpu = process.cpuUsage()
const flush = () => {
  archived += block.count
  archive.add(block)
  clearFlowColumns(block)
}
for (const payload of made) {
  decoder.decode({ payload, source: '10.0.0.1', sourcePort: 9, receivedMs: exportMs })
  if (block.count > 16_384) flush()
}
flush()
await archive.publish({})
await archive.merge(Number.POSITIVE_INFINITY)
const used = process.cpuUsage(cpu)
report(
  'archive: CPU, sorted, verified, merged',
  (used.user + used.system) / archived,
  's per M flows',
)
const archiveBytes = archive.entries().reduce((sum, entry) => sum + entry.bytes, 0) / archived
report('archive: bytes', archiveBytes, 'a flow')
await archive.close()

const store = await openFlowStore(folder, { local: settings.local })
const window = { from: exportMs - 600_000, to: exportMs + 600_000 }
const topOf = async () => {
  const started = performance.now()
  await store.top({ ...window, by: ['host'], include: 'any', order: 'bytes', limit: 10 })
  return performance.now() - started
}
report('archive: top 10 hosts of 1 M flows, first', await topOf(), 'ms')
report('archive: top 10 hosts of 1 M flows, again', await topOf(), 'ms')
await store.close()

if (skipWithout('nfcapd', 'nfdump'))
  console.log('nfcapd and nfdump are not installed: no comparison')
else await besideNfdump()

async function besideNfdump(): Promise<void> {
  const theirs = await mkdtemp(join(tmpdir(), 'weir-bench-nfdump-'))
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const options = [
    '-b',
    '127.0.0.1',
    '-p',
    `${port}`,
    '-B',
    '32000000',
    '-w',
    theirs,
    '-t',
    '3600',
    '-y',
  ]
  const nfcapd = spawn('nfcapd', options, { stdio: 'ignore' })
  await sleep(1000)
  const socket = createSocket('udp4')
  for (const [i, payload] of made.entries()) {
    socket.send(payload, port, '127.0.0.1')
    if (i % 40 === 0) await sleep(3)
  }
  await sleep(1500)
  socket.close()
  nfcapd.kill('SIGTERM')
  await once(nfcapd, 'exit')
  let bytes = 0
  for (const name of await readdir(theirs)) bytes += (await stat(join(theirs, name))).size
  const summary = execFileSync('nfdump', ['-R', theirs, '-I'], { encoding: 'utf8' })
  const flows = Number(/^Flows: (\d+)/m.exec(summary)?.[1])
  report('nfdump (lz4): bytes', bytes / flows, 'a flow')
  report('archive ÷ nfdump (lz4): bytes', archiveBytes / (bytes / flows), '×')
  const started = performance.now()
  execFileSync('nfdump', ['-R', theirs, '-s', 'ip/bytes', '-n', '10', '-q'], { stdio: 'ignore' })
  report('nfdump: top 10 addresses', ((performance.now() - started) * archived) / flows, 'ms')
  await rm(theirs, { recursive: true })
}

await rm(folder, { recursive: true })
await mkdir('test/results', { recursive: true })
await writeFile('test/results/bench.json', JSON.stringify({ node: process.version, rows }, null, 2))

// A quick search for the highest rate without loss; the whole one is `npm run bench:load`.
const search = [
  join(import.meta.dirname, 'zero-loss.ts'),
  '--seconds',
  '10',
  '--times',
  '1',
  '--steps',
  '4',
]
execFileSync(process.execPath, search, { stdio: 'inherit' })
