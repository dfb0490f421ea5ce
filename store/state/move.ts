/**
 * Moves user documents between a data folder and ClickHouse. To ClickHouse go documents that are
 * not and never were there: what was changed or removed there counts. Back come the newer versions,
 * and removals too, so that nobody who was removed can log in again.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { ClickHouseState } from '../clickhouse/state.ts'
import { StateReader, StateStore } from './files.ts'
import { collections, type Collection } from './state.ts'

const names = Object.keys(collections) as Collection[]

/** Documents that were moved, and those not moved because the target has them. */
interface Moved {
  moved: number
  skipped: number
}

/** Marks a data folder's documents as moved to a database, so that they are not checked at each start. */
function markOf(data: string): string {
  return join(data, 'state', 'taken-over.json')
}

/**
 * Puts a data folder's documents into ClickHouse, once per database; null if already done.
 * @throws ClickHouseFault; it may be repeated
 */
export async function moveToClickHouse(
  data: string,
  {
    state,
    database,
    isAgain = false,
  }: { state: ClickHouseState; database: string; isAgain?: boolean },
): Promise<Moved | null> {
  if (!isAgain && (await movedTo(data)) === database) return null
  const reader = new StateReader(data)
  const sum = { moved: 0, skipped: 0 }
  for (const collection of names) {
    const documents = await reader.list(collection)
    if (documents.length === 0) continue
    const moved = await state.adopt(collection, documents)
    sum.moved += moved
    sum.skipped += documents.length - moved
  }
  // Without write permission here they are checked again next time, which changes nothing.
  await mkdir(join(data, 'state'), { recursive: true, mode: 0o700 })
    .then(() => writeFile(markOf(data), JSON.stringify({ database }), { mode: 0o600 }))
    .catch(() => undefined)
  return sum
}

async function movedTo(data: string): Promise<string | null> {
  try {
    return (JSON.parse(await readFile(markOf(data), 'utf8')) as { database: string }).database
  } catch {
    return null
  }
}

/** Puts the contents of ClickHouse into a data folder. @throws ClickHouseFault */
export async function moveToFiles(data: string, state: ClickHouseState): Promise<Moved> {
  const store = await StateStore.open(data)
  if (!store) throw new Error(`${data}/state is being written by another process: stop it`)
  const sum = { moved: 0, skipped: 0 }
  try {
    for (const collection of names) {
      const here = new Map((await store.list(collection)).map((each) => [each.id, each]))
      const rows = await state.rows(collection)
      const isNewer = ({ id, changedAt }: { id: string; changedAt: number }) =>
        changedAt > (here.get(id)?.changedAt ?? 0)
      const newer = rows.filter(({ document }) => isNewer(document))
      const add = newer.filter(({ isRemoved }) => !isRemoved).map(({ document }) => document)
      const removed = newer.filter(({ isRemoved, document }) => isRemoved && here.has(document.id))
      await store.restore(collection, { add, remove: removed.map(({ document }) => document.id) })
      sum.moved += add.length + removed.length
      sum.skipped += rows.filter(({ isRemoved }) => !isRemoved).length - add.length
    }
  } finally {
    await store.close()
  }
  await rm(markOf(data), { force: true })
  return sum
}
