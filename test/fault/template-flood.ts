/** A flood of templates from spoofed sources beside an honest exporter, sent to a real ingest. */
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import type { IngestStatus } from '../../flow/status.ts'
import { encodeIpfix, encodeV9, field, type EncodedTemplate } from '../encode/sets.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { seeded } from '../random.ts'

interface Flood {
  sources: number
  seconds: number
  /** Each template of the flood is followed by a data record. */
  withData?: boolean
}

const domains = 10
const templatesPerDomain = 100
const templatesPerDatagram = 10
/** Datagrams per second of the honest exporter, each with ten flows. */
const honestRate = 50
const flowsPerDatagram = 10
/** The honest exporter sends alone for this long before memory is measured. */
const warmUpSeconds = 20
const stepMs = 20
/** After a longer pause no more than this is sent at once, since it would not fit into the collector's buffer. */
const burstMsMax = 60
/** How often memory is sampled; sampling has a cost. */
const askEveryMs = 3000

const honest: EncodedTemplate = { id: 256, fields: [field(8, 4), field(12, 4), field(1, 4), field(2, 4), field(153, 8)] } // prettier-ignore
/** Elements for the flood's templates, each with a length. */
const known: readonly (readonly [number, number])[] = [[8, 4], [12, 4], [1, 8], [2, 8], [7, 2], [11, 2], [4, 1], [5, 1], [6, 1], [10, 4], [14, 4], [16, 4], [17, 4], [15, 4], [22, 4], [21, 4], [58, 2], [27, 16], [28, 16], [152, 8], [153, 8], [56, 6], [80, 6], [95, 4]] // prettier-ignore
const fieldsPerTemplate = 20

/** A datagram of templates, no two of which are alike. */
function hostile(first: number, random: () => number, withData: boolean): Uint8Array {
  const templates = Array.from({ length: templatesPerDatagram }, (_, i) => ({
    id: 256 + first + i,
    fields: Array.from({ length: fieldsPerTemplate }, () => {
      const [id, length] = known[Math.floor(random() * known.length)]!
      return field(id, length)
    }),
  }))
  const data = withData ? templates.map((each) => ({ data: each, records: [[]] })) : []
  const sets = [{ templates }, ...data]
  return random() < 0.5 ? encodeV9({ sets }) : encodeIpfix({ sets })
}

class Honest {
  readonly #socket: Socket
  readonly #port: number
  sent = 0

  constructor(socket: Socket, port: number) {
    this.#socket = socket
    this.#port = port
  }

  /** Sends what is due after this time. */
  send(elapsedMs: number): void {
    while (this.sent < (elapsedMs / 1000) * honestRate) {
      const now = Date.now()
      const records = Array.from({ length: flowsPerDatagram }, (_, i) => ['10.0.0.1', `10.0.1.${i}`, 100, 1, now]) // prettier-ignore
      const data = { data: honest, records }
      const sets = this.sent % 100 === 0 ? [{ templates: [honest] }, data] : [data]
      const header = { sequence: this.sent++, exportMs: now, uptimeMs: now % 2 ** 31 }
      this.#socket.send(encodeV9({ ...header, sets }), this.#port, '127.0.0.1')
    }
  }
}

/** How long has been sent, in ms: nothing is made up for after a pause. */
function sendingClock(): () => number {
  let [atMs, elapsedMs] = [performance.now(), 0]
  return () => {
    const nowMs = performance.now()
    elapsedMs += Math.min(nowMs - atMs, burstMsMax)
    atMs = nowMs
    return elapsedMs
  }
}

async function socketAt(address: string): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket
}

const exporterOf = (status: IngestStatus, address: string) =>
  status.exporters.find((each) => each.address === address)!

interface FloodFigures {
  templates: number
  evicted: number
  exporters: number
  honestFlows: number
  grownMiB: number
}

/** Runs the flood and returns its figures; fails if the honest exporter lost anything. */
export async function floodTemplates(flood: Flood): Promise<FloodFigures> {
  const { sources, seconds, withData = false } = flood
  const ingest = await RunningIngest.start(await scratchFolder())
  const sockets: Socket[] = []
  for (let i = 0; i < sources; i++) sockets.push(await socketAt(`127.9.${i >> 8}.${i & 255}`))
  const honestSocket = await socketAt('127.0.0.1')
  try {
    const random = seeded(1)
    const pool = Array.from({ length: 2000 }, (_, i) => hostile(templatesPerDatagram * (i % 10), random, withData)) // prettier-ignore
    const sender = new Honest(honestSocket, ingest.port)
    const elapsed = sendingClock()
    while (elapsed() < warmUpSeconds * 1000) {
      sender.send(elapsed())
      await sleep(stepMs)
    }
    const before = (await ingest.until(() => true)).memoryBytes
    const datagrams = (sources * domains * templatesPerDomain) / templatesPerDatagram
    let sent = 0
    let most = before
    const begun = elapsed()
    let askedMs = begun
    while (sent < datagrams) {
      sender.send(elapsed())
      const due = Math.min(datagrams, ((elapsed() - begun) / (seconds * 1000)) * datagrams)
      while (sent < due) {
        const payload = pool[(sent * 7) % pool.length]!
        const domain = Math.floor(sent / sources) % domains
        new DataView(payload.buffer).setUint32(payload[1] === 9 ? 16 : 12, domain)
        // Copied, because the socket sends asynchronously.
        sockets[sent++ % sources]!.send(payload.slice(), ingest.port, '127.0.0.1')
      }
      if (elapsed() > askedMs + askEveryMs) {
        askedMs = elapsed()
        most = Math.max(most, (await ingest.until(() => true)).memoryBytes)
      }
      await sleep(stepMs)
    }
    const status = await ingest.until(
      (each) => (exporterOf(each, '127.0.0.1')?.datagrams ?? 0) >= sender.sent,
    )
    return figuresOf(status, { sent: sender.sent, before, most, templates: sent * templatesPerDatagram }) // prettier-ignore
  } finally {
    for (const socket of [...sockets, honestSocket]) socket.close()
    await ingest.stop()
  }
}

function figuresOf(
  status: IngestStatus,
  { sent, before, most, templates }: { sent: number; before: number; most: number; templates: number }, // prettier-ignore
): FloodFigures {
  const exporter = exporterOf(status, '127.0.0.1')
  assert.equal(exporter.flows, sent * flowsPerDatagram)
  assert.deepEqual(exporter.lost, { datagrams: 0, flows: 0, flowsEstimated: false })
  assert.deepEqual(exporter.problems, {})
  const evicted = status.exporters.reduce((sum, { problems }) => sum + (problems['template-evicted'] ?? 0), 0) // prettier-ignore
  return {
    templates,
    evicted,
    exporters: status.exporters.length,
    honestFlows: exporter.flows,
    grownMiB: Math.round((10 * (most - before)) / 2 ** 20) / 10,
  }
}
