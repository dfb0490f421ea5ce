import assert from 'node:assert/strict'
import {
  appendFile,
  open,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import fc from 'fast-check'

import { linesMax, Manifest } from '../../../store/manifest/manifest.ts'
import { ManifestReader } from '../../../store/manifest/reader.ts'
import { drawn } from '../../drawn.ts'
import { scratchFolder } from '../../processes.ts'

interface Entry {
  file: string
  rows: number
}

async function manifestPath(): Promise<string> {
  return join(await scratchFolder(), 'below', 'manifest.jsonl')
}

const entry = (file: string, rows = 1): Entry => ({ file, rows })

test('committed changes are there after reopening', async () => {
  const path = await manifestPath()
  const manifest = await Manifest.open<Entry>(path)
  await manifest.commit({ add: [entry('a'), entry('b')], set: { redo: [1, 2] } })
  await manifest.commit({ add: [entry('b', 7), entry('ü')], remove: ['a'] })
  await manifest.close()
  const again = await Manifest.open<Entry>(path)
  assert.deepEqual(again.entries(), [entry('b', 7), entry('ü')])
  assert.deepEqual(again.value('redo'), [1, 2])
  assert.equal(again.value('else'), undefined)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  await again.close()
})

test('a manifest cut at any byte holds the complete transactions, and accepts more', async () => {
  const path = await manifestPath()
  const manifest = await Manifest.open<Entry>(path)
  const sizes = [(await stat(path)).size]
  for (const file of ['a', 'ö', 'c']) {
    await manifest.commit({ add: [entry(file)], set: { last: file } })
    sizes.push((await stat(path)).size)
  }
  await manifest.close()
  const bytes = await readFile(path)
  // The first line appears with the file.
  for (let size = sizes[0]!; size <= bytes.length; size++) {
    // What a disk has not written yet is missing or zero.
    const zeros = Buffer.alloc(size % 2 === 0 ? 0 : 4096)
    await writeFile(path, Buffer.concat([bytes.subarray(0, size), zeros]))
    const whole = sizes.filter((each) => each <= size).length - 1
    const reader = new ManifestReader<Entry>(path)
    assert.equal((await reader.entries()).length, whole, `reader, cut at ${size}`)
    const again = await Manifest.open<Entry>(path)
    assert.equal(again.entries().length, whole, `cut at ${size}`)
    await again.commit({ add: [entry('more')] })
    assert.equal((await reader.entries()).length, whole + 1, `reader after ${size}`)
    await again.close()
  }
})

/** What all open files have in common, to make their methods fail. */
async function fileMethods(path: string): Promise<FileHandle> {
  const file = await open(path)
  await file.close()
  return Object.getPrototypeOf(file) as FileHandle
}

test('what a failed write left is cut off before the next, even if that was impossible at first', async (t) => {
  const path = await manifestPath()
  const manifest = await Manifest.open<Entry>(path)
  await manifest.commit({ add: [entry('a')] })
  const methods = await fileMethods(path)
  const half = async function (this: FileHandle, line: string) {
    const written = line.slice(0, line.length / 2)
    await this.writeFile(written)
    return { bytesWritten: written.length, buffer: written }
  }
  const refused = async () => {
    throw new Error('i/o error')
  }
  t.mock.method(methods, 'write', half as FileHandle['write'], { times: 1 })
  t.mock.method(methods, 'truncate', refused, { times: 1 })
  await assert.rejects(manifest.commit({ add: [entry('b')] }), /the disk took only a part/)
  await manifest.commit({ add: [entry('c')] })
  await manifest.close()
  const again = await Manifest.open<Entry>(path)
  assert.deepEqual(again.entries(), [entry('a'), entry('c')])
  await again.close()
})

test('a change is made or refused as said, also if the name of a rewrite cannot be made durable', async (t) => {
  const path = await manifestPath()
  const manifest = await Manifest.open<Entry>(path)
  const methods = await fileMethods(path)
  let syncs = 0
  const second = async function (this: FileHandle) {
    if (++syncs === 2) throw new Error('i/o error')
    await this.datasync()
  }
  t.mock.method(methods, 'sync', second)
  const long = 'x'.repeat(linesMax.bytes)
  await manifest.commit({ add: [entry('a')], set: { long } })
  assert.equal(syncs, 1)
  await assert.rejects(manifest.commit({ add: [entry('b')] }), /cannot be written: i\/o error/)
  await manifest.commit({ add: [entry('c')] })
  assert.deepEqual(manifest.entries(), [entry('a'), entry('c')])
  await manifest.close()
  const again = await Manifest.open<Entry>(path)
  assert.deepEqual(again.entries(), [entry('a'), entry('c')])
  await again.close()
})

/** A manifest of three transactions; their sizes, the first being that of the line it is created with. */
async function threeLines(path: string): Promise<{ bytes: Buffer; sizes: number[] }> {
  const manifest = await Manifest.open<Entry>(path)
  const sizes = [(await stat(path)).size]
  for (const file of ['a', 'b', 'c']) {
    await manifest.commit({ add: [entry(file)] })
    sizes.push((await stat(path)).size)
  }
  await manifest.close()
  return { bytes: await readFile(path), sizes }
}

test('a manifest with a wrong bit is refused, and stays as it is', async () => {
  const path = await manifestPath()
  const { bytes, sizes } = await threeLines(path)
  for (let at = 0; at < bytes.length - 1; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at]! ^= 1
    await writeFile(path, damaged)
    const line = sizes.findIndex((size) => at < size) + 1
    await assert.rejects(Manifest.open<Entry>(path), (error: Error & { remedy?: string }) => {
      assert.equal(error.message, `${path} is damaged in line ${line}: its checksum is wrong`)
      assert.match(
        error.remedy!,
        new RegExp(`restore .* from a backup; .* sed -i ${line}d ${path}$`),
      )
      return true
    })
    assert.deepEqual(await readFile(path), damaged)
  }
})

