/** Sends captures as live UDP, with their times moved to now: an exporter for trying things out. */
import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'

import { formatAddress } from '../flow/address.ts'
import { Fragments } from '../ingest/capture/fragments.ts'
import { readPacket } from '../ingest/capture/packet.ts'
import { wholePackets } from '../ingest/capture/whole-packets.ts'
import { versionOf, type DatagramVersion } from '../ingest/decode/datagram.ts'
import { CommandError, exitCodes } from './command.ts'
import { MovedTimes } from './moved-times.ts'

/** Datagrams closer together than this are sent without a pause. */
const pauseMsMin = 5

/**
 * Sends every flow datagram of the captures to HOST:PORT, at the captured pace times `speed`.
 * Export times are moved to the time of sending, and the times of flows with them.
 */
export async function sendCaptures(
  paths: readonly string[],
  target: string,
  speedText: unknown,
): Promise<void> {
  const { host, port } = readTarget(target)
  const speed = readSpeed(speedText)
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const startedMs = Date.now()
  let firstMs: number | null = null
  let sent = 0
  const cut: string[] = []
  const times = new MovedTimes()
  for await (const captured of datagramsOf(paths, (path) => cut.push(path))) {
    const { payload, version, exporter, timeMs } = captured
    firstMs ??= timeMs
    const dueMs = startedMs + (timeMs - firstMs) / speed
    if (dueMs - Date.now() > pauseMsMin) await sleep(dueMs - Date.now())
    const bySeconds = Math.round((dueMs - timeMs) / 1000)
    const moved = times.move(payload, version, { exporter, bySeconds })
    await new Promise<void>((resolve, reject) => {
      socket.send(moved, port, host, (error) => (error ? reject(error) : resolve()))
    })
    sent++
  }
  socket.close()
  console.log(`${sent} datagrams sent to ${target}`)
  for (const path of cut) console.log(`${path} ends within a packet: everything before it was sent`)
}

function readTarget(target: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(target) ?? []
  if (host === '' || Number(port) < 1 || Number(port) > 65_535)
    throw new CommandError(
      `--to ${target}: write HOST:PORT, with a port from 1 to 65535`,
      exitCodes.usage,
    )
  return { host, port: Number(port) }
}

function readSpeed(text: unknown): number {
  const speed = text === undefined ? 1 : Number(text)
  if (!(speed > 0))
    throw new CommandError(`--speed ${String(text)}: write a number above 0`, exitCodes.usage)
  return speed
}

interface CapturedDatagram {
  payload: Uint8Array
  version: DatagramVersion
  exporter: string
  /** Time of capture, unix ms. */
  timeMs: number
}

/** The flow datagrams of captures; `onCut` is called with a capture that ends within a packet. */
async function* datagramsOf(
  paths: readonly string[],
  onCut: (path: string) => void,
): AsyncGenerator<CapturedDatagram> {
  for (const path of paths) {
    const fragments = new Fragments()
    for await (const packet of wholePackets(path, () => onCut(path))) {
      fragments.nowMs = packet.timeMs
      const datagram = readPacket(packet.bytes, packet.linkType, fragments)
      const version = datagram && versionOf(datagram.payload)
      if (!datagram || datagram.isCut || !version) continue
      const exporter = formatAddress(...datagram.source)
      yield { payload: datagram.payload, version, exporter, timeMs: packet.timeMs }
    }
  }
}
