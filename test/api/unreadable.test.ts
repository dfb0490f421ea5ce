/** A file of the archive that cannot be read: what is answered from flows is unknown for its time, and never zero. */
import assert from 'node:assert/strict'
import { cp, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { before, suite, test, type TestContext } from 'node:test'

import { pino } from 'pino'

import { runApi } from '../../api/main.ts'
import type { ExplainAnswer } from '../../api/schema/explain.ts'
import type { SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import {
  columnNames,
  createFlowColumns,
  wordsPerRow,
  type FlowColumns,
} from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { Archive } from '../../store/archive/archive.ts'
import { mondayFolder, mondayFlows } from '../monday.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'

/** The interval of which the file is damaged, at the office's busiest. */
const damaged = Date.UTC(2026, 10, 16, 10, 30)
const around = 'from=2026-11-16T10:15Z&to=2026-11-16T10:50Z'

let data: string

before(async () => {
  data = await mondayFolder()
  await splitArchive(join(data, 'archive'))
})

/** Writes the archive anew, in files of an interval each, as they are on the day itself. */
async function splitArchive(folder: string): Promise<void> {
  const whole = await Archive.open(folder)
  const byInterval = new Map<number, FlowColumns>()
  for await (const flows of whole.read(0, 8.64e15))
    for (let row = 0; row < flows.count; row++) {
      const interval = intervalStart(flows.collectionTimeMilliseconds[row]!)
      const to = byInterval.get(interval) ?? createFlowColumns(20_000)
      byInterval.set(interval, to)
      for (const name of columnNames) {
        const words = wordsPerRow(name)
        for (let word = 0; word < words; word++)
          to[name][words * to.count + word] = flows[name][words * row + word]!
      }
      to.count++
    }
  await whole.close()
  const split = await Archive.open(`${folder}.split`)
  for (const flows of byInterval.values()) {
    split.add(flows)
    await split.publish({})
  }
  await split.merge(Number.POSITIVE_INFINITY)
  const entries = split.entries()
  assert.equal(entries.length, byInterval.size)
  assert.equal(
    entries.reduce((sum, { rows }) => sum + rows, 0),
    mondayFlows,
  )
  await split.close()
  await rm(folder, { recursive: true })
  await rename(`${folder}.split`, folder)
}

/** An API on a copy of which one file is damaged; `isPutAside`: ingest has found that out. */
async function damagedApi(t: TestContext, isPutAside: boolean) {
  const copy = await scratchFolder()
  await cp(data, copy, { recursive: true })
  const archive = await Archive.open(join(copy, 'archive'))
  const { file } = archive
    .entries()
    .find(({ receivedFrom }) => intervalStart(receivedFrom) === damaged)!
  await truncate(join(copy, 'archive', file), 20_000)
  if (isPutAside)
    await assert.rejects(async () => {
      for await (const flows of archive.read(damaged, damaged + intervalMs)) assert.ok(flows)
    })
  await archive.close()
  const ask = await apiOver(t, copy)
  return async <Answer>(path: string) => (await (await ask(path)).json()) as Answer
}

async function apiOver(t: TestContext, folder: string) {
  const settings = readSettings({ WEIR_DATA: folder, WEIR_HTTP: '127.0.0.1:0', WEIR_DNS: 'off' })
  const api = await runApi(settings, pino({ level: 'silent' }))
  t.after(() => api.close())
  return (path: string) => fetch(`${api.url}/api/${path}`)
}

for (const isPutAside of [false, true])
  suite(isPutAside ? 'a file that was put aside' : 'a file that is left out', () => {
    test('is unknown time in charts from flows, at any step, and known in those from totals', async (t) => {
      const ask = await damagedApi(t, isPutAside)
      for (const query of [
        'step=60',
        'step=1',
        'step=300&filter=host+10.0.0.22',
        'step=300&by=exporter&filter=any',
      ]) {
        const answer = await ask<SeriesAnswer>(`series?${around}&${query}`)
        assert.equal(answer.source, 'archive')
        const values = answer.series[0]!.values
        const isWithin = (at: number) =>
          answer.time[at]! * 1000 >= damaged && answer.time[at]! * 1000 < damaged + intervalMs
        assert.ok(
          values.every((value, at) => (value === null) === isWithin(at)),
          query,
        )
        assert.deepEqual(answer.unknown, [
          [damaged / 1000, (damaged + intervalMs) / 1000, 'unreadable'],
        ])
        assert.match(answer.remarks.join(), /flows-20261116T103000Z\S* (cannot|could not) be read/)
      }
      const totals = await ask<SeriesAnswer>(
        'series?from=2026-11-16T09:00Z&to=2026-11-16T21:00Z&step=300',
      )
      assert.equal(totals.source, '5m')
      assert.ok(totals.unknown.every(([, , reason]) => reason !== 'unreadable'))
    })

    test('is no silence, and what is said of lists and of what happened names it', async (t) => {
      const ask = await damagedApi(t, isPutAside)
      const { sentence, window, evidence } = await ask<ExplainAnswer>(`explain?${around}`)
      assert.equal(window.kind, 'none', sentence)
      assert.match(evidence.limits.join('\n'), /not everything is known of .*10:30:00 to 10:35:00/)
      assert.match(
        evidence.limits.join('\n'),
        /flows-20261116T103000Z\S* (cannot|could not) be read/,
      )
      const top = await ask<TopAnswer>(`top?${around}&by=host`)
      assert.match(top.remarks.join(), /flows-20261116T103000Z\S* (cannot|could not) be read/)
      const only = await ask<ExplainAnswer>('explain?from=2026-11-16T10:31Z&to=2026-11-16T10:33Z')
      assert.doesNotMatch(only.sentence, /stopped|no flows were received/)
    })
  })

test('of many files that cannot be read the first are named, so that a list as a file can be fetched', async (t) => {
  const copy = await scratchFolder()
  await cp(data, copy, { recursive: true })
  const archive = await Archive.open(join(copy, 'archive'))
  const files = archive
    .entries()
    .slice(0, 20)
    .map(({ file }) => file)
  await archive.close()
  for (const file of files) await truncate(join(copy, 'archive', file), 100)
  const ask = await apiOver(t, copy)
  const day = 'from=2026-11-16T00:00Z&to=2026-11-17T00:00Z'
  const { remarks } = (await (await ask(`top?${day}&by=host`)).json()) as TopAnswer
  const { headers } = await ask(`flows?${day}&format=csv`)
  assert.equal(headers.get('weir-remark'), remarks.join(', '))
  assert.match(remarks.join(), /the same is true of 16 other archive files/)
  // An nginx before it takes no more, unless it is told to.
  assert.ok([...headers].flat().join('  ').length < 4096)
})
