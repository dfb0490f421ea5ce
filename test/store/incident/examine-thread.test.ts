/** Examining flows in a thread: an examination that nobody waits for any more ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { FlowTable } from '../../../flow/incident/flows/flow-table.ts'
import { Hosts } from '../../../flow/incident/flows/hosts.ts'
import { NetworkSet } from '../../../flow/address.ts'
import { ExamineThread } from '../../../store/incident/examine-thread.ts'

test('an examination that is aborted ends, whether it runs or waits, and the next one is answered', async () => {
  const thread = new ExamineThread()
  const seen = {
    table: new FlowTable('192.0.2.1', new Hosts(new NetworkSet([]))),
    grid: { from: 0, seconds: 60 },
  }
  const gone = new AbortController()
  const running = thread.examine(seen, null, gone.signal)
  const waiting = thread.examine(seen, null, gone.signal)
  const next = thread.examine(seen, null)
  const ended = Promise.all([assert.rejects(running, /has ended/), assert.rejects(waiting)])
  // The first is sent in a later turn of the microtasks.
  await Promise.resolve()
  gone.abort()
  await ended
  assert.equal((await next).scene.table, seen.table)
  await thread.close()
})