test('a manifest of zeros is refused', async () => {
  const path = await manifestPath()
  const { bytes } = await threeLines(path)
  await writeFile(path, Buffer.alloc(bytes.length))
  await assert.rejects(Manifest.open<Entry>(path), /is damaged in line 1: its checksum is wrong/)
})

test('a manifest that is missing or empty is refused if there are files that it listed', async () => {
  const path = await manifestPath()
  const hasFiles = async () => true
  await assert.rejects(Manifest.open<Entry>(path, hasFiles), /is missing or empty, but there are/)
  await threeLines(path)
  await (await Manifest.open<Entry>(path, hasFiles)).close()
  await truncate(path, 0)
  await assert.rejects(Manifest.open<Entry>(path, hasFiles), /is missing or empty, but there are/)
  assert.equal((await stat(path)).size, 0)
  await (await Manifest.open<Entry>(path)).close()
})

test('concurrent commits are made one after the other', async () => {
  const path = await manifestPath()
  const manifest = await Manifest.open<Entry>(path)
  const files = Array.from({ length: 20 }, (_, i) => `file ${i}`)
  await Promise.all(files.map((file) => manifest.commit({ add: [entry(file)] })))
  await manifest.close()
  const entries = await new ManifestReader<Entry>(path).entries()
  assert.deepEqual(
    entries.map(({ file }) => file),
    files,
  )
})

test('a reader follows everything the writer does, including rewrites', async () => {
  const path = await manifestPath()
  const manifest = await Manifest.open<Entry>(path)
  const reader = new ManifestReader<Entry>(path)
  const expected = new Map<string, Entry>()
  // Large values that replace each other, so that the manifest soon consists mostly of old ones.
  const change = fc.record({
    add: fc.array(
      fc
        .tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat())
        .map(([file, rows]) => entry(file, rows)),
    ),
    remove: fc.array(fc.constantFrom('a', 'b', 'c', 'd')),
    set: fc.record({ snapshot: fc.nat().map((seed) => String(seed).repeat(6000)) }),
    isLooked: fc.boolean(),
  })
  const inodes = new Set<number>()
  for (const { isLooked, ...each } of drawn(change, 150)) {
    await manifest.commit(each)
    for (const file of each.remove) expected.delete(file)
    for (const added of each.add) expected.set(added.file, added)
    inodes.add((await stat(path)).ino)
    if (!isLooked) continue
    const byFile = (a: Entry, b: Entry) => (a.file < b.file ? -1 : 1)
    assert.deepEqual(
      (await reader.entries()).toSorted(byFile),
      [...expected.values()].toSorted(byFile),
    )
    assert.equal(await reader.value('snapshot'), each.set.snapshot)
  }
  assert.ok(inodes.size > 1, 'it was rewritten')
  assert.ok((await stat(path)).size < 3_500_000, 'it stays small')
  await manifest.close()
  const again = await Manifest.open<Entry>(path)
  assert.equal(again.entries().length, expected.size)
  await again.close()
})

