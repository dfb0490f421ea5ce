/**
 * A year of 5-minute values with gaps, through the consolidator and through rrdtool with the same
 * steps and the same share of unknown intervals (xff 0.5): the same maxima, and averages within 1e-9.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'

import { Consolidator } from '../../../ingest/consolidate/consolidator.ts'
import { RedoList } from '../../../ingest/consolidate/redo.ts'
import type { Tier } from '../../../flow/interval.ts'
import { openParquetSeries } from '../../../store/parquet/series.ts'
import type { SeriesStore, StepRows } from '../../../store/series.ts'
import { scratchFolder } from '../../processes.ts'
import { coverageOf, dayMs, stepOf, tiers } from '../../store/series-rows.ts'

const fine = tiers['5m']
/** The tiers keep the whole year here; retention has its own tests. */
const allTiers = Object.values(tiers).map((tier) => ({ ...tier, keepMs: 400 * dayMs }))
const days = 365
const origin = Date.UTC(2025, 10, 17)
const intervals = days * 288
const xff = 0.5
const intervalSeconds = fine.stepMs / 1000
const exporter = '192.0.2.1'
const isMissing = spawnFails('rrdtool')

/**
 * The contents of each interval: bytes, and whether it is known. Known ones are a rate; unknown ones may hold some
 * bytes.
 */
function syntheticYear(): { bytes: number; isKnown: boolean }[] {
  let seed = 20_261_116
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  let gap = 0
  return Array.from({ length: intervals }, (_, i) => {
    // Gaps of one interval up to days, so that every share of a step is missing somewhere.
    if (gap === 0 && random() < 0.003) gap = Math.ceil(random() ** 4 * 600)
    const isKnown = gap === 0
    if (!isKnown) gap--
    const daily = 1 + Math.sin((i / 288) * 2 * Math.PI)
    const burst = random() < 0.002 ? 50 : 1
    const bytes = Math.floor(daily * burst * random() * 1e9)
    return { bytes: isKnown || random() < 0.3 ? bytes : 0, isKnown }
  })
}

test(
  'a year is consolidated the same as by rrdtool',
  { skip: isMissing && 'rrdtool is missing: apt-get install rrdtool' },
  async () => {
    const folder = await scratchFolder()
    const year = syntheticYear()
    const store = await openParquetSeries(join(folder, 'series'))
    await consolidateYear(store, folder, year)
    const rrd = join(folder, 'year.rrd')
    await rrdtoolYear(rrd, year)
    for (const tier of allTiers.slice(1)) {
      const average = fetch(rrd, 'AVERAGE', tier)
      const most = fetch(rrd, 'MAX', tier)
      const own = await ownValues(store, tier)
      const count = (days * dayMs) / tier.stepMs
      let [known, gaps] = [0, 0]
      for (let i = 0; i < count; i++) {
        const time = origin + i * tier.stepMs
        const [a, m] = [average.get(time), most.get(time)]
        const mine = own.get(time) ?? null
        assert.ok(a !== undefined && m !== undefined, `rrdtool has no row for ${time}`)
        if (mine === null || a === null || m === null) {
          assert.deepEqual([mine, a, m], [null, null, null], `${tier.name} ${i}`)
          gaps++
          continue
        }
        known++
        // rrdtool prints eleven digits.
        assert.equal(mine.most.toExponential(10), m.toExponential(10), `${tier.name} ${i} MAX`)
        assert.ok(Math.abs(mine.average - a) <= 1e-9 * Math.abs(a), `${tier.name} ${i} AVERAGE`)
      }
      assert.ok(known > count / 2 && gaps > 0, `${tier.name}: ${known} known, ${gaps} gaps`)
    }
    await store.close()
  },
)

