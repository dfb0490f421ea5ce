/**
 * A series store as a collector would have left it, generated with SQL instead of months of
 * traffic: the same files, periods and manifest as the writer makes. Figures follow Zipf's law over
 * hosts and a daily rhythm; the tiers are similar but are not each other's sums.
 *
 *     node test/bench/series-data.ts FOLDER [HOSTS]
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { intervalMs, type Tier } from '../../flow/interval.ts'
import { fieldNames, tagsOf, type MeasurementName } from '../../store/measurement.ts'
import { Manifest } from '../../store/manifest/manifest.ts'
import { Engine } from '../../store/parquet/engine.ts'
import {
  columnsOf,
  joinedPeriods,
  manifestName,
  openPeriod,
  sortedBy,
  stagingFolder,
  tableNames,
  type Period,
  type SeriesEntry,
  type TableName,
} from '../../store/parquet/layout.ts'
import { isConsolidated } from '../../store/shape.ts'
import { make, publish } from '../../store/parquet/publish.ts'

export interface SeriesDataOptions {
  folder: string
  /** End of the newest step, unix ms. */
  end: number
  hosts: number
  /** How far back each tier goes, ms. */
  tiers: readonly { tier: Tier; lengthMs: number }[]
  exporter?: string
  /** Absent: all. */
  tables?: readonly TableName[]
}

const dayMs = 86_400_000

/** The tiers of the default setting, as full as after a year of running. */
export const yearOfTiers: SeriesDataOptions['tiers'] = [
  { tier: { name: '5m', stepMs: intervalMs, keepMs: 90 * dayMs }, lengthMs: 30 * dayMs },
  { tier: { name: '30m', stepMs: 1_800_000, keepMs: 365 * dayMs }, lengthMs: 365 * dayMs },
  { tier: { name: '2h', stepMs: 7_200_000, keepMs: 3 * 365 * dayMs }, lengthMs: 365 * dayMs },
  { tier: { name: '1d', stepMs: dayMs, keepMs: 10 * 365 * dayMs }, lengthMs: 365 * dayMs },
]

/** Fills `folder` with series and returns the number of rows written. */
export async function makeSeriesData(options: SeriesDataOptions): Promise<number> {
  const { folder, end, tiers } = options
  await mkdir(join(folder, stagingFolder), { recursive: true, mode: 0o700 })
  const spillFolder = join(folder, stagingFolder, 'spill')
  const engine = await Engine.open({ threads: 2, memoryLimit: '1GB', folder, spillFolder })
  const manifest = await Manifest.open<SeriesEntry>(join(folder, manifestName))
  let rows = 0
  await engine.use(async (connection) => {
    for (const { tier, lengthMs } of tiers) {
      const from = Math.ceil((end - lengthMs) / tier.stepMs) * tier.stepMs
      const add: SeriesEntry[] = []
      for (const period of periodsOf(tier, from, end))
        for (const table of options.tables ?? tableNames) {
          const file = `${tier.name}/${table}/${period.label}-1.parquet`
          const range = { from: Math.max(from, period.from), to: Math.min(end, period.to) }
          const source = sourceOf(tier, table, { ...options, ...range })
          const made = await make(connection, { folder, file, table, source, comparesSums: false })
          if (!made) continue
          add.push({ file, tier: tier.name, table, from: period.from, to: period.to, ...made })
          rows += made.rows
        }
      await publish(
        folder,
        add.map(({ file }) => file),
      )
      await manifest.commit({ add, set: { sequence: 1 } })
    }
  })
  await manifest.close()
  await engine.close()
  return rows
}

/** Settled periods, and open ones for recent time. */
function periodsOf(tier: Tier, from: number, end: number): Period[] {
  const periods: Period[] = []
  for (let at = from; at < end;) {
    const joined = joinedPeriods(tier, at).filter(({ settledAt }) => settledAt <= end)
    const period = joined.at(-1) ?? openPeriod(tier, at)
    periods.push(period)
    at = Math.ceil(period.to / tier.stepMs) * tier.stepMs
  }
  return periods
}

/** The number of keys of a measurement, and the SQL of its tags from `k` (the key) and `d`. */
const keys: Record<
  MeasurementName,
  { count: (hosts: number) => number; directions: string[]; tags: Record<string, string> }