test('a reader that saw a line later taken back sees what replaced it', async () => {
  const path = await manifestPath()
  const manifest = await Manifest.open<Entry>(path)
  await manifest.commit({ add: [entry('a')] })
  const { size } = await stat(path)
  await manifest.commit({ add: [entry('taken back')] })
  await manifest.close()
  const reader = new ManifestReader<Entry>(path)
  assert.equal((await reader.entries()).length, 2)
  await truncate(path, size)
  const again = await Manifest.open<Entry>(path)
  await again.commit({ add: [entry('b', 123_456_789)], set: { more: 'x'.repeat(100) } })
  await again.close()
  assert.deepEqual(await reader.entries(), [entry('a'), entry('b', 123_456_789)])
})

test('a reader of a manifest that does not exist sees nothing, and sees it come and go', async () => {
  const path = await manifestPath()
  const reader = new ManifestReader<Entry>(path)
  assert.deepEqual(await reader.entries(), [])
  const manifest = await Manifest.open<Entry>(path)
  await manifest.commit({ add: [entry('a')] })
  assert.equal((await reader.entries()).length, 1)
  await manifest.close()
  await rm(path)
  assert.deepEqual(await reader.entries(), [])
})

test('a year of 5-minute files opens within a second, and costs nothing while unchanged', async (t) => {
  const path = await manifestPath()
  const manifest = await Manifest.open<Entry>(path)
  await manifest.close()
  const files = 105_120
  const named = (i: number) => ({
    file: `2026/2026-11/2026-11-16/flows-${i}.parquet`,
    rows: i,
    interval: i,
    bytes: i,
    octets: i,
    packets: i,
    receivedFrom: i,
    receivedTo: i,
    firstMin: i,
    lastMax: i,
    isChunk: false,
  })
  const whole = await Manifest.open<Entry>(path)
  await whole.commit({ add: Array.from({ length: files }, (_, i) => named(i)) })
  await whole.close()
  // CPU time, which other processes do not affect.
  const cpuMs = () => (process.cpuUsage().user + process.cpuUsage().system) / 1000
  const before = cpuMs()
  const again = await Manifest.open<Entry>(path)
  const reader = new ManifestReader<Entry>(path)
  assert.equal((await reader.entries()).length, files)
  const opened = cpuMs() - before
  assert.equal(again.entries().length, files)
  // Opened twice within one second: half a second each, with a margin for a busy machine.
  assert.ok(opened < 4000, `${opened} ms`)
  const idle = cpuMs()
  for (let i = 0; i < 100; i++) await reader.entries()
  assert.ok(cpuMs() - idle < 500, 'unchanged is cheap')
  t.diagnostic(`${files} entries opened twice in ${Math.round(opened)} ms`)
  await again.close()
  await appendFile(path, 'torn')
  assert.equal((await reader.entries()).length, files)
})

test('a rewritten manifest reads as written, when reopened and when followed', async () => {
  const path = await manifestPath()
  const manifest = await Manifest.open<Entry>(path)
  const reader = new ManifestReader<Entry>(path)
  const add = Array.from({ length: 40_000 }, (_, i) => entry(`2026/flows-${i}.parquet`, i * 997))
  await manifest.commit({ add, set: { journal: 7 } })
  const size = (await stat(path)).size
  assert.ok(size < 900_000, `a table of ${size} bytes`)
  await manifest.commit({ add: [entry('after')], remove: [add[0]!.file] })
  await manifest.close()
  assert.ok((await stat(path)).size < size + 200, 'one line more')
  const expected = [...add.slice(1), entry('after')]
  assert.deepEqual(await reader.entries(), expected)
  const again = await Manifest.open<Entry>(path)
  assert.deepEqual(again.entries(), expected)
  assert.equal(again.value('journal'), 7)
  await again.commit({ add: [entry('more')] })
  await again.close()
  assert.ok((await stat(path)).size < size + 400, 'it is not rewritten for one line')
})
