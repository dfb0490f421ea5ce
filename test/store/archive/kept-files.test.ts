/** How long files are kept: by age and by bytes. */
import assert from 'node:assert/strict'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { intervalMs } from '../../../flow/interval.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { scratchFolder } from '../../processes.ts'
import { columnsOf, t0, testFlow } from './archived.ts'
import { readBack } from './read-back.ts'

test('the name of an expired file that still waits to be deleted is not reused', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  archive.add(columnsOf([testFlow({ octets: 1 })]))
  await archive.publish({})
  await archive.merge(Number.POSITIVE_INFINITY)
  const all = { keepMs: Number.POSITIVE_INFINITY, maxBytes: 0 }
  await archive.expire({ ...all, now: Date.now() })
  assert.equal(archive.entries().length, 0)
  archive.add(columnsOf([testFlow({ octets: 2 })]))
  await archive.publish({})
  await archive.merge(Number.POSITIVE_INFINITY)
  const limits = { keepMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY }
  await archive.expire({ ...limits, now: Date.now() + 601_000 })
  assert.deepEqual(await readBack(archive), [[0, 2]])
  await archive.close()
})

test('expiry goes by age of receipt and by bytes, oldest first, and removes empty folders', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  const dayMs = 86_400_000
  const day = (i: number) => testFlow({ first: t0 + i * dayMs, octets: i + 1 })
  archive.add(columnsOf([0, 1, 2, 3].map((i) => day(i))))
  const published = await archive.publish({})
  assert.equal(archive.completeFrom(), Number.NEGATIVE_INFINITY)
  const ever = Number.POSITIVE_INFINITY
  const now = t0 + 4 * dayMs
  await archive.expire({ keepMs: 2 * dayMs, maxBytes: ever, now })
  assert.equal(archive.entries().length, 3)
  assert.equal(archive.completeFrom(), t0 + 2 * intervalMs)
  const bytes = published[2]!.bytes + published[3]!.bytes
  await archive.expire({ keepMs: ever, maxBytes: bytes, now: now + 600_001 })
  const octets = (await readBack(archive)).map(([, each]) => each)
  assert.deepEqual(octets, [3, 4])
  const days = await readdir(join(folder, '2026', '2026-11'))
  assert.deepEqual(days.toSorted(), ['2026-11-17', '2026-11-18', '2026-11-19'])
  await archive.close()
})

test('files put aside are limited by age and by bytes, the oldest first', async () => {
  const folder = await scratchFolder()
  const dayMs = 86_400_000
  const expire = async (maxBytes: number) => {
    const archive = await Archive.open(folder)
    archive.add(columnsOf([testFlow({ octets: 1 })]))
    await archive.publish({})
    await archive.expire({ keepMs: 10 * dayMs, maxBytes, now: t0 + 60_000 })
    await archive.close()
    const left = await readdir(folder, { recursive: true })
    return left.filter((name) => name.includes('/old')).toSorted()
  }
  for (const [name, days] of [
    ['unlisted/old-20.parquet', 20],
    ['unlisted/old-3.parquet', 3],
    ['unreadable/old-2.parquet', 2],
  ] as const) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, new Uint8Array(100_000))
    await utimes(path, new Date(t0 - days * dayMs), new Date(t0 - days * dayMs))
  }
  const young = ['unlisted/old-3.parquet', 'unreadable/old-2.parquet']
  assert.deepEqual(await expire(1e9), young)
  assert.deepEqual(await expire(1e6), young)
  assert.deepEqual(await expire(150_000), ['unreadable/old-2.parquet'])
  assert.deepEqual(await expire(50_000), [])
})

test('a clock that was a year ahead for a while deletes nothing, then or afterwards', async () => {
  const folder = await scratchFolder()
  const dayMs = 86_400_000
  const octetsLeft: number[][] = []
  for (const [octets, days] of [
    [1, 0],
    [2, 366],
    [3, 366.01],
    [4, 1],
  ] as const) {
    // Weir starts anew each time, also while the clock is still ahead.
    const archive = await Archive.open(folder)
    const first = t0 + days * dayMs
    archive.add(columnsOf([testFlow({ first, octets })]))
    await archive.publish({})
    await archive.expire({ keepMs: 90 * dayMs, maxBytes: 1e9, now: first + 60_000 })
    octetsLeft.push((await readBack(archive)).map(([, each]) => each))
    await archive.close()
  }
  assert.deepEqual(octetsLeft, [[1], [1, 2], [1, 2, 3], [1, 4, 2, 3]])
})
