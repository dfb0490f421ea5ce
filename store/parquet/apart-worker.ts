/** The process that writes and queries the series: see apart.ts. */
import { setTimeout as sleep } from 'node:timers/promises'

import { answerParent } from '../process/worker-process.ts'
import { limitFreedMemory } from '../process/freed-memory.ts'
import { takeLock, type Lock } from '../disk/lock.ts'
import { besideNiceness, lowerProcess } from '../process/priority.ts'
import type { StepRows } from '../series.ts'
import type { ApartAnswers, ApartRequest, Opening } from './apart.ts'
import { openParquetSeries } from './series.ts'
import type { ParquetSeries } from './store.ts'

/** A process whose parent was killed ends by itself at once. */
const lockWaitMs = 50
const lockTriesMax = 600
/** Rows handed over at once. */
const rowsAtOnce = 20_000

let store: ParquetSeries | null = null
const readings = new Map<number, AsyncIterator<StepRows>>()

async function open({ folder, lock, isClean }: Opening): Promise<null> {
  await lockAt(lock)
  store = await openParquetSeries(folder, { isClean })
  return null
}

async function lockAt(path: string): Promise<Lock> {
  for (let tries = 0; tries < lockTriesMax; tries++) {
    const lock = await takeLock(path)
    if (lock) return lock
    await sleep(lockWaitMs)
  }
  throw new Error(`${path}: another process still writes the series`)
}

async function next(reading: number): Promise<StepRows[] | null> {
  const steps: StepRows[] = []
  const from = readings.get(reading)!
  for (let rows = 0; rows < rowsAtOnce;) {
    const step = await from.next()
    if (step.done === true) break
    steps.push(step.value)
    rows += step.value.measurements.reduce((sum, { count }) => sum + count, 1)
  }
  return steps.length === 0 ? null : steps
}

lowerProcess(besideNiceness)
await limitFreedMemory()
answerParent<ApartRequest, ApartAnswers>({
  open,
  write: ({ tier, steps }) => store!.write(tier, steps).then(() => null),
  coverage: ({ range }) => store!.coverage(range),
  top: ({ query }) => store!.top(query),
  read: ({ query }) => store!.read(query),
  extent: ({ tier }) => store!.extent(tier),
  expire: ({ tier, before }) => store!.expire(tier, before).then(() => null),
  begin: ({ reading, range }) => {
    readings.set(reading, store!.steps(range)[Symbol.asyncIterator]())
    return null
  },
  next: ({ reading }) => next(reading),
  leave: async ({ reading }) => {
    await readings.get(reading)?.return?.()
    readings.delete(reading)
    return null
  },
  end: async () => {
    await store?.close()
    setImmediate(() => process.disconnect())
    return store?.unjoinedIn ?? {}
  },
})
