/**
 * 2 collectors, 20 exporters, 2 × 2 nodes, 20,000 flows/s for 5 minutes (or as in WEIR_LONG_RATE and
 * WEIR_LONG_SECONDS): a replica is killed and returns, a collector is killed and returns with its
 * exporters at the other in the meantime, a whole shard is away for 60 s.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { StoreFault } from '../../store/spool/fault.ts'
import { openSeriesReader } from '../../store/open-series.ts'
import { openFlows } from '../../store/open.ts'
import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { countFates, Workers } from './workers.ts'

const rate = Number(process.env['WEIR_LONG_RATE'] ?? 20_000)
const seconds = Number(process.env['WEIR_LONG_SECONDS'] ?? 300)
const names = ['one', 'two'] as const

describe('a cluster under load with many failures', { skip: skipWithoutClickHouse() }, () => {
  let workers: Workers
  before(async () => {
    workers = await Workers.start({ exporters: 20, flowsPerSecond: rate })
  })
  after(() => workers.remove())

  test(`${rate} flows/s for ${seconds} s: each flow and total is stored once`, async (t) => {
    const startedMs = Date.now()
    const until = (share: number) =>
      sleep(Math.max(0, startedMs + share * seconds * 1000 - Date.now()))
    const asking = new AbortController()
    const asked = askOn(workers, asking.signal)
    await until(0.15)
    await workers.nodes.nodes[1]!.kill()
    await until(0.28)
    await workers.nodes.nodes[1]!.start()
    await until(0.36)
    await workers.kill('one')
    await sleep(2000)
    workers.move('two', () => true)
    await until(0.5)
    await workers.begin('one')
    await until(0.56)
    workers.move('one', (i) => i % 2 === 0)
    await until(0.64)
    for (const node of workers.nodes.nodes.slice(2)) await node.kill()
    await sleep(60_000)
    for (const node of workers.nodes.nodes.slice(2)) await node.start()
    await until(1)
    await workers.endExporters()
    const endedMs = Date.now()
    asking.abort()
    const answers = await asked
    const sent = workers.exporters.reduce((sum, { exporter }) => sum + exporter.flows, 0)
    t.diagnostic(
      `${sent} flows sent, ${Math.round((sent * 1000) / (endedMs - startedMs))} a second`,
    )
    t.diagnostic(
      `${answers.whole} answers were whole, ${answers.failed} failed, ${answers.partial.length} lacked something`,
    )
    assert.deepEqual(answers.partial, [])
    assert.ok(answers.whole > 0 && answers.failed > 0)

    // Flows of an interval are sent when it is over.
    const closedMs = intervalStart(endedMs) + intervalMs
    await sleep(Math.max(0, closedMs - Date.now()) + 30_000)
    const deadline = Date.now() + 300_000
    for (let waits = true; waits;) {
      const all = await Promise.all(names.map((name) => workers.status(name)))
      waits = all.some(({ shipping, store }) => shipping!.waiting > 0 || store!.spool.steps > 0)
      if (waits) assert.ok(Date.now() < deadline, 'what waited was not sent')
      await sleep(2000)
    }
    t.diagnostic(
      `all was sent ${Math.round((Date.now() - closedMs) / 1000)} s after the last interval`,
    )
    await workers.endWorkers()
    await workers.makeRest(120_000)

    const fates = await workers.fates()
    const series = await patiently(() => workers.series())
    const flows = await patiently(() => workers.flows())
    let lostOfAll = 0
    for (const { address } of workers.exporters) {
      const times = fates.get(address)!
      const { missing, twice } = countFates(times)
      assert.equal(twice, 0, address)
      lostOfAll += missing
      const stored = { count: times.length - missing, octets: Workers.octets(times) }
      assert.deepEqual(flows.get(address), stored, `flows of ${address} in ClickHouse`)
      for (const { tier, bytes, flows: count, lost } of series.get(address)!) {
        const name = `${address}, ${tier}`
        assert.deepEqual({ count, octets: bytes }, stored, name)
        assert.equal(lost, missing, `lost flows of ${name}`)
      }
    }
    t.diagnostic(`${lostOfAll} flows were sent while nobody listened; each was counted as lost`)
  })
})

/** Retries if a busy machine was too slow. */
async function patiently<Found>(ask: () => Promise<Found>): Promise<Found> {
  for (let tries = 1; ; tries++)
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof StoreFault) || tries >= 5) throw error
    }
}

/**
 * Queries closed time over and over: each answer equals the previous one or has more (never less:
 * what is written stays), or fails.
 */
async function askOn({ settings }: Workers, signal: AbortSignal) {
  const answers = { whole: 0, failed: 0, partial: [] as string[] }
  const series = await openSeriesReader(settings)
  const flows = await openFlows(settings)
  const tier = settings.tiers[0]!
  const most = new Map<string, number>()
  const ask = async (name: string, question: () => Promise<number>) => {
    try {
      const found = await question()
      const before = most.get(name) ?? 0
      if (found < before) answers.partial.push(`${name}: ${found} after ${before}`)
      else answers.whole++
      most.set(name, Math.max(found, before))
    } catch (error) {
      if (!(error instanceof StoreFault)) throw error
      answers.failed++
    }
  }
  try {
    while (!signal.aborted) {
      const range = { tier, from: 0, to: 4e12 }
      const query = { ...range, measurement: 'host', by: [], keys: [] } as const
      await ask('bytes of all hosts', async () => {
        const rows = await series.read(query)
        return rows.sum.bytes.reduce((sum, each) => sum + each, 0)
      })
      await ask('exporters and intervals', async () => (await series.coverage(range)).length)
      await ask('flows', async () => (await flows.extent(0, 4e12)).rows)
      await sleep(1000)
    }
  } finally {
    await Promise.all([series.close(), flows.close()])
  }
  return answers
}
