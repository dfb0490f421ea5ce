import { test } from 'node:test'

import { seed } from '../../drawn.ts'
import { loseFlows, restartOften } from './loss.ts'
import { versions } from './streams.ts'

for (const version of versions)
  test(`${version}: a million flows, some lost, late and duplicated: reported loss is actual loss`, (t) => {
    for (const figures of loseFlows(version, 1_000_000, seed)) t.diagnostic(JSON.stringify(figures))
    t.diagnostic(`restarts ${restartOften(version, 200_000, seed)}`)
  })
