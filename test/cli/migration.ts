/**
 * Moves an embedded store of generated flows and series to ClickHouse and back by `weir migrate`,
 * killed twice on the way. The result is counted from outside: in the files by DuckDB, in ClickHouse by
 * SQL, for each 5-minute interval of receipt and for each step of each tier.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { DuckDBInstance } from '@duckdb/node-api'

import { intervalMs } from '../../flow/interval.ts'
import { manifestName, type ArchiveEntry } from '../../store/archive/entry.ts'
import { ManifestReader } from '../../store/manifest/reader.ts'
import { fieldNames, measurementNames } from '../../store/measurement.ts'
import { tableNames, type SeriesEntry } from '../../store/parquet/layout.ts'
import { makeArchive } from '../bench/archive-data.ts'
import { makeSeriesData, yearOfTiers, type SeriesDataOptions } from '../bench/series-data.ts'
import { RunningClickHouse, type ClickHouseNode } from '../clickhouse.ts'
import { runWeir, scratchFolder } from '../processes.ts'

const dayMs = 86_400_000
export const weir = fileURLToPath(new URL('../../cli/weir.js', import.meta.url))
const phaseMsMax = 600_000

interface MigrationSize {
  flows: number
  days: number
  hosts: number
  /** The share of a year of series to generate, 0 to 1. */
  part: number
}

/** Shortens the tiers: the data ends before today, and steps beyond today's retention are not copied. */
const pastMs = 2 * dayMs

/** Generates a store of a size, and moves it to ClickHouse and back; what was moved how fast is a diagnostic. */
export async function migrateGenerated(t: TestContext, size: MigrationSize): Promise<void> {
  const nodes = await RunningClickHouse.start()
  t.after(() => nodes.remove())
  await nodes.setUp()
  const data = await scratchFolder()
  const made = await makeStore(data, size)
  t.diagnostic(JSON.stringify(made))
  for (const said of await migrateAndBack(nodes, data, made)) t.diagnostic(said)
}

/** Fills a data folder with flows and series that end yesterday at six in the morning: few hours have several files. */
async function makeStore(data: string, { flows, days, hosts, part }: MigrationSize) {
  const end = (Math.floor(Date.now() / dayMs) - 0.75) * dayMs
  const made = await makeArchive(join(data, 'archive'), { flows, days, until: end })
  const tiers: SeriesDataOptions['tiers'] = yearOfTiers.map(({ tier, lengthMs }) => ({
    tier,
    lengthMs: Math.ceil(((lengthMs - pastMs) * part) / tier.stepMs) * tier.stepMs,
  }))
  // Ports have 200 rows per step, however few the hosts.
  const tables = tableNames.filter((table) => table !== 'port')
  const rows = await makeSeriesData({ folder: join(data, 'series'), end, hosts, tiers, tables })
  return { flows: made.flows, files: made.files, rows }
}

