/** Charts are drawn one a frame, with what came last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { drawInTurn } from '../../web/chart/turns.ts'

test('of charts that are to be drawn at once, each frame draws one, and of one chart only the newest', (t) => {
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
