/** A start beside many files: processor time only, since the machine may be busy. The whole year: year.long.ts. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import { makeArchive } from '../bench/year-data.ts'
import { scratchFolder } from '../processes.ts'
import { startApi, startIngest } from './year.ts'

/** A fifth of a year. */
const files = 20_000
/** An empty folder takes 1.0 and 0.75. Each of the faults that this is to find took another second of a whole year. */
const cpuSecondsMax = { api: 2.2, ingest: 2.2 }

test('a start beside 20,000 files of the archive takes little more than one beside none', async (t) => {
  const data = await scratchFolder()
  const end = Math.floor(Date.now() / intervalMs) * intervalMs
  assert.equal(await makeArchive(join(data, 'archive'), end - files * intervalMs, end), files)
  // The first start keeps what it compiles; the second is what a user sees.
  await startApi(data)
  const api = await startApi(data)
  await startIngest(data)
  const ingest = await startIngest(data)
  t.diagnostic(`CPU-seconds: API ${api.cpuSeconds}, ingest ${ingest.cpuSeconds}`)
  assert.ok(api.cpuSeconds < cpuSecondsMax.api, `API: ${api.cpuSeconds} CPU-seconds`)
  assert.ok(ingest.cpuSeconds < cpuSecondsMax.ingest, `ingest: ${ingest.cpuSeconds} CPU-seconds`)
})
