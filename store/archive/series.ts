/** Flows as series: what of each falls into each step, for the greatest keys and the rest. */
import assert from 'node:assert'

import type { Network } from '../../flow/address.ts'
import type { FlowSeries, FlowSeriesQuery } from '../flows.ts'
import { fieldNames, type FieldName } from '../measurement.ts'
import { Bindings } from './bindings.ts'
import { bytes, first, last, packets, withinSql, type BoundWindow } from './expressions.ts'
import { gather } from './gather.ts'
import { Keys } from './keys.ts'
import { openings } from './openings.ts'
import type { Session, Table } from './query-engine.ts'
import { QueryTooLarge } from './query-error.ts'
import type { ArchiveFiles } from './readable-files.ts'
import { scanSql, type ScanPart } from './scan.ts'
import { assembleSeries, type Chosen } from './series-answer.ts'

/** Parts of flows (one a step that a flow touches) that one query may make. */
const partsMax = 100_000_000
/** Rows of an answer: steps × exporters × keys. */
const rowsMax = 2_000_000

export interface SeriesRequest extends FlowSeriesQuery {
  local: readonly Network[]
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
  const scanned = { files, query, keys: new Keys(words, query.local), hasDirection }
  const statements = [flowsSql(scanned, new Bindings(), true)]
  const read = query.connections
    ? await openings(session, files, query)
    : await gather(session, files, { query, statements })
  const asked = { ...scanned, files: read }
  await refuseTooLarge(session, asked)
  const chosen = words.length === 0 ? null : await choose(session, asked)
  const table = await readSteps(session, asked, chosen)
  if (table.count > rowsMax) throw tooManyRows(query)
  return assembleSeries(table, asked, chosen)
}

interface Asked {
  files: ArchiveFiles
  query: SeriesRequest
  keys: Keys
  hasDirection: boolean
}

/** The steps that a flow touches, first and last, counted from the window's start. */
function stepsSql({ from, to }: BoundWindow, stepMs: string): { first: string; last: string } {
  return {
    first: `(greatest(${first}, ${from}) - ${from}) // ${stepMs}`,
    last: `(least(greatest(${first}, ${last} - 1), ${to} - 1) - ${from}) // ${stepMs}`,
  }
}

/** Whether a flow lies wholly in the first of its steps. */
function isWholeSql({ from, to }: BoundWindow, stepMs: string): string {
  const steps = stepsSql({ from, to }, stepMs)
  const end = `${from} + (${steps.first} + 1) * ${stepMs}`
  return `(${first} >= ${from} AND ${last} <= ${end})`
}

/** The flows of the window that lie wholly in one step, or all others; once for each end. */
function flowsSql(asked: Asked, bindings: Bindings, isWhole: boolean): string {
  const { query, keys, hasDirection } = asked
  const stepMs = bindings.whole(query.stepMs)
  const columns = ({ end, window }: ScanPart) => {
    const steps = stepsSql(window, stepMs)
    return [
      ...keys.columns(end, bindings),
      `${hasDirection ? keys.direction(end, bindings) : '0'} AS direction`,
      '"exporterAddressHigh" AS exporter_high',
      '"exporterAddressLow" AS exporter_low',
      `${first} AS first_ms`,
      `${last} AS last_ms`,
      `${bytes} AS bytes`,
      `${packets} AS packets`,
      `${steps.first} AS step`,
      `${steps.last} AS step_last`,
    ]
  }
  const condition = ({ end, window }: ScanPart) =>
    `${isWhole ? '' : 'NOT '}${isWholeSql(window, stepMs)} AND ${keys.isSaid(end)}`
  return scanSql(asked, { columns, condition }, bindings)
}

