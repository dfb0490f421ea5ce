import { test } from 'node:test'

import { loseFlows, restartOften } from './loss.ts'
import { versions } from './streams.ts'

for (const version of versions)
  test(`${version}: 50,000 flows, some lost, late and duplicated: reported loss is actual loss`, (t) => {
    for (const { loss, lost, reported } of loseFlows(version, 50_000, 5))
      t.diagnostic(`loss ${loss}: lost ${lost}, reported ${reported}`)
    restartOften(version, 10_000, 5)
  })
