/** The embedded store in a separate process: the contract, and what happens when either process is killed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { SeriesApart } from '../../../store/parquet/apart.ts'
import type { StepRows } from '../../../store/series.ts'
import { treeOf } from '../../load/usage.ts'
import { scratchFolder } from '../../processes.ts'
import { seriesContract } from '../series-contract.ts'
import { coverageOf, dayMs, plain, stepOf, tiers } from '../series-rows.ts'

const origin = Date.UTC(2026, 10, 16)
const tier = tiers['5m']
const exporter = '192.0.2.1'
const range = { tier, from: origin, to: origin + dayMs, exporter }

const openAt = (data: string) =>
  SeriesApart.open({ folder: join(data, 'series'), lock: join(data, 'run', 'series.sock') })

function steps(count: number, bytes: number): StepRows[] {
  return Array.from({ length: count }, (_, i) =>
    stepOf(coverageOf(origin + i * tier.stepMs, exporter), { total: [{ direction: 'in', bytes }] }),
  )
}

async function stored(store: SeriesApart): Promise<StepRows[]> {
  const found: StepRows[] = []
  for await (const step of store.steps(range)) found.push(step)
  return found
}

/** The process that this one has started, as soon as it exists. */
async function processOf(): Promise<number> {
  for (;;) {
    const [, begun] = await treeOf(process.pid)
    if (begun !== undefined) return begun
    await sleep(10)
  }
}

async function isGone(pid: number): Promise<boolean> {
  for (let i = 0; i < 500; i++) {
    if ((await treeOf(process.pid)).includes(pid)) await sleep(10)
    else return true
  }
  return false
}

seriesContract(
  'Parquet in a process of its own',
  async () => {
    const folder = await scratchFolder()
    let store = await openAt(folder)
    return {
      store,
      reopen: async () => {
        await store.close()
        return (store = await openAt(folder))
      },
      remove: () => rm(folder, { recursive: true }),
    }
  },
  { origin, runs: 3 },
)

test('the process ends when idle, and another continues', async () => {
  const folder = await scratchFolder()
  const store = await openAt(folder)
  await store.write(tier, steps(3, 10))
  const first = await processOf()
  assert.ok(await isGone(first), 'it ends by itself')
  assert.deepEqual(plain(await stored(store)), plain(steps(3, 10)))
  assert.notEqual(await processOf(), first)
  const reading = store.steps(range)
  await reading.next()
  await sleep(1500)
  assert.equal((await reading.next()).value?.coverage.time, origin + tier.stepMs, 'not while something is read') // prettier-ignore
  await reading.return(undefined)
  await store.close()
  assert.deepEqual(await treeOf(process.pid), [process.pid])
})

test('killing the process fails its requests, and the next one repairs what it left', async () => {
  const folder = await scratchFolder()
  const store = await openAt(folder)
  await store.write(tier, steps(2, 10))
  const left = join(folder, 'series', 'staging', 'half.part')
  await writeFile(left, '')
  const writing = store.write(tier, steps(200, 20))
  process.kill(await processOf(), 'SIGKILL')
  await assert.rejects(writing, /series has ended/)
  assert.deepEqual(plain(await stored(store)), plain(steps(2, 10)))
  await store.write(tier, steps(2, 30))
  assert.deepEqual(plain(await stored(store)), plain(steps(2, 30)))
  await assert.rejects(rm(left), /ENOENT/)
  await store.close()
})

test('a killed parent takes the process along, and the next one writes alone', async () => {
  const folder = await scratchFolder()
  const code = `
    import { SeriesApart } from '${new URL('../../../store/parquet/apart.ts', import.meta.url).href}'
    await SeriesApart.open({ folder: '${join(folder, 'series')}', lock: '${join(folder, 'run', 'series.sock')}' })
    console.log('open')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] }) // prettier-ignore
  await once(child.stdout, 'data')
  const [, begun] = await treeOf(child.pid!)
  assert.ok(begun !== undefined)
  child.kill('SIGKILL')
  const store = await openAt(folder)
  const state = await readFile(`/proc/${begun}/stat`, 'utf8').catch(() => ') Z')
  assert.match(state, /\) Z/, 'the one before is gone, but for what its parent is told of it')
  await store.write(tier, steps(2, 10))
  await store.close()
})

test('a folder that cannot be opened gives an error with the reason, each time', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'series'), '')
  for (let i = 0; i < 2; i++) await assert.rejects(openAt(folder), /series: .*EEXIST|series: .*ENOTDIR/) // prettier-ignore
  for (const pid of (await treeOf(process.pid)).slice(1)) assert.ok(await isGone(pid))
})

test('a period whose files cannot be joined says why, and later ones are joined', async (t) => {
  const data = await scratchFolder()
  const store = await openAt(data)
  t.after(() => store.close())
  const folder = join(data, 'series', '5m', 'total')
  const write = (time: number) =>
    store.write(tier, [
      stepOf(coverageOf(time, exporter), { total: [{ direction: 'in', bytes: 1 }] }),
    ])
  const labels = async () =>
    (await readdir(folder)).map((file) => file.slice(0, file.lastIndexOf('-')))
  const ended = async () => assert.ok(await isGone(await processOf()))
  const hoursMs = 12 * tier.stepMs
  await write(origin)
  await write(origin + hoursMs)
  assert.equal(store.unjoined(), null)
  // Whole, and of another table.
  const [first] = await readdir(folder)
  const [coverage] = await readdir(join(data, 'series', '5m', 'coverage'))
  const total = await readFile(join(folder, first!))
  await copyFile(join(data, 'series', '5m', 'coverage', coverage!), join(folder, first!))
  for (const hour of [24, 25, 26, 96]) await write(origin + hour * hoursMs)
  await ended()
  assert.match(store.unjoined() ?? '', /^5m of 2026-11-16: .*"direction" not found/)
  assert.ok(!store.unjoined()!.includes(data))
  assert.ok((await labels()).includes('2026-11-17'), (await labels()).join())
  await writeFile(join(folder, first!), total)
  await write(origin + 97 * hoursMs)
  await ended()
  assert.equal(store.unjoined(), null)
  assert.ok((await labels()).includes('2026-11-16'), (await labels()).join())
})
