import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { link, mkdir, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'

import { columnNames, createFlowColumns, flowColumns } from '../../../flow/columns.ts'
import { intervalMs } from '../../../flow/interval.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { columnsOf, scratchFolder, t0, testFlow } from './archived.ts'

const always = { from: 0, to: 8.64e15 }

/** First times and octets of all flows read back, in order. */
async function readBack(archive: Archive, { from, to } = always): Promise<[number, number][]> {
  const flows: [number, number][] = []
  for await (const batch of archive.read(from, to))
    for (let i = 0; i < batch.count; i++)
      flows.push([batch.flowStartMilliseconds[i]! - t0, batch.octetDeltaCount[i]!])
  return flows.toSorted(([a, b], [c, d]) => a - c || b - d)
}

async function parquetFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  return names.filter((name) => name.endsWith('.parquet')).toSorted()
}

test('values are published as they were when the publication began, whatever their owner does meanwhile', async (t) => {
  const folder = await scratchFolder(t)
  const archive = await Archive.open(folder)
  const counted = { datagrams: 1 }
  archive.add(columnsOf([testFlow()]))
  const published = archive.publish({ journal: { segment: 1, offset: 24 }, set: { counted } })
  counted.datagrams++
  await published
  counted.datagrams++
  const held = archive.value('counted')
  await archive.close()
  const reopened = await Archive.open(folder)
  await reopened.close()
  assert.deepEqual([held, reopened.value('counted')], [{ datagrams: 1 }, { datagrams: 1 }])
})

test('every column comes back unchanged, whatever its values', async (t) => {
  const folder = await scratchFolder(t)
  const rows = 5000
  const flows = createFlowColumns(rows)
  const most = {
    u8: 2 ** 8 - 1,
    u16: 2 ** 16 - 1,
    u32: 2 ** 32 - 1,
    u64: 2 ** 32 - 1,
    f64: 2 ** 48,
  }
  const copies = columnNames.map((name) => {
    const { kind, archive } = flowColumns[name]
    const isTime = archive === 'TIMESTAMP_MS'
    const value = isTime
      ? fc.integer({ min: t0, max: t0 + 999 })
      : fc.nat(1).chain(() => fc.maxSafeNat())
    const values = fc
      .sample(value, flows[name].length)
      .map((each) => (isTime ? each : each % (most[kind] + 1)))
    flows[name].set(values)
    return flows[name].slice()
  })
  flows.samplingInterval.fill(1)
  copies[columnNames.indexOf('samplingInterval')] = flows.samplingInterval.slice()
  flows.count = rows
  // A column with the row's number identifies each flow.
  flows.octetDeltaCount.set(Array.from({ length: rows }, (_, i) => i))
  copies[columnNames.indexOf('octetDeltaCount')] = flows.octetDeltaCount.slice()

  const archive = await Archive.open(folder)
  archive.add(flows)
  for (const name of columnNames) flows[name].fill(7)
  await archive.publish({})
  let found = 0
  for await (const batch of archive.read(always.from, always.to))
    for (let i = 0; i < batch.count; i++) {
      const row = batch.octetDeltaCount[i]!
      columnNames.forEach((name, column) => {
        const width = flowColumns[name].kind === 'u64' ? 2 : 1
        for (let word = 0; word < width; word++)
          assert.equal(batch[name][i * width + word], copies[column]![row * width + word], name)
      })
      found++
    }
  assert.equal(found, rows)
  await archive.close()
})

test('a publication is one file per interval of receipt, named by it, as the manifest lists it', async (t) => {
  const folder = await scratchFolder(t)
  const archive = await Archive.open(folder)
  archive.add(
    columnsOf([
      testFlow({
        first: t0 - 9000,
        last: t0 + 4000,
        received: t0 + 5000,
        octets: 10,
        sampling: 100,
      }),
      testFlow({ first: t0 + 9000, last: t0 + 8000, received: t0 + 9000, octets: 5, packets: 1 }),
      testFlow({ first: t0 + 1, last: t0 + 2, received: t0 + intervalMs, octets: 7 }),
    ]),
  )
  const published = await archive.publish({
    journal: { segment: 3, offset: 24 },
    redo: [t0, t0 - intervalMs],
    set: { name: 'value' },
  })
  assert.deepEqual(archive.entries(), published)
  const [first, second] = published
  assert.match(
    first!.file,
    /^2026\/2026-11\/2026-11-16\/flows-20261116T113000Z-[0-9a-f]{8}\.parquet$/,
  )
  const { file, bytes, ...said } = first!
  assert.deepEqual(said, {
    interval: t0,
    rows: 2,
    octets: 1005,
    packets: 1001,
    receivedFrom: t0 + 5000,
    receivedTo: t0 + 9000,
    firstMin: t0 - 9000,
    lastMax: t0 + 9000,
    isChunk: true,
  })
  const { size, mode } = await stat(join(folder, file))
  assert.equal(bytes, size)
  assert.equal(mode & 0o777, 0o600)
  assert.equal((await stat(join(folder, '2026', '2026-11'))).mode & 0o777, 0o700)
  assert.equal(second!.interval, t0 + intervalMs)
  await archive.close()

  const again = await Archive.open(folder)
  assert.deepEqual(again.position(), { segment: 3, offset: 24 })
  assert.deepEqual(again.redo(), [t0, t0 - intervalMs])
  assert.equal(again.value('name'), 'value')
  await again.clearRedo([t0])
  assert.deepEqual(again.redo(), [t0 - intervalMs])
  assert.deepEqual(await readBack(again), [[-9000, 10], [1, 7], [9000, 5]]) // prettier-ignore
  assert.deepEqual(await readBack(again, { from: t0 + 5, to: t0 + 9000 }), [[-9000, 10]])
  await again.close()
})

