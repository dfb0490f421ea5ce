import assert from 'node:assert/strict'
import { test } from 'node:test'

import { intervalMs } from '../../../flow/interval.ts'
import { blockOf } from '../../../store/archive/columns.ts'
import { chunksOf } from '../../../store/archive/waiting.ts'
import { columnsOf, t0, told } from './archived.ts'

/** A block of flows received at so many intervals after t0. */
const block = (...received: number[]) => blockOf(columnsOf(received.map((interval) => told({ received: t0 + interval * intervalMs })))) // prettier-ignore

test('rows that wait are cut by interval of receipt, and into no more than are sorted at once', () => {
  const blocks = [block(1, 1, 0, 0, 0, 0, 0), block(0, 1, 1)]
  const chunks = chunksOf(blocks, 4)
  const places = chunks.map(({ interval, parts }) => [
    (interval - t0) / intervalMs,
    parts.map((part) => [blocks.indexOf(part.block), part.from, part.to]),
  ])
  assert.deepEqual(places, [
    [0, [[0, 2, 6]]],
    [0, [[0, 6, 7], [1, 0, 1]]],
    [1, [[0, 0, 2], [1, 1, 3]]],
  ]) // prettier-ignore
  assert.deepEqual(chunksOf([], 4), [])
})
