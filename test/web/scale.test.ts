import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { figureAxis } from '../../web/chart/axes.ts'
import { extremes, figureRange, levelsBeyond, levelsWithin } from '../../web/chart/scale.ts'
import type { Ink } from '../../web/chart/theme.ts'
import type uPlot from 'uplot'

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

test('however low a chart is, the higher of its halves has a figure', () => {
  const ink = () => ({}) as Ink
  const { space } = figureAxis({ ink, scale: 1.7, isMeasured: () => true })
  assert.ok(typeof space === 'function')
  for (const pixels of [60, 112, 400, 2000]) {
    const [low, high] = figureRange(1.9e6, -3.2e6)
    const least = (space({} as uPlot, 1, low, high, pixels) / pixels) * (high - low)
    // uPlot takes the next of 1, 2, 2.5, 5 and 10, no more than twice as much.
    assert.ok(2 * least <= Math.max(high, -low), `${least} in ${pixels} pixels`)
  }
})
