/** /api/exporters and /api/status. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import { ingestStatus } from '../../api/status/ingest-status.ts'
import type { Exporter, ExportersAnswer, StatusAnswer } from '../../api/schema/status.ts'
import { takeLock, writerLockPath } from '../../store/disk/lock.ts'
import { exporterStatus, runningStatus as status } from '../exporter-status.ts'
import { scratchFolder } from '../processes.ts'
import { appUnderTest, exporter } from './app-under-test.ts'

const noon = Date.UTC(2026, 10, 16, 12)

suite('/api/exporters and /api/status', () => {
  test('without an ingest there are no exporters, and the status says so with 200', async (t) => {
    const { get } = await appUnderTest(t)
    assert.deepEqual(await get<ExportersAnswer>('/api/exporters'), { exporters: [] })
    const answer = await get<StatusAnswer>('/api/status')
    assert.equal(answer.ingest, null)
    assert.deepEqual(answer.archive, { from: null, to: null, rows: 0, bytes: null, problems: [] })
    assert.deepEqual(
      answer.series.map(({ tier, step, from }) => [tier, step, from]),
      [['5m', 300, null], ['30m', 1800, null], ['2h', 7200, null], ['1d', 86_400, null]], // prettier-ignore
    )
    assert.match(answer.warnings[0]!.what, /no ingest runs/)
    assert.equal(answer.starting, false)
  })

  test('an ingest that holds the folder and does not answer yet is starting', async (t) => {
    for (const left of [null, { ...status, running: false }]) {
      const source = { read: async () => left, isStarting: async () => true }
      const { get } = await appUnderTest(t, { options: { status: source } })
      const { starting, warnings } = await get<StatusAnswer>('/api/status')
      assert.equal(starting, true)
      assert.deepEqual(
        warnings.map(({ what }) => what),
        ['ingest is starting: new flows wait in its journal and are not shown yet'],
      )
    }
    const source = { read: async () => status, isStarting: async () => true }
    const { get } = await appUnderTest(t, { options: { status: source } })
    assert.equal((await get<StatusAnswer>('/api/status')).starting, false)
  })

  test('the holder of the folder states its purpose: only ingest counts as starting', async () => {
    const folder = await scratchFolder()
    const source = ingestStatus(folder, () => 0)
    assert.equal(await source.isStarting!(), false)
    for (const [writer, expected] of [
      ['ingest', true],
      ['replay', false],
    ] as const) {
      const lock = await takeLock(writerLockPath(folder), writer)
      assert.equal(await source.isStarting!(), expected)
      await lock!.release()
    }
    assert.equal(await source.isStarting!(), false)
  })

  test('with an ingest they are what it reports', async (t) => {
    const steps = { '5m': [{ time: noon }, { time: noon + 300_000 }] }
    const { get } = await appUnderTest(t, { status, steps })
    const { exporters } = await get<ExportersAnswer>('/api/exporters')
    assert.deepEqual(exporters, [exporterStatus])
    const answer = await get<StatusAnswer>('/api/status')
    assert.equal(answer.ingest!.running, true)
    assert.deepEqual(answer.refused, status.refused)
    assert.deepEqual(answer.warnings, status.warnings)
    assert.equal(answer.settings['addresses'], '192.0.2.10', 'where ingest is, not the API')
    const { from, to } = answer.series[0]!
    assert.deepEqual([from, to], [noon / 1000, noon / 1000 + 600])
  })

  test('an exporter that reports nothing about its interfaces has those with configured names', async (t) => {
    const named = { 2: { name: 'lan', alias: 'office switch' }, 1: 'wan' }
    const names = { exporters: { [exporter]: { interfaces: named } } }
    const { get } = await appUnderTest(t, { status, names })
    const [{ interfaces }] = (await get<ExportersAnswer>('/api/exporters')).exporters as [Exporter] // prettier-ignore
    assert.deepEqual(interfaces, [
      { index: 1, name: 'wan', alias: null, speed: null },
      { index: 2, name: 'lan', alias: 'office switch', speed: null },
    ])
  })

  test('a broken store is a warning and not a failure', async (t) => {
    const { get, flows } = await appUnderTest(t)
    flows.extent = async () => {
      throw new Error('disk on fire')
    }
    const { warnings } = await get<StatusAnswer>('/api/status')
    assert.ok(warnings.some(({ what }) => what.includes('disk on fire')))
  })

  test('stores that do not answer are warnings, before a health check gives up', async (t) => {
    const { app, get, flows, series } = await appUnderTest(t)
    await app.ready()
    flows.extent = series.extent = () => new Promise<never>(() => undefined)
    const tookMs: number[] = []
    // Other load can only make it later.
    while (tookMs.length < 5 && !tookMs.some((ms) => ms < 5000)) {
      const begun = performance.now()
      const { warnings } = await get<StatusAnswer>('/api/status')
      tookMs.push(performance.now() - begun)
      const said = warnings.map(({ what }) => what).join('\n')
      assert.match(said, /the flow archive cannot be read: no answer within 4 s/)
      assert.match(said, /the series .* cannot be read: no answer within 4 s/)
    }
    assert.ok(tookMs.at(-1)! < 5000, `answered after ${tookMs.join(', ')} ms`)
  })

  test('a tier that cannot be read says so', async (t) => {
    const { get, series } = await appUnderTest(t)
    const extent = series.extent.bind(series)
    series.extent = async (tier) => {
      if (tier.name === '2h') throw new Error('disk on fire')
      return extent(tier)
    }
    const answer = await get<StatusAnswer>('/api/status')
    const unreadable = answer.series.filter(({ readable }) => !readable)
    assert.deepEqual(
      unreadable.map(({ tier, from, to }) => [tier, from, to]),
      [['2h', null, null]],
    )
  })

  test('the status is read from the socket, else from the file, else it is null', async () => {
    const folder = await scratchFolder()
    let now = 0
    const source = ingestStatus(folder, () => (now += 10_000))
    assert.equal(await source.read(), null)
    await mkdir(join(folder, 'state'))
    await mkdir(join(folder, 'run'))
    await writeFile(join(folder, 'state', 'exporters.json'), '{"exporters": [')
    assert.equal(await source.read(), null)
    await writeFile(join(folder, 'state', 'exporters.json'), JSON.stringify(status))
    assert.deepEqual(await source.read(), { ...status, running: false })
    const server = createServer((_, response) => {
      response.end(JSON.stringify({ ...status, flows: 2 }))
    })
    await new Promise<void>((resolve) => {
      server.listen(join(folder, 'run', 'ingest.sock'), resolve)
    })
    assert.equal((await source.read())?.flows, 2)
    await new Promise((resolve) => {
      server.close(resolve)
    })
    assert.equal((await source.read())?.running, false)
  })
})
