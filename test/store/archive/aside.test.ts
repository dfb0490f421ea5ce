/** Files that are put aside, because a crash left them or they cannot be read. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { link, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { intervalMs } from '../../../flow/interval.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { scratchFolder } from '../../processes.ts'
import { columnsOf, t0, testFlow } from './archived.ts'
import { parquetFiles, readBack } from './read-back.ts'

test('files left by a crash between writing and publishing are put aside', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  archive.add(columnsOf([testFlow({ octets: 1 })]))
  await archive.publish({})
  archive.add(columnsOf([testFlow({ octets: 2 })]))
  await archive.stage()
  await archive.close()
  await writeFile(join(folder, 'staging', 'half.part'), 'PAR1')

  const again = await Archive.open(folder)
  assert.deepEqual(await readBack(again), [[0, 1]])
  assert.deepEqual(await readdir(join(folder, 'staging')), [])
  assert.equal((await readdir(join(folder, 'unlisted'))).length, 1)
  await again.close()
})

test('an archive that has lost its manifest is refused, and its files stay', async () => {
  const folder = await scratchFolder()
  await (await Archive.open(folder)).close()
  await rm(join(folder, 'manifest.jsonl'))
  const archive = await Archive.open(folder)
  archive.add(columnsOf([testFlow({ octets: 1 })]))
  await archive.publish({})
  await archive.close()
  const files = await parquetFiles(folder)
  await truncate(join(folder, 'manifest.jsonl'), 0)
  await assert.rejects(Archive.open(folder), /manifest\.jsonl is missing or empty, but there are/)
  assert.deepEqual(await parquetFiles(folder), files)
})

test('a second name of a published file, left by a crash, is removed, and the file stays', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  archive.add(columnsOf([testFlow({})]))
  const [entry] = await archive.publish({})
  await archive.close()
  const second = join(folder, dirname(entry!.file), 'flows-20261116T113000Z.parquet')
  await link(join(folder, entry!.file), second)
  const again = await Archive.open(folder)
  assert.deepEqual(await parquetFiles(folder), [entry!.file])
  assert.equal((await readBack(again)).length, 1)
  await again.close()
})

test('an unreadable file is put aside when merging, and blocks no other interval', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  for (const received of [t0, t0, t0, t0 + intervalMs, t0 + intervalMs]) {
    archive.add(columnsOf([testFlow({ received })]))
    await archive.publish({})
  }
  const { file } = archive.entries()[1]!
  await truncate(join(folder, file), 200)
  await archive.merge(Number.POSITIVE_INFINITY)
  assert.deepEqual(archive.entries().filter(({ isChunk }) => isChunk).length, 2)
  await archive.merge(Number.POSITIVE_INFINITY)
  assert.deepEqual(archive.entries().map(({ rows }) => rows).toSorted(), [2, 2]) // prettier-ignore
  assert.deepEqual(archive.problems().length, 1)
  assert.ok(archive.problems()[0]!.includes(file))
  assert.equal((await readdir(join(folder, 'unreadable'))).length, 1)
  assert.equal((await readBack(archive)).length, 4)
  // What it held would have been dropped by now.
  await archive.expire({ keepMs: 0, maxBytes: 1e9, now: t0 + intervalMs })
  assert.deepEqual([archive.entries().length, archive.problems()], [1, []])
  await archive.close()
})

test('a file that cannot be opened for now, because too many are open, is not put aside', async () => {
  const archive = await Archive.open(await scratchFolder())
  const add = async (received: number) => {
    archive.add(columnsOf([testFlow({ received })]))
    await archive.publish({})
  }
  await add(t0)
  // Starts the thread that sorts.
  await archive.merge(Number.POSITIVE_INFINITY)
  await add(t0 + intervalMs)
  await add(t0 + intervalMs)
  const limit = (files: string) => execFileSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${files}`]) // prettier-ignore
  const [, most] = /open files +(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))!
  limit(`${readdirSync('/proc/self/fd').length + 40}:`)
  const open: number[] = []
  try {
    for (;;) open.push(openSync('/dev/null', 'r'))
  } catch {
    await assert.rejects(archive.merge(Number.POSITIVE_INFINITY), /EMFILE/)
  } finally {
    for (const file of open) closeSync(file)
    limit(`${most}:`)
  }
  assert.deepEqual(archive.problems(), [])
  await archive.merge(Number.POSITIVE_INFINITY)
  assert.deepEqual(archive.entries().map(({ rows }) => rows), [1, 2]) // prettier-ignore
  await archive.close()
})

test('reading puts a broken file aside, fails once, and then works without it', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  for (const octets of [1, 2]) {
    archive.add(columnsOf([testFlow({ octets })]))
    await archive.publish({})
  }
  await truncate(join(folder, archive.entries()[0]!.file), 50)
  await assert.rejects(readBack(archive))
  assert.deepEqual(await readBack(archive), [[0, 2]])
  await archive.close()
})
