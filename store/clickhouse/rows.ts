/** The common part of all series queries: which rows of a tier count. */
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

/** The series and the connection to them. */
export interface ClickHouseSource {
  connection: Connection
  /** Only rows of this writer; absent: all. */
  writer?: string
  /** Only rows of other writers. */
  otherThan?: string
}

interface Selection {
  sql: string
  values: Values
}

/** A tier's table, across all nodes and local to each. */
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

/** Selects the columns of all tables that this version needs. @throws ClickHouseFault if one is missing */
export async function checkTables(connection: Connection, tiers: readonly Tier[]): Promise<void> {
  for (const tier of tiers)
    await connection.read({
      sql: `SELECT ${figureColumns(isConsolidated(tier)).join(', ')} FROM ${tableOf(connection, tier).whole} WHERE measurement = ''`,
    })
  const others = [flowsTable, filesTable, documentsTable, incidentsTable, stateTable, logsTable]
  for (const table of others)
    await connection.read({ sql: `SELECT * FROM ${connection.database}.${table} LIMIT 0` })
}

/**
 * Coverage rows in a range: the newest per step, exporter and writer; in coarser tiers, the one per
 * step that counts.
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
 * Rows of one or all measurements in a range. In each step, those of its newest version count: rows no longer
 * in it have an older version. A step is entirely in one shard, so each node decides by itself. In the 5-minute
 * tier each writer has its part; in coarser tiers each writer made a step from the parts of all.
 */
export function rowsOf(
  source: ClickHouseSource,
  range: SeriesRange,
  measurement: MeasurementName | null,
): Selection {
  const { whole } = tableOf(source.connection, range.tier)
  const names = measurement === null ? [...measurementNames] : [measurement]
  return {
    sql: `FROM ${whole} FINAL WHERE measurement IN {measurements:Array(String)} AND ${inRange(source, range)}
      AND ${countingSql(source, range)}`,
    values: { ...rangeValues(source, range), measurements: names, coverage: coverageName },
  }
}

/** Whether only one writer's version of a step counts. */
function isOneOfWriters({ writer, otherThan }: ClickHouseSource, { tier }: SeriesRange): boolean {
  return isConsolidated(tier) && writer === undefined && otherThan === undefined
}

/** The condition that a row's version counts. */
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

/** The range of DateTime: seconds in 32 bits; ClickHouse does not accept numbers of fewer than 5 digits. */
const [secondsMin, secondsMax] = [86_400, 2 ** 32 - 1]

/** A time (unix ms) in seconds, clamped to what DateTime can represent. */
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

/** First and last step of a tier, unix ms; null if it is empty. */
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

/** The state of a range's 5-minute steps over all writers; `own` is the calling one. */
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
    versionSum: seen[i]!,
    isShared: shared[i] === 1,
  }))
}
