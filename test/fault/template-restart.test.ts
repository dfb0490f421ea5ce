/**
 * Templates that come every half hour: a restart of the collector, or a collector started between
 * them, loses nothing.
 */
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { ExporterStatus, IngestStatus } from '../../flow/status.ts'
import {
  encodeIpfix,
  encodeV9,
  field,
  type EncodedSet,
  type EncodedTemplate,
} from '../encode/sets.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { archiveSums } from '../stored.ts'

const template: EncodedTemplate = { id: 256, fields: [field(8, 4), field(12, 4), field(1, 4), field(2, 4), field(153, 8)] } // prettier-ignore
const flowsPerDatagram = 5
const octets = 100
/** What a collector has received is safe from kill -9 after a tenth of a second. */
const safeMs = 400

/** An exporter that keeps its source port and sequence numbers over restarts of the collector. */
class Exporter {
  readonly #version: 'v9' | 'ipfix'
  readonly #socket: Socket
  #sequence = 7
  sent = 0
  flows = 0

  constructor(version: 'v9' | 'ipfix', socket: Socket) {
    this.#version = version
    this.#socket = socket
  }

  /** Sends datagrams, each with a template, with data, or with both. */
  async send(ingest: RunningIngest, count: number, what: 'template' | 'data'): Promise<void> {
    for (let i = 0; i < count; i++) {
      const now = Date.now()
      const records = Array.from({ length: flowsPerDatagram }, (_, k) => ['10.0.0.1', `10.0.1.${k}`, octets, 1, now]) // prettier-ignore
      const sets: EncodedSet[] = what === 'template' ? [{ templates: [template] }] : [{ data: template, records }] // prettier-ignore
      const header = { sequence: this.#sequence, exportMs: now, sets }
      const isV9 = this.#version === 'v9'
      const payload = isV9 ? encodeV9({ ...header, uptimeMs: now % 2 ** 31 }) : encodeIpfix(header)
      const units = what === 'data' ? flowsPerDatagram : 0
      this.#sequence += isV9 ? 1 : units
      this.flows += units
      this.sent++
      await new Promise((resolve) => this.#socket.send(payload, ingest.port, '127.0.0.1', resolve))
    }
    await ingest.until((status) => (own(status)?.datagrams ?? 0) >= this.sent)
  }
}

const own = (status: IngestStatus): ExporterStatus | undefined =>
  status.exporters.find(({ address }) => address === '127.0.0.1')

async function openExporter(version: 'v9' | 'ipfix'): Promise<{ exporter: Exporter; close: () => void }> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { exporter: new Exporter(version, socket), close: () => socket.close() }
} // prettier-ignore

/** All flows are archived once; nothing was lost and there are no problems. */
async function checkWhole(data: string, status: ExporterStatus, flows: number): Promise<void> {
  assert.equal(status.flows, flows)
  assert.deepEqual([status.lost.datagrams, status.lost.flows, status.problems], [0, 0, {}])
  assert.deepEqual(await archiveSums(data), { bytes: flows * octets, packets: flows, flows })
}

for (const version of ['v9', 'ipfix'] as const)
  describe(version, () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const)
      test(`${signal} between template and data: no record is lost`, async () => {
        const data = await scratchFolder()
        const { exporter, close } = await openExporter(version)
        let ingest = await RunningIngest.start(data)
        await exporter.send(ingest, 1, 'template')
        await exporter.send(ingest, 3, 'data')
        await sleep(safeMs)
        await ingest.stop(signal)
        ingest = await RunningIngest.start(data)
        await exporter.send(ingest, 20, 'data')
        const status = own(await ingest.until(() => true))!
        await ingest.stop()
        close()
        assert.equal(status.parked, 0)
        await checkWhole(data, status, exporter.flows)
      })

    test('data before its template: decoded when it comes, and counted as parked', async () => {
      const data = await scratchFolder()
      const { exporter, close } = await openExporter(version)
      const ingest = await RunningIngest.start(data)
      await exporter.send(ingest, 12, 'data')
      const waiting = own(await ingest.until(() => true))!
      assert.deepEqual([waiting.parked, waiting.flows, waiting.problems], [12, 0, {}])
      await exporter.send(ingest, 1, 'template')
      await exporter.send(ingest, 3, 'data')
      const status = own(await ingest.until(() => true))!
      await ingest.stop()
      close()
      assert.equal(status.parked, 12)
      await checkWhole(data, status, exporter.flows)
    })

    test('data, a restart, and then its template', async () => {
      const data = await scratchFolder()
      const { exporter, close } = await openExporter(version)
      let ingest = await RunningIngest.start(data)
      await exporter.send(ingest, 6, 'data')
      await sleep(safeMs)
      await ingest.stop('SIGKILL')
      ingest = await RunningIngest.start(data)
      await exporter.send(ingest, 2, 'data')
      await ingest.stop()
      ingest = await RunningIngest.start(data)
      await exporter.send(ingest, 1, 'template')
      const status = own(await ingest.until(() => true))!
      await ingest.stop()
      close()
      assert.equal(status.parked, 8)
      await checkWhole(data, status, exporter.flows)
    })
  })
