/**
 * Bytes per flow in the archive, after all merging and bundling, and in nfdump's own files (lz4 and
 * bz2) of the very same datagrams: generated v5 flows over some hours, or those of a capture.
 *
 *     node test/bench/archive-size.ts [FLOWS [HOURS]]     10,000,000 over 24 hours
 *     node test/bench/archive-size.ts CAPTURE
 *
 * KEEP names a folder that keeps the archive (below `archive`) and nfcapd's files (below `nfdump`).
 */
import { execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { clearFlowColumns, createFlowColumns } from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { readPacket } from '../../ingest/capture/packet.ts'
import { readCapture } from '../../ingest/capture/read.ts'
import { Decoder } from '../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../ingest/decode/limits.ts'
import { Archive } from '../../store/archive/archive.ts'
import { encodeV5 } from '../encode/fixed.ts'
import { seeded } from '../random.ts'
import { bundleAll, madeUntil } from './archive-data.ts'
import { makeFlow } from './made-flows.ts'

const flowsPerDatagram = 30
const blockRows = 16_384
/** Datagrams between two pauses in which nfcapd reads them. */
const burst = 20

interface Datagram {
  payload: Uint8Array
  receivedMs: number
}

/**
 * Flows between 10,000 hosts and the Internet, spread evenly over the time, like their datagrams.
 */
function* madeDatagrams(flows: number, hours: number): Generator<Datagram> {
  const random = seeded(1)
  const lengthMs = hours * 3_600_000
  const from = madeUntil - lengthMs
  const boot = from - 3_600_000
  for (let sequence = 0; sequence < flows; sequence += flowsPerDatagram) {
    const exportMs = from + Math.floor((sequence / flows) * lengthMs)
    const uptimeMs = exportMs - boot
    const records = Array.from({ length: Math.min(flowsPerDatagram, flows - sequence) }, () => {
      const { startAgoMs, ...flow } = makeFlow(random)
      const [first, last] = [uptimeMs - startAgoMs, uptimeMs - Math.floor(startAgoMs / 2)]
      return { ...flow, protocol: 6, first, last }
    })
    yield { payload: encodeV5({ sequence, exportMs, uptimeMs }, records), receivedMs: exportMs }
  }
}

async function* capturedDatagrams(path: string): AsyncGenerator<Datagram> {
  for await (const packet of readCapture(path)) {
    const datagram = readPacket(packet.bytes, packet.linkType)!
    yield { payload: datagram.payload.slice(), receivedMs: packet.timeMs }
  }
}

/** Stores the flows both ways in `folder`; returns their number. */
async function keepBoth(
  datagrams: Iterable<Datagram> | AsyncIterable<Datagram>,
  folder: string,
): Promise<number> {
  const theirs = join(folder, 'nfdump')
  await mkdir(theirs, { recursive: true })
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const options = ['-b', '127.0.0.1', '-p', `${port}`, '-B', '60000000', '-w', theirs, '-t', '3600', '-y'] // prettier-ignore
  const nfcapd = spawn('nfcapd', options, { stdio: 'ignore' })
  await sleep(1000)
  const socket = createSocket('udp4')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const archive = await Archive.open(join(folder, 'archive'))
  const block = createFlowColumns(blockRows + decoderRowsMax)
  const decoder = new Decoder(block)
  let [flows, sent, interval] = [0, 0, 0]
  const flush = () => {
    flows += block.count
    archive.add(block)
    clearFlowColumns(block)
  }
  const closeInterval = async () => {
    flush()
    await archive.publish({})
    await archive.merge(interval + intervalMs)
  }
  for await (const { payload, receivedMs } of datagrams) {
    if (intervalStart(receivedMs) !== interval) {
      if (interval > 0) await closeInterval()
      interval = intervalStart(receivedMs)
    }
    decoder.decode({ payload, source: '10.0.0.1', sourcePort: 9, receivedMs })
    if (block.count > blockRows) flush()
    socket.send(payload)
    if (++sent % burst === 0) await sleep(1)
  }
  await closeInterval()
  await archive.close()
  await sleep(3000)
  socket.close()
  nfcapd.kill('SIGTERM')
  await once(nfcapd, 'exit')
  return flows
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size
  return bytes
}

export interface ArchiveSize {
  flows: number
  files: number
  /** By the program that stores them. */
  bytesAFlow: { archive: number; lz4: number; bz2: number }
}

/**
 * Generated flows (this many over this many hours) or those of a capture, stored both ways in
 * `folder`: the archive below `archive`, nfcapd's files below `nfdump`.
 */
export async function archiveSize(
  folder: string,
  source: { flows: number; hours: number } | { capture: string },
): Promise<ArchiveSize> {
  const datagrams =
    'capture' in source
      ? capturedDatagrams(source.capture)
      : madeDatagrams(source.flows, source.hours)
  const flows = await keepBoth(datagrams, folder)
  const theirs = join(folder, 'nfdump')
  const summary = execFileSync('nfdump', ['-R', theirs, '-I'], { encoding: 'utf8' })
  const theirFlows = Number(/^Flows: (\d+)/m.exec(summary)?.[1])
  const bz2 = join(folder, 'bz2')
  await mkdir(bz2, { recursive: true })
  execFileSync('nfdump', ['-R', theirs, '-j', '-w', join(bz2, 'nfcapd')], { stdio: 'ignore' })
  const { files, bytes } = await bundleAll(join(folder, 'archive'), madeUntil + 7 * 86_400_000)
  const [lz4, bzip2] = [(await bytesIn(theirs)) / theirFlows, (await bytesIn(bz2)) / theirFlows]
  return { flows, files, bytesAFlow: { archive: bytes / flows, lz4, bz2: bzip2 } }
}

if (import.meta.main) {
  const [given = '10000000', hours = '24'] = process.argv.slice(2)
  const kept = process.env['KEEP']
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'weir-size-')))
  const isMade = /^\d+$/.test(given)
  const source = isMade ? { flows: Number(given), hours: Number(hours) } : { capture: given }
  const size = await archiveSize(folder, source)
  const { archive, lz4, bz2 } = size.bytesAFlow
  console.log({ ...size, ofLz4: archive / lz4, ofBz2: archive / bz2 })
  if (kept === undefined) await rm(folder, { recursive: true })
}