/** Refuses what would make too many parts; counted only where it might. */
async function refuseTooLarge(session: Session, asked: Asked): Promise<void> {
  const { files, query, keys } = asked
  const steps = (query.to - query.from) / query.stepMs
  if (files.rows * keys.ends.length * steps <= partsMax) return
  const bindings = new Bindings()
  const table = await session.read(
    `SELECT coalesce(sum(step_last - step + 1), 0)::DOUBLE AS parts
     FROM (${flowsSql(asked, bindings, false)})`,
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
  const list = keys.names.join(', ')
  const columns = ({ end, window: { from, to }, share }: ScanPart) => {
    const orders: Record<FieldName, string> = {
      bytes: share(bytes),
      packets: share(packets),
      flows: `CASE WHEN ${first} >= ${from} AND ${first} < ${to} THEN 1 ELSE 0 END`,
      active: `greatest(0, least(${last}, ${to}) - greatest(${first}, ${from}))`,
    }
    return [...keys.columns(end, bindings), `${orders[query.order]} AS counted`]
  }
  const condition = ({ end }: ScanPart) => keys.isSaid(end)
  const table = await session.read(
    `SELECT ${list} FROM (${scanSql(asked, { columns, condition }, bindings)}) GROUP BY ${list}
     ORDER BY sum(counted) DESC, ${list} LIMIT ${query.top}`,
    bindings,
  )
  return keys.names.map((name) => table.wholes(name))
}

/** What of a flow falls into a step, by field. */
const shares: Record<FieldName, string> = {
  bytes: withinStep('bytes'),
  packets: withinStep('packets'),
  flows: 'CASE WHEN first_ms >= step_from AND first_ms < step_to THEN 1 ELSE 0 END',
  active: 'greatest(0, least(last_ms, step_to) - greatest(first_ms, step_from))',
}
/** The same of a flow that lies wholly in one step. */
const wholes: Record<FieldName, string> = {
  bytes: 'bytes',
  packets: 'packets',
  flows: '1',
  active: 'last_ms - first_ms',
}

function withinStep(count: string): string {
  const flow = { first: 'first_ms', last: 'last_ms' }
  return withinSql(count, flow, { from: 'step_from', to: 'step_to' })
}

function fieldsSql(expressions: Record<FieldName, string>): string {
  return fieldNames.map((field) => `${expressions[field]} AS ${field}_share`).join(', ')
}

/**
 * Sums by step, exporter, key and direction. Most flows lie in one step: these are counted as they
 * are, and only the others taken apart, which costs ten times as much a row; so both are read on their own.
 */
function readSteps(session: Session, asked: Asked, chosen: Chosen): Promise<Table> {
  const { query, keys } = asked
  const bindings = new Bindings()
  const [stepMs, from] = [bindings.whole(query.stepMs), bindings.whole(query.from)]
  const isListed = chosen !== null && chosen[0]!.length > 0
  const chosenSql = isListed ? keys.listSql(chosen, bindings) : ''
  const places = isListed ? `LEFT JOIN (${chosenSql}) USING (${keys.names.join(', ')})` : ''
  const place = isListed ? `coalesce(place, ${chosen[0]!.length})` : '0'
  const group = 'step, exporter_high, exporter_low, key_place, direction'
  const placed = (isWhole: boolean) =>
    `SELECT *, ${place}::INTEGER AS key_place FROM (${flowsSql(asked, bindings, isWhole)}) ${places}`
  return session.read(
    `WITH parts AS (
       SELECT * EXCLUDE step, unnest(range(step, step_last + 1)) AS step FROM (${placed(false)})),
     steps AS (
       SELECT *, ${from} + step * ${stepMs} AS step_from, ${from} + (step + 1) * ${stepMs} AS step_to FROM parts)
     SELECT (${from} + step * ${stepMs})::DOUBLE AS time, exporter_high, exporter_low,
       key_place::DOUBLE AS place, direction::DOUBLE AS direction,
       ${fieldNames.map((field) => `sum(${field}_share)::DOUBLE AS ${field}`).join(', ')}
     FROM (SELECT ${group}, ${fieldsSql(wholes)} FROM (${placed(true)})
       UNION ALL SELECT ${group}, ${fieldsSql(shares)} FROM steps)
     GROUP BY ${group} ORDER BY step LIMIT ${rowsMax + 1}`,
    bindings,
  )
}
