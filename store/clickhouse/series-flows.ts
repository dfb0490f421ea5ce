/** Series of flows in ClickHouse: the counterpart of store/archive/sql/series.ts. */
import type { Network } from '../../flow/address.ts'
import { Keys, type End } from '../archive/keys/keys.ts'
import { withinSql } from '../archive/sql/expressions.ts'
import type { AnswerColumns } from '../archive/sql/query-engine.ts'
import { QueryTooLarge } from '../query-error.ts'
import { assembleSeries, placedSums, type Chosen } from '../archive/answer/series-answer.ts'
import { partsMax, rowsMax, tooManyRows } from '../archive/answer/series-limits.ts'
import type { FlowSeries, FlowSeriesQuery } from '../flows.ts'
import { fieldNames, type FieldName } from '../measurement.ts'
import type { Answer, Connection } from './connection.ts'
import { askFlows, eachEndSql, flowsFrom } from './flow-scan.ts'
import { openingsFrom, refuseTooMany } from './openings.ts'
import { ClickHouseBindings, clickHouseWords } from './words.ts'

const { first, last, bytes, packets } = clickHouseWords
const flow = { first, last }

interface SeriesQuestion {
  connection: Connection
  query: FlowSeriesQuery & { local: readonly Network[] }
  keys: Keys
  hasDirection: boolean
}

/** The rows of each step, exporter and key. */
export async function flowSeries(
  connection: Connection,
  query: SeriesQuestion['query'],
): Promise<FlowSeries> {
  const words = query.by.filter((word) => word !== 'direction')
  const hasDirection = words.length < query.by.length
  const question = { connection, query, keys: new Keys(words, query.local), hasDirection }
  if (query.connections) await refuseTooMany(connection, query)
  await refuseTooLarge(question)
  const chosen = words.length === 0 ? null : await choose(question)
  const answer = await readSteps(question, chosen)
  if (answer.count > rowsMax) throw tooManyRows(query.stepMs)
  return assembleSeries(placedSums(placed(answer, question.keys, chosen)), question, chosen)
}

/** The first and last step that a flow touches, counted from the window's start. */
function stepsSql({ query }: SeriesQuestion, bindings: ClickHouseBindings) {
  const [from, to] = [bindings.whole(query.from), bindings.whole(query.to)]
  const stepMs = bindings.whole(query.stepMs)
  return {
    from,
    stepMs,
    first: `intDiv(greatest(${first}, ${from}) - ${from}, ${stepMs})`,
    last: `intDiv(least(greatest(${first}, ${last} - 1), ${to} - 1) - ${from}, ${stepMs})`,
  }
}

/** The flows of the window, or only those that begin a connection. */
function sourceOf(
  connection: Connection,
  query: FlowSeriesQuery,
  bindings: ClickHouseBindings,
  joined = '',
): string {
  return query.connections
    ? openingsFrom(connection, query, bindings, joined)
    : flowsFrom(connection, query, bindings, joined)
}

/** The same, once per end that counts and was reported, with the key's columns and the direction. */
function eachEndFrom(
  { connection, query, keys, hasDirection }: SeriesQuestion,
  bindings: ClickHouseBindings,
  same: Readonly<Record<string, string>> = {},
): string {
  const columns = {
    ...Object.fromEntries(
      keys.names.map((name, i) => [name, (end: End) => keys.expressions(end, bindings)[i]!]),
    ),
    of_direction: (end: End) => `toInt32(${hasDirection ? keys.direction(end, bindings) : '0'})`,
    is_said: (end: End) => keys.isReportedSql(end),
  }
  const joined = eachEndSql(keys.ends, columns, same)
  return `${sourceOf(connection, query, bindings, joined)} AND is_said`
}

/** Refuses a query with too many parts. */
async function refuseTooLarge(question: SeriesQuestion): Promise<void> {
  const { connection, query, keys } = question
  const bindings = new ClickHouseBindings()
  const steps = stepsSql(question, bindings)
  const answer = await askFlows(connection, {
    sql: `SELECT sum(toInt128(${steps.last} - ${steps.first} + 1)) AS parts ${sourceOf(connection, query, bindings)}`,
    values: bindings.values,
    signal: query.signal,
  })
  const parts = (answer.numbers('parts')[0] ?? 0) * keys.ends.length
  if (parts <= partsMax) return
  throw new QueryTooLarge(
    `flows fall into ${parts} parts at steps of ${query.stepMs / 1000} s; ${partsMax} is the most`,
    'ask for a longer step, a shorter time, or filter more',
    parts,
  )
}

