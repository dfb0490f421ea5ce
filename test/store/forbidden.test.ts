/**
 * Files without permission to read them: left out and told while it lasts, never put aside, and
 * used again once there is.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, readdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'

import { pino } from 'pino'

import { runApi } from '../../api/main.ts'
import type { ErrorAnswer } from '../../api/schema/schema.ts'
import type { StatusAnswer } from '../../api/schema/status.ts'
import { NetworkSet } from '../../flow/address.ts'
import { intervalMs } from '../../flow/interval.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import { ManifestReader } from '../../store/manifest/reader.ts'
import type { SeriesEntry } from '../../store/parquet/layout.ts'
import { openParquetSeries, openParquetSeriesReader } from '../../store/parquet/series.ts'
import { openCollecting } from '../ingest/collecting.ts'
import { RunningIngest, runWeir, scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { until } from '../until.ts'
import { columnsOf, t0, testFlow } from './archive/archived.ts'
import { coverageOf, stepOf, tiers } from './series-rows.ts'

const confined = 'WEIR_TEST_CONFINED'
const tier = tiers['5m']
const exporter = '192.0.2.1'
const permission = /no permission to read it/

const forbid = (path: string) => chmod(path, 0)
const allow = (path: string) => chmod(path, 0o600)

// Root reads everything: the tests below run as root without these two capabilities.
if (process.getuid?.() === 0 && process.env[confined] === undefined)
  test('as a user who may not read everything', () => {
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env
    const { status, stdout, stderr } = spawnSync(
      'setpriv',
      [
        '--bounding-set=-dac_override,-dac_read_search',
        process.execPath,
        '--test',
        // A test that fails midway leaves things open.
        '--test-force-exit',
        import.meta.filename,
      ],
      { env: { ...environment, [confined]: '1' }, encoding: 'utf8' },
    )
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /\bpass 9\b/)
  })
else
  suite('without permission', () => {
    test('queries of flows leave the file out and say so, until it may be read', async (t) => {
      const { archive, data } = await openArchived(t)
      const reader = await openFlowStore(join(data, 'archive'), {
        local: new NetworkSet([]),
        heldRows: 0,
        gatheredRows: 0,
      })
      t.after(() => reader.close())
      const [path] = archive.entries().map(({ file }) => join(data, 'archive', file))
      const window = { from: t0, to: t0 + 2 * intervalMs, include: 'any' } as const
      const found = async () => {
        const { rows } = await reader.top({
          ...window,
          by: ['exporter'],
          order: 'bytes',
          limit: 10,
        })
        return [rows[0]?.bytes, (await reader.remarks!(window.from, window.to)).length]
      }
      assert.deepEqual(await found(), [3000, 0])
      await forbid(path!)
      assert.deepEqual(await found(), [2000, 1])
      assert.match((await reader.health!()).problems?.[0] ?? '', permission)
      await allow(path!)
      assert.deepEqual((await reader.health!()).problems, [])
      assert.deepEqual(await found(), [3000, 0])
    })

    test('a status says of a file that permission is all it lacks, and of a broken one how it comes back', async (t) => {
      const { archive, data } = await openArchived(t)
      const [forbidden, broken] = archive.entries().map(({ file }) => join(data, 'archive', file))
      await forbid(forbidden!)
      await truncate(broken!, 100)
      const { ask } = await openApi(t, data)
      const around = `from=${t0 / 1000}&to=${t0 / 1000 + 600}`
      await ask(`top?${around}&by=host`)
      const { body } = await ask<StatusAnswer>('status')
      const told = body.warnings.filter(({ what }) => what.includes('left out'))
      assert.deepEqual(
        told.map(({ remedy }) => remedy),
        [
          'queries use the other files; until then nothing is lost',
          'queries use the other files; restore this one from a backup if there is one',
        ],
      )
      assert.match(told[0]!.what, permission)
      assert.ok(told.every(({ what }) => !what.includes(data)))
    })

    test('a list or folder without permission is no fault in Weir, and the remedy is the permission', async (t) => {
      const { data } = await openArchived(t)
      const { ask } = await openApi(t, data)
      const manifest = join(data, 'archive', 'manifest.jsonl')
      for (const path of [manifest, join(data, 'archive')]) {
        await forbid(path)
        const { code, body } = await ask<ErrorAnswer>(`top?from=${t0 / 1000}&to=now&by=host`)
        assert.deepEqual([code, body.error.code], [503, 'unreadable'])
        assert.match(body.error.remedy, /chown/)
        assert.ok(!JSON.stringify(body).includes(data))
        const { warnings } = (await ask<StatusAnswer>('status')).body
        assert.match(
          warnings.find(({ what }) => what.startsWith('the flow archive cannot be read'))!.remedy,
          /chown/,
        )
        await (path === manifest ? allow(path) : chmod(path, 0o700))
      }
      assert.equal((await ask(`top?from=${t0 / 1000}&to=now&by=host`)).code, 200)
    })

    test('an ingest that may not be asked is not told to be stopped, nor to have no exporters', async (t) => {
      const data = await scratchFolder()
      const ingest = await RunningIngest.start(data)
      t.after(() => ingest.stop())
      const { ask } = await openApi(t, data)
      for (const folder of ['run', 'state']) await forbid(join(data, folder))
      const { warnings } = (await ask<StatusAnswer>('status')).body
      assert.deepEqual(
        warnings.map(({ what }) => what),
        ['the status of ingest cannot be read (EACCES)'],
      )
      const { stdout } = await runWeir(['doctor'], { WEIR_DATA: data })
      const { code, body } = await ask<ErrorAnswer>('exporters')
      assert.deepEqual([code, body.error.code], [503, 'unreadable'])
      for (const folder of ['run', 'state']) await chmod(join(data, folder), 0o700)
      await until(async () => (await ask<StatusAnswer>('status')).body.ingest?.running === true)
      assert.equal((await ask('exporters')).code, 200)
      assert.match(stdout, /FAULT +ingest +the status of ingest cannot be read \(EACCES\)\n +→ run/)
      assert.doesNotMatch(stdout, /no ingest/)
    })

    test('queries of series show a gap and say why, until it may be read', async (t) => {
      const folder = await scratchFolder()
      const store = await openParquetSeries(folder)
      t.after(() => store.close())
      await store.write(tier, [
        stepOf(coverageOf(t0, exporter), { total: [{ direction: 'in', bytes: 7 }] }),
      ])
      const reader = await openParquetSeriesReader(folder)
      t.after(() => reader.close())
      const [total] = await readdir(join(folder, '5m', 'total'))
      const path = join(folder, '5m', 'total', total!)
      const range = { tier, from: t0, to: t0 + intervalMs }
      const found = async () => [
        (await reader.top({ ...range, measurement: 'total', by: ['direction'], order: 'bytes', limit: 1 })).length, // prettier-ignore
        (await reader.coverage(range)).length,
      ]
      await forbid(path)
      assert.deepEqual(await found(), [0, 0])
      assert.match((await reader.problems()).join(), permission)
      await allow(path)
      assert.deepEqual(await reader.problems(), [])
      assert.deepEqual(await found(), [1, 1])
    })

    test('the archive sorts its other files meanwhile, says which one waits, and loses nothing', async (t) => {
      const { archive, data } = await openArchived(t)
      const path = join(data, 'archive', archive.entries()[0]!.file)
      const unsorted = () => archive.entries().filter(({ isChunk }) => isChunk).length
      await forbid(path)
      await archive.merge(Number.POSITIVE_INFINITY)
      await archive.merge(Number.POSITIVE_INFINITY)
      assert.equal(unsorted(), 1)
      assert.match(archive.forbidden ?? '', permission)
      assert.deepEqual(archive.problems(), [])
      await allow(path)
      await archive.merge(Number.POSITIVE_INFINITY)
      assert.deepEqual([unsorted(), archive.forbidden], [0, null])
      assert.equal(
        archive.entries().reduce((sum, { rows }) => sum + rows, 0),
        2,
      )
    })

    test('an interval to be rebuilt with such a file waits, and older ones are rebuilt', async (t) => {
      const data = await scratchFolder()
      const { archive, take, tick, store } = await openCollecting(t, data)
      const [older, newer] = [t0 - 40 * intervalMs, t0 - 2 * intervalMs]
      for (const at of [older, newer]) {
        take(at, 1000)
        await archive.publish({ redo: [at] })
      }
      const newest = archive.entries().find(({ firstMin }) => firstMin === newer)
      const path = join(data, 'archive', newest!.file)
      await forbid(path)
      assert.equal(await tick(t0 + 15_000), null)
      assert.deepEqual(archive.redo(), [newer])
      assert.match(archive.forbidden ?? '', permission)
      assert.equal((await store.coverage({ tier, from: older, to: t0 })).length, 1)
      await allow(path)
      assert.equal(await tick(t0 + 80_000), null)
      assert.deepEqual([archive.redo(), archive.forbidden], [[], null])
      assert.equal((await store.coverage({ tier, from: older, to: t0 })).length, 2)
    })

    test('a period of the series with such a file does not keep later ones from being joined', async (t) => {
      const folder = await scratchFolder()
      const store = await openParquetSeries(folder)
      t.after(() => store.close())
      const hourMs = 12 * intervalMs
      const day = t0 - (t0 % (24 * hourMs))
      const write = (time: number) =>
        store.write(tier, [
          stepOf(coverageOf(time, exporter), { total: [{ direction: 'in', bytes: 1 }] }),
        ])
      const manifest = new ManifestReader<SeriesEntry>(join(folder, 'manifest.jsonl'))
      const files = async () =>
        (await manifest.entries()).filter(
          ({ table, from }) => table === 'total' && from < day + 48 * hourMs,
        )
      await write(day)
      await write(day + hourMs)
      const [first] = await files()
      const path = join(folder, first!.file)
      await forbid(path)
      for (const hour of [24, 25, 26, 96]) await write(day + hour * hourMs)
      await store.write(tier, [])
      await write(day + 97 * hourMs)
      const names = (await files()).map(({ from }) => (from - day) / hourMs)
      assert.deepEqual(
        names.toSorted((a, b) => a - b),
        [0, 1, 24],
      )
      await allow(path)
      await write(day + 98 * hourMs)
      await write(day + 99 * hourMs)
      assert.equal((await files()).length, 2)
    })

    test('a file of the series that cannot be replaced does not keep the archive from being sorted', async (t) => {
      const data = await scratchFolder()
      const { archive, take, tick } = await openCollecting(t, data)
      take(t0, 1000)
      assert.equal(await tick(t0 + 15_000), null)
      const [total] = await readdir(join(data, 'series', '5m', 'total'))
      const path = join(data, 'series', '5m', 'total', total!)
      await forbid(path)
      take(t0 + 1000, 1000)
      assert.match((await tick(t0 + 2 * intervalMs)) ?? '', /EACCES.*total/)
      await tick(t0 + 2 * intervalMs + 15_000)
      assert.deepEqual(
        archive.entries().map(({ isChunk }) => isChunk),
        [false],
      )
      await allow(path)
      assert.equal(await tick(t0 + 4 * intervalMs), null)
    })
  })

async function openApi(t: TestContext, data: string) {
  const settings = readSettings({ WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0', WEIR_DNS: 'off' })
  const api = await runApi(settings, pino({ level: 'silent' }))
  t.after(() => api.close())
  return {
    ask: async <Answer>(path: string) => {
      const answer = await fetch(`${api.url}/api/${path}`)
      return { code: answer.status, body: (await answer.json()) as Answer }
    },
  }
}

/** An archive with two flows, each in a file of its own interval. */
async function openArchived(t: TestContext) {
  const data = await scratchFolder()
  const { archive } = await openCollecting(t, data)
  for (const [received, octets] of [
    [t0, 1000],
    [t0 + intervalMs, 2000],
  ] as const) {
    archive.add(columnsOf([testFlow({ received, first: received, octets })]))
    await archive.publish({})
  }
  return { archive, data }
}
