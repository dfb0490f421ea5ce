/** The queries of the series store, answered by ClickHouse. */
import { coverageFields, coverageOf } from '../coverage.ts'
import { fieldNames, figureNames, otherKey, tagSeparator, type FieldName } from '../measurement.ts'
import type {
  Coverage,
  ReadQuery,
  SeriesKey,
  SeriesRange,
  SeriesRead,
  TopQuery,
  TopRows,
} from '../series.ts'
import { mergeCoverage } from '../merge-steps.ts'
import { Numbering } from '../numbering.ts'
import {
  byTimeAndExporter,
  cutTag,
  emptyRead,
  figuresOf,
  isConsolidated,
  isNothing,
  keyText,
  takeKnown,
} from '../shape.ts'
import type { Answer } from './connection.ts'
import { coverageRows, rowsOf, type ClickHouseSource } from './rows.ts'

/** Sums do not overflow over any time range. */
function sumSql(column: string): string {
  return `sum(toUInt128(${column}))`
}

/** See SeriesStore.coverage. If an exporter moved between collectors, both report the interval. */
export async function readCoverage(
  source: ClickHouseSource,
  range: SeriesRange,
): Promise<Coverage[]> {
  if (isNothing(range)) return []
  const { sql, values } = coverageRows(source, range)
  const answer = await source.connection.read({
    sql: `SELECT toUnixTimestamp(time) AS t, exporter, ${coverageFields.join(', ')} ${sql}
      ORDER BY time, exporter, writer`,
    values,
  })
  const [times, exporters] = [answer.numbers('t'), answer.texts('exporter')]
  const figures = coverageFields.map((name) => answer.numbers(name))
  const found: Coverage[] = []
  for (let row = 0; row < answer.count; row++) {
    const coverage = coverageOf(
      { time: times[row]! * 1000, exporter: exporters[row]! },
      figures.map((column) => column[row]!),
    )
    const before = found.at(-1)
    if (before?.time === coverage.time && before.exporter === coverage.exporter)
      found[found.length - 1] = mergeCoverage(before, coverage)
    else found.push(coverage)
  }
  return found.sort(byTimeAndExporter)
}

/** See SeriesStore.top. */
export async function readTop(source: ClickHouseSource, query: TopQuery): Promise<TopRows> {
  if (isNothing(query)) return []
  const { by, order, limit, measurement } = query
  const { sql, values } = rowsOf(source, query, measurement)
  const cut = cutTag(by)
  const fields = [...new Set<FieldName>([...(query.fields ?? fieldNames), order])]
  const sums = fields.map((field) => `${sumSql(field)} AS sum_${field}`)
  const keys = by.map((tag) => `key_${tag}`)
  const select = [...by.map((tag) => `toString(${tag}) AS key_${tag}`), ...sums]
  const answer = await source.connection.read({
    sql: `SELECT ${select.join(', ')} ${sql}${cut ? ` AND ${cut} <> {other:String}` : ''}
      ${keys.length === 0 ? '' : `GROUP BY ${keys.join(', ')}`}
      ORDER BY ${[`sum_${order} DESC`, ...keys].join(', ')} LIMIT {limit:UInt32}`,
    values: { ...values, limit, other: otherKey },
  })
  const texts = by.map((tag) => answer.texts(`key_${tag}`))
  const figures = fields.map((field) => answer.numbers(`sum_${field}`))
  return Array.from({ length: answer.count }, (_, row) => {
    const key: SeriesKey = {}
    for (const [i, tag] of by.entries()) key[tag] = texts[i]![row]!
    const sum = { bytes: 0, packets: 0, flows: 0, active: 0 }
    for (const [i, field] of fields.entries()) sum[field] = figures[i]![row]!
    return { key, sum }
  })
}

/** See SeriesStore.read. Rows are folded by ClickHouse. */
export async function readRows(source: ClickHouseSource, query: ReadQuery): Promise<SeriesRead> {
  if (isNothing(query)) return emptyRead(0)
  const isCoarse = isConsolidated(query.tier)
  const needsCoverage = !isCoarse && query.sumsOnly !== true
  const [answer, covered] = await Promise.all([
    askRows(source, query, isCoarse),
    needsCoverage ? readCoverage(source, query) : null,
  ])
  const read = laid(answer, query, isCoarse)
  if (covered) takeKnown(read, query.fields ?? fieldNames, covered)
  return read
}

function askRows(source: ClickHouseSource, query: ReadQuery, isCoarse: boolean): Promise<Answer> {
  const { by, keys, measurement, rest } = query
  const { sql, values } = rowsOf(source, query, measurement)
  const cut = cutTag(by)
  const text = by.length === 0 ? "''" : `concatWithSeparator({separator:String}, ${by.join(', ')})`
  const listed =
    keys.length === 0
      ? '{rest:Int32}'
      : `transform(${text}, {keys:Array(String)}, {places:Array(Int32)}, {rest:Int32})`
  const placeSql = cut ? `if(${cut} = {other:String}, {rest:Int32} + 1, ${listed})` : listed
  const select = [
    'toUnixTimestamp(time) AS t',
    'toString(exporter) AS from_exporter',
    `toInt32(${placeSql}) AS place`,
    'count() AS parts',
    ...figureNames(isCoarse, query.fields).map(
      (name) => `${name === 'known' ? 'max(known)' : sumSql(name)} AS of_${name}`,
    ),
  ]
  return source.connection.read({
    sql: `SELECT ${select.join(', ')} ${sql}${rest === false ? ' AND place <> {rest:Int32}' : ''}
      GROUP BY t, from_exporter, place ORDER BY t, from_exporter, place`,
    values: {
      ...values,
      separator: tagSeparator,
      other: otherKey,
      rest: keys.length,
      keys: keys.map((key) => keyText(key, by)),
      places: keys.map((_, place) => place),
    },
  })
}

function laid(answer: Answer, query: ReadQuery, isCoarse: boolean): SeriesRead {
  const read = emptyRead(answer.count)
  const exporters = new Numbering<string>()
  for (const [row, exporter] of answer.texts('from_exporter').entries())
    read.exporter[row] = exporters.of(exporter)
  read.exporters = exporters.keys()
  read.time.set(answer.numbers('t').map((seconds) => seconds * 1000))
  read.key.set(answer.numbers('place'))
  read.parts.set(answer.numbers('parts'))
  const columns = figuresOf(read, isCoarse, query.fields)
  for (const [i, name] of figureNames(isCoarse, query.fields).entries())
    columns[i]!.set(answer.numbers(`of_${name}`))
  return read
}
