/**
 * The last days of an archive made by archive-data.ts as nfdump's own files: its IPv4 flows sent as
 * v5 over loopback to a real nfcapd (lz4), and the same day, hour and five minutes as files of
 * their own, as nfcapd would have rotated them.
 *
 *     node test/bench/nfdump-data.ts ARCHIVE DAYS FOLDER
 */
import { execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { DuckDBInstance } from '@duckdb/node-api'

import { encodeV5 } from '../encode/fixed.ts'
import { ManifestReader } from '../../store/manifest/reader.ts'
import { manifestName, type ArchiveEntry } from '../../store/archive/entry.ts'
import { madeUntil } from './archive-data.ts'

const dayMs = 86_400_000
const port = 29_955
const recordsMax = 30
/** Datagrams between two checks of the clock. */
const burst = 20
/** Query spans: [from, to) of the last day. */
export const spans = {
  day: { from: madeUntil - dayMs, to: madeUntil },
  hour: { from: madeUntil - 10 * 3_600_000, to: madeUntil - 9 * 3_600_000 },
  minutes: { from: madeUntil - 10 * 3_600_000, to: madeUntil - 10 * 3_600_000 + 300_000 },
}

const address = (end: string) =>
  `concat_ws('.', ${end}AddressLow >> 24 & 255, ${end}AddressLow >> 16 & 255, ${end}AddressLow >> 8 & 255, ${end}AddressLow & 255)`
const columns = `epoch_ms(collectionTimeMilliseconds)::DOUBLE AS received, epoch_ms(flowStartMilliseconds)::DOUBLE AS first,
  flowDurationMilliseconds::DOUBLE AS lasted, ${address('source')} AS source, ${address('destination')} AS destination,
  sourceTransportPort::INTEGER AS "sourcePort", destinationTransportPort::INTEGER AS "destinationPort",
  protocolIdentifier::INTEGER AS protocol, tcpControlBits::INTEGER AS "tcpFlags", ingressInterface::INTEGER AS input,
  egressInterface::INTEGER AS output, least(octetDeltaCount, 4294967295)::DOUBLE AS octets, packetDeltaCount::DOUBLE AS packets`

interface Row {
  received: number
  first: number
  lasted: number
  source: string
  destination: string
}

/**
 * Stores the last days of the archive in `archive` with a real nfcapd in `folder`; returns the
 * number of flows sent.
 */
export async function makeNfdump(archive: string, days: number, folder: string): Promise<number> {
  const all = join(folder, 'all')
  for (const each of ['all', ...Object.keys(spans)])
    mkdirSync(join(folder, each), { recursive: true })
  const nfcapd = spawn(
    'nfcapd',
    ['-b', '127.0.0.1', '-p', String(port), '-B', '60000000', '-w', all, '-t', '3600', '-y'],
    { stdio: 'ignore' },
  )
  await sleep(1000)
  const socket = createSocket('udp4')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const from = madeUntil - days * dayMs
  const boot = from - 7_200_000
  const entries = await new ManifestReader<ArchiveEntry>(join(archive, manifestName)).entries()
  const files = entries.filter(({ interval }) => interval >= from)
  let [sequence, sent] = [0, 0]
  for (const { file } of files.toSorted((a, b) => a.interval - b.interval)) {
    const reader = await connection.runAndReadAll(
      `SELECT ${columns} FROM read_parquet('${join(archive, file)}')
       WHERE sourceAddressHigh = 0 AND destinationAddressHigh = 0 ORDER BY received`,
    )
    const rows = reader.getRowObjects() as unknown as Row[]
    for (let at = 0; at < rows.length; at += recordsMax) {
      const records = rows.slice(at, at + recordsMax)
      const exportMs = Math.round(records.at(-1)!.received)
      const flows = records.map((row) => ({
        ...row,
        first: row.first - boot,
        last: row.first + row.lasted - boot,
      }))
      socket.send(encodeV5({ uptimeMs: exportMs - boot, exportMs, sequence }, flows))
      sequence += records.length
      if (++sent % burst === 0) await sleep(1)
    }
  }
  await sleep(3000)
  socket.close()
  nfcapd.kill('SIGTERM')
  await once(nfcapd, 'exit')
  for (const [name, span] of Object.entries(spans)) {
    const told = [span.from, span.to - 1000].map((t) => nfdumpTime(t)).join('-')
    execFileSync('nfdump', ['-R', all, '-t', told, '-y', '-w', join(folder, name, 'nfcapd.202611150000')], { env: { ...process.env, TZ: 'UTC' }, stdio: 'ignore' }) // prettier-ignore
  }
  return sequence
}

/** 2026/11/15.14:00:00 */
function nfdumpTime(t: number): string {
  return new Date(t).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', '.')
}

if (import.meta.main) {
  const [archive = '', days = '3', folder = ''] = process.argv.slice(2)
  const sent = await makeNfdump(archive, Number(days), folder)
  const summary = execFileSync('nfdump', ['-R', join(folder, 'all'), '-I'], { encoding: 'utf8' })
  console.log({ sent, summary })
}
