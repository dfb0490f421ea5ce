/** All scenarios, and a fortnight in which nothing is wrong. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { suite, test } from 'node:test'

import { scratchFolder } from '../processes.ts'
import { fortnight } from './fortnight.ts'
import { incidentsOf, runScenario } from './run.ts'
import { scenarios } from './scenarios.ts'

suite('scenarios', () => {
  for (const scenario of scenarios) test(scenario.name, () => runScenario(scenario))

  test('a fortnight with backups, batches, calls and weekends: no alarm', async () => {
    const folder = await scratchFolder()
    try {
      assert.deepEqual(await incidentsOf(folder, await fortnight(folder)), [])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
