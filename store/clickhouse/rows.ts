/** The beginning of every question about series: which rows of a tier count. */
import type { Tier } from '../../flow/interval.ts'
import type { MeasurementName } from '../measurement.ts'
import type { SeriesRange } from '../series.ts'
import type { Connection, Values } from './connection.ts'
import { coverageName, localName, seriesTable } from './schema.ts'

/** Where the series are, and how they are reached. */
export interface ClickHouseSource {
  connection: Connection
  /** Rows of other writers are left out; absent: all count. */
  writer?: string
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

/** Rows of coverage in a range: of each step of an exporter and writer the newest. */
export function coverageOf(source: ClickHouseSource, range: SeriesRange): Selection {
  const { whole } = tableOf(source.connection, range.tier)
  return {
    sql: `FROM ${whole} FINAL WHERE measurement = {coverage:String} AND ${inRange(source, range)}`,
    values: { ...rangeValues(source, range), coverage: coverageName },
  }
}

/**
 * Rows of a measurement in a range. Of each step those of its newest version count: rows that are no
 * more in it have an older one. A step lies whole in one shard, so each node tells this by itself.
 */
export function rowsOf(
  source: ClickHouseSource,
  range: SeriesRange,
  measurement: MeasurementName,
): Selection {
  const { whole, local } = tableOf(source.connection, range.tier)
  const within = inRange(source, range)
  return {
    sql: `FROM ${whole} FINAL WHERE measurement = {measurement:String} AND ${within}
      AND (time, exporter, writer, version) IN (
        SELECT time, exporter, writer, max(version) FROM ${local}
        WHERE measurement = {coverage:String} AND ${within} GROUP BY time, exporter, writer)`,
    values: { ...rangeValues(source, range), measurement, coverage: coverageName },
  }
}

function inRange({ writer }: ClickHouseSource, { exporters }: SeriesRange): string {
  const conditions = ['time >= {from:DateTime}', 'time < {to:DateTime}']
  if (exporters) conditions.push('exporter IN {exporters:Array(String)}')
  if (writer !== undefined) conditions.push('writer = {writer:String}')
  return conditions.join(' AND ')
}

/** What ClickHouse's DateTime can say: seconds of 32 bits. */
const secondsMax = 2 ** 32 - 1

function rangeValues({ writer }: ClickHouseSource, { from, to, exporters }: SeriesRange): Values {
  const seconds = (ms: number) => Math.min(Math.max(0, Math.ceil(ms / 1000)), secondsMax)
  return {
    from: seconds(from),
    to: seconds(to),
    ...(exporters ? { exporters: [...exporters] } : {}),
    ...(writer === undefined ? {} : { writer }),
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
