/**
 * The Monday capture with one part received by one collector of a cluster and the rest by another,
 * the exporter having moved in the middle of the outage and back after it: every answer equals that
 * of one collector that received everything.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import type { ExporterStatus } from '../../flow/status.ts'
import { readCapture } from '../../ingest/capture/read.ts'
import { readPacket } from '../../ingest/capture/packet.ts'
import { RunningClickHouse } from '../clickhouse.ts'
import { writeCapture, type SentDatagram } from '../encode/pcap-write.ts'
import { runWeir, scratchFolder } from '../processes.ts'
import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { bodyOf, openApi } from '../story/api-over.ts'

const capture = 'test/captures/monday-outage.v9.pcap.gz'
const exporter = '10.0.0.1'
const at = (time: string) => Date.parse(`2026-11-16T${time}:00Z`)
/** Who received what: the exporter sends its templates every minute. */
const parts: [writer: 'one' | 'two', from: number, to: number][] = [
  ['one', 0, at('11:34')],
  ['two', at('11:34'), at('11:52')],
  ['one', at('11:52'), Number.POSITIVE_INFINITY],
]
/** Retention that keeps the old capture: it is by the clock. */
const keep = {
  WEIR_TIERS: '5m:3650d 30m:3650d 2h:3650d 1d:3650d',
  WEIR_ARCHIVE_KEEP: '3650d',
  WEIR_LOG: 'error',
}
const seconds = (time: string) => at(time) / 1000
const day = `from=${Date.UTC(2026, 10, 16) / 1000}&to=${Date.UTC(2026, 10, 17) / 1000}`
const cut = `from=${seconds('11:30')}&to=${seconds('11:40')}`

describe('the Monday capture at two collectors', { skip: skipWithoutClickHouse() }, () => {
  let nodes: RunningClickHouse
  const folders: string[] = []
  const apis: Awaited<ReturnType<typeof openApi>>[] = []

  before(async () => {
    nodes = await RunningClickHouse.start({ shards: 2 })
    await nodes.setUp('weir', keep)
    const work = await folder()
    const alone = { ...keep, WEIR_DATA: await folder() }
    await replay([capture], alone)
    const cluster = { ...keep, ...nodes.environment() }
    const data = { one: await folder(), two: await folder() }
    for (const [i, [writer, from, to]] of parts.entries()) {
      const file = join(work, `${i}.pcap`)
      await writeCapture(file, exporter, await received(from, to))
      await replay([file], { ...cluster, WEIR_DATA: data[writer], WEIR_WRITER: writer })
    }
    const now = Date.now()
    apis.push(await openApi(alone, now))
    // An API on a third machine, without any collector's data folder.
    apis.push(await openApi({ ...cluster, WEIR_DATA: await folder() }, now))
  })
  after(async () => {
    for (const api of apis) await api.close()
    for (const each of folders) await rm(each, { recursive: true, force: true })
    await nodes?.remove()
  })

  async function folder(): Promise<string> {
    const made = await scratchFolder()
    folders.push(made)
    return made
  }

  async function both(path: string): Promise<string> {
    const [one, other] = await Promise.all(apis.map((api) => bodyOf(api, path)))
    assert.equal(other, one, path)
    return one!
  }

  test('/api/series at every tier and from the flows', async () => {
    for (const step of [300, 1800, 7200, 86_400])
      for (const by of ['', 'direction', 'host', 'port'])
        for (const cf of ['average', 'max'])
          await both(`/api/series?${day}&step=${step}&measure=bits&cf=${cf}${by && `&by=${by}`}`)
    await both(`/api/series?${cut}&step=1&by=host&top=5`)
    await both(`/api/series?${cut}&step=10&measure=connections&by=host`)
  })

  test('/api/top and /api/flows', async () => {
    for (const by of ['src', 'host', 'pair', 'port', 'interface', 'exporter'])
      await both(`/api/top?${cut}&by=${by}&order=bytes&limit=7`)
    for (const filter of ['host 10.0.0.22', 'flags S and not flags A', 'dst port > 1023']) {
      const asked = `${cut}&filter=${encodeURIComponent(filter)}`
      await both(`/api/top?${asked}&by=src,dst&limit=20`)
      await both(`/api/flows?${asked}&order=bytes&limit=50`)
    }
  })

  test('/api/explain and /api/incidents: the move is not a silence, and the outage is reported whole', async () => {
    const explained = await both(`/api/explain?${cut}`)
    assert.match(explained, /opened 312 connections outward, 280 of them to 203\.0\.113\.80/)
    const { incidents } = JSON.parse(await both(`/api/incidents?${day}`)) as {
      incidents: unknown[]
    }
    assert.ok(incidents.length > 0)
  })

  test('/api/exporters: what both received, added up', async () => {
    const [one, other] = await Promise.all(
      apis.map(async (api) => {
        const { exporters } = JSON.parse(await bodyOf(api, '/api/exporters')) as {
          exporters: ExporterStatus[]
        }
        assert.equal(exporters.length, 1)
        const { datagrams, flows, packets, bytes, lost, firstSeen, lastSeen } = exporters[0]!
        return { datagrams, flows, packets, bytes, lost, firstSeen, lastSeen }
      }),
    )
    assert.deepEqual(other, one)
    assert.equal(one!.lost.flows, 0)
  })
})

async function received(from: number, to: number): Promise<SentDatagram[]> {
  const datagrams: SentDatagram[] = []
  for await (const { bytes, linkType, timeMs } of readCapture(capture)) {
    const datagram = readPacket(bytes, linkType)
    if (datagram && timeMs >= from && timeMs < to)
      datagrams.push({ payload: Uint8Array.from(datagram.payload), receivedMs: timeMs })
  }
  return datagrams
}

async function replay(
  files: readonly string[],
  environment: Record<string, string>,
): Promise<void> {
  const { code, stderr } = await runWeir(['replay', ...files, '--json'], environment)
  assert.equal(code, 0, stderr)
}
