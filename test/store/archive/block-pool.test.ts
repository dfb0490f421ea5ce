/** Rows on their way to another thread, in memory that both share. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createFlowColumns, type FlowColumns } from '../../../flow/columns.ts'
import { BlockPool, SharedBlocks } from '../../../store/archive/write/block-pool.ts'
import { blockOf } from '../../../store/archive/columns.ts'

/** This many rows, with zeros except for the given values. */
function flowsOf(count: number, octets: number): FlowColumns {
  const flows = createFlowColumns(count)
  flows.count = count
  for (let i = 0; i < count; i++) flows.octetDeltaCount[i] = octets + i
  flows.sourceTransportPort.fill(octets % 65_536)
  return flows
}

test('a block returns from its thread unchanged, and memory is sent only once', () => {
  const [pool, shared] = [new BlockPool(), new SharedBlocks()]
  const take = (flows: FlowColumns) => {
    const block = pool.blockOf(flows)
    const sent = structuredClone(pool.sent(block))
    const taken = shared.blockOf(sent)
    const bytes = taken.columns.map((column) => column && Buffer.from(column))
    const expected = blockOf(flows).columns.map((column) => column && Buffer.from(column))
    for (const [i, column] of expected.entries())
      assert.deepEqual(column && bytes[i]!.subarray(0, column.length), column)
    return { block, made: sent.made.length }
  }
  const rows = 10_000
  const first = take(flowsOf(rows, 1))
  const second = take(flowsOf(rows, 2))
  assert.deepEqual([first.made, second.made], [2, 2])
  pool.takeBack(first.block)
  pool.takeBack(second.block)
  const few = take(flowsOf(5, 3))
  const third = take(flowsOf(rows, 4))
  assert.deepEqual([few.made, third.made], [0, 0])
})
