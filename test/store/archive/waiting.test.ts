import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { createFlowColumns } from '../../../flow/columns.ts'
import { intervalMs } from '../../../flow/interval.ts'
import { blockOf } from '../../../store/archive/columns.ts'
import { chunksOf, summaryOf } from '../../../store/archive/write/waiting.ts'
import { columnsOf, t0, testFlow } from './archived.ts'

/** A block of flows received at these intervals after t0. */
const block = (...received: number[]) => blockOf(columnsOf(received.map((interval) => testFlow({ received: t0 + interval * intervalMs })))) // prettier-ignore

test('waiting rows are divided by interval of receipt, in parts that one sort can take', () => {
  const blocks = [block(1, 1, 0, 0, 0, 0, 0), block(0, 1, 1)]
  const chunks = chunksOf(blocks, { rowsMax: 4 })
  const places = chunks.map(({ interval, parts }) => [
    (interval - t0) / intervalMs,
    parts.map((part) => [blocks.indexOf(part.block), part.from, part.to]),
  ])
  assert.deepEqual(places, [
    [0, [[0, 2, 6]]],
    [0, [[0, 6, 7], [1, 0, 1]]],
    [1, [[0, 0, 2], [1, 1, 3]]],
  ]) // prettier-ignore
  assert.deepEqual(chunksOf([], { rowsMax: 4 }), [])
})

test('files of an hour have the rows of its intervals one after the other', () => {
  // t0 is half past an hour.
  const blocks = [block(6, 1, 0, 7), block(1, 0, 6)]
  const chunks = chunksOf(blocks, { rowsMax: 3, fileMs: 12 * intervalMs })
  const places = chunks.map(({ interval, parts }) => [
    (interval - t0) / intervalMs,
    parts.map((part) => [blocks.indexOf(part.block), part.from, part.to]),
  ])
  assert.deepEqual(places, [
    [0, [[0, 2, 3], [1, 1, 2], [0, 1, 2]]],
    [1, [[1, 0, 1]]],
    [6, [[0, 0, 1], [1, 2, 3], [0, 3, 4]]],
  ]) // prettier-ignore
})

/** Few values, with halves among them, so that rounding often decides. */
const halves = fc.integer({ min: 0, max: 12 }).map((half) => half / 2)
const ms = fc.oneof(halves, fc.double({ min: 0, max: 6, noNaN: true }))
const times = fc.record({ start: ms, end: ms })

test('the first and last ms of a chunk are the minimum and maximum of its flows as files have them', () => {
  fc.assert(
    fc.property(fc.array(times, { minLength: 1, maxLength: 40 }), (rows) => {
      const flows = createFlowColumns(rows.length)
      const { flowStartMilliseconds: starts, flowEndMilliseconds: ends } = flows
      for (const { start, end } of rows) {
        starts[flows.count] = t0 + start
        ends[flows.count++] = t0 + end
      }
      const part = { block: blockOf(flows), from: 0, to: rows.length }
      const { firstMin, lastMax } = summaryOf([part])
      // Files store a flow's duration, not its end.
      const firsts = rows.map((_, i) => Math.round(starts[i]!))
      const lasts = firsts.map((first, i) => first + Math.max(0, Math.round(ends[i]! - starts[i]!)))
      assert.deepEqual([firstMin, lastMax], [Math.min(...firsts), Math.max(...lasts)])
    }),
    { numRuns: 300 },
  )
})
