/** A burst that comes faster than it can be counted waits in the journal, and survives the end of the collector. */
import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { IngestStatus } from '../../flow/status.ts'
import { readKernelDrops } from '../../ingest/receive/kernel.ts'
import { flowsPerDatagram } from '../load/datagrams.ts'
import { openFastSender } from '../load/native-sender.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { archiveSums } from '../stored.ts'

const load = { version: 'v5', rate: 2_500_000, seconds: 2, hosts: 20_000, exporters: 2, flows: 90_000 } as const // prettier-ignore

/** The status once everything received is in the journal. */
async function journalled(ingest: RunningIngest): Promise<IngestStatus> {
  for (let before = -1; ;) {
    const status = await ingest.status()
    const { datagrams } = status.journal!
    if (datagrams === before) return status
    before = datagrams
    await sleep(50)
  }
}

for (const signal of ['SIGKILL', 'SIGTERM'] as const)
  test(`a journalled burst is stored once, even if ${signal} comes before it is counted`, async (t) => {
    const data = await scratchFolder()
    t.after(() => rm(data, { recursive: true, force: true, maxRetries: 5 }))
    let ingest = await RunningIngest.start(data, { WEIR_RECEIVE_BUFFER: '32MB' })
    const sender = await openFastSender({ ...load, port: ingest.port })
    await sender.send()
    const { journal, waiting, overflowed } = await journalled(ingest)
    await ingest.stop(signal)
    const sent = (load.rate * load.seconds) / flowsPerDatagram.v5
    t.diagnostic(JSON.stringify({ sent, journalled: journal!.datagrams, waiting }))
    assert.equal(overflowed, 0)
    ingest = await RunningIngest.start(data)
    const status = await ingest.until(({ publishedAt }) => publishedAt !== null)
    assert.equal(status.waiting?.datagrams, 0)
    await ingest.stop()
    const { flows } = await archiveSums(data)
    assert.equal(flows, journal!.datagrams * flowsPerDatagram.v5)
  })

test('a start receives while it replays what a kill left behind', async (t) => {
  const data = await scratchFolder()
  t.after(() => rm(data, { recursive: true, force: true, maxRetries: 5 }))
  const killed = await RunningIngest.start(data, { WEIR_RECEIVE_BUFFER: '32MB' })
  const { port } = killed
  await (await openFastSender({ ...load, port })).send()
  const { journal: before } = await journalled(killed)
  await killed.stop('SIGKILL')
  const starting = RunningIngest.start(data, { WEIR_NETFLOW: `127.0.0.1:${port}` })
  await t.waitFor(async () => assert.ok((await readKernelDrops())!.has(port)), { timeout: 10_000 })
  const second = await (await openFastSender({ ...load, port, rate: 90_000, seconds: 0.3 })).send()
  const sentAt = Date.now() / 1000
  const ingest = await starting
  // Read after everything was replayed.
  const { startedAt } = await ingest.status()
  assert.ok(sentAt < startedAt, `${startedAt - sentAt} s`)
  const flows = before!.datagrams * flowsPerDatagram.v5 + second.flows
  await ingest.stop()
  assert.equal((await archiveSums(data)).flows, flows)
})

test('what arrives while the archive cannot be written waits in the journal, and is stored once it can', async (t) => {
  const data = await scratchFolder()
  t.after(() => rm(data, { recursive: true, force: true, maxRetries: 5 }))
  const ingest = await RunningIngest.start(data, { WEIR_RECEIVE_BUFFER: '32MB' })
  const staging = join(data, 'archive', 'staging')
  await rm(staging, { recursive: true })
  await writeFile(staging, 'in the way')
  const sender = await openFastSender({ ...load, port: ingest.port })
  await sender.send()
  const { journal } = await journalled(ingest)
  const held = await ingest.until(({ warnings, waiting }) => {
    const isSaid = warnings.some(({ what }) => /could not be published.*staging/s.test(what))
    return isSaid && waiting!.datagrams > 0
  })
  t.diagnostic(JSON.stringify({ waiting: held.waiting, flows: held.flows }))
  await rm(staging)
  await mkdir(staging)
  const flows = journal!.datagrams * flowsPerDatagram.v5
  const { overflowed } = await ingest.until((status) => status.flows === flows)
  assert.equal(overflowed, 0)
  await ingest.stop()
  assert.equal((await archiveSums(data)).flows, flows)
})