> = {
  total: { count: () => 1, directions: ['in', 'out', 'internal', 'transit'], tags: {} },
  interface: { count: () => 4, directions: ['in', 'out'], tags: { interface: '(k + 1)::VARCHAR' } },
  host: { count: (hosts) => hosts, directions: ['in', 'out'], tags: { host: hostSql('k') } },
  port: {
    count: () => 50,
    directions: ['in', 'out', 'internal', 'transit'],
    tags: { protocol: "if(k % 3 = 0, 'udp', 'tcp')", port: '(k * 17 + 22)::VARCHAR' },
  },
  protocol: {
    count: () => 4,
    directions: ['in', 'out', 'internal', 'transit'],
    tags: { protocol: "['tcp', 'udp', 'icmp', 'esp'][k + 1]" },
  },
  host_port: {
    count: (hosts) => hosts / 2,
    directions: ['in', 'out'],
    tags: { host: hostSql('k // 5'), protocol: "'tcp'", port: '(k % 5 * 100 + 43)::VARCHAR' },
  },
  counter: { count: () => 4, directions: ['in', 'out'], tags: { counter: '(k + 1)::VARCHAR' } },
  tracker: { count: () => 2, directions: ['in', 'out'], tags: { tracker: "'tracker' || k" } },
}

function hostSql(k: string): string {
  return `('10.' || ((${k}) // 62500) || '.' || ((${k}) // 250 % 250) || '.' || ((${k}) % 250 + 1))`
}

function sourceOf(
  tier: Tier,
  table: TableName,
  { from, to, hosts, exporter = '192.0.2.1' }: SeriesDataOptions & { from: number; to: number },
): string {
  const perStep = tier.stepMs / intervalMs
  const steps = `range(${Math.ceil(from / tier.stepMs)}, ${Math.ceil(to / tier.stepMs)}) AS steps(s)`
  const head = `to_timestamp(s * ${tier.stepMs / 1000}) AS time, '${exporter}' AS exporter`
  if (table === 'coverage') {
    const rest = { known: perStep, datagrams: perStep * 50 } as Record<string, number>
    const columns = columnsOf('coverage', false)
      .slice(2)
      .map(({ name, type }) => {
        const value =
          type === 'BOOLEAN' ? 'false' : type === 'TIMESTAMPTZ' ? 'NULL' : (rest[name] ?? 0)
        return `${value}::${type} AS ${name}`
      })
    return `SELECT ${head}, ${columns.join(', ')} FROM ${steps} ORDER BY time`
  }
  const { count, directions, tags } = keys[table]
  const tagColumns = tagsOf(table).map(
    (tag) => `${tag === 'direction' ? 'd' : tags[tag]!} AS ${tag}`,
  )
  const daily = `(1.2 + sin(s * ${(tier.stepMs / dayMs) * 2 * Math.PI}))`
  const noise = (salt: number) => `((hash(s * 1000003 + k * 7 + ${salt}) % 1000) / 1000.0)`
  const scale = { bytes: 4e8, packets: 4e5, flows: 2e3, active: 3e8 }
  const sums = fieldNames.map(
    (field, i) =>
      `(${scale[field] * perStep} / (1 + k) * ${daily} * (0.2 + ${noise(i)}) * if(d = 'in', 1, 0.3))::BIGINT AS ${field}`,
  )
  const coarse = fieldNames.map(
    (field) => `(${field} * 3 // ${perStep * 2} + 1)::BIGINT AS ${field}_max`,
  )
  const unknown = fieldNames.map((field) => `0::BIGINT AS ${field}_unknown`)
  const figures = isConsolidated(tier)
    ? [...coarse, ...unknown, `${perStep}::INTEGER AS known`]
    : []
  const cross = `FROM ${steps}, range(${Math.ceil(count(hosts))}) AS keys(k),
    (SELECT unnest(['${directions.join("', '")}']) AS d) AS directions`
  const order = sortedBy(table).join(', ')
  return `SELECT ${['*', ...figures].join(', ')} FROM
    (SELECT ${head}, ${tagColumns.join(', ')}, ${sums.join(', ')} ${cross}) ORDER BY ${order}`
}

/** End of the newest step of makeYearOfSeries, unix ms. */
export const seriesUntil = Date.UTC(2026, 10, 23, 12)

/** Fills `folder` with a year of this many hosts, and returns the number of rows written. */
export function makeYearOfSeries(folder: string, hosts: number): Promise<number> {
  // No query by host reads `host_port`, which would double the time this takes.
  const tables = tableNames.filter((table) => table !== 'host_port')
  return makeSeriesData({ folder, end: seriesUntil, hosts, tiers: yearOfTiers, tables })
}

if (import.meta.main) {
  const [folder, hosts = '1000'] = process.argv.slice(2)
  if (folder === undefined) throw new Error('name the series folder to fill: series-data.ts FOLDER')
  const began = performance.now()
  const rows = await makeYearOfSeries(folder, Number(hosts))
  const seconds = (performance.now() - began) / 1000
  process.stdout.write(`${rows} rows in ${seconds.toFixed(1)} s\n`)
}
