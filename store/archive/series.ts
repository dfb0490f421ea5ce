/** Flows as series: what of each falls into each step, for the greatest keys and the rest. */
import assert from 'node:assert'

import { formatHalves, type Network } from '../../flow/address.ts'
import { restDirections, type FlowKey, type FlowSeries, type FlowSeriesQuery } from '../flows.ts'
import { fieldNames, type FieldName } from '../measurement.ts'
import { Bindings } from './bindings.ts'
import {
  belongsSql,
  bytes,
  first,
  last,
  packets,
  withinSql,
  type BoundWindow,
} from './expressions.ts'
import { filterSql } from './filter-sql.ts'
import { Keys } from './keys.ts'
import type { Session, Table } from './query-engine.ts'
import { QueryTooLarge } from './query-error.ts'
import type { ArchiveFiles } from './readable-files.ts'

/** Parts of flows (one a step that a flow touches) that one query may make. */
const partsMax = 100_000_000
/** Rows of an answer: steps × exporters × keys. */
const rowsMax = 2_000_000

export interface SeriesRequest extends FlowSeriesQuery {
  local: readonly Network[]
}

/** What a window without flows gives. */
export function emptySeries({ by }: FlowSeriesQuery): FlowSeries {
  return { ...columns(0), keys: by.length === 0 ? [{}] : [], exporters: [] }
}

/** The rows of each step, exporter and key. */
export async function flowSeries(
  session: Session,
  files: ArchiveFiles,
  query: SeriesRequest,
): Promise<FlowSeries> {
  const { from, to, stepMs } = query
  assert((to - from) % stepMs === 0, `window ${from} to ${to} is not whole steps of ${stepMs} ms`)
  const words = query.by.filter((word) => word !== 'direction')
  const hasDirection = words.length < query.by.length
  const asked = { files, query, keys: new Keys(words, query.local), hasDirection }
  await refuseTooLarge(session, asked)
  const chosen = words.length === 0 ? null : await choose(session, asked)
  const table = await readSteps(session, asked, chosen)
  if (table.count > rowsMax) throw tooManyRows(query)
  return assemble(table, asked, chosen)
}

interface Asked {
  files: ArchiveFiles
  query: SeriesRequest
  keys: Keys
  hasDirection: boolean
}

/** A list of values for each column of the key; null where all flows have the same, empty, key. */
type Chosen = readonly (readonly bigint[])[] | null

/** The flows of the window, once for each end, with the key's columns and the steps they touch. */
function flowsSql({ files, query, keys, hasDirection }: Asked, bindings: Bindings): string {
  const window = { from: bindings.whole(query.from), to: bindings.whole(query.to) }
  const stepMs = bindings.whole(query.stepMs)
  const filter = query.filter ? ` AND ${filterSql(query.filter, bindings)}` : ''
  const source = `read_parquet(${bindings.texts(files.paths)})`
  const shared = [
    '"exporterAddressHigh" AS exporter_high',
    '"exporterAddressLow" AS exporter_low',
    `${first} AS first_ms`,
    `${last} AS last_ms`,
    `${bytes} AS bytes`,
    `${packets} AS packets`,
    `(greatest(first_ms, ${window.from}) - ${window.from}) // ${stepMs} AS step_first`,
    `(least(greatest(first_ms, last_ms - 1), ${window.to} - 1) - ${window.from}) // ${stepMs} AS step_last`,
  ]
  const ends = keys.ends.map((end) => {
    const direction = hasDirection ? keys.direction(end, bindings) : '0'
    const list = [...keys.columns(end, bindings), `${direction} AS direction`, ...shared]
    return `SELECT ${list.join(', ')} FROM ${source}
      WHERE ${belongsSql(query.include, window)}${filter} AND ${keys.isSaid(end)}`
  })
  return ends.join(' UNION ALL ')
}

/** Refuses what would make too many parts; counted only where it might. */
async function refuseTooLarge(session: Session, asked: Asked): Promise<void> {
  const { files, query, keys } = asked
  const steps = (query.to - query.from) / query.stepMs
  if (files.rows * keys.ends.length * steps <= partsMax) return
  const bindings = new Bindings()
  const table = await session.read(
    `SELECT sum(step_last - step_first + 1)::DOUBLE AS parts FROM (${flowsSql(asked, bindings)})`,
    bindings,
  )
  const parts = table.numbers('parts')[0]!
  if (parts <= partsMax) return
  throw new QueryTooLarge(
    `flows fall into ${parts} parts at steps of ${query.stepMs / 1000} s; ${partsMax} is the most`,
    'ask for a longer step, a shorter time, or filter more',
    parts,
  )
}

function tooManyRows({ stepMs }: SeriesRequest): QueryTooLarge {
  return new QueryTooLarge(
    `at steps of ${stepMs / 1000} s the answer has more than ${rowsMax} values`,
    'ask for a longer step, a shorter time, or fewer keys',
    rowsMax + 1,
  )
}

