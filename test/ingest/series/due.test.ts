/** Intervals to write: those rebuilt only for a tracker have no new flows, and are not judged again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { DueIntervals } from '../../../ingest/series/due.ts'

test('an interval rebuilt for a tracker has no new flows, until some arrive', () => {
  const due = new DueIntervals([])
  due.addForTrackers({ held: [3], redo: [1, 2] })
  assert.deepEqual(due.all(), [3, 1, 2])
  assert.deepEqual([due.hasNewFlows(1), due.isRebuilding], [false, false])
  due.add({ dirty: [4], redo: [1] })
  assert.deepEqual([due.hasNewFlows(1), due.isRebuilding], [true, true])
  due.rebuilt([1])
  assert.deepEqual([due.has(1), due.isRebuilding], [false, false])
})

test('one with new flows keeps them when a tracker changes too, or the last process left it', () => {
  const due = new DueIntervals([1])
  due.add({ dirty: [], redo: [2] })
  due.addForTrackers({ held: [], redo: [1, 2] })
  assert.deepEqual([due.hasNewFlows(1), due.hasNewFlows(2)], [true, true])
})

test('one that the buckets lost is rebuilt, with its flows', () => {
  const due = new DueIntervals([])
  due.add({ dirty: [1], redo: [] })
  due.noLongerHeld([1])
  assert.deepEqual([[...due.held], [...due.redo], due.hasNewFlows(1)], [[], [1], true])
})
