/** nfdump beside Weir: sends the same datagrams over UDP to a real nfcapd, and reads its sums. */
import { execFile, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { promisify } from 'node:util'

import { readPacket } from '../../ingest/capture/packet.ts'
import { readCapture } from '../../ingest/capture/read.ts'
import { freeUdpPort } from '../free-port.ts'
import { scratchFolder } from '../processes.ts'
import { untilListening, untilRead } from '../udp-queue.ts'

const run = promisify(execFile)

/** Sends the datagrams of a capture to a real nfcapd and returns the folder with its files. */
export async function collectWithNfcapd(capture: string): Promise<string> {
  const folder = await scratchFolder()
  const port = await freeUdpPort()
  // -y: lz4, because Debian's nfcapd 1.7.1 writes LZO files that it cannot read.
  const nfcapd = spawn(
    'nfcapd',
    ['-b', '127.0.0.1', '-p', String(port), '-B', '8000000', '-w', folder, '-t', '3600', '-y'],
    { stdio: 'ignore' },
  )
  await untilListening(port)
  const socket = createSocket('udp4')
  let sent = 0
  for await (const packet of readCapture(capture)) {
    const datagram = readPacket(packet.bytes, packet.linkType)!
    await new Promise<void>((resolve, reject) => {
      const sent = (error: Error | null) => (error ? reject(error) : resolve())
      socket.send(datagram.payload.slice(), port, '127.0.0.1', sent)
    })
    // Now and then, so that nfcapd's socket buffer never fills.
    if (++sent % 40 === 0) await untilRead(port)
  }
  await untilRead(port)
  socket.close()
  nfcapd.kill('SIGTERM')
  await once(nfcapd, 'exit')
  return folder
}

/** The output of nfdump, in UTC. */
export async function nfdump(folder: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run('nfdump', ['-R', folder, ...args], {
    env: { ...process.env, TZ: 'UTC' },
    maxBuffer: 1 << 28,
  })
  return stdout
}

export interface Totals {
  flows: number
  packets: number
  bytes: number
}

/** nfdump's sums of the flows that match a filter. */
export async function nfdumpTotals(folder: string, filter: string): Promise<Totals> {
  const rows = await grouped(folder, ['-A', 'proto', '-o', 'fmt:%fl %pkt %byt', filter])
  return added(rows.map(([flows = 0, packets = 0, bytes = 0]) => ({ flows, packets, bytes })))
}

/** nfdump's sums of the flows with the given source and destination AS. */
export async function nfdumpAsTotals(
  folder: string,
  holds: (source: number, destination: number) => boolean,
): Promise<Totals> {
  const rows = await grouped(folder, ['-A', 'srcas,dstas', '-o', 'fmt:%sas %das %fl %pkt %byt'])
  const kept = rows.filter(([source = 0, destination = 0]) => holds(source, destination))
  return added(kept.map(([, , flows = 0, packets = 0, bytes = 0]) => ({ flows, packets, bytes })))
}

/** The lines of numbers in nfdump's output. */
async function grouped(folder: string, args: readonly string[]): Promise<number[][]> {
  const output = await nfdump(folder, ['-N', '-q', ...args])
  const lines = output.split('\n').filter((line) => /^[\d\s]+$/.test(line) && line.trim() !== '')
  return lines.map((line) => line.trim().split(/\s+/).map(Number))
}

function added(rows: readonly Totals[]): Totals {
  const totals = { flows: 0, packets: 0, bytes: 0 }
  for (const { flows, packets, bytes } of rows) {
    totals.flows += flows
    totals.packets += packets
    totals.bytes += bytes
  }
  return totals
}
