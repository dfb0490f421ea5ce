/** Charts are drawn one per frame, with the newest data. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { drawInTurn } from '../../web/chart/turns.ts'

test('of several charts to draw, each frame draws one, and each chart only its newest data', (t) => {
  const frames: (() => void)[] = []
  Object.assign(globalThis, { requestAnimationFrame: (task: () => void) => frames.push(task) })
  t.after(() => Reflect.deleteProperty(globalThis, 'requestAnimationFrame'))
  const drawn: string[] = []
  const draw = (chart: object, what: string) => drawInTurn(chart, () => drawn.push(what))
  const [one, other] = [{}, {}]
  draw(one, 'one, old')
  draw(other, 'other')
  draw(one, 'one, new')
  assert.deepEqual([drawn, frames.length], [[], 1])
  frames.shift()!()
  assert.deepEqual([drawn, frames.length], [['one, new'], 1])
  draw(one, 'one, later')
  frames.shift()!()
  frames.shift()!()
  assert.deepEqual([drawn, frames.length], [['one, new', 'other', 'one, later'], 0])
  draw(other, 'other, later')
  frames.shift()!()
  assert.equal(drawn.at(-1), 'other, later')
})
