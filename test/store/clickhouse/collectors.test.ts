/**
 * Two collectors write to one ClickHouse cluster, and exporters move between them: every tier
 * answers as if one collector had heard them all.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import type { Tier } from '../../../flow/interval.ts'
import { Consolidator } from '../../../ingest/consolidate/consolidator.ts'
import { RedoList } from '../../../ingest/consolidate/redo.ts'
import type { ClickHouseSettings } from '../../../flow/settings/clickhouse-specs.ts'
import type { IngestStatus } from '../../../flow/status.ts'
import { Connection } from '../../../store/clickhouse/connection.ts'
import { Exchange } from '../../../store/clickhouse/exchange.ts'
import {
  openClickHouseSeries,
  openClickHouseSeriesReader,
} from '../../../store/clickhouse/series.ts'
import type { SeriesReader, SeriesStore, StepRows } from '../../../store/series.ts'
import { RunningClickHouse } from '../../clickhouse.ts'
import { scratchFolder } from '../../processes.ts'
import { skipWithoutClickHouse } from '../../setup/clickhouse.ts'
import { ownDatabase } from './clickhouse-under-test.ts'
import { coverageOf, dayMs, hourMs, plain, stepOf, tiers, type Row } from '../series-rows.ts'

/** Without the one-day tier: a few hours show everything that a day would. */
const all = [tiers['5m'], tiers['30m'], tiers['2h']]
const fine = tiers['5m']
const origin = Math.floor(Date.now() / dayMs) * dayMs - 2 * dayMs
const exporters = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
const intervals = Array.from({ length: 48 }, (_, i) => origin + i * fine.stepMs)
const range = { from: origin, to: origin + 4 * hourMs }

/** One collector's series: a store with its spool, and the consolidator of its tiers. */
async function openCollector(settings: ClickHouseSettings, writer: string) {
  const folder = await scratchFolder()
  const store = await openClickHouseSeries({
    settings: { ...settings, writer },
    folder: join(folder, 'clickhouse'),
    tiers: all,
  })
  const redo = await RedoList.open(join(folder, 'redo.jsonl'), all.slice(1))
  const isLocal = (host: string) => host.startsWith('10.')
  const consolidator = new Consolidator({ store, tiers: all, redo, top: 4, isLocal })
  return {
    store,
    consolidator,
    async write(steps: StepRows[]) {
      await consolidator.intervalsWritten(steps.map(({ coverage }) => coverage.time))
      await store.write(fine, steps)
    },
    async close() {
      await consolidator.close()
      await store.close()
    },
  }
}

/** What was received from an exporter in an interval: figures derived from both. */
function hostsAt(time: number, exporter: string): Row[] {
  const seed = (time - origin) / fine.stepMs + exporters.indexOf(exporter) * 7
  return Array.from({ length: 7 }, (_, i) => ({
    host: `10.0.0.${(seed * (i + 1)) % 11}`,
    direction: i % 2 === 0 ? 'in' : 'out',
    bytes: seed * 100 + i + 1,
    packets: seed + i,
    flows: i,
    active: seed * i,
  })).filter(
    (row, i, rows) =>
      rows.findIndex((each) => each.host === row.host && each.direction === row.direction) === i,
  )
}

/** A row's figures split in two: what each of two collectors received. */
function parts(row: Row): [Row, Row] {
  const one = { ...row }
  const other = { ...row }
  for (const field of ['bytes', 'packets', 'flows', 'active'] as const) {
    const value = row[field] ?? 0
    one[field] = Math.floor(value / 3)
    other[field] = value - one[field]
  }
  return [one, other]
}

/** Which of two collectors heard an exporter: it moves every 50 minutes, except the last one. */
function hearers(i: number, exporter: string): ('one' | 'two' | 'both' | 'none')[] {
  if (exporter === exporters[2]) return ['two']
  if (i % 17 === 13) return ['none']
  const place = i % 20
  if (place % 10 === 9) return ['both']
  return [place < 10 ? 'one' : 'two']
}