/** The greatest keys over the window, greatest first; equals by key. */
async function choose(session: Session, asked: Asked): Promise<Chosen> {
  const { query, keys } = asked
  const bindings = new Bindings()
  const window = { from: bindings.whole(query.from), to: bindings.whole(query.to) }
  const orders: Record<FieldName, string> = fieldsWithin(window)
  const list = keys.names.join(', ')
  const table = await session.read(
    `SELECT ${list} FROM (${flowsSql(asked, bindings)}) GROUP BY ${list}
     ORDER BY ${orders[query.order]} DESC, ${list} LIMIT ${query.top}`,
    bindings,
  )
  return keys.names.map((name) => table.wholes(name))
}

/** What of the flows falls into a window, summed, by field. */
function fieldsWithin(window: BoundWindow): Record<FieldName, string> {
  const flow = { first: 'first_ms', last: 'last_ms' }
  const { from, to } = window
  return {
    bytes: `sum(${withinSql('bytes', flow, window)})`,
    packets: `sum(${withinSql('packets', flow, window)})`,
    flows: `count(*) FILTER (first_ms >= ${from} AND first_ms < ${to})`,
    active: `sum(greatest(0, least(last_ms, ${to}) - greatest(first_ms, ${from})))`,
  }
}

function readSteps(session: Session, asked: Asked, chosen: Chosen): Promise<Table> {
  const { query, keys } = asked
  const bindings = new Bindings()
  const stepMs = bindings.whole(query.stepMs)
  const from = bindings.whole(query.from)
  const isListed = chosen !== null && chosen[0]!.length > 0
  const places = isListed
    ? `LEFT JOIN (${keys.listSql(chosen, bindings)}) USING (${keys.names.join(', ')})`
    : ''
  const place = isListed ? `coalesce(place, ${chosen[0]!.length})` : '0'
  const sums = Object.entries(fieldsWithin({ from: 'step_from', to: 'step_to' }))
  return session.read(
    `WITH flows AS (SELECT *, ${place}::INTEGER AS key_place FROM (${flowsSql(asked, bindings)}) ${places}),
     parts AS (SELECT *, unnest(range(step_first, step_last + 1)) AS step FROM flows),
     steps AS (SELECT *, ${from} + step * ${stepMs} AS step_from, ${from} + (step + 1) * ${stepMs} AS step_to FROM parts)
     SELECT step_from::DOUBLE AS time, exporter_high, exporter_low,
       key_place::DOUBLE AS place, direction::DOUBLE AS direction,
       ${sums.map(([field, sum]) => `(${sum})::DOUBLE AS ${field}`).join(', ')}
     FROM steps GROUP BY step_from, exporter_high, exporter_low, key_place, direction
     ORDER BY step_from LIMIT ${rowsMax + 1}`,
    bindings,
  )
}

/** Numbers keys and exporters in the order of the answer. */
function assemble(table: Table, { keys, hasDirection }: Asked, chosen: Chosen): FlowSeries {
  const count = chosen === null ? 1 : chosen[0]!.length
  const listed = Array.from({ length: count }, (_, place) =>
    keys.read((chosen ?? []).map((column) => column[place]!)),
  )
  const [places, directions] = [table.numbers('place'), table.numbers('direction')]
  const code = (place: number, direction: number) => place * restDirections.length + direction
  const split = splitKeys(
    listed,
    new Set(places.map((place, row) => code(place, directions[row]!))),
  )
  const series = columns(table.count)
  const exporters = new Map<string, number>()
  const halves = [table.wholes('exporter_high'), table.wholes('exporter_low')] as const
  series.time.set(table.numbers('time'))
  for (const field of fieldNames) series.sum[field].set(table.numbers(field))
  for (let row = 0; row < table.count; row++) {
    const text = formatHalves(halves[0][row]!, halves[1][row]!)
    if (!exporters.has(text)) exporters.set(text, exporters.size)
    series.exporter[row] = exporters.get(text)!
    const [place, direction] = [places[row]!, directions[row]!]
    series.key[row] = hasDirection
      ? (split.places.get(code(place, direction)) ?? split.keys.length + direction)
      : place
  }
  return { ...series, keys: hasDirection ? split.keys : listed, exporters: [...exporters.keys()] }
}

/** The listed keys with each direction that they have. */
function splitKeys(
  listed: readonly FlowKey[],
  codes: ReadonlySet<number>,
): { keys: FlowKey[]; places: Map<number, number> } {
  const keys: FlowKey[] = []
  const places = new Map<number, number>()
  listed.forEach((key, place) => {
    restDirections.forEach((direction, i) => {
      const code = place * restDirections.length + i
      if (!codes.has(code)) return
      places.set(code, keys.length)
      keys.push({ ...key, direction })
    })
  })
  return { keys, places }
}

function columns(count: number): Omit<FlowSeries, 'keys' | 'exporters'> {
  const numbers = () => new Float64Array(count)
  return {
    count,
    time: numbers(),
    exporter: new Uint32Array(count),
    key: new Int32Array(count),
    sum: { bytes: numbers(), packets: numbers(), flows: numbers(), active: numbers() },
  }
}
