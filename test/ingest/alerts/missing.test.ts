/** Alerts on the sum of several exporters, when one of them is silent: the sum is unknown, not low. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { intervalMs } from '../../../flow/interval.ts'
import { MissingExporters } from '../../../ingest/alerts/missing.ts'
import { openSeriesStore } from '../../../store/open-series.ts'
import { encodeV5, testUptimeMs } from '../../encode/fixed.ts'
import { scratchFolder } from '../../processes.ts'
import { readSettings } from '../../settings.ts'
import { openSinks } from '../../sinks.ts'
import { coverageOf, dayMs, hourMs, minuteMs, stepOf, tiers } from '../../store/series-rows.ts'
import { Simulated, storyStart } from './simulated.ts'

const [small, large, other] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'] as const
const everyMs = 10_000

/** A data folder in which two exporters counted for the tracker an hour ago. */
async function afterAnHour(): Promise<string> {
  const data = await scratchFolder()
  const series = await openSeriesStore(readSettings({ WEIR_DATA: data }))
  await series.write(
    tiers['5m'],
    [small, large].map((exporter) =>
      stepOf(coverageOf(storyStart - hourMs, exporter), {
        tracker: [{ tracker: 'line', direction: 'out', bytes: 1e8, flows: 30 }],
      }),
    ),
  )
  await series.close()
  return data
}

/** Exporters that each report a flow of some bytes to a host every ten seconds. */
class Steady {
  readonly #simulated: Simulated
  readonly #sent = new Map<string, number>()

  constructor(simulated: Simulated) {
    this.#simulated = simulated
  }

  /** Runs for some minutes with the exporters that report. */
  async run(
    minutes: number,
    exporters: Record<string, { bytes: number; destination?: string }>,
  ): Promise<void> {
    const end = this.#simulated.nowMs + minutes * minuteMs
    for (let now = this.#simulated.nowMs + everyMs; now <= end; now += everyMs) {
      await this.#simulated.runTo(now)
      for (const [source, { bytes, destination = '203.0.113.80' }] of Object.entries(exporters)) {
        const sequence = this.#sent.get(source) ?? 0
        this.#sent.set(source, sequence + 1)
        const uptimeMs = testUptimeMs + now - storyStart
        const flow = { first: uptimeMs - everyMs, last: uptimeMs, octets: bytes, destination }
        this.#simulated.pipeline.take({
          payload: encodeV5({ uptimeMs, exportMs: now, sequence }, [flow]),
          source,
          sourcePort: 2055,
          receivedMs: now,
        })
      }
    }
  }

  /** An exporter sends datagrams that do not arrive. */
  lose(exporter: string, datagrams: number): void {
    this.#sent.set(exporter, (this.#sent.get(exporter) ?? 0) + datagrams)
  }
}

async function watching(t: TestContext, condition: { is: 'above' | 'below'; value: number }) {
  const sinks = await openSinks(t)
  const simulated = await Simulated.open(t, sinks, { data: await afterAnHour() })
  await simulated.watch('dst host 203.0.113.80', {
    name: 'Line',
    condition,
    targets: [{ webhook: sinks.webhook }],
  })
  return { simulated, steady: new Steady(simulated) }
}

function textOf({ events }: Simulated): string {
  return events.at(-1)?.text ?? ''
}

function evidenceOf({ events }: Simulated): string {
  return events.at(-1)?.evidence ?? ''
}

// 0.8 and 6.4 Mb/s.
const both = { [small]: { bytes: 1e6 }, [large]: { bytes: 8e6 } }

for (const [before, minutes] of [
  [22, 18],
  [20, 75],
] as const)
  test(`a sum without a silent exporter is not low, while it is silent for ${minutes} minutes and after it has returned`, async (t) => {
    const { simulated, steady } = await watching(t, { is: 'below', value: 5e6 })
    await steady.run(before, both)
    await steady.run(minutes, { [small]: both[small] })
    steady.lose(large, 6 * minutes)
    await steady.run(20, both)
    assert.deepEqual(simulated.events, [])
    assert.equal(simulated.engine.states.get('a')?.is, 'well')
    await steady.run(15, { ...both, [large]: { bytes: 1e6 } })
    await simulated.settle(1)
    assert.match(textOf(simulated), /^Line: 1\.60 M bit\/s/)
  })

test('a sum that is low is told although an exporter is silent that never counted for it', async (t) => {
  const { simulated, steady } = await watching(t, { is: 'below', value: 5e6 })
  const third = { [other]: { bytes: 1e6, destination: '203.0.113.99' } }
  await steady.run(20, { ...both, ...third })
  await steady.run(15, { ...both, [large]: { bytes: 1e6 } })
  await simulated.settle(1)
  assert.match(textOf(simulated), /^Line: 1\.60 M bit\/s/)
})

/** Half of what the large exporter sends is lost. */
async function runLossy(steady: Steady, rounds: number, exporters: typeof both): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await steady.run(1 / 6, { [small]: exporters[small] })
    steady.lose(large, 1)
    await steady.run(1 / 6, exporters)
  }
}

test('a sum that is only low because flows were lost is unknown; with them low too, it is told with that', async (t) => {
  const { simulated, steady } = await watching(t, { is: 'below', value: 5e6 })
  await steady.run(20, both)
  await runLossy(steady, 60, both)
  await steady.run(5, both)
  assert.deepEqual(simulated.events, [])
  await runLossy(steady, 60, { ...both, [large]: { bytes: 1e6 } })
  await simulated.settle(1)
  assert.match(textOf(simulated), /^Line: 1\.2\d M bit\/s/)
  assert.match(
    evidenceOf(simulated),
    /^Condition: below 5\.00 M bit\/s.*\. Flows were lost: with them it was about 1\.6\d M bit\/s\.$/m,
  )
})

test('what the others report may already be too much; it does not end because one is silent', async (t) => {
  const { simulated, steady } = await watching(t, { is: 'above', value: 5e6 })
  await steady.run(20, both)
  await steady.run(20, { [small]: both[small] })
  steady.lose(large, 120)
  await steady.run(20, both)
  await simulated.settle(1)
  assert.equal(simulated.events.length, 1, 'the same run')
})

test('what the others report is too much, and told as at least that', async (t) => {
  const { simulated, steady } = await watching(t, { is: 'above', value: 5e6 })
  await steady.run(20, { ...both, [large]: { bytes: 3e6 } })
  assert.deepEqual(simulated.events, [])
  await steady.run(15, { [large]: both[large] })
  await simulated.settle(1)
  assert.match(textOf(simulated), /^Line: at least 6\.40 M bit\/s/)
})

test('an exporter that has been silent for a day was removed, and one that is new was never missing', async () => {
  const series = await openSeriesStore(readSettings({ WEIR_DATA: await afterAnHour() }))
  const from = storyStart + 2 * hourMs
  const missingAt = async (interval: number, firstSeen: number, lastSeen: number) => {
    const exporters = [{ address: large, firstSeen: firstSeen / 1000, lastSeen: lastSeen / 1000 }]
    const question = { tracker: 'line', series, intervals: [interval], wholeIn: () => [small] }
    const sources = { tier: tiers['5m'], exporters: () => exporters as never }
    return (await new MissingExporters().in({ ...question, sources })).has(interval)
  }
  assert.equal(await missingAt(from, storyStart - dayMs, storyStart), true)
  assert.equal(await missingAt(from + dayMs, storyStart - dayMs, storyStart), false)
  assert.equal(await missingAt(from, from + intervalMs, from + 2 * intervalMs), false)
  await series.close()
})
