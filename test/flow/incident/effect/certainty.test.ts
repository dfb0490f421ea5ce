/** Who was cut off before an event was not cut off by it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { wereCutBefore } from '../../../../flow/incident/effect/certainty.ts'
import { Scene } from '../../../../flow/incident/scene/scene.ts'
import { t0, tableOf, type TestFlow } from '../tables.ts'

const span = { from: 300, to: 400 }

/** Of 40 hosts that open a connection every 20 s, one in `left` does from second `quietFrom` on. */
function wereCut(quietFrom: number, left: number): boolean {
  const flows: Partial<TestFlow>[] = []
  for (let host = 0; host < 40; host++)
    for (let t = host / 2; t < 600; t += 20) {
      if (t >= quietFrom && t < span.to && host % left !== 0) continue
      const first = t0 + t * 1000
      flows.push({ source: `10.0.1.${host + 1}`, sourcePort: 20_000 + Math.floor(t), first, last: first + 200 }) // prettier-ignore
    }
  const scene = new Scene(tableOf(flows), { from: t0, seconds: 600 })
  const rate = Float64Array.from({ length: 600 }, (_, t) => (t >= span.from && t < span.to ? 1 : 0))
  return wereCutBefore(scene, new Set(), { span, events: [], rate })
}

test('the others were cut off before an event if a quarter of them or fewer went on for some time before it', () => {
  assert.equal(wereCut(260, 5), true)
  assert.equal(wereCut(260, 1000), true)
  assert.equal(wereCut(260, 2), false)
  assert.equal(wereCut(298, 5), false)
})
