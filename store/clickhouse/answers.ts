/** The questions of the series store, asked of ClickHouse. */
import {
  consolidatedSuffixes,
  fieldNames,
  otherKey,
  unknownReasons,
  type FieldName,
} from '../measurement.ts'
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
import { cutTag, emptyRead, isConsolidated } from '../shape.ts'
import { compareText } from '../spool/ranked.ts'
import type { Answer } from './connection.ts'
import { coverageOf, rowsOf, type ClickHouseSource } from './rows.ts'
import { coverageColumns } from './schema.ts'

/** Between the tags of a key of several; no stored text has it. */
const separator = '\u001F'

/** Sums do not overflow, however long a time they are made over. */
function sumSql(column: string): string {
  return `sum(toUInt128(${column}))`
}

function isNothing({ from, to, exporters }: SeriesRange): boolean {
  return from >= to || exporters?.length === 0
}

/** See SeriesStore.coverage. Where an exporter moved from one collector to another, both tell of an interval. */
export async function readCoverage(
  source: ClickHouseSource,
  range: SeriesRange,
): Promise<Coverage[]> {
  if (isNothing(range)) return []
  const { sql, values } = coverageOf(source, range)
  const columns = ['known', ...coverageColumns]
  const answer = await source.connection.read({
    sql: `SELECT toUnixTimestamp(time) AS t, exporter, ${columns.join(', ')} ${sql}
      ORDER BY time, exporter, writer`,
    values,
  })
  const [times, exporters] = [answer.numbers('t'), answer.texts('exporter')]
  const figures = Object.fromEntries(columns.map((name) => [name, answer.numbers(name)]))
  const found: Coverage[] = []
  for (let row = 0; row < answer.count; row++) {
    const figure = (name: string) => figures[name]![row]!
    const unknown: Coverage['unknown'] = {}
    for (const reason of unknownReasons) {
      const intervals = figure(reason.replaceAll('-', '_'))
      if (intervals !== 0) unknown[reason] = intervals
    }
    const openUntil = figure('open_until')
    const told: Coverage = {
      time: times[row]! * 1000,
      exporter: exporters[row]!,
      known: figure('known'),
      unknown,
      datagrams: figure('datagrams'),
      lostFlows: figure('lost_flows'),
      lostFlowsEstimated: figure('lost_flows_estimated') === 1,
      ...(openUntil === 0 ? {} : { openUntil }),
    }
    const before = found.at(-1)
    if (before?.time === told.time && before.exporter === told.exporter)
      found[found.length - 1] = mergeCoverage(before, told)
    else found.push(told)
  }
  return found.sort((a, b) => a.time - b.time || compareText(a.exporter, b.exporter))
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

/** See SeriesStore.read. Rows are folded where they lie. */
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
  const suffixes = isCoarse ? ['', ...consolidatedSuffixes] : ['']
  const columns = (query.fields ?? fieldNames).flatMap((field) =>
    suffixes.map((suffix) => field + suffix),
  )
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
    ...columns.map((column) => `${sumSql(column)} AS sum_${column}`),
    ...(isCoarse ? ['max(known) AS most_known'] : []),
  ]
  return source.connection.read({
    sql: `SELECT ${select.join(', ')} ${sql}${rest === false ? ' AND place <> {rest:Int32}' : ''}
      GROUP BY t, from_exporter, place ORDER BY t, from_exporter, place`,
    values: {
      ...values,
      separator,
      other: otherKey,
      rest: keys.length,
      keys: keys.map((key) => by.map((tag) => key[tag] ?? '').join(separator)),
      places: keys.map((_, place) => place),
    },
  })
}

function laid(answer: Answer, query: ReadQuery, isCoarse: boolean): SeriesRead {
  const read = emptyRead(answer.count)
  const exporters = new Map<string, number>()
  for (const [row, exporter] of answer.texts('from_exporter').entries()) {
    const index = exporters.get(exporter) ?? exporters.size
    exporters.set(exporter, index)
    read.exporter[row] = index
  }
  read.exporters = [...exporters.keys()]
  read.time.set(answer.numbers('t').map((seconds) => seconds * 1000))
  read.key.set(answer.numbers('place'))
  read.parts.set(answer.numbers('parts'))
  for (const field of query.fields ?? fieldNames) {
    read.sum[field].set(answer.numbers(`sum_${field}`))
    if (!isCoarse) continue
    read.max[field].set(answer.numbers(`sum_${field}_max`))
    read.unknown[field].set(answer.numbers(`sum_${field}_unknown`))
  }
  if (isCoarse) read.known.set(answer.numbers('most_known'))
  return read
}

/** In the 5-minute tier a row is known or not as its interval is, and is its own maximum. */
function takeKnown(
  read: SeriesRead,
  fields: readonly FieldName[],
  covered: readonly Coverage[],
): void {
  const known = new Set<string>()
  for (const each of covered) if (each.known > 0) known.add(`${each.time} ${each.exporter}`)
  for (let row = 0; row < read.count; row++) {
    const isKnown = known.has(`${read.time[row]!} ${read.exporters[read.exporter[row]!]!}`)
    read.known[row] = isKnown ? 1 : 0
    for (const field of fields)
      (isKnown ? read.max : read.unknown)[field][row] = read.sum[field][row]!
  }
}
