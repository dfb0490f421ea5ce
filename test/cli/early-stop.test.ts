/** `weir start` that is stopped or killed while its two processes are still loading. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'

import { spawnStart } from '../processes.ts'
import { until } from '../until.ts'

const left = new Set<number>()
after(() => {
  for (const pid of left) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL')
})

/** A start whose two processes exist, but cannot have begun to listen to signals. */
async function startedJustNow() {
  const child = await spawnStart({ WEIR_LOG: 'error' })
  const all = () =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')
  // Others may build the page.
  const own = () =>
    all().filter((pid) => existsSync(`/proc/${pid}/cmdline`) && /weir\.js\0(ingest|api)\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))) // prettier-ignore
  await until(() => own().length === 2)
  const children = own().map(Number)
  for (const pid of children) left.add(pid)
  return { child, children }
}

const isLinux = process.platform === 'linux'

test('a stop while both processes are loading is no failure', { skip: !isLinux }, async () => {
  const { child, children } = await startedJustNow()
  const said = child.stderr!.toArray()
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
  assert.doesNotMatch((await said).join(''), /failed|Error/)
  for (const pid of children) assert.ok(!existsSync(`/proc/${pid}`))
})

test(
  'killed while both processes are loading, it leaves none behind: they stop as if told to',
  { skip: !isLinux },
  async () => {
    const { child, children } = await startedJustNow()
    const said = child.stderr!.toArray()
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    await until(() => !children.some((pid) => existsSync(`/proc/${pid}`)))
    assert.doesNotMatch((await said).join(''), /failed|Error/)
  },
)
