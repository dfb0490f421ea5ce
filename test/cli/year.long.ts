/** A start beside a year of archive (105,120 files) and series: both processes answer in under two seconds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import { makeYear } from '../bench/year-data.ts'
import { scratchFolder } from '../processes.ts'
import { startApi, startIngest, type Start } from './year.ts'

const readyMsMax = 2000
const rounds = 5

test('a start with a year of archive is ready in under two seconds', async (t) => {
  const folder = process.env['YEAR_FOLDER'] ?? (await scratchFolder())
  if (process.env['YEAR_FOLDER'] === undefined) {
    const end = Math.floor(Date.now() / intervalMs) * intervalMs
    assert.equal(await makeYear({ folder, end, days: 365, hosts: 100 }), 105_120)
  }
  await startApi(folder)
  const slow: string[] = []
  for (const [name, start] of [
    ['API', startApi],
    ['ingest', startIngest],
  ] as const) {
    const starts: Start[] = []
    for (let round = 0; round < rounds; round++) starts.push(await start(folder))
    const median = starts.map(({ ms }) => ms).sort((a, b) => a - b)[Math.floor(rounds / 2)]!
    const times = starts.map(({ ms, cpuSeconds }) => `${ms.toFixed(0)} ms (${cpuSeconds} CPU-s)`)
    t.diagnostic(`${name}: ${times.join(', ')}`)
    if (median >= readyMsMax) slow.push(`${name} took ${times.join(', ')}`)
  }
  assert.deepEqual(slow, [])
})
