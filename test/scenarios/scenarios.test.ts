/** Some of the scenarios, from packets to the verdict; all of them run with the long tests. */
import { suite, test } from 'node:test'

import { runScenario } from './run.ts'
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
})