describe('two collectors on one cluster', { skip: skipWithoutClickHouse() }, () => {
  let nodes: RunningClickHouse
  const open: { close: () => Promise<void> }[] = []
  let whole: SeriesReader
  let shared: SeriesReader
  let one: Awaited<ReturnType<typeof openCollector>>
  let two: typeof one

  before(async () => {
    nodes = await RunningClickHouse.start({ shards: 2 })
    const alone = await ownDatabase(nodes)
    const together = await ownDatabase(nodes)
    const only = await openCollector(alone, 'only')
    one = await openCollector(together, 'one')
    two = await openCollector(together, 'two')
    whole = await openClickHouseSeriesReader(alone)
    shared = await openClickHouseSeriesReader(together)
    open.push(only, one, two, whole, shared)
    const batches: Record<'only' | 'one' | 'two', StepRows[]> = { only: [], one: [], two: [] }
    for (const [i, time] of intervals.entries()) {
      for (const exporter of exporters) {
        const [by] = hearers(i, exporter)
        const hosts = by === 'none' ? [] : hostsAt(time, exporter)
        const known =
          by === 'none'
            ? { known: 0, unknown: { lost: 1 }, datagrams: 0 }
            : { known: 1, datagrams: by === 'both' ? 2 : 1, lostFlows: by === 'both' ? 5 : 0 }
        batches.only.push(stepOf(coverageOf(time, exporter, known), { host: hosts }))
        const deaf = coverageOf(time, exporter, {
          known: 0,
          unknown: { 'not-listening': 1 },
          datagrams: 0,
        })
        const heard = coverageOf(time, exporter)
        if (by === 'none')
          for (const name of ['one', 'two'] as const)
            batches[name].push(stepOf({ ...deaf, unknown: { lost: 1 } }, {}))
        else if (by === 'both') {
          const split = hosts.map(parts)
          batches.one.push(stepOf({ ...heard, lostFlows: 5 }, { host: split.map(([row]) => row) }))
          batches.two.push(stepOf(heard, { host: split.map(([, row]) => row) }))
        } else if (by) {
          // The end of a download reached the other collector: it counts in this interval, which that one did
          // not hear.
          const late = i % 20 === 3 && exporter === exporters[0]
          const own = late ? hosts.slice(1) : hosts
          batches[by].push(stepOf(heard, { host: own }))
          const other = by === 'one' ? 'two' : 'one'
          if (late) batches[other].push(stepOf(deaf, { host: hosts.slice(0, 1) }))
          else if (i % 20 === 5) batches[other].push(stepOf(deaf, {}))
        }
      }
      if (i % 8 !== 7) continue
      await only.write(batches.only.splice(0))
      await one.write(batches.one.splice(0))
      await two.write(batches.two.splice(0))
      // Each consolidates at its own time.
      if (i === 15) await one.consolidator.run(time + fine.stepMs)
      if (i === 31) await two.consolidator.run(time + fine.stepMs)
    }
    for (const { consolidator } of [only, two, one])
      await consolidator.run(origin + 2 * dayMs, { isComplete: true })
    for (const { store } of [only, one, two]) await store.settled!()
  })
  after(async () => {
    for (const each of open) await each.close()
    await nodes?.remove()
  })

  for (const tier of all) {
    const asked = { tier, ...range }
    test(`${tier.name}: coverage, rows and greatest keys match those of a single collector`, async () => {
      const both = async <Found>(ask: (reader: SeriesReader) => Promise<Found>) => {
        const expected = await ask(whole)
        assert.deepEqual(await ask(shared), expected)
        return expected
      }
      const covered = await both((reader) => reader.coverage(asked))
      assert.equal(covered.length, (exporters.length * 4 * hourMs) / tier.stepMs)
      for (const exporter of exporters)
        await both(async (reader) => plain(await collected(reader, { ...asked, exporter })))
      const hosts = await both((reader) =>
        reader.top({ ...asked, measurement: 'host', by: ['host'], order: 'bytes', limit: 5 }),
      )
      assert.ok(hosts[0]!.sum.bytes > 0)
      const keys = hosts.map(({ key }) => key)
      await both(async (reader) => {
        const { count, time, key, sum, max, known } = await reader.read({
          ...asked,
          measurement: 'host',
          by: ['host'],
          keys,
        })
        return { count, time, key, sum, max, known }
      })
    })
  }

  test('flows that reach one collector late change what the other consolidated', async () => {
    const time = intervals[20]!
    const late = [{ host: '10.0.0.99', direction: 'in', bytes: 10 ** 9, packets: 1, flows: 1 }]
    const deaf = coverageOf(time, exporters[2]!, { known: 0, unknown: { 'not-seen': 1 } })
    await one.write([stepOf({ ...deaf, datagrams: 0 }, { host: late })])
    await one.consolidator.run(origin + 2 * dayMs, { isComplete: true })
    await one.store.settled!()
    for (const tier of all) {
      const rows = await shared.top({
        tier,
        ...range,
        exporters: [exporters[2]!],
        measurement: 'host',
        by: ['host'],
        order: 'bytes',
        limit: 1,
      })
      assert.deepEqual(rows[0]!.key, { host: '10.0.0.99' }, tier.name)
      assert.equal(rows[0]!.sum.bytes, 10 ** 9, tier.name)
      const total = async (reader: SeriesReader) => {
        const read = await reader.read({ tier, ...range, measurement: 'host', by: [], keys: [] })
        return read.sum.bytes.reduce((sum, bytes) => sum + bytes, 0)
      }
      assert.equal(await total(shared), (await total(whole)) + 10 ** 9, tier.name)
    }
  })

  test('a step shared with another collector stays on the list until nothing is new', async () => {
    const time = intervals[10]!
    const step = stepOf(coverageOf(time, exporters[0]!), { host: hostsAt(time, exporters[0]!) })
    await two.write([step])
    await two.store.settled!()
    const end = origin + 2 * dayMs
    await two.consolidator.run(end + dayMs)
    assert.ok(two.consolidator.redoCount > 0)
    await two.consolidator.run(end + 2 * dayMs)
    assert.equal(two.consolidator.redoCount, 0)
  })

  test('two collectors with the same name are detected', async () => {
    const settings = await ownDatabase(nodes)
    const tell = (writer: string) =>
      new Exchange({
        connection: new Connection({ settings, timeoutMs: 10_000 }),
        writer,
        now: Date.now,
      })
    const [a, b, c] = [tell('same'), tell('same'), tell('other')]
    const status = async () => ({}) as IngestStatus
    for (const each of [a, b, c, a, c]) await each.report([], status)
    assert.deepEqual([a.isNameTaken, c.isNameTaken], [true, false])
    assert.deepEqual([a.lastError, b.lastError, c.lastError], [null, null, null])
    for (const each of [a, b, c]) await each.close([], status)
  })
})

async function collected(
  reader: Pick<SeriesStore, 'steps'>,
  asked: { tier: Tier; from: number; to: number; exporter: string },
): Promise<StepRows[]> {
  const steps: StepRows[] = []
  for await (const step of reader.steps(asked)) steps.push(step)
  return steps
}
