/** An empty list of incidents claims nothing of time before the first data. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { noneText } from '../../web/incidents/none.ts'

const to = Date.UTC(2026, 10, 16, 11, 40) / 1000
const from = to - 30 * 86_400

const cases: readonly [what: string, knownSince: number | null, said: string][] = [
  ['all of it is known', from, 'No incidents in these 30 d.'],
  ['the first router was set up this morning', to - 600, 'No incidents since Mon 16 Nov 2026 11:30:00, when the first data came.'],
  ['no router yet', null, 'Unknown: no data of these 30 d.'],
] // prettier-ignore

for (const [what, knownSince, said] of cases)
  test(what, () => assert.equal(noneText({ from, to, knownSince }, 'UTC'), said))

test('of one kind', () => {
  const asked = { from, to, knownSince: from }
  assert.equal(noneText(asked, 'UTC', 'incidents of this kind'), 'No incidents of this kind in these 30 d.') // prettier-ignore
})
