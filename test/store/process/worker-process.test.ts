/** A process with the interface of a thread, whose parent is killed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'

test('an answer that nobody waits for any more is no error', async () => {
  const program = join(import.meta.dirname, 'orphan.ts')
  const parent = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = parent.stderr.toArray()
  await once(parent.stdout, 'data')
  parent.kill('SIGKILL')
  // Both pipes are the worker's, too: they end with it.
  assert.equal((await said).join(''), '')
})
