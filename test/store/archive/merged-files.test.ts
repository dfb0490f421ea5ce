/** Files that are merged: sorted, one for an interval, an hour or a day. */
import assert from 'node:assert/strict'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { intervalMs } from '../../../flow/interval.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { scratchFolder } from '../../processes.ts'
import { columnsOf, t0, testFlow } from './archived.ts'
import { parquetFiles, readBack } from './read-back.ts'

test('merging makes one sorted file per interval, and keeps the replaced ones for ten minutes', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  const late = t0 + intervalMs
  for (const [octets, received] of [
    [1, t0],
    [2, t0 + 1],
    [3, late],
    [4, late + 1],
  ] as const) {
    archive.add(columnsOf([testFlow({ octets, received })]))
    await archive.publish({})
  }
  await archive.merge(late)
  const plain = 'flows-20261116T113000Z.parquet'
  const names = archive.entries().map(({ file, isChunk }) => [file.split('/').at(-1), isChunk])
  assert.deepEqual(names.filter(([, isChunk]) => !isChunk), [[plain, false]]) // prettier-ignore
  assert.equal(names.length, 3)
  assert.deepEqual(await readBack(archive), [[0, 1], [0, 2], [0, 3], [0, 4]]) // prettier-ignore
  assert.equal((await parquetFiles(folder)).length, 5)

  const limits = { keepMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY }
  await archive.expire({ ...limits, now: Date.now() })
  assert.equal((await parquetFiles(folder)).length, 5)
  await archive.expire({ ...limits, now: Date.now() + 601_000 })
  assert.equal((await parquetFiles(folder)).length, 3)

  // A later flow of that interval is merged in too, under a new name.
  archive.add(columnsOf([testFlow({ octets: 5, received: t0 + 2 })]))
  await archive.publish({})
  await archive.merge(Number.POSITIVE_INFINITY)
  assert.equal(archive.entries().length, 2)
  assert.ok(archive.entries().every(({ isChunk }) => !isChunk))
  assert.equal((await readBack(archive)).length, 5)
  await archive.close()
})

test('where all flows of an hour come at once, its files are sorted once, into one', async (t) => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder, { fileMs: 12 * intervalMs })
  t.after(() => archive.close())
  // From 11:45 to 12:05, in two chunks of which the second begins within an interval of the first.
  const at = (interval: number) => t0 + (3 + interval) * intervalMs
  const add = (...intervals: number[]) => archive.add(columnsOf(intervals.map((interval) => testFlow({ received: at(interval), octets: interval })))) // prettier-ignore
  add(0, 0, 1, 2)
  await archive.stage()
  add(2, 3, 4)
  await archive.publish({})
  assert.deepEqual(archive.entries().map(({ rows }) => rows), [4, 1, 2]) // prettier-ignore
  await archive.merge(Number.POSITIVE_INFINITY)
  const stamps = ['20261116T114500Z-20261116T120000Z', '20261116T120000Z-20261116T121000Z']
  assert.deepEqual(
    archive.entries().map(({ file, rows, interval, isChunk }) => [file.split('/').at(-1), rows, interval, isChunk]),
    [[`flows-${stamps[0]}.parquet`, 5, at(0), false], [`flows-${stamps[1]}.parquet`, 2, at(3), false]],
  ) // prettier-ignore
  assert.equal((await parquetFiles(folder)).length, 5)
  assert.deepEqual((await readBack(archive)).map(([, octets]) => octets), [0, 0, 1, 2, 2, 3, 4]) // prettier-ignore
})

