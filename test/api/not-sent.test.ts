/**
 * Flows that a collector has not sent to ClickHouse yet, or can send no more: unknown in every
 * answer made from flows, and never zero.
 */
import assert from 'node:assert/strict'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'

import type { ExplainAnswer } from '../../api/schema/explain.ts'
import type { FlowsAnswer, SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import { intervalMs } from '../../flow/interval.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import { archiveSeen } from '../../ingest/shipping.ts'
import { Archive } from '../../store/archive/archive.ts'
import { Connection } from '../../store/clickhouse/connection.ts'
import { openClickHouseSeries } from '../../store/clickhouse/series.ts'
import { readMissing } from '../../store/clickhouse/shipped.ts'
import type { LeftOut } from '../../store/flows.ts'
import { openShipping } from '../../store/open.ts'
import { RunningClickHouse } from '../clickhouse.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { archive, t0, testFlow } from '../store/archive/archived.ts'
import { coverageOf, stepOf } from '../store/series-rows.ts'
import { bodyOf, openApi } from '../story/api-over.ts'
import { until } from '../until.ts'

const keep = { WEIR_TIERS: '5m:40y', WEIR_ARCHIVE_KEEP: '40y', WEIR_LOG: 'error', WEIR_DNS: 'off' }
const intervals = 4
const end = t0 + intervals * intervalMs
const window = `from=${t0 / 1000}&to=${end / 1000}`
const [here, there] = ['192.0.2.1', '192.0.2.2']

type Ask = <Answer>(path: string) => Promise<Answer>

describe('flows that are not in ClickHouse', { skip: skipWithoutClickHouse() }, () => {
  let nodes: RunningClickHouse
  let databases = 0
  before(async () => {
    nodes = await RunningClickHouse.start()
  })
  after(() => nodes.remove())

  interface Collector {
    writer: string
    exporter: string
    /** Intervals before this (unix ms) are over. */
    closedBeforeMs?: number
    /** The intervals in which it received its exporter, by number. */
    received?: readonly number[]
    /** Before the files are sent. */
    spoil?: (archive: Archive, folder: string) => Promise<void>
  }

  /** An API over what these collectors received and sent: a flow each minute. */
  async function apiOver(
    t: TestContext,
    collectors: readonly Collector[],
    now = end + 3_600_000,
  ): Promise<Ask> {
    const database = `left${databases++}`
    await nodes.provide(database, keep)
    const environment = { ...keep, ...nodes.environment(database) }
    for (const collector of collectors) await send(environment, collector)
    const api = await openApi({ ...environment, WEIR_DATA: await scratchFolder() }, now)
    t.after(() => api.close())
    return async <Answer>(path: string) => JSON.parse(await bodyOf(api, `/api/${path}`)) as Answer
  }

  async function send(
    environment: Record<string, string>,
    { writer, exporter, closedBeforeMs = end, received = [0, 1, 2, 3], spoil }: Collector,
  ): Promise<void> {
    const data = await scratchFolder()
    const folder = join(data, 'archive')
    const settings = readSettings({ ...environment, WEIR_DATA: data, WEIR_WRITER: writer })
    const starts = received.map((i) => t0 + i * intervalMs)
    const minutes = starts.flatMap((start) => [0, 1, 2, 3, 4].map((i) => start + i * 60_000))
    const flows = minutes.map((first) => testFlow({ exporter, first, last: first + 59_000 }))
    await archive(folder, flows)
    const series = await openClickHouseSeries({
      settings: settings.clickhouse,
      folder: join(data, 'clickhouse'),
      tiers: settings.tiers,
    })
    const row = { direction: 'in', bytes: 5000, packets: 50, flows: 5, active: 295_000 }
    const steps = starts.map((time) => stepOf(coverageOf(time, exporter), { total: [row] }))
    await series.write(settings.tiers[0]!, steps)
    await series.settled?.()
    await series.close()
    const open = await Archive.open(folder)
    await open.merge(Number.POSITIVE_INFINITY)
    await spoil?.(open, folder)
    // While it waits to try a file again, minutes pass.
    const began = Date.now()
    const shipping = (await openShipping(settings, () => began + 60 * (Date.now() - began)))!
    shipping.look(archiveSeen(open, closedBeforeMs))
    // A file that cannot be sent is tried for ever: the others are sent once the report names its time alone.
    if (spoil) await until(async () => isAlone(await missingIn(settings)))
    else await shipping.settled()
    await shipping.close()
    await open.close()
  }

  async function missingIn({ clickhouse, tiers }: Settings): Promise<LeftOut[]> {
    const connection = new Connection({ settings: clickhouse, timeoutMs: 30_000 })
    try {
      return await readMissing(connection, { tier: tiers[0]!, from: t0, to: end })
    } finally {
      await connection.close()
    }
  }

  function isAlone(missing: readonly LeftOut[]): boolean {
    return missing.length === 1 && missing[0]!.to - missing[0]!.from === intervalMs
  }

  /** The intervals, by number, of which a chart from flows knows nothing. */
  async function unknownIn(
    ask: Ask,
    query: string,
  ): Promise<{ of: number[]; answer: SeriesAnswer }> {
    const answer = await ask<SeriesAnswer>(`series?${window}&${query}`)
    assert.equal(answer.source, 'archive')
    const { values } = answer.series[0]!
    const of = new Set<number>()
    for (const [at, time] of answer.time.entries())
      if (values[at] === null) of.add(Math.floor((time * 1000 - t0) / intervalMs))
      else assert.ok(values[at]! > 0, `${query}: drawn as 0 at ${time}`)
    return { of: [...of], answer }
  }

  test('are unknown in charts of who sent them, and said to be missing from lists and verdicts', async (t) => {
    const ask = await apiOver(t, [
      { writer: 'one', exporter: here },
      { writer: 'two', exporter: there, closedBeforeMs: t0 + 2 * intervalMs },
    ])
    const said =
      'flows that collector two received since 2026-11-16T11:40:00.000Z are not in ClickHouse yet'
    for (const query of ['step=60', 'step=300&filter=host+10.0.0.22', 'step=30&by=host']) {
      const all = await unknownIn(ask, query)
      assert.deepEqual(all.of, [2, 3], query)
      const from = (t0 + 2 * intervalMs) / 1000
      assert.deepEqual(all.answer.unknown, [[from, end / 1000, 'not-sent']])
      assert.deepEqual(all.answer.remarks, [said])
      const ofHere = await unknownIn(ask, `${query}&exporter=${here}`)
      assert.deepEqual([ofHere.of, ofHere.answer.remarks], [[], []], query)
      assert.deepEqual((await unknownIn(ask, `${query}&exporter=${there}`)).of, [2, 3], query)
    }
    assert.deepEqual((await ask<TopAnswer>(`top?${window}&by=host`)).remarks, [said])
    assert.deepEqual((await ask<FlowsAnswer>(`flows?${window}`)).remarks, [said])
    const whole = await ask<ExplainAnswer>(`explain?${window}`)
    assert.equal(whole.window.kind, 'none', whole.sentence)
    assert.ok(whole.evidence.limits.includes(said))
    assert.match(whole.evidence.limits.join(), /not everything is known of .*11:40:00 to 11:50:00/)
    const rest = `from=${t0 / 1000 + 660}&to=${end / 1000}&exporter=${there}`
    assert.match((await ask<ExplainAnswer>(`explain?${rest}`)).sentence, /not in ClickHouse yet/)
  })

  test('are unknown from the first interval on, before any were sent', async (t) => {
    const ask = await apiOver(t, [{ writer: 'one', exporter: here, closedBeforeMs: t0 }])
    const query = 'step=300&filter=host+10.0.0.22'
    const answer = await ask<SeriesAnswer>(`series?${window}&${query}`)
    assert.deepEqual(answer.unknown, [[t0 / 1000, end / 1000, 'not-sent']])
    assert.ok(answer.series.every(({ values }) => values.every((value) => value === null)))
  })

  test('are said to be missing from a list of an hour, not from one of a day that lacks as little as always', async (t) => {
    const one = { writer: 'one', exporter: here, closedBeforeMs: end - intervalMs }
    const ask = await apiOver(t, [one], end + 120_000)
    const remarksOf = async (from: number, to: number) =>
      (await ask<TopAnswer>(`top?from=${from / 1000}&to=${to / 1000}`)).remarks
    const said = /^flows that collector one received since 2026-11-16T11:45:00.000Z/
    const day = end - 86_400_000
    assert.match((await remarksOf(end - 3_600_000, end + 120_000)).join(), said)
    assert.deepEqual(await remarksOf(day, end + 120_000), [])
    const late = await apiOver(t, [one], end + 600_000)
    const { remarks } = await late<TopAnswer>(`top?from=${day / 1000}&to=${end / 1000}`)
    assert.match(remarks.join(), said)
  })

  test('do not come from a collector that was taken away: it received nothing since', async (t) => {
    const away = { received: [0, 1], closedBeforeMs: t0 + 2 * intervalMs }
    const ask = await apiOver(t, [
      { writer: 'one', exporter: here },
      { writer: 'gone', exporter: there, ...away },
    ])
    for (const query of ['step=60', 'step=300&filter=host+10.0.0.22']) {
      const { of, answer } = await unknownIn(ask, query)
      assert.deepEqual([of, answer.unknown, answer.remarks], [[], [], []])
    }
  })

  for (const isPutAside of [false, true])
    test(`are those of a file that ${isPutAside ? 'was put aside' : 'cannot be sent'}, and not what came after it`, async (t) => {
      const spoil = async (open: Archive, folder: string) => {
        const { file } = open.entries()[1]!
        await truncate(join(folder, file), 500)
        if (!isPutAside) return
        await assert.rejects(async () => {
          for await (const flows of open.read(t0 + intervalMs, t0 + 2 * intervalMs))
            assert.ok(flows)
        })
      }
      const ask = await apiOver(t, [{ writer: 'one', exporter: here, spoil }])
      const { of, answer } = await unknownIn(ask, 'step=60')
      assert.deepEqual(of, [1])
      const [from, to] = [t0 + intervalMs, t0 + 2 * intervalMs].map((ms) => ms / 1000)
      assert.deepEqual(answer.unknown, [[from, to, isPutAside ? 'unreadable' : 'not-sent']])
      const why = isPutAside ? ', because a file of them could not be read' : ' yet'
      assert.deepEqual(answer.remarks, [
        `flows that collector one received from 2026-11-16T11:35:00.000Z to 2026-11-16T11:40:00.000Z are not in ClickHouse${why}`,
      ])
    })
})
