import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

const priority = fileURLToPath(new URL('../../store/priority.ts', import.meta.url))
const isLinux = process.platform === 'linux'

/** Runs a module in a process of its own, which prints JSON: this one's priority is not to change. */
function run(body: string): unknown {
  const head = `
    import { readdirSync, readFileSync } from 'node:fs'
    import { readFile } from 'node:fs/promises'
    import { Worker } from 'node:worker_threads'
    import * as priority from ${JSON.stringify(priority)}
    const statOf = (id) => readFileSync('/proc/self/task/' + id + '/stat', 'utf8')
    const nice = (id) => Number(statOf(id).slice(statOf(id).lastIndexOf(')') + 2).split(' ')[16])
    const named = () => readdirSync('/proc/self/task').map((id) => [readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim(), nice(id)])
  `
  const args = ['--no-warnings', '--input-type=module', '-e', head + body]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as unknown
}

test(
  'a process goes after others with all its threads, those that it makes later among them',
  { skip: !isLinux },
  () => {
    const found = run(`
    await readFile('/proc/self/stat')
    priority.goAfterOthers(7)
    const worker = new Worker('setTimeout(() => {}, 60000)', { eval: true })
    await new Promise((resolve) => worker.once('online', resolve))
    console.log(JSON.stringify(named().map(([, nice]) => nice)))
    process.exit()
  `) as number[]
    assert.ok(found.length > 4, `${found.length} threads`)
    assert.deepEqual(new Set(found), new Set([7]))
  },
)

test('a thread goes after the others of its process', { skip: !isLinux }, () => {
  const found = run(`
    const code = 'import { parentPort } from "node:worker_threads";' +
      'import { threadGoesAfterOthers } from ' + JSON.stringify(${JSON.stringify(priority)}) + ';' +
      'threadGoesAfterOthers(6); parentPort.postMessage("done"); setTimeout(() => {}, 60000)'
    const worker = new Worker(code, { eval: true })
    await new Promise((resolve) => worker.once('message', resolve))
    console.log(JSON.stringify(named()))
    process.exit()
  `) as [string, number][]
  assert.equal(found.filter(([, nice]) => nice === 6).length, 1)
  assert.ok(found.length > 4)
})

test('one that ends goes with others again, where the system allows it', { skip: !isLinux }, () => {
  const found = run(`
    const { setPriority } = await import('node:os')
    let mayRise = true
    setPriority(7)
    try { setPriority(0) } catch { mayRise = false }
    await readFile('/proc/self/stat')
    priority.goAfterOthers(7)
    const after = new Set(named().map(([, niceness]) => niceness))
    priority.goWithOthers()
    const again = new Set(named().map(([, niceness]) => niceness))
    console.log(JSON.stringify({ mayRise, after: [...after], again: [...again] }))
  `) as { mayRise: boolean; after: number[]; again: number[] }
  assert.deepEqual(found.after, [7])
  assert.deepEqual(found.again, [found.mayRise ? 0 : 7])
})
