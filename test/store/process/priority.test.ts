import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { RunningIngest, scratchFolder } from '../../processes.ts'

const priority = fileURLToPath(new URL('../../../store/process/priority.ts', import.meta.url))
const isLinux = process.platform === 'linux'

/**
 * Runs a module that prints JSON in a separate process, so that this one's priority does not change.
 */
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
  'lowers the priority of a process with all its threads, including later ones',
  { skip: !isLinux },
  () => {
    const found = run(`
    await readFile('/proc/self/stat')
    priority.lowerProcess(7)
    const worker = new Worker('setTimeout(() => {}, 60000)', { eval: true })
    await new Promise((resolve) => worker.once('online', resolve))
    console.log(JSON.stringify(named().map(([, nice]) => nice)))
    process.exit()
  `) as number[]
    assert.ok(found.length > 4, `${found.length} threads`)
    assert.deepEqual(new Set(found), new Set([7]))
  },
)

test('lowers the priority of one thread', { skip: !isLinux }, () => {
  const found = run(`
    const code = 'import { parentPort } from "node:worker_threads";' +
      'import { lowerThread } from ' + JSON.stringify(${JSON.stringify(priority)}) + ';' +
      'lowerThread(6); parentPort.postMessage("done"); setTimeout(() => {}, 60000)'
    const worker = new Worker(code, { eval: true })
    await new Promise((resolve) => worker.once('message', resolve))
    console.log(JSON.stringify(named()))
    process.exit()
  `) as [string, number][]
  assert.equal(found.filter(([, nice]) => nice === 6).length, 1)
  assert.ok(found.length > 4)
})

test('restores normal priority at the end, if the system allows it', { skip: !isLinux }, () => {
  const found = run(`
    const { setPriority } = await import('node:os')
    let mayRise = true
    setPriority(7)
    try { setPriority(0) } catch { mayRise = false }
    await readFile('/proc/self/stat')
    priority.lowerProcess(7)
    const after = new Set(named().map(([, niceness]) => niceness))
    priority.resetPriority()
    const again = new Set(named().map(([, niceness]) => niceness))
    console.log(JSON.stringify({ mayRise, after: [...after], again: [...again] }))
  `) as { mayRise: boolean; after: number[]; again: number[] }
  assert.deepEqual(found.after, [7])
  assert.deepEqual(found.again, [found.mayRise ? 0 : 7])
})

test(
  'ingest receives before it counts, and counts before it writes',
  { skip: !isLinux },
  async (t) => {
    const data = await scratchFolder()
    const ingest = await RunningIngest.start(data)
    try {
      // It answers a moment before it has set its priorities.
      await t.waitFor(() => {
        const niceness = nicenessByThread(ingest.pid)
        const counting = niceness.get('MainThread')!
        assert.equal(niceness.get('receiving'), 0)
        assert.ok(counting > 0, `${counting}`)
        assert.ok(niceness.get('archive')! > counting, `${niceness.get('archive')}`)
      })
    } finally {
      await ingest.stop()
    }
  },
)

function nicenessByThread(process: number): Map<string, number> {
  const folder = `/proc/${process}/task`
  const named = readdirSync(folder).map((thread): [string, number] => {
    const stat = readFileSync(`${folder}/${thread}/stat`, 'utf8')
    const nameEnd = stat.lastIndexOf(')')
    const fields = stat.slice(nameEnd + 2).split(' ')
    return [stat.slice(stat.indexOf('(') + 1, nameEnd), Number(fields[16])]
  })
  return new Map(named)
}
