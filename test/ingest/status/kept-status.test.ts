import assert from 'node:assert/strict'
import { mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import type { IngestStatus } from '../../../flow/status.ts'
import { keepStatus } from '../../../ingest/status/kept-status.ts'
import { scratchFolder } from '../../processes.ts'

test('a status that a full disk refuses leaves no file open', async () => {
  const data = await scratchFolder()
  await mkdir(join(data, 'state'))
  await symlink('/dev/full', join(data, 'state', 'exporters.json.part'))
  const openFiles = async () => (await readdir('/proc/self/fd')).length
  const before = await openFiles()
  for (let tries = 0; tries < 5; tries++)
    await assert.rejects(keepStatus(data, {} as IngestStatus), { code: 'ENOSPC' })
  assert.equal(await openFiles(), before)
})
