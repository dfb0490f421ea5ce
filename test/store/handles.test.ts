/** What a failed last step leaves open: nothing, because a process that tries again for days runs out of open files. */
import assert from 'node:assert/strict'
import { open, readdir, readlink, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { Manifest } from '../../store/manifest/manifest.ts'
import { Quarantine } from '../../store/spool/quarantine.ts'
import { Spool } from '../../store/spool/spool.ts'
import { scratchFolder } from '../processes.ts'

const isLinux = process.platform === 'linux'

/** Makes a step of every open file fail until the test ends. */
async function failing(t: TestContext, step: 'sync' | 'truncate' | 'datasync'): Promise<void> {
  const file = await open(tmpdir(), 'r')
  const prototype = Object.getPrototypeOf(file) as typeof file
  await file.close()
  t.mock.method(prototype, step, () => Promise.reject(new Error('the disk is broken')))
}

/** The files below a folder that this process has open. */
async function openBelow(folder: string): Promise<string[]> {
  const links = await readdir('/proc/self/fd')
  const paths = await Promise.all(
    links.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  )
  return paths.filter((path) => path.startsWith(folder))
}

test('lines that cannot be made durable leave no file open', { skip: !isLinux }, async (t) => {
  const folder = await scratchFolder()
  const quarantine = new Quarantine(folder, 'q')
  await failing(t, 'sync')
  await assert.rejects(quarantine.add(['a'], { reason: 'b', now: 0 }), /the disk is broken/)
  assert.deepEqual(await openBelow(folder), [])
})

test('a manifest that cannot be cut leaves no file open', { skip: !isLinux }, async (t) => {
  const folder = await scratchFolder()
  const path = join(folder, 'manifest.jsonl')
  const manifest = await Manifest.open(path)
  await manifest.commit({ set: { a: 1 } })
  await manifest.close()
  await truncate(path, (await stat(path)).size - 2)
  await failing(t, 'truncate')
  await assert.rejects(Manifest.open(path), /the disk is broken/)
  assert.deepEqual(await openBelow(folder), [])
})

test('a spool whose last commit fails leaves no file open', { skip: !isLinux }, async (t) => {
  const folder = await scratchFolder()
  const spool = await Spool.open(folder, { bytesMax: 1e6, wholeFrom: 0, now: () => 0 })
  await failing(t, 'datasync')
  await assert.rejects(spool.close(), /the disk is broken/)
  assert.deepEqual(await openBelow(folder), [])
})
