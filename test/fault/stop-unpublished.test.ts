/** A stop while the archive cannot be written: what becomes of the flows, and what is said. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import type { IngestStatus } from '../../flow/status.ts'
import { journalFolder, segments } from '../../ingest/receive/journal-files.ts'
import { encodeV5 } from '../encode/fixed.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { archiveSums } from '../stored.ts'
import { until } from '../until.ts'

test('a stop that cannot publish says why, and the next start publishes the journal', async () => {
  const data = await scratchFolder()
  const ingest = await RunningIngest.start(data)
  const staging = join(data, 'archive', 'staging')
  await rm(staging, { recursive: true })
  await writeFile(staging, '')
  const socket = createSocket('udp4').unref()
  socket.send(encodeV5({ exportMs: Date.now() }, [{}]), ingest.port, '127.0.0.1')
  await ingest.until(({ flows }) => flows === 1)
  socket.close()
  const { code, said } = await ingest.stop()
  assert.equal(code, 0)
  assert.match(said, /ENOTDIR.*the next start publishes what the journal holds/)
  assert.doesNotMatch(said, /lost/)
  await rm(staging)
  const next = await RunningIngest.start(data)
  await next.until(({ publishedAt }) => publishedAt !== null)
  assert.equal((await next.stop()).code, 0)
  assert.equal((await archiveSums(data)).flows, 1)
  await rm(data, { recursive: true })
})

test('a stop that can write neither archive nor journal fails, and says how many datagrams are lost', async () => {
  const data = await scratchFolder()
  const ingest = await RunningIngest.start(data)
  const newestSegment = async () => (await segments(journalFolder(data))).at(-1) ?? 0
  const first = await newestSegment()
  const limit = (bytes: string) => execFileSync('prlimit', ['--pid', `${ingest.pid}`, `--fsize=${bytes}:`]) // prettier-ignore
  const socket = createSocket('udp4').unref()
  let sequence = 0
  const send = (datagrams: number) => {
    for (let i = 0; i < datagrams; i++)
      socket.send(encodeV5({ exportMs: Date.now(), sequence: sequence++ }, [{}]), ingest.port, '127.0.0.1') // prettier-ignore
  }
  const refused = ({ warnings }: IngestStatus) =>
    warnings.filter(({ what }) => what.includes('not written to the journal'))
  limit('0')
  send(3)
  await ingest.until(({ flows, journal }) => flows === 3 && journal!.dropped === 3)
  limit('unlimited')
  // Published all the same: these are not lost.
  const published = await ingest.until((status) => refused(status).length === 0, 40_000)
  assert.deepEqual([published.journal!.datagrams, published.journal!.dropped], [0, 3])
  // It is tried again each second, and a tick may have published before the first time.
  await until(async () => (await newestSegment()) > first)
  send(4)
  await ingest.until(({ flows, journal }) => flows === 7 && journal!.datagrams === 4)
  limit('0')
  send(5)
  const status = await ingest.until(({ flows, journal }) => flows === 12 && journal!.dropped === 8)
  assert.match(refused(status)[0]!.what, /^5 datagrams/)
  const { code, said } = await ingest.stop()
  socket.close()
  assert.equal(code, 1)
  assert.match(said, /weir: 5 datagrams are lost: neither the archive nor the journal .*EFBIG/)
  const next = await RunningIngest.start(data)
  await next.until(({ publishedAt }) => publishedAt !== null)
  assert.equal((await next.stop()).code, 0)
  assert.equal((await archiveSums(data)).flows, 7)
  await rm(data, { recursive: true })
})
