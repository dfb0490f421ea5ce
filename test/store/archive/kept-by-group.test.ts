/** What is kept of row groups takes no more memory than it may, however many questions are asked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { KeptByGroup } from '../../../store/archive/scanned/kept-by-group.ts'
import { collectAll } from '../../../store/process/garbage.ts'

/** A text of 5,400 characters, as a worker makes it. */
const question = (n: number) => JSON.stringify([n, 'or host 192.0.2.1 '.repeat(300)])

test('the text of a question counts, and takes the room of the one used least recently', () => {
  const kept = new KeptByGroup<number>(100_000)
  for (let n = 0; n < 100; n++) assert.ok(kept.set(question(n), 'group', n, 8))
  assert.ok(kept.bytes <= 100_000 && kept.bytes > 50_000)
  const known = Array.from({ length: 100 }, (_, n) => n).filter(
    (n) => kept.get(question(n), 'group') === n,
  )
  assert.ok(known.length < 10 && known.every((n) => n > 90), known.join())
  assert.equal(new KeptByGroup<number>(1000).set(question(0), 'group', 0, 8), false)
})

test('of a question of which nothing is kept, not even the question is', () => {
  const kept = new KeptByGroup<number>(100_000)
  collectAll()
  const before = process.memoryUsage().heapUsed
  for (let n = 0; n < 20_000; n++) kept.get(question(n), 'group')
  collectAll()
  // All of them are 110 MB.
  assert.ok(process.memoryUsage().heapUsed - before < 20e6)
  assert.equal(kept.bytes, 0)
})