test('an interval with more rows than one sort takes has several files, the first of them while it is open', async (t) => {
  const archive = await Archive.open(await scratchFolder(), { mergeRowsMax: 3 })
  t.after(() => archive.close())
  const files = () => archive.entries().map(({ rows, isChunk }) => `${isChunk ? 'chunk' : 'file'} ${rows}`).sort() // prettier-ignore
  const add = async (octets: number) => {
    archive.add(columnsOf([testFlow({ octets, received: t0 + octets }), testFlow({ octets, received: t0 + octets })])) // prettier-ignore
    await archive.publish({})
  }
  for (const octets of [1, 2, 3]) await add(octets)
  // Under load, sorting can wait for the interval's end, and then takes one file at a time.
  await archive.merge(t0, { isBusy: true })
  assert.deepEqual(files(), ['chunk 2', 'chunk 2', 'chunk 2'])
  await archive.merge(t0 + intervalMs, { isBusy: true })
  assert.deepEqual(files(), ['chunk 2', 'chunk 2', 'file 2'])
  await archive.merge(t0, { msMax: -1 })
  assert.deepEqual(files(), ['chunk 2', 'chunk 2', 'file 2'], 'its time was over before it began')
  await archive.merge(t0, { msMax: 60_000 })
  assert.deepEqual(files(), ['chunk 2', 'file 2', 'file 2'])
  await archive.merge(Number.POSITIVE_INFINITY)
  assert.deepEqual(files(), ['file 2', 'file 2', 'file 2'])
  const names = new Set(archive.entries().map(({ file }) => file))
  assert.equal(names.size, 3)
  // A late one does not fit beside two others, and gets its own file.
  await add(4)
  await archive.merge(Number.POSITIVE_INFINITY)
  assert.deepEqual(files(), ['file 2', 'file 2', 'file 2', 'file 2'])
  const octets = (await readBack(archive)).map(([, each]) => each)
  assert.deepEqual(octets, [1, 1, 2, 2, 3, 3, 4, 4])
})

test('the files of a past hour become one, then those of the day, and late flows find their place', async (t) => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  t.after(() => archive.close())
  const hourMs = 12 * intervalMs
  const day = Date.UTC(2026, 10, 16)
  const times = [day, day + intervalMs, day + 11 * intervalMs, day + hourMs, day + 5 * hourMs]
  const add = async (octets: number, received: number) => {
    archive.add(columnsOf([testFlow({ octets, received, first: received })]))
    await archive.publish({})
  }
  for (const [i, received] of times.entries()) await add(i, received)
  await archive.merge(Number.POSITIVE_INFINITY)
  const names = () => archive.entries().map(({ file }) => file.split('/').at(-1)!.slice(6, -8)).sort() // prettier-ignore
  const bundleAll = async (nowMs: number) => {
    let times = 0
    while (await archive.bundle(nowMs)) times++
    return times
  }

  // An hour is left alone for a while after its end, since flows may still come.
  assert.equal(await bundleAll(day + hourMs + 899_999), 0)
  assert.equal(await bundleAll(day + hourMs + 900_000), 1)
  assert.deepEqual(names(), ['20261116T000000Z-20261116T010000Z', '20261116T010000Z', '20261116T050000Z']) // prettier-ignore
  await add(9, day + 2 * intervalMs)
  assert.equal(await bundleAll(day + hourMs + 900_000), 0)
  await archive.merge(Number.POSITIVE_INFINITY)
  assert.equal(await bundleAll(day + 2 * hourMs + 900_000), 1)
  assert.equal(archive.entries().length, 3)
  assert.equal(await bundleAll(day + 2 * 86_400_000), 1)
  assert.deepEqual(names(), ['20261116T000000Z-20261116T050500Z'])
  const octets = (await readBack(archive)).map(([, each]) => each).sort()
  assert.deepEqual(octets, [0, 1, 2, 3, 4, 9])
  assert.deepEqual((await readBack(archive, { from: day, to: day + intervalMs })).length, 1)
})

test('a file that is made of another, or after another could not be read, has a name of its own', async () => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  const names = new Set<string>()
  const limits = { keepMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY }
  const add = async (files: number) => {
    archive.add(columnsOf([testFlow()]))
    await archive.publish({})
    await archive.merge(Number.POSITIVE_INFINITY)
    await archive.expire({ ...limits, now: Date.now() + 601_000 })
    for (const { file } of archive.entries()) names.add(file)
    assert.equal(names.size, files)
  }
  await add(1)
  await add(2)
  // By now the first file is deleted.
  await add(3)
  await archive.close()

  const other = await scratchFolder()
  const again = await Archive.open(other)
  const merge = async () => {
    again.add(columnsOf([testFlow()]))
    await again.publish({})
    await again.merge(Number.POSITIVE_INFINITY)
    return again.entries()[0]!.file
  }
  const first = await merge()
  await truncate(join(other, first), 200)
  await merge()
  assert.equal(again.problems().length, 1)
  assert.notEqual(await merge(), first)
  await again.close()
})
