/** A stop while the archive cannot be written: what becomes of the flows, and what is said. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { encodeV5 } from '../encode/fixed.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { archiveSums } from '../stored.ts'

test('a stop that cannot publish says what is kept and what is lost; the next start publishes the journal', async () => {
  const data = await scratchFolder()
  const ingest = await RunningIngest.start(data)
  const staging = join(data, 'archive', 'staging')
  await rm(staging, { recursive: true })
  await writeFile(staging, '')
  const socket = createSocket('udp4')
  socket.send(encodeV5({ exportMs: Date.now() }, [{}]), ingest.port, '127.0.0.1')
  await ingest.until(({ flows }) => flows === 1)
  socket.close()
  const { said } = await ingest.stop()
  assert.match(said, /the next start publishes what the journal holds, and all else is lost/)
  assert.doesNotMatch(said, /the next tick tries again/)
  await rm(staging)
  const next = await RunningIngest.start(data)
  await next.until(({ publishedAt }) => publishedAt !== null)
  assert.equal((await next.stop()).code, 0)
  assert.equal((await archiveSums(data)).flows, 1)
  await rm(data, { recursive: true })
})
