import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { columnNames, createFlowColumns, type FlowColumns } from '../../../flow/columns.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { manifestName, type ArchiveEntry } from '../../../store/archive/entry.ts'
import { ManifestReader } from '../../../store/manifest/reader.ts'
import { scratchFolder } from '../../processes.ts'
import { columnsOf, t0, testFlow } from './archived.ts'

/** This many rows are written out unprompted: see stageRows. */
const stagedRows = 100_000

/** Rows that are identical except for their packets, which number them. */
function rowsOf(count: number): FlowColumns {
  const one = columnsOf([testFlow({ received: t0 })])
  const flows = createFlowColumns(count)
  for (const name of columnNames) {
    // The lower word of a half of an address comes first.
    const words = one[name]
    for (let i = 0; i < flows[name].length; i++) flows[name][i] = words[i % words.length]!
  }
  for (let i = 0; i < count; i++) flows.packetDeltaCount[i] = i + 1
  flows.count = count
  return flows
}

const rowsIn = (archive: Archive) => archive.entries().reduce((sum, { rows }) => sum + rows, 0)

test('what is written out while a publication waits is part of the next one, and never forgotten', async (t) => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  t.after(() => archive.close())
  const [few, many] = [rowsOf(10), rowsOf(stagedRows)]
  archive.add(few)
  const publishing = archive.publish({ journal: { segment: 1, offset: 100 } })
  // As when this much arrives while the disk or the archive's thread is busy.
  archive.add(many)
  const first = await publishing
  assert.equal(first.reduce((sum, { rows }) => sum + rows, 0), 10, 'no more than the journal is said to be covered') // prettier-ignore
  await archive.publish({ journal: { segment: 1, offset: 200 } })
  assert.equal(rowsIn(archive), few.count + many.count)
  const manifest = new ManifestReader<ArchiveEntry>(join(folder, manifestName))
  const named = await manifest.entries()
  assert.equal(
    named.reduce((sum, { rows }) => sum + rows, 0),
    few.count + many.count,
  )
})

test('aborted sorting leaves everything unchanged, and can be repeated later', async (t) => {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  // Two of these are sorted at once.
  const rows = 110_000
  for (let i = 0; i < 2; i++) {
    archive.add(rowsOf(rows))
    await archive.publish({})
  }
  const sorting = archive.merge(Number.POSITIVE_INFINITY)
  await sleep(50)
  archive.endSorting()
  await sorting
  assert.ok(archive.entries().every(({ isChunk }) => isChunk))
  assert.equal(rowsIn(archive), 2 * rows)
  await archive.merge(Number.POSITIVE_INFINITY)
  assert.equal(archive.entries().length, 2, 'nothing is begun before the end')
  assert.deepEqual(archive.problems(), [])
  await archive.close()

  const again = await Archive.open(folder)
  t.after(() => again.close())
  await again.merge(Number.POSITIVE_INFINITY)
  assert.deepEqual(again.entries().map((entry) => [entry.rows, entry.isChunk]), [[2 * rows, false]]) // prettier-ignore
})

test('arriving flows are published while a file is sorted, and nothing of either is dropped', async (t) => {
  const archive = await Archive.open(await scratchFolder())
  t.after(() => archive.close())
  const flows = rowsOf(stagedRows)
  for (let i = 0; i < 2; i++) {
    archive.add(flows)
    await archive.publish({})
  }
  let isSorted = false
  const sorting = archive.merge(Number.POSITIVE_INFINITY).then(() => (isSorted = true))
  archive.add(rowsOf(10))
  await archive.publish({})
  assert.equal(isSorted, false, 'it does not wait for that')
  for (let i = 0; i < 8; i++) archive.add(flows)
  await archive.publish({})
  await sorting
  await archive.merge(Number.POSITIVE_INFINITY)
  assert.equal(rowsIn(archive), 10 * stagedRows + 10)
  assert.ok(archive.entries().every(({ isChunk }) => !isChunk))
})

test('the sorting thread ends when told to, and another sorts later flows', async (t) => {
  const archive = await Archive.open(await scratchFolder())
  t.after(() => archive.close())
  for (let i = 0; i < 3; i++) {
    archive.add(rowsOf(10))
    await archive.publish({})
    archive.add(rowsOf(10))
    await archive.publish({})
    await archive.merge(Number.POSITIVE_INFINITY)
    await archive.endSortingThread()
    await archive.endSortingThread()
  }
  assert.deepEqual(archive.entries().map(({ rows, isChunk }) => [rows, isChunk]), [[60, false]]) // prettier-ignore
})
