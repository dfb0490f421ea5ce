import assert from 'node:assert/strict'
import { mkdir, readdir, readlink, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import type { IngestStatus } from '../../../flow/status.ts'
import { keepStatus, readExporters, StatusKeeper } from '../../../ingest/status/kept-status.ts'
import { exporterStatus } from '../../exporter-status.ts'
import { scratchFolder } from '../../processes.ts'

test('a status that a full disk refuses leaves no file open', async () => {
  const data = await scratchFolder()
  await mkdir(join(data, 'state'))
  await symlink('/dev/full', join(data, 'state', 'exporters.json.part'))
  for (let tries = 0; tries < 5; tries++)
    await assert.rejects(keepStatus(data, {} as IngestStatus), { code: 'ENOSPC' })
  // The runner opens and closes files of its own meanwhile.
  const names = await readdir('/proc/self/fd')
  const open = await Promise.all(names.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  assert.ok(!open.includes('/dev/full'))
})

test('saves that overlap are one, and the last is of the state at the end', async () => {
  const data = await scratchFolder()
  let flows = 0
  const status = () =>
    Promise.resolve({ exporters: [{ ...exporterStatus, flows: ++flows }] } as IngestStatus)
  const keeper = new StatusKeeper(data, status)
  await Promise.all(Array.from({ length: 20 }, () => keeper.save()))
  assert.deepEqual([flows, (await readExporters(data))[0]?.flows], [1, 1])
  await Promise.all([keeper.save(), keeper.saveLast()])
  assert.deepEqual([flows, (await readExporters(data))[0]?.flows], [3, 3])
  await keeper.save()
  assert.equal((await readExporters(data))[0]?.flows, 4)
})