/** The largest keys over the window, descending; ties by key. */
async function choose(question: SeriesQuestion): Promise<Chosen> {
  const { connection, query, keys } = question
  const bindings = new ClickHouseBindings()
  const window = { from: bindings.whole(query.from), to: bindings.whole(query.to) }
  const { from, to } = window
  const orders: Record<FieldName, string> = {
    bytes: withinSql(`(${bytes})`, flow, window, clickHouseWords),
    packets: withinSql(`(${packets})`, flow, window, clickHouseWords),
    flows: `if(${first} >= ${from} AND ${first} < ${to}, 1, 0)`,
    active: `greatest(0, least(${last}, ${to}) - greatest(${first}, ${from}))`,
  }
  const list = keys.names.join(', ')
  const answer = await askFlows(connection, {
    sql: `SELECT ${list} ${eachEndFrom(question, bindings, { counted: orders[query.order] })} GROUP BY ${list}
      ORDER BY sum(toInt128(counted)) DESC, ${list} LIMIT ${Math.floor(query.top)}`,
    values: bindings.values,
    signal: query.signal,
  })
  return keys.names.map((name) => answer.wholes(name))
}

/** Sums by step, exporter, key and direction; keys that were not chosen are summed as one. */
function readSteps(question: SeriesQuestion, chosen: Chosen): Promise<Answer> {
  const { connection, query, keys } = question
  const bindings = new ClickHouseBindings()
  const steps = stepsSql(question, bindings)
  const isListed = chosen !== null && chosen[0]!.length > 0
  const listed = isListed ? bindings.keys(chosen[0]!.map((_, i) => chosen.map((c) => c[i]!))) : ''
  const names = isListed ? keys.names : []
  const window = {
    from: `(${steps.from} + step * ${steps.stepMs})`,
    to: `(${steps.from} + (step + 1) * ${steps.stepMs})`,
  }
  const shares: Record<FieldName, string> = {
    bytes: withinSql(`(${bytes})`, flow, window, clickHouseWords),
    packets: withinSql(`(${packets})`, flow, window, clickHouseWords),
    flows: `if(${first} >= ${window.from} AND ${first} < ${window.to}, 1, 0)`,
    active: `greatest(0, least(${last}, ${window.to}) - greatest(${first}, ${window.from}))`,
  }
  const group = ['step', 'exporter_high', 'exporter_low', 'direction', 'is_listed']
  const groupKeys = names.map((name) => `of_${name}`)
  const tuple = names.length === 1 ? names[0]! : `(${names.join(', ')})`
  const columns = [
    `arrayJoin(range(${steps.first}, ${steps.last} + 1)) AS step`,
    '"exporterAddressHigh" AS exporter_high',
    '"exporterAddressLow" AS exporter_low',
    'of_direction AS direction',
    `${isListed ? `${tuple} IN ${listed}` : '0'} AS is_listed`,
    ...names.map((name) => `if(is_listed, ${name}, 0) AS of_${name}`),
    `toFloat64(${steps.from} + step * ${steps.stepMs}) AS time`,
    ...fieldNames.map((field) => `sum(toInt128(${shares[field]})) AS ${field}`),
  ]
  return askFlows(connection, {
    sql: `SELECT ${columns.join(', ')} ${eachEndFrom(question, bindings)} GROUP BY ${[...group, ...groupKeys].join(', ')}
      ORDER BY step, exporter_high, exporter_low, ${['is_listed', ...groupKeys, 'direction'].join(', ')}
      LIMIT ${rowsMax + 1}`,
    values: bindings.values,
    signal: query.signal,
  })
}

/** The answer with the index of each row's key. */
function placed(answer: Answer, keys: Keys, chosen: Chosen): AnswerColumns {
  const count = chosen === null ? 0 : chosen[0]!.length
  const places = new Map(
    Array.from({ length: count }, (_, i) => [chosen!.map((column) => column[i]!).join(), i]),
  )
  const columns = count === 0 ? [] : keys.names.map((name) => answer.wholes(`of_${name}`))
  const isListed = answer.numbers('is_listed')
  const place = isListed.map((listed, row) =>
    listed === 0 ? count : places.get(columns.map((column) => column[row]!).join())!,
  )
  return {
    count: answer.count,
    numbers: (name) => (name === 'place' ? place : answer.numbers(name)),
    wholes: (name) => answer.wholes(name),
  }
}