async function consolidateYear(
  store: SeriesStore,
  folder: string,
  year: readonly { bytes: number; isKnown: boolean }[],
): Promise<void> {
  const redo = await RedoList.open(join(folder, 'redo.jsonl'), allTiers.slice(1))
  const consolidator = new Consolidator({
    store,
    tiers: allTiers,
    redo,
    top: 1000,
    isLocal: () => false,
  })
  const steps = year.map(({ bytes, isKnown }, i): StepRows => {
    const coverage = coverageOf(origin + i * fine.stepMs, exporter, {
      known: isKnown ? 1 : 0,
      unknown: isKnown ? {} : { lost: 1 },
    })
    return stepOf(coverage, bytes > 0 ? { total: [{ direction: 'in', bytes }] } : {})
  })
  await consolidator.intervalsWritten(steps.map(({ coverage }) => coverage.time))
  await store.write(fine, steps)
  await consolidator.run(origin + days * dayMs, { isComplete: true })
  await consolidator.close()
}

/**
 * AVERAGE and MAX of each step in bytes per second, as the API computes them from stored figures.
 */
async function ownValues(
  store: SeriesStore,
  tier: Tier,
): Promise<Map<number, { average: number; most: number } | null>> {
  const range = { tier, from: origin, to: origin + days * dayMs }
  const read = await store.read({
    ...range,
    measurement: 'total',
    by: ['direction'],
    keys: [{ direction: 'in' }],
  })
  const rows = new Map(Array.from(read.time, (time, row) => [time, row]))
  const values = new Map<number, { average: number; most: number } | null>()
  for (const { time, known } of await store.coverage(range)) {
    const row = rows.get(time)
    const isKnown = known >= (tier.stepMs / fine.stepMs) * xff
    if (!isKnown) values.set(time, null)
    else if (row === undefined) values.set(time, { average: 0, most: 0 })
    else {
      const sum = read.sum.bytes[row]! - read.unknown.bytes[row]!
      const average = sum / (read.known[row]! * intervalSeconds)
      values.set(time, { average, most: read.max.bytes[row]! / intervalSeconds })
    }
  }
  return values
}

/** Feeds the year to rrdtool: one gauge value per interval, U if unknown. */
async function rrdtoolYear(
  rrd: string,
  year: readonly { bytes: number; isKnown: boolean }[],
): Promise<void> {
  const archives = allTiers.slice(1).flatMap(({ stepMs }) => {
    const rows = (days * dayMs) / stepMs + 2
    return ['AVERAGE', 'MAX'].map((cf) => `RRA:${cf}:${xff}:${stepMs / fine.stepMs}:${rows}`)
  })
  const start = String(origin / 1000)
  const data = `DS:rate:GAUGE:${intervalSeconds}:U:U`
  execFileSync('rrdtool', [
    'create',
    rrd,
    '--step',
    String(intervalSeconds),
    '--start',
    start,
    data,
    ...archives,
  ])
  const child = spawn('rrdtool', ['-'], { stdio: ['pipe', 'ignore', 'inherit'] })
  const batch = 500
  for (let i = 0; i < year.length; i += batch) {
    const updates = year.slice(i, i + batch).map(({ bytes, isKnown }, j) => {
      const end = origin / 1000 + (i + j + 1) * intervalSeconds
      return `${end}:${isKnown ? bytes / intervalSeconds : 'U'}`
    })
    child.stdin.write(`update ${rrd} ${updates.join(' ')}\n`)
  }
  child.stdin.end()
  const [code] = (await once(child, 'close')) as [number]
  assert.equal(code, 0)
}

/** Rows of an archive by the start of their step (unix ms): rrdtool names a row by its end. */
function fetch(rrd: string, cf: string, tier: Tier): Map<number, number | null> {
  const [start, end] = [origin / 1000, origin / 1000 + days * 86_400]
  const text = execFileSync(
    'rrdtool',
    [
      'fetch',
      rrd,
      cf,
      '-r',
      String(tier.stepMs / 1000),
      '-s',
      String(start),
      '-e',
      String(end - 1),
    ],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  )
  const rows = [...text.matchAll(/^(\d+): (\S+)$/gm)]
  return new Map(
    rows.map(([, at, value]) => {
      const number = Number(value!.replace('-nan', 'nan'))
      return [Number(at) * 1000 - tier.stepMs, Number.isNaN(number) ? null : number]
    }),
  )
}

function spawnFails(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return true
  }
}
