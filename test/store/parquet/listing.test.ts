/** The list of the series' files, changed by a write and by a query at once. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { Manifest } from '../../../store/manifest/manifest.ts'
import { Listing } from '../../../store/parquet/listing.ts'
import type { SeriesEntry } from '../../../store/parquet/layout.ts'
import { scratchFolder } from '../../processes.ts'

test('an unreadable file found during a write forgets no file that is to be deleted', async () => {
  const folder = await scratchFolder()
  const listing = new Listing(folder, await Manifest.open(join(folder, 'manifest.jsonl')), Date.now)
  const entry = (file: string, table: SeriesEntry['table'], from: number): SeriesEntry => ({
    file,
    tier: '5m',
    table,
    from,
    to: from + 1,
    first: from,
    last: from,
    rows: 1,
    bytes: 1,
  })
  const bad = entry('bad', 'host', 0)
  const add = [bad, entry('coverage', 'coverage', 0), entry('old', 'host', 5)]
  await listing.commit({ add, remove: [] })
  await Promise.all([
    listing.commit({ add: [], remove: ['old'] }),
    listing.leaveOut(bad, 'is missing'),
  ])
  const replaced = listing.replaced().map(({ file }) => file)
  assert.deepEqual(replaced, ['old', 'coverage'])
  assert.deepEqual(listing.entries(), [])
  await listing.close()
})
