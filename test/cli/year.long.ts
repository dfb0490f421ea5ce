/** A start with a year of archive (105,120 files) and series: both processes answer in under two seconds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import { median } from '../bench/figure.ts'
import { makeYear } from '../bench/year-data.ts'
import { scratchFolder } from '../processes.ts'
import { startsOn } from './year.ts'

const readyMsMax = 2000
const rounds = 5

test('a start with a year of archive is ready in under two seconds', async (t) => {
  const folder = process.env['YEAR_FOLDER'] ?? (await scratchFolder())
  if (process.env['YEAR_FOLDER'] === undefined) {
    const end = Math.floor(Date.now() / intervalMs) * intervalMs
    assert.equal(await makeYear({ folder, end, days: 365, hosts: 100 }), 105_120)
  }
  const slow: string[] = []
  for (const [name, starts] of await startsOn(folder, rounds)) {
    const ready = median(starts.map(({ ms }) => ms))
    const times = starts.map(({ ms, cpuSeconds }) => `${ms.toFixed(0)} ms (${cpuSeconds} CPU-s)`)
    t.diagnostic(`${name}: ${times.join(', ')}`)
    if (ready >= readyMsMax) slow.push(`${name} after ${times.join(', ')}`)
  }
  assert.deepEqual(slow, [])
})
