/** What is counted of files that ClickHouse no longer takes, and a stop while it hangs; it is not needed for that. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { archiveSeen } from '../../../ingest/shipping.ts'
import { shippingWarnings } from '../../../ingest/status/store-warnings.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { Connection } from '../../../store/clickhouse/connection.ts'
import { Shipping } from '../../../store/clickhouse/shipping.ts'
import { Manifest } from '../../../store/manifest/manifest.ts'
import { scratchFolder } from '../../processes.ts'
import { until } from '../../until.ts'
import { archive, t0, testFlow } from '../archive/archived.ts'

const hourMs = 3_600_000
const nowMs = t0 + 100 * hourMs

/** Looks at an archive whose flows are past retention until all of its files are done; gives the flows counted. */
async function refusedOf(t: TestContext, folder: string, open: Archive): Promise<number> {
  const shipping = await shippingTo('http://127.0.0.1:1', { folder, timeoutMs: 1000 })
  t.after(() => shipping.close())
  shipping.look(archiveSeen(open, nowMs))
  await until(() => shipping.status().waiting === 0)
  const status = shipping.status()
  const warned = (ms: number) => shippingWarnings(status, ms / 1000).map(({ what }) => what)
  assert.match(
    warned(nowMs + hourMs).join(),
    /^\d+ flows were older than ClickHouse keeps, the last at/,
  )
  assert.deepEqual(warned(nowMs + 25 * hourMs), [])
  await shipping.close()
  return status.refusedByRetention
}

function shippingTo(
  url: string,
  { folder, timeoutMs }: { folder: string; timeoutMs: number },
): Promise<Shipping> {
  const settings = {
    urls: [url],
    database: 'weir',
    cluster: null,
    user: 'default',
    passwordFile: null,
    writer: 'weir',
    spoolMaxBytes: 0,
  }
  return Shipping.open({
    archive: folder,
    folder: join(folder, 'list'),
    connection: new Connection({ settings, timeoutMs }),
    writer: 'weir',
    keepMs: hourMs,
    now: () => nowMs,
  })
}

test('flows that are too old are counted once, though their files are bundled', async (t) => {
  const folder = await scratchFolder()
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
  const folder = await scratchFolder()
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

test('it ends at once while a server that hangs is told that all is sent', async (t) => {
  const hanging = createServer((socket) => void socket.on('error', () => undefined))
  hanging.listen(0, '127.0.0.1')
  await once(hanging, 'listening')
  t.after(() => hanging.close())
  const { port } = hanging.address() as AddressInfo
  const shipping = await shippingTo(`http://127.0.0.1:${port}`, {
    folder: await scratchFolder(),
    timeoutMs: 30_000,
  })
  const asked = once(hanging, 'connection')
  shipping.look({ entries: [], closedBeforeMs: t0, unreadable: [], breaks: [] })
  await asked
  const before = performance.now()
  await shipping.close()
  const ms = performance.now() - before
  assert.ok(ms < 10_000, `${Math.round(ms)} ms`)
})