/** Runs `weir migrate` until a condition holds in ClickHouse, and then kills it. */
export async function killWhen(
  environment: Record<string, string>,
  holds: () => Promise<boolean>,
): Promise<void> {
  const child = spawn(process.execPath, [weir, 'migrate', '--to', 'clickhouse'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const closed = once(child, 'close')
  const deadline = performance.now() + phaseMsMax
  while (!(await holds()) && performance.now() < deadline) await sleep(20)
  assert.equal(child.exitCode, null, 'it had ended before it could be killed')
  child.kill('SIGKILL')
  await closed
}

/** Rows with their counts, as text, from the files in a manifest. */
async function askFiles(files: readonly string[], sql: (source: string) => string) {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GiB' })
  const connection = await instance.connect()
  try {
    const list = files.map((file) => `'${file}'`).join(', ')
    const reader = await connection.runAndReadAll(
      sql(`read_parquet([${list}], union_by_name = true)`),
    )
    return reader.getRows().map((row) => row.map(String).join('\t'))
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** For each interval of receipt: flows, bytes and packets in the archive. */
export async function archiveIntervals(data: string): Promise<string[]> {
  const folder = join(data, 'archive')
  const entries = await new ManifestReader<ArchiveEntry>(join(folder, manifestName)).entries()
  return askFiles(
    entries.map(({ file }) => join(folder, file)),
    (source) => `SELECT epoch_ms("collectionTimeMilliseconds") // ${intervalMs} AS slot, count(*),
      sum("octetDeltaCount"::HUGEINT * "samplingInterval"), sum("packetDeltaCount"::HUGEINT * "samplingInterval")
      FROM ${source} GROUP BY slot ORDER BY slot`,
  )
}

/** The same for the valid rows in ClickHouse. */
export async function clickHouseIntervals(node: ClickHouseNode): Promise<string[]> {
  const answer =
    await node.ask(`SELECT intDiv(toUnixTimestamp64Milli(collectionTimeMilliseconds), ${intervalMs}) AS slot, count(),
      sum(toInt128(octetDeltaCount) * samplingInterval), sum(toInt128(packetDeltaCount) * samplingInterval)
    FROM weir.flows WHERE (interval, file) IN (SELECT interval, file FROM weir.flow_files FINAL WHERE is_live = 1)
    GROUP BY slot ORDER BY slot`)
  return answer.split('\n')
}

const tierNames = yearOfTiers.map(({ tier }) => tier.name)
const sums = fieldNames.map((field) => `sum(${field})`).join(', ')

/** For each step and measurement of each tier: rows and sums in the files. */
export async function seriesSteps(data: string): Promise<string[]> {
  const folder = join(data, 'series')
  const entries = await new ManifestReader<SeriesEntry>(join(folder, manifestName)).entries()
  const all: string[] = []
  for (const tier of tierNames)
    for (const measurement of [...measurementNames].sort()) {
      const files = entries
        .filter((entry) => entry.tier === tier && entry.table === measurement)
        .map(({ file }) => join(folder, file))
      if (files.length === 0) continue
      const found = await askFiles(
        files,
        (source) =>
          `SELECT '${tier}', '${measurement}', epoch_ms(time) // 1000 AS slot, count(*), ${sums} FROM ${source} GROUP BY slot ORDER BY slot`,
      )
      for (const line of found) all.push(line)
    }
  return all
}

/** The same in ClickHouse. */
export async function clickHouseSteps(node: ClickHouseNode): Promise<string[]> {
  const all: string[] = []
  for (const tier of tierNames) {
    const answer =
      await node.ask(`SELECT '${tier}', measurement, toUnixTimestamp(time) AS slot, count(), ${sums}
      FROM weir.series_${tier} FINAL WHERE measurement != 'coverage' GROUP BY measurement, slot ORDER BY measurement, slot`)
    if (answer !== '') for (const line of answer.split('\n')) all.push(line)
  }
  return all
}

/** Compares hundreds of thousands of lines; shows only the first that differ. */
function assertSame(found: readonly string[], expected: readonly string[]): void {
  const differing = expected.flatMap((line, i) => (found[i] === line ? [] : [[line, found[i]]]))
  assert.deepEqual([found.length, differing.slice(0, 5)], [expected.length, []])
}

/** To ClickHouse, killed among the flows and among the series, and back; returns the reported rates. */
async function migrateAndBack(
  nodes: RunningClickHouse,
  data: string,
  made: { flows: number; files: number; rows: number },
): Promise<string[]> {
  const node = nodes.nodes[0]!
  const environment = { ...nodes.environment(), WEIR_STORE: 'parquet', WEIR_DATA: data }
  const count = async (table: string) => Number(await node.ask(`SELECT count() FROM weir.${table}`))
  await killWhen(environment, async () => (await count('flow_files')) >= made.files / 3)
  assert.ok((await count('flow_files')) < made.files)
  await killWhen(environment, async () => (await count('series_5m')) > 0)
  const there = await runWeir(['migrate', '--to', 'clickhouse'], environment)
  assert.equal(there.code, 0, there.stderr)
  assert.match(
    there.stdout,
    /: [1-9]\d* steps, /,
    'nothing was left to copy: it was not killed on the way',
  )
  assert.doesNotMatch(there.stdout, /incomplete there|ClickHouse only|are kept/)
  assert.match(there.stdout, new RegExp(`${made.files} files with ${made.flows} flows, `))
  const intervals = await archiveIntervals(data)
  assertSame(await clickHouseIntervals(node), intervals)
  const steps = await seriesSteps(data)
  assertSame(await clickHouseSteps(node), steps)

  await rename(join(data, 'series'), join(data, 'series-before'))
  const back = await runWeir(['migrate', '--to', 'parquet'], environment)
  assert.equal(back.code, 0, back.stderr)
  assert.match(back.stdout, new RegExp(`${made.files} files with ${made.flows} flows, `))
  assertSame(await seriesSteps(data), steps)
  const said = [
    `${intervals.length} intervals of flows and ${steps.length} measurements of steps compared`,
  ]
  for (const line of `${there.stdout}\n${back.stdout}`.split('\n'))
    if (/ a second\)|are equal/.test(line)) said.push(line)
  return said
}
