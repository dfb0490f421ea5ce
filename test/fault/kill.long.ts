import { test } from 'node:test'

import { killUnderLoad } from './kill.ts'

test('kill -9 fifty times under load: nothing twice, nothing missing but the last second', async (t) => {
  const seed = Date.now() % 1_000_000
  t.diagnostic(`seed ${seed}`)
  t.diagnostic(JSON.stringify(await killUnderLoad(50, seed)))
})
