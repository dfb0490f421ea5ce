import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { extremes, levelsBeyond, levelsWithin } from '../../web/chart/scale.ts'

const none = { peak: null, compared: null }
const outline = { above: [40, null, 100], below: [-5, null, -20] }

function level(value: number, text = `${value}`) {
  return { value, text, limit: true }
}

function scaleWith(...values: number[]) {
  return extremes({ ...none, outline, levels: values.map((value) => level(value)) })
}

describe('the scale of a chart', () => {
  test('follows what is drawn', () => {
    assert.deepEqual(extremes(null), [0, 0])
    assert.deepEqual(scaleWith(), [100, -20])
    const peak = { above: [1, 300, null], below: [2, 30, null] }
    assert.deepEqual(extremes({ ...none, outline, peak, levels: [] }), [300, -30])
    const compared = { above: [1, 2, 3], below: [null, 700, null] }
    assert.deepEqual(extremes({ ...none, outline, compared, levels: [] }), [100, -700])
  })

  test('reaches a level near to the data of its half, and no other', () => {
    assert.deepEqual(scaleWith(60), [100, -20])
    assert.deepEqual(scaleWith(150), [150, -20])
    assert.deepEqual(scaleWith(151), [100, -20])
    assert.deepEqual(scaleWith(1e12, 120, -1e12), [120, -20])
    assert.deepEqual(scaleWith(150, -150), [150, -20])
    assert.deepEqual(scaleWith(-30), [100, -30])
  })
})

test('a level out of view is named at its edge, and its mirror image is not', () => {
  const levels = [level(60), level(900), level(-900, ''), level(-901), level(800)]
  assert.deepEqual(levelsWithin(levels, [-20, 100]), [level(60)])
  assert.deepEqual(levelsBeyond(levels, [-20, 100]), {
    higher: ['↑ 900', '↑ 800'],
    lower: ['↓ -901'],
  })
})