test('staged flows are absent before publication, and complete after it', async (t) => {
  const folder = await scratchFolder(t)
  const archive = await Archive.open(folder)
  for (const octets of [1, 2, 3]) {
    archive.add(columnsOf([testFlow({ octets })]))
    await archive.stage()
  }
  assert.equal(archive.entries().length, 0)
  assert.equal((await parquetFiles(folder)).length, 3)
  await archive.publish({})
  assert.deepEqual(await readBack(archive), [[0, 1], [0, 2], [0, 3]]) // prettier-ignore
  await archive.close()
})

test('files left by a crash between writing and publishing are put aside', async (t) => {
  const folder = await scratchFolder(t)
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

test('an archive that has lost its manifest is refused, and its files stay', async (t) => {
  const folder = await scratchFolder(t)
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

test('merging makes one sorted file per interval, and keeps the replaced ones for ten minutes', async (t) => {
  const folder = await scratchFolder(t)
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
  const folder = await scratchFolder(t)
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
  const archive = await Archive.open(await scratchFolder(t), { mergeRowsMax: 3 })
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
  const folder = await scratchFolder(t)
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

test('counts whose scaled sums are not exact as doubles are published and merged all the same', async (t) => {
  const archive = await Archive.open(await scratchFolder(t))
  t.after(() => archive.close())
  const huge = testFlow({ octets: 2 ** 53 - 1, sampling: 4_294_967_295 })
  archive.add(columnsOf([huge, huge, testFlow({ octets: 1 })]))
  await archive.publish({})
  archive.add(columnsOf([huge]))
  await archive.publish({})
  await archive.merge(Number.POSITIVE_INFINITY)
  assert.deepEqual(
    archive.entries().map(({ rows, isChunk }) => ({ rows, isChunk })),
    [{ rows: 4, isChunk: false }],
  )
})

test('a second name of a published file, left by a crash, is removed, and the file stays', async (t) => {
  const folder = await scratchFolder(t)
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

test('the name of an expired file that still waits to be deleted is not reused', async (t) => {
  const folder = await scratchFolder(t)
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

test('a file that is made of another, or after another could not be read, has a name of its own', async (t) => {
  const folder = await scratchFolder(t)
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

  const other = await scratchFolder(t)
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

test('expiry goes by age of receipt and by bytes, oldest first, and removes empty folders', async (t) => {
  const folder = await scratchFolder(t)
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

test('files put aside are limited by age and by bytes, the oldest first', async (t) => {
  const folder = await scratchFolder(t)
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

test('a clock that was a year ahead for a while deletes nothing, then or afterwards', async (t) => {
  const folder = await scratchFolder(t)
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

test('rows wait while the disk refuses them, and are published once it accepts them', async (t) => {
  const folder = await scratchFolder(t)
  const archive = await Archive.open(folder)
  archive.add(columnsOf([testFlow({ octets: 1 })]))
  await rm(join(folder, 'staging'), { recursive: true })
  await writeFile(join(folder, 'staging'), 'in the way')
  await assert.rejects(
    archive.publish({ journal: { segment: 1, offset: 1 } }),
    /archive: .*staging/s,
  )
  archive.add(columnsOf([testFlow({ octets: 2 })]))
  await assert.rejects(archive.publish({}), /archive: /)
  assert.equal(archive.position(), null)
  assert.deepEqual(await parquetFiles(folder), [])

  await rm(join(folder, 'staging'))
  await mkdir(join(folder, 'staging'))
  await archive.publish({ journal: { segment: 1, offset: 2 } })
  assert.deepEqual(await readBack(archive), [[0, 1], [0, 2]]) // prettier-ignore
  await archive.close()
})

test('an unreadable file is put aside when merging, and blocks no other interval', async (t) => {
  const folder = await scratchFolder(t)
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

test('a file that cannot be opened for now, because too many are open, is not put aside', async (t) => {
  const archive = await Archive.open(await scratchFolder(t))
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

test('reading puts a broken file aside, fails once, and then works without it', async (t) => {
  const folder = await scratchFolder(t)
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

for (const [what, publications] of [
  ['as published', 1],
  ['merged', 2],
] as const)
  // prettier-ignore
  test(`any reader of Parquet finds the columns under their IPFIX names and with plain types, ${what}`, async (t) => {
    const folder = await scratchFolder(t)
    const archive = await Archive.open(folder)
    for (let i = 0; i < publications; i++) {
      archive.add(columnsOf([testFlow({})]))
      await archive.publish({})
    }
    await archive.merge(Number.POSITIVE_INFINITY)
    const [entry] = archive.entries()
    assert.equal(entry!.rows, publications)
    await archive.close()
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const reader = await connection.runAndReadAll(
      `SELECT name, type, coalesce(converted_type, '') FROM parquet_schema($1) WHERE type IS NOT NULL`,
      [join(folder, entry!.file)],
    )
    const physical = { TIMESTAMP_MS: 'INT64', BIGINT: 'INT64', INTEGER: 'INT32', SMALLINT: 'INT32' }
    const expected = columnNames.map((name) => {
      if (name === 'flowEndMilliseconds') return ['flowDurationMilliseconds', 'INT64', 'INT_64']
      const { archive: type } = flowColumns[name]
      const converted = { TIMESTAMP_MS: 'TIMESTAMP_MILLIS', BIGINT: 'INT_64', INTEGER: 'INT_32', SMALLINT: 'INT_16' }
      return [name, physical[type], converted[type]]
    })
    assert.deepEqual(reader.getRows(), expected)
    connection.closeSync()
    instance.closeSync()
  })
