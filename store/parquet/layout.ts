/**
 * The layout of the series on disk, below the series folder:
 *
 *     5m/host/2026-11-16T11-17.parquet      tier / measurement / period - version
 *     30m/host/2026-11-16-k2.parquet
 *     manifest.jsonl                        the list of valid files; no other file counts
 *     staging/                              where files are made
 *
 * One file holds one measurement of one tier for one period. Once the period has settled, its rows
 * are sorted by exporter, tags and time. Measured against time first (12 days of 1,000 hosts): 5.6
 * instead of 9.3 bytes a row, half the time for a few keys, and the same time for reading
 * everything.
 */
import type { Tier } from '../../flow/interval.ts'
import { coverageFields, coverageName } from '../coverage.ts'
import { figureNames, measurementNames, tagsOf, type MeasurementName } from '../measurement.ts'

export const manifestName = 'manifest.jsonl'
export const stagingFolder = 'staging'

/** What a file can hold: rows of a measurement, or the coverage of each exporter. */
export type TableName = MeasurementName | typeof coverageName
export const tableNames: readonly TableName[] = [...measurementNames, coverageName]

/** One published file. Times are unix ms. */
export interface SeriesEntry {
  /** Path below the series folder. */
  file: string
  tier: string
  table: TableName
  /** Its period, [from, to): the steps that begin in it are in no other file. */
  from: number
  to: number
  /** First and last step in it. */
  first: number
  last: number
  rows: number
  /** Size of the file. */
  bytes: number
}

/** The time range of one file. */
export interface Period {
  from: number
  to: number
  label: string
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/**
 * UTC calendar periods, with their minimum length and the number of characters of an ISO time that name
 * them.
 */
const calendar = {
  hour: { leastMs: hourMs, labelLength: 13, bounds: (t: number) => fixed(t, hourMs) },
  quarterDay: { leastMs: 6 * hourMs, labelLength: 13, bounds: (t: number) => fixed(t, 6 * hourMs) },
  day: { leastMs: dayMs, labelLength: 10, bounds: (t: number) => fixed(t, dayMs) },
  month: { leastMs: 28 * dayMs, labelLength: 7, bounds: (t: number) => months(t, 1) },
  year: { leastMs: 365 * dayMs, labelLength: 4, bounds: (t: number) => months(t, 12) },
} as const
type PeriodName = keyof typeof calendar

/**
 * Steps of a file that is still written to: every write makes it again, so it is kept short. Once
 * its period has settled, such files are joined into longer ones, so that queries open fewer.
 */
const openStepsMin = 12
const joinedStepsMin = 72
const settledStepsMin = 48
/**
 * How long after its end a period stays open to late flows before its files are joined, by its name.
 */
const settleMs: Record<PeriodName, number> = {
  hour: hourMs,
  quarterDay: hourMs,
  day: dayMs,
  month: 8 * dayMs,
  year: 8 * dayMs,
}

/** The period of the open file for a step of a tier. */
export function openPeriod(tier: Tier, step: number): Period {
  return period(openName(tier), step)
}

/**
 * The periods for which files are joined, shortest first, with the time (unix ms) from which they
 * are.
 */
export function joinedPeriods(tier: Tier, step: number): (Period & { settledAt: number })[] {
  const open = calendar[openName(tier)].leastMs
  const settled = shortest(['day', 'month', 'year'], tier.stepMs * settledStepsMin)
  const between = shortest(['quarterDay', 'day', 'month', 'year'], tier.stepMs * joinedStepsMin)
  const names =
    calendar[between].leastMs < calendar[settled].leastMs ? [between, settled] : [settled]
  return names
    .filter((name) => calendar[name].leastMs > open)
    .map((name) => {
      const found = period(name, step)
      return { ...found, settledAt: found.to + settleMs[name] }
    })
}

function openName(tier: Tier): PeriodName {
  return shortest(['hour', 'quarterDay', 'day', 'month', 'year'], tier.stepMs * openStepsMin)
}

function shortest(names: readonly PeriodName[], leastMs: number): PeriodName {
  return names.find((name) => calendar[name].leastMs >= leastMs) ?? 'year'
}

function period(name: PeriodName, t: number): Period {
  const { bounds, labelLength } = calendar[name]
  const [from, to] = bounds(t)
  return { from, to, label: new Date(from).toISOString().slice(0, labelLength) }
}

function fixed(t: number, lengthMs: number): [number, number] {
  const from = Math.floor(t / lengthMs) * lengthMs
  return [from, from + lengthMs]
}

function months(t: number, count: number): [number, number] {
  const date = new Date(t)
  const month = Math.floor(date.getUTCMonth() / count) * count
  const year = date.getUTCFullYear()
  return [Date.UTC(year, month), Date.UTC(year, month + count)]
}

/** A column of a file. All SQL that names columns is built from these tables, never from input. */
export interface Column {
  name: string
  type: 'VARCHAR' | 'TIMESTAMPTZ' | 'BIGINT' | 'INTEGER' | 'BOOLEAN'
}

/** The sort columns of a settled file. */
export function sortedBy(table: TableName): string[] {
  return ['exporter', ...(table === coverageName ? [] : tagsOf(table)), 'time']
}

/** Types of figures other than BIGINT. */
const figureTypes: Readonly<Record<string, Column['type']>> = {
  known: 'INTEGER',
  not_seen: 'INTEGER',
  not_listening: 'INTEGER',
  lost: 'INTEGER',
  exporter_restart: 'INTEGER',
  lost_flows_estimated: 'BOOLEAN',
  open_until: 'TIMESTAMPTZ',
}

/** All columns of a table's files. */
export function columnsOf(table: TableName, isConsolidatedTier: boolean): Column[] {
  const tags = table === coverageName ? [] : tagsOf(table)
  const figures = table === coverageName ? coverageFields : figureNames(isConsolidatedTier)
  return [
    { name: 'time', type: 'TIMESTAMPTZ' },
    { name: 'exporter', type: 'VARCHAR' },
    ...tags.map((name): Column => ({ name, type: 'VARCHAR' })),
    ...figures.map((name): Column => ({ name, type: figureTypes[name] ?? 'BIGINT' })),
  ]
}
