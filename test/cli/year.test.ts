/** A start with many files: CPU time only, since the machine may be busy. The whole year: year.long.ts. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import { makeArchive } from '../bench/year-data.ts'
import { scratchFolder } from '../processes.ts'
import { startApi, startIngest } from './year.ts'

/** A fifth of a year. */
const files = 20_000
/** An empty folder takes 1.0 and 0.75. Each fault that this should detect added a second with a whole year. */
const cpuSecondsMax = { api: 2.2, ingest: 2.2 }

test('a start with 20,000 archive files takes little more than one without', async (t) => {
  const data = await scratchFolder()
  const end = Math.floor(Date.now() / intervalMs) * intervalMs
  assert.equal(await makeArchive(join(data, 'archive'), end - files * intervalMs, end), files)
  // The first start compiles and caches; the second is what a user sees.
  await startApi(data)
  const api = await startApi(data)
  await startIngest(data)
  const ingest = await startIngest(data)
  t.diagnostic(`CPU-seconds: API ${api.cpuSeconds}, ingest ${ingest.cpuSeconds}`)
  assert.ok(api.cpuSeconds < cpuSecondsMax.api, `API: ${api.cpuSeconds} CPU-seconds`)
  assert.ok(ingest.cpuSeconds < cpuSecondsMax.ingest, `ingest: ${ingest.cpuSeconds} CPU-seconds`)
})
