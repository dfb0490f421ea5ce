import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { intervalMs } from '../../flow/interval.ts'
import { makeArchive } from '../bench/archive-data.ts'
import { scratchFolder } from '../processes.ts'

const program = fileURLToPath(new URL('stop-judging.ts', import.meta.url))
const flows = 1_200_000
const hours = 1
const intervals = (hours * 3_600_000) / intervalMs
/** From the start to the middle of the work: 0.3 s on a fast machine, 2 s on a busy one. */
const delaysMs = [100, 200, 300, 500, 1000, 2000]

test('stopped during incident detection, ingest ends cleanly, and unjudged intervals wait', async () => {
  const data = await scratchFolder()
  const { from } = await makeArchive(join(data, 'archive'), { flows, days: hours / 24 })
  let inTheMiddle = 0
  for (const delayMs of delaysMs) {
    const args = [program, data, String(from), String(delayMs)]
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' }) // prettier-ignore
    assert.deepEqual([status, signal, stderr], [0, null, ''], `after ${delayMs} ms`)
    const { judged, waiting } = JSON.parse(stdout) as { judged: number; waiting: number }
    if (judged === 0) {
      inTheMiddle++
      assert.equal(waiting, intervals)
    }
    // Later there is nothing left to stop.
    if (judged === intervals) break
  }
  assert.ok(inTheMiddle > 0, 'it was never stopped in the middle')
})
