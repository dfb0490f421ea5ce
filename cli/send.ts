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

/** The values of the options as they were given. */
interface SendOptions {
  to: string
  speed: unknown
  isJson: boolean
}

/**
 * Sends every flow datagram of the captures to HOST:PORT, at the captured pace times `speed`.
 * Export times are moved to the time of sending, and the times of flows with them.
 */
export async function sendCaptures(
  paths: readonly string[],
  { to, speed: speedText, isJson }: SendOptions,
): Promise<void> {
  const { host, port } = readTarget(to)
  const speed = readSpeed(speedText)
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const startedMs = Date.now()
  let firstMs: number | null = null
  let firstExporter: string | null = null
  let severalExporters = false
  let datagrams = 0
  const cut: string[] = []
  const times = new MovedTimes()
  for await (const captured of datagramsOf(paths, (path) => cut.push(path))) {
    const { payload, version, exporter, timeMs } = captured
    firstMs ??= timeMs
    firstExporter ??= exporter
    severalExporters ||= exporter !== firstExporter
    const dueMs = startedMs + (timeMs - firstMs) / speed
    if (dueMs - Date.now() > pauseMsMin) await sleep(dueMs - Date.now())
    const bySeconds = Math.round((dueMs - timeMs) / 1000)
    const moved = times.move(payload, version, { exporter, bySeconds })
    await new Promise<void>((resolve, reject) => {
      socket.send(moved, port, host, (error) => (error ? reject(error) : resolve()))
    })
    datagrams++
  }
  socket.close()
  const sent: Sent = { datagrams, severalExporters, cut }
  console.log(isJson ? JSON.stringify(sent) : describe(sent, to))
}

interface Sent {
  datagrams: number
  severalExporters: boolean
  /** Captures that end within a packet. */
  cut: readonly string[]
}

function describe({ datagrams, severalExporters, cut }: Sent, to: string): string {
  const lines = [`${datagrams} datagrams sent to ${to}`]
  for (const path of cut) lines.push(`${path} ends within a packet: everything before it was sent`)
  // Templates and sequence numbers are those of an address, and all datagrams come from this one.
  if (severalExporters)
    lines.push(
      'they were of several exporters, which the receiver takes for one, this machine: its numbers ' +
        'can be wrong; to keep them apart import the capture there, without --to',
    )
  return lines.join('\n')
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
