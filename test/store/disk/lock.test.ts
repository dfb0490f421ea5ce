import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { link } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { lockPurpose, takeLock } from '../../../store/disk/lock.ts'
import { scratchFolder } from '../../processes.ts'

/** Leaves a socket as a killed holder does. */
function leaveSocket(path: string): void {
  const holder = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  try {
    execFileSync(process.execPath, ['-e', holder, path])
  } catch (error) {
    assert.equal((error as { signal: string }).signal, 'SIGKILL')
  }
}

test('a lock is held by one, and says what for', async () => {
  const path = join(await scratchFolder(), 'run', 'a.sock')
  const lock = await takeLock(path, 'ingest')
  assert.equal(await takeLock(path), null)
  assert.equal(await lockPurpose(path), 'ingest')
  await lock!.release()
  assert.equal(await lockPurpose(path), null)
})

test('of several that find the socket of a killed holder, one gets the lock', async () => {
  const folder = await scratchFolder()
  const left = join(folder, 'left.sock')
  leaveSocket(left)
  for (let round = 0; round < 24; round++) {
    const path = join(folder, `${round}.sock`)
    await link(left, path)
    const take = async (_: unknown, at: number) => {
      for (let turns = at * (round % 4); turns > 0; turns--) await nextTurn()
      return takeLock(path, 'replay')
    }
    const locks = await Promise.all(Array.from({ length: 8 }, take))
    const taken = locks.filter((lock) => lock !== null)
    assert.equal(taken.length, 1)
    assert.equal(await lockPurpose(path), 'replay')
    await taken[0]!.release()
  }
})
