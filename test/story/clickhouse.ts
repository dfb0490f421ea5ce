/**
 * The Monday capture in the embedded store and in ClickHouse: all answers are identical, byte for byte.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { RunningClickHouse } from '../clickhouse.ts'
import { daySeconds, mondayBytes as bytes, replayMonday, weekSeconds } from '../monday.ts'
import { scratchFolder } from '../processes.ts'
import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { bodyOf, openApi } from './api-over.ts'

/** The two replays take less. */
const replaysMsMax = 120_000

const splits = [
  '',
  'direction',
  'host,direction',
  'port',
  'protocol',
  'interface,direction',
  'exporter',
  'host,port',
]

const filters = [
  'host 10.0.0.22',
  'src ip 10.0.0.22',
  'dst host 203.0.113.80',
  'host 10.0.0.22 and host 203.0.113.80',
  'src net 10.0.0.0/24',
  'dst net 10.0.0.0/28 and dst port 443',
  'ip in [10.0.0.22 10.0.0.23 203.0.113.0/24]',
  'proto udp and port 53',
  'not proto tcp',
  'port in [80 443]',
  'dst port > 1023',
  'bytes > 1k',
  'packets > 100 and packets < 1k',
  'bps > 1m',
  'bpp > 1000 and duration > 1000',
  'flags S and not flags AFRPU',
  'not (flags SA or port 53)',
  'proto tcp and (dst port 443 or src net 192.0.2.0/24) and not host 10.0.0.1',
  'inet6',
  'in if 1',
  'local',
  'tos 0 and src as 0',
]

const topKeys = [
  'src', 'dst', 'host', 'pair', 'srcport', 'dstport', 'anyport', 'port', 'protocol', 'in', 'out',
  'interface', 'exporter', 'as', 'tos', 'flags', 'nexthop', 'vlan', 'application', 'prefix',
  'srcprefix', 'dscp', 'mac', 'sampling', 'direction', 'host,port',
] // prettier-ignore

/** Registers the tests on nodes with this many shards and replicas. */
export function clickHouseStory(size: { shards: number; replicas: number }): void {
  const name = `${size.shards} shards of ${size.replicas} replicas`
  describe(`the Monday capture in ClickHouse, ${name}`, { skip: skipWithoutClickHouse() }, () => {
    let nodes: RunningClickHouse
    const apis: Awaited<ReturnType<typeof openApi>>[] = []
    let start = 0

    before(async () => {
      nodes = await RunningClickHouse.start(size)
      await nodes.setUp()
      // A day that ends between the two replays would be open in one of them.
      const leftMs = daySeconds * 1000 - (Date.now() % (daySeconds * 1000))
      if (leftMs < replaysMsMax) await sleep(leftMs)
      // What lies after now is not visible yet, so both must agree on the time.
      const now = Date.now()
      for (const environment of [{}, nodes.environment()]) {
        const settings = { WEIR_DATA: await scratchFolder(), ...environment }
        start = await replayMonday(settings)
        apis.push(await openApi(settings, now))
      }
    })
    after(async () => {
      for (const api of apis) await api.close()
      await nodes?.remove()
    })

    async function both(path: string): Promise<string> {
      const [one, two] = await Promise.all(apis.map((api) => bodyOf(api, path)))
      assert.equal(two, one, path)
      return one!
    }
    const day = () => `from=${start}&to=${start + daySeconds}`
    /** 11:30 to 11:40; the capture's local time is UTC. */
    const cut = () => `from=${start + 41_400}&to=${start + 42_000}`

    test('/api/series at every tier', async () => {
      for (const step of [300, 1800, 7200, 86_400])
        for (const by of step === 300 ? splits : splits.slice(0, 3)) {
          const text = await both(
            `/api/series?${day()}&step=${step}&measure=bits${by && `&by=${by}`}`,
          )
          const { series } = JSON.parse(text) as { series: { summary: { total: number } }[] }
          const total = series.reduce((sum, each) => sum + each.summary.total, 0)
          if (!by.includes('interface'))
            assert.equal(total, by.includes('host') ? 2 * bytes : bytes)
        }
      await both(
        `/api/series?from=${start - weekSeconds}&to=${start + daySeconds}&by=host&top=3&cf=max`,
      )
    })

    test('/api/series from the flows, per second', async () => {
      for (const by of splits)
        await both(`/api/series?${cut()}&step=1&measure=bits&top=5${by && `&by=${by}`}&filter=any`)
      for (const measure of ['packets', 'flows', 'active'])
        await both(`/api/series?${cut()}&step=10&measure=${measure}&by=host`)
      const opened = await both(`/api/series?${cut()}&step=10&measure=connections&by=host`)
      assert.match(opened, /10\.0\.0\.22/)
    })

    test('/api/top by every key, in every order', async () => {
      for (const by of topKeys) await both(`/api/top?${cut()}&by=${by}&order=bytes&limit=7`)
      for (const order of ['packets', 'flows', 'peers', 'rate', 'duration'])
        await both(`/api/top?${cut()}&by=host&order=${order}&limit=7`)
      for (const include of ['start', 'end', 'within'])
        for (const order of ['bytes', 'rate', 'duration'])
          await both(`/api/top?${cut()}&by=src&include=${include}&order=${order}`)
    })

    for (const filter of filters)
      test(`filter ${filter}`, async () => {
        const asked = `${cut()}&filter=${encodeURIComponent(filter)}`
        await both(`/api/top?${asked}&by=src,dst&limit=20`)
        await both(`/api/series?${asked}&by=host&step=60&top=3`)
        await both(`/api/flows?${asked}&order=bytes&limit=50`)
      })

    test('/api/flows in every order and format', async () => {
      for (const order of ['first', 'last', 'received', 'bytes', 'packets', 'duration', 'rate'])
        await both(`/api/flows?${cut()}&order=${order}&limit=40`)
      for (const format of ['csv', 'ndjson'])
        await both(`/api/flows?${cut()}&limit=40&format=${format}`)
    })

    test('/api/explain and /api/incidents', async () => {
      const explained = await both(`/api/explain?${cut()}`)
      assert.match(explained, /opened 312 connections outward, 280 of them to 203\.0\.113\.80/)
      await both(`/api/incidents?${day()}`)
    })

    test('every replica has each flow once', async () => {
      const table = nodes.isCluster ? 'flows_local' : 'flows'
      const counts = await Promise.all(
        nodes.nodes.map(async (node) =>
          Number(await node.ask(`SELECT count() FROM weir.${table}`)),
        ),
      )
      const shards = counts.filter((_, i) => i % nodes.replicas === 0)
      for (const [i, count] of counts.entries())
        assert.equal(count, shards[Math.floor(i / nodes.replicas)])
      const listed = await nodes.nodes[0]!.ask(
        'SELECT sum(rows) FROM weir.flow_files FINAL WHERE is_live = 1',
      )
      assert.equal(
        shards.reduce((sum, count) => sum + count, 0),
        Number(listed),
      )
      if (nodes.isCluster)
        assert.ok(
          shards.every((count) => count > 0),
          String(counts),
        )
    })
  })
}
