/**
 * An archive in a process whose files are damaged while a marker file exists (damaged-writes.ts): a
 * damaged file must not be published, and must be written again; throws otherwise. `node --import
 * damaged-writes.ts damaged-archive.ts FOLDER`
 */
import assert from 'node:assert/strict'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Archive } from '../../../store/archive/archive.ts'
import { stagingFolder } from '../../../store/archive/entry.ts'
import { columnsOf, t0, testFlow } from './archived.ts'
import type { Damage } from './damaged-writes.ts'

/** In the magic, in pages, in the footer, in the trailer; and truncated. */
const damages: Damage[] = [
  ...[0, 0.1, 0.3, 0.5, 0.7, 0.9, 1].map((share) => ({ share, isCut: false })),
  ...[0.5, 1].map((share) => ({ share, isCut: true })),
]
const rows = 3000

async function writeDamaged(folder: string): Promise<void> {
  const archive = await Archive.open(join(folder, 'archive'), { listedRowsMin: 1 })
  const flows = Array.from({ length: rows }, (_, i) => testFlow({ received: t0, first: t0 - i, packets: 1 + (i % 7), octets: 40 + i * i })) // prettier-ignore
  const state = () => archive.entries().map((entry) => [entry.rows, entry.isChunk])
  const refusesWhile = async (work: () => Promise<unknown>) => {
    const before = state()
    for (const damage of damages) {
      await writeFile(process.env['WEIR_DAMAGE']!, JSON.stringify(damage))
      await assert.rejects(work, /differs from what was written/, JSON.stringify(damage))
      assert.deepEqual(state(), before)
    }
    await rm(process.env['WEIR_DAMAGE']!)
    assert.deepEqual(await readdir(join(folder, 'archive', stagingFolder)), [])
    await work()
  }
  archive.add(columnsOf(flows))
  await refusesWhile(() => archive.publish({}))
  archive.add(columnsOf(flows))
  await archive.publish({})
  assert.deepEqual(state(), [[rows, true], [rows, true]]) // prettier-ignore
  await refusesWhile(() => archive.merge(Number.POSITIVE_INFINITY))
  assert.deepEqual(state(), [[2 * rows, false]])
  assert.deepEqual(archive.problems(), [])
  await archive.close()
}

await writeDamaged(process.argv[2]!)
