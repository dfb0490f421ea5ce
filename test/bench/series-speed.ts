/**
 * How long the series store takes for what /api/series needs by host: top 8, their rows, the whole
 * and the coverage, one after the other.
 *
 *     node test/bench/series-speed.ts FOLDER     a folder filled by series-data.ts
 */
import { openParquetSeriesReader } from '../../store/parquet/series.ts'
import type { SeriesReader } from '../../store/series.ts'
import { yearOfTiers } from './series-data.ts'

const dayMs = 86_400_000
const rounds = 21

/** Windows and the tiers that answer them. */
const windows = [
  { name: '24 h at 5m', tier: yearOfTiers[0]!.tier, lengthMs: dayMs },
  { name: '14 d at 30m', tier: yearOfTiers[1]!.tier, lengthMs: 14 * dayMs },
  { name: '60 d at 2h', tier: yearOfTiers[2]!.tier, lengthMs: 60 * dayMs },
  { name: '1 year at 1d', tier: yearOfTiers[3]!.tier, lengthMs: 365 * dayMs },
]

interface SeriesSpeed {
  name: string
  /** ms */
  median: number
  p95: number
  /** CPU time of the process per round, ms. */
  cpu: number
}

export async function measureSeries(folder: string): Promise<SeriesSpeed[]> {
  const series = await openParquetSeriesReader(folder, { holdsFiles: true })
  const speeds: SeriesSpeed[] = []
  for (const { name, tier, lengthMs } of windows) {
    const extent = await series.extent(tier)
    if (!extent) continue
    const to = extent.to + tier.stepMs
    const range = { tier, from: to - Math.ceil(lengthMs / tier.stepMs) * tier.stepMs, to }
    await askByHost(series, range)
    const times: number[] = []
    const began = process.cpuUsage()
    for (let round = 0; round < rounds; round++) {
      const started = performance.now()
      await askByHost(series, range)
      times.push(performance.now() - started)
    }
    const { user, system } = process.cpuUsage(began)
    times.sort((a, b) => a - b)
    const at = (share: number) => times[Math.ceil(share * rounds) - 1]!
    speeds.push({ name, median: at(0.5), p95: at(0.95), cpu: (user + system) / 1000 / rounds })
  }
  await series.close()
  return speeds
}

async function askByHost(
  series: SeriesReader,
  range: Parameters<SeriesReader['coverage']>[0],
): Promise<void> {
  const host = { ...range, measurement: 'host' as const, by: ['host'] as const }
  const fields = ['bytes'] as const
  const top = await series.top({ ...host, order: 'bytes', limit: 8, fields })
  const keys = top.map(({ key }) => key)
  await series.read({ ...host, keys, fields, rest: false })
  await series.read({ ...range, measurement: 'total', by: [], keys: [], fields })
  await series.coverage(range)
}

if (process.argv[1] === import.meta.filename) {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) throw new Error('name the series folder to ask: series-speed.ts FOLDER')
  for (const { name, median, p95, cpu } of await measureSeries(folder))
    process.stdout.write(
      `${name.padEnd(14)} median ${median.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, CPU ${cpu.toFixed(0)} ms\n`,
    )
}
