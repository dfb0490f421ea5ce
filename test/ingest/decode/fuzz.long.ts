import { test } from 'node:test'

import { checkFuzz, runFuzz } from './fuzz.ts'

test('10 million broken datagrams: no exception, none slow, no memory kept', (t) => {
  const seed = Date.now() % 1_000_000
  t.diagnostic(`seed ${seed}`)
  const figures = runFuzz(10_000_000, seed)
  t.diagnostic(JSON.stringify(figures))
  checkFuzz(figures)
})
