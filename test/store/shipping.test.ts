/** What is counted of files that ClickHouse no longer takes; it is not needed for that. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { archiveSeen } from '../../ingest/shipping.ts'
import { Archive } from '../../store/archive/archive.ts'
import { Connection } from '../../store/clickhouse/connection.ts'
import { Shipping } from '../../store/clickhouse/shipping.ts'
import { Manifest } from '../../store/manifest.ts'
import { until } from '../until.ts'
import { archive, scratchFolder, t0, testFlow } from './archive/archived.ts'

const hourMs = 3_600_000

/** Looks at an archive whose flows are past retention until all of its files are done; gives the flows counted. */
async function refusedOf(t: TestContext, folder: string, open: Archive): Promise<number> {
  const settings = {
    urls: ['http://127.0.0.1:1'],
    database: 'weir',
    cluster: null,
    user: 'default',
    passwordFile: null,
    writer: 'weir',
    spoolMaxBytes: 0,
  }
  const shipping = await Shipping.open({
    archive: folder,
    folder: join(folder, 'list'),
    connection: new Connection({ settings, timeoutMs: 1000 }),
    writer: 'weir',
    keepMs: hourMs,
    now: () => t0 + 100 * hourMs,
  })
  t.after(() => shipping.close())
  shipping.look(archiveSeen(open, t0 + 100 * hourMs))
  await until(() => shipping.status().waiting === 0)
  const { refusedByRetention } = shipping.status()
  await shipping.close()
  return refusedByRetention
}

test('flows that are too old are counted once, though their files are bundled', async (t) => {
  const folder = await scratchFolder(t)
  await archive(
    folder,
    Array.from({ length: 12 }, (_, i) => testFlow({ received: t0 + i * 300_000 })),
  )
  const open = await Archive.open(folder)
  t.after(() => open.close())
  await open.merge(Number.POSITIVE_INFINITY)
  assert.equal(await refusedOf(t, folder, open), 12)
  while (await open.bundle(t0 + 48 * hourMs)) continue
  assert.ok(open.entries().length < 12)
  assert.equal(await refusedOf(t, folder, open), 12)
})

test('flows that are too old are counted once, though noting them fails at first', async (t) => {
  const folder = await scratchFolder(t)
  await archive(folder, [testFlow(), testFlow()])
  const open = await Archive.open(folder)
  t.after(() => open.close())
  await open.merge(Number.POSITIVE_INFINITY)
  const full = t.mock.method(Manifest.prototype, 'commit', () =>
    Promise.reject(new Error('no space left')),
  )
  setTimeout(() => full.mock.restore(), 500)
  assert.equal(await refusedOf(t, folder, open), 2)
})
