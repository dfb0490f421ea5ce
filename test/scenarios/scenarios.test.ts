/** Some of the scenarios, from packets to the verdict; all of them run with the long tests. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { suite, test } from 'node:test'

import { scratchFolder } from '../processes.ts'
import { fortnight } from './fortnight.ts'
import { incidentsOf, runScenario } from './run.ts'
import { scenarios } from './scenarios.ts'

const quick = new Set([
  'upload',
  'a cut with nobody to blame',
  'an ordinary morning',
  'the exporter was cut off',
])

suite('scenarios, some', () => {
  for (const scenario of scenarios.filter(({ name }) => quick.has(name)))
    test(scenario.name, () => runScenario(scenario))

  test('a day with a backup, a batch, calls and large downloads: no alarm', async () => {
    const folder = await scratchFolder()
    try {
      assert.deepEqual(await incidentsOf(folder, await fortnight(folder, 1)), [])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
