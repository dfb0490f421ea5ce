import { test } from 'node:test'

import { seed } from '../drawn.ts'
import { killUnderLoad } from './kill.ts'

test('kill -9 five times under load: nothing twice, nothing missing but the last second', async (t) => {
  t.diagnostic(JSON.stringify(await killUnderLoad(5, seed)))
})
