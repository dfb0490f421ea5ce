import { test } from 'node:test'

import { seed } from '../../drawn.ts'
import { checkFuzz, runFuzz } from './fuzz.ts'

test('200,000 broken datagrams: no exception, none slow, no memory retained', (t) => {
  const figures = runFuzz(200_000, seed)
  t.diagnostic(JSON.stringify(figures))
  checkFuzz(figures)
})
