import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { countFates, Workers } from './workers.ts'

/** A busy machine is slow to build tiers and to exchange. */
const settledMsMax = 120_000

describe('two collectors that are killed', { skip: skipWithoutClickHouse() }, () => {
  let workers: Workers
  before(async () => {
    workers = await Workers.start({ exporters: 4, flowsPerSecond: 1200 })
  })
  after(() => workers.remove())

  test('exporters move to the other and back: each flow and total is stored once, each loss counted once', async () => {
    await sleep(4000)
    // A replica dies; writes wait.
    await workers.nodes.nodes[1]!.kill()
    // A collector dies; its exporters continue for a moment, and are then redirected to the other.
    await workers.kill('one')
    await sleep(1500)
    workers.move('two', () => true)
    await sleep(3000)
    await workers.begin('one')
    await workers.nodes.nodes[1]!.start()
    await sleep(1000)
    workers.move('one', (i) => i < 3)
    await sleep(3000)
    await workers.endExporters()
    const sent = () => workers.exporters.reduce((sum, { exporter }) => sum + exporter.flows, 0)
    const taken = async () => {
      const all = await Promise.all((['one', 'two'] as const).map((name) => workers.status(name)))
      return all.flatMap(({ exporters }) => exporters).reduce((sum, { flows }) => sum + flows, 0)
    }
    await workers.untilSettled(async () => sent() - (await taken()), settledMsMax)
    await workers.endWorkers()
    // On a busy machine a stop leaves steps that are not over to the next one.
    for (let starts = 0; starts < 3; starts++) {
      await workers.makeRest(settledMsMax)
      if (areEven(await workers.series())) break
    }

    const fates = await workers.fates()
    const series = await workers.series()
    let lostOfAll = 0
    for (const { address } of workers.exporters) {
      const times = fates.get(address)!
      const { missing, twice } = countFates(times)
      assert.equal(twice, 0, address)
      lostOfAll += missing
      for (const { tier, bytes, flows, lost } of series.get(address)!) {
        const name = `${address}, ${tier}`
        assert.equal(flows, times.length - missing, name)
        assert.equal(bytes, Workers.octets(times), name)
        assert.equal(lost, missing, name)
      }
    }
    assert.ok(lostOfAll > 0, 'what was sent to a dead collector is lost')
  })
})

/** Whether all tiers have as many flows of each exporter. */
function areEven(series: Awaited<ReturnType<Workers['series']>>): boolean {
  return [...series.values()].every((tiers) => new Set(tiers.map(({ flows }) => flows)).size === 1)
}
