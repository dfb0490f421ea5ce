/** Scenes without the times of which nothing is known. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import fc from 'fast-check'

import { withoutGaps } from '../../../../flow/incident/scene/known-time.ts'
import { Scene } from '../../../../flow/incident/scene/scene.ts'
import { countWithin } from '../../../../flow/spread.ts'
import { officeFlows } from '../office.ts'
import { t0, tableOf } from '../tables.ts'

const seconds = 600
const gaps = [
  { from: 100, to: 160 },
  { from: 300, to: 420 },
]

suite('a scene without gaps', () => {
  const flows = officeFlows({ seed: 3, hosts: 20, pages: 1, connections: 3, seconds })
  const scene = new Scene(tableOf(flows), { from: t0, seconds })
  const known = withoutGaps(scene, gaps)

  test('has the bytes outside them, by flow and by second', () => {
    const { table, grid } = known.scene
    assert.equal(grid.seconds, seconds - 180)
    const sum = (values: Float64Array, count: number) =>
      values.subarray(0, count).reduce((all, each) => all + each, 0)
    let outside = 0
    for (let row = 0; row < scene.table.count; row++) {
      const flow = { first: scene.table.first[row]!, last: scene.table.last[row]! }
      const bytes = scene.table.bytes[row]!
      outside += gaps.reduce(
        (left, { from, to }) => left - countWithin(bytes, flow, t0 + from * 1000, t0 + to * 1000),
        bytes,
      )
    }
    assert.equal(sum(table.bytes, table.count), outside)
    assert.deepEqual(
      [...known.scene.total.in],
      [...scene.total.in].filter((_, t) => !gaps.some(({ from, to }) => t >= from && t < to)),
    )
  })

  test('property: a run outside the gaps is found again; one at a gap does not reach into it', () => {
    const second = fc.integer({ min: 0, max: seconds })
    fc.assert(
      fc.property(second, second, (a, b) => {
        const run = { from: Math.min(a, b), to: Math.max(a, b) }
        const isCut = (t: number) => gaps.some(({ from, to }) => t >= from && t <= to)
        if (run.from === run.to || isCut(run.from) || isCut(run.to)) return
        assert.deepEqual(known.back(known.into(run)), run)
      }),
    )
    assert.deepEqual(known.back({ from: 50, to: 100 }), { from: 50, to: 100 })
    assert.deepEqual(known.back({ from: 100, to: 130 }), { from: 160, to: 190 })
    assert.deepEqual(known.into({ from: 110, to: 150 }), { from: 100, to: 100 })
  })
})
