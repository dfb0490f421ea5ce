/**
 * Packets through a real softflowd: written as a capture, read by it, and its datagrams received.
 */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { readKernelDrops } from '../../ingest/receive/kernel.ts'
import { pcapHeader, type SentDatagram } from '../encode/pcap-write.ts'
import { untilRead } from '../udp-queue.ts'
import type { Packet } from './packets.ts'

const [ethernetBytes, ipBytes] = [14, 20]

/**
 * What softflowd sends for packets of a time that ends about now, in order. It reads the whole
 * capture and then reports at once, which is more than a socket's default buffer holds: if this
 * process was too slow and the kernel dropped some, it is run again.
 */
export async function softflowd(
  folder: string,
  packets: readonly Packet[],
  version: '5' | '9' | '10',
): Promise<SentDatagram[]> {
  const pcap = join(folder, 'packets.pcap')
  await writeFile(pcap, capture(packets))
  for (let i = 0; i < 10; i++) {
    const caught = await sentOf(folder, pcap, version)
    if (caught !== null) return caught
  }
  throw new Error('the kernel dropped some of what softflowd sent, ten times')
}

/** What softflowd sends for a capture, or null if the kernel dropped some of it. */
async function sentOf(
  folder: string,
  pcap: string,
  version: '5' | '9' | '10',
): Promise<SentDatagram[] | null> {
  const socket = createSocket('udp4')
  const caught: SentDatagram[] = []
  socket.on('message', (message) => {
    caught.push({ payload: new Uint8Array(message), receivedMs: Date.now() })
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  const options = `-d -r ${pcap} -v ${version} -t maxlife=60 -n 127.0.0.1:${port} -p ${folder}/softflowd.pid -c none`
  const child = spawn('softflowd', options.split(' '), { stdio: 'ignore' })
  const [code] = (await once(child, 'close')) as [number | null]
  await untilRead(port)
  const dropped = (await readKernelDrops())?.get(port) ?? 0
  socket.close()
  if (code !== 0) throw new Error(`softflowd ended with ${code}`)
  return dropped === 0 ? caught : null
}

/** A pcap of the packets' headers, each with the packet's full length recorded. */
function capture(packets: readonly Packet[]): Buffer {
  return Buffer.concat([pcapHeader(1), ...packets.map((packet) => record(packet))])
}

function record(packet: Packet): Buffer {
  const isTcp = packet.protocol === 6
  const captured = ethernetBytes + ipBytes + (isTcp ? 20 : 8)
  const length = Math.min(65_535, Math.round(packet.bytes))
  const bytes = Buffer.alloc(16 + captured)
  bytes.writeUInt32LE(Math.floor(packet.time / 1000), 0)
  bytes.writeUInt32LE(Math.floor(packet.time % 1000) * 1000, 4)
  bytes.writeUInt32LE(captured, 8)
  bytes.writeUInt32LE(ethernetBytes + length, 12)
  bytes.writeUInt16BE(0x0800, 28)
  const ip = 16 + ethernetBytes
  bytes.writeUInt16BE(0x4500, ip)
  bytes.writeUInt16BE(length, ip + 2)
  bytes.writeUInt16BE((64 << 8) | packet.protocol, ip + 8)
  for (const [at, address] of [
    [12, packet.source],
    [16, packet.destination],
  ] as const)
    bytes.set(address.split('.').map(Number), ip + at)
  bytes.writeUInt16BE(packet.sourcePort, ip + 20)
  bytes.writeUInt16BE(packet.destinationPort, ip + 22)
  if (isTcp) bytes.writeUInt16BE(0x5000 | packet.tcpFlags, ip + 32)
  else bytes.writeUInt16BE(length - ipBytes, ip + 24)
  return bytes
}
