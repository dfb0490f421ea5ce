/** The beginning of every question about series: which rows of a tier count. */
import type { Tier } from '../../flow/interval.ts'
import { coverageName } from '../coverage.ts'
import { measurementNames, type MeasurementName } from '../measurement.ts'
import type { SeriesRange, StepView } from '../series.ts'
import { isConsolidated } from '../shape.ts'
import type { Connection, Values } from './connection.ts'
import {
  figureColumns,
  documentsTable,
  filesTable,
  flowsTable,
  incidentsTable,
  localName,
  seriesTable,
} from './schema.ts'
import { logsTable, stateTable } from './state-spec.ts'

/** Where the series are, and how they are reached. */
export interface ClickHouseSource {
  connection: Connection
  /** Rows of other writers are left out; absent: all count. */
  writer?: string
  /** Rows of this writer are left out. */
  otherThan?: string
}

export interface Selection {
  sql: string
  values: Values
}

/** A tier's table, as it spans all nodes and as each node has it. */
export function tableOf(
  { database, cluster }: Connection,
  tier: { name: string },
): { whole: string; local: string } {
  const name = seriesTable(tier)
  return {
    whole: `${database}.${name}`,
    local: `${database}.${localName(name, cluster)}`,
  }
}

/** Asks for the columns of all tables as this version needs them. @throws ClickHouseFault where one is missing */
export async function lookAtTables(connection: Connection, tiers: readonly Tier[]): Promise<void> {
  for (const tier of tiers)
    await connection.read({
      sql: `SELECT ${figureColumns(isConsolidated(tier)).join(', ')} FROM ${tableOf(connection, tier).whole} WHERE measurement = ''`,
    })
  const others = [flowsTable, filesTable, documentsTable, incidentsTable, stateTable, logsTable]
  for (const table of others)
    await connection.read({ sql: `SELECT * FROM ${connection.database}.${table} LIMIT 0` })
}

/**
 * Rows of coverage in a range: of each step of an exporter and writer the newest, and in coarser tiers
 * of each step the one that counts.
 */
export function coverageRows(source: ClickHouseSource, range: SeriesRange): Selection {
  const { whole } = tableOf(source.connection, range.tier)
  const counting = isOneOfWriters(source, range) ? ` AND ${countingSql(source, range)}` : ''
  return {
    sql: `FROM ${whole} FINAL WHERE measurement = {coverage:String} AND ${inRange(source, range)}${counting}`,
    values: { ...rangeValues(source, range), coverage: coverageName },
  }
}

/**
 * Rows of a measurement in a range, or of all of them. Of each step those of its newest version count: rows that are no
 * more in it have an older one. A step lies whole in one shard, so each node tells this by itself.
 * Of 5-minute steps each writer has its part; a coarser one was made by each writer of the parts of all.
 */
export function rowsOf(
  source: ClickHouseSource,
  range: SeriesRange,
  measurement: MeasurementName | null,
): Selection {
  const { whole } = tableOf(source.connection, range.tier)
  const asked = measurement === null ? [...measurementNames] : [measurement]
  return {
    sql: `FROM ${whole} FINAL WHERE measurement IN {measurements:Array(String)} AND ${inRange(source, range)}
      AND ${countingSql(source, range)}`,
    values: { ...rangeValues(source, range), measurements: asked, coverage: coverageName },
  }
}

/** Whether of the writers of a step only one counts. */
function isOneOfWriters({ writer, otherThan }: ClickHouseSource, { tier }: SeriesRange): boolean {
  return isConsolidated(tier) && writer === undefined && otherThan === undefined
}

/** The condition that a row is of a version that counts. */
function countingSql(source: ClickHouseSource, range: SeriesRange): string {
  const { local } = tableOf(source.connection, range.tier)
  const newest = `FROM ${local} WHERE measurement = {coverage:String} AND ${inRange(source, range)}`
  return isOneOfWriters(source, range)
    ? `(time, exporter, writer, version) IN (
        SELECT time, exporter, counting.1, counting.2 FROM (
          SELECT time, exporter, argMax((writer, version), (seen, version, writer)) AS counting ${newest}
          GROUP BY time, exporter))`
    : `(time, exporter, writer, version) IN (
        SELECT time, exporter, writer, max(version) ${newest} GROUP BY time, exporter, writer)`
}

function inRange({ writer, otherThan }: ClickHouseSource, { exporters }: SeriesRange): string {
  const conditions = ['time >= {from:DateTime}', 'time < {to:DateTime}']
  if (exporters) conditions.push('exporter IN {exporters:Array(String)}')
  if (writer !== undefined) conditions.push('writer = {writer:String}')
  if (otherThan !== undefined) conditions.push('writer <> {otherThan:String}')
  return conditions.join(' AND ')
}

/** What ClickHouse's DateTime can say: seconds of 32 bits; a number of fewer than 5 digits it does not take for one. */
const [secondsMin, secondsMax] = [86_400, 2 ** 32 - 1]

/** A time (unix ms) as a DateTime that ClickHouse can read. */
export function dateTimeOf(ms: number): number {
  return Math.min(Math.max(secondsMin, Math.ceil(ms / 1000)), secondsMax)
}

function rangeValues(
  { writer, otherThan }: ClickHouseSource,
  { from, to, exporters }: SeriesRange,
): Values {
  return {
    from: dateTimeOf(from),
    to: dateTimeOf(to),
    ...(exporters ? { exporters: [...exporters] } : {}),
    ...(writer === undefined ? {} : { writer }),
    ...(otherThan === undefined ? {} : { otherThan }),
  }
}

/** First and last step of a tier, unix ms; null where it is empty. */
export async function readExtent(
  { connection }: ClickHouseSource,
  tier: Tier,
): Promise<{ from: number; to: number } | null> {
  const answer = await connection.read({
    sql: `SELECT count() AS count, toUnixTimestamp(min(time)) AS first, toUnixTimestamp(max(time)) AS last
      FROM ${tableOf(connection, tier).whole} WHERE measurement = {coverage:String}`,
    values: { coverage: coverageName },
  })
  if (answer.numbers('count')[0] === 0) return null
  return { from: answer.numbers('first')[0]! * 1000, to: answer.numbers('last')[0]! * 1000 }
}

/** How the 5-minute steps of a range stand, over all writers; `own` is the one that asks. */
export async function readViews(
  { connection }: ClickHouseSource,
  range: SeriesRange,
  own: string,
): Promise<StepView[]> {
  const source = { connection }
  const answer = await connection.read({
    sql: `SELECT toUnixTimestamp(time) AS t, exporter, sum(newest) AS seen, max(writer <> {own:String}) AS is_shared
      FROM (SELECT time, exporter, writer, max(version) AS newest FROM ${tableOf(connection, range.tier).whole}
        WHERE measurement = {coverage:String} AND ${inRange(source, range)} GROUP BY time, exporter, writer)
      GROUP BY time, exporter`,
    values: { ...rangeValues(source, range), coverage: coverageName, own },
  })
  const [times, exporters] = [answer.numbers('t'), answer.texts('exporter')]
  const [seen, shared] = [answer.numbers('seen'), answer.numbers('is_shared')]
  return times.map((seconds, i) => ({
    time: seconds * 1000,
    exporter: exporters[i]!,
    seen: seen[i]!,
    isShared: shared[i] === 1,
  }))
}
