import { test } from 'node:test'

import { seed } from '../../drawn.ts'
import { checkFuzz, runFuzz } from './fuzz.ts'

test('10 million broken datagrams: no exception, none slow, no memory retained', (t) => {
  const figures = runFuzz(10_000_000, seed)
  t.diagnostic(JSON.stringify(figures))
  checkFuzz(figures)
})
