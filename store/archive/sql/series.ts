/** Series by SQL: each flow's amount by step, for the largest keys and the rest. */
import duckdb from '@duckdb/node-bindings'
import type { DuckDBDataChunk } from '@duckdb/node-api'

import type { Network } from '../../../flow/address.ts'
import type { FlowSeries, FlowSeriesQuery } from '../../flows.ts'
import type { FieldName } from '../../measurement.ts'
import { Bindings } from './bindings.ts'
import { bytes, first, last, packets, type BoundWindow } from './expressions.ts'
import { Keys } from '../keys/keys.ts'
import { openings } from './openings.ts'
import type { Session } from './query-engine.ts'
import type { ArchiveFiles } from '../readable-files.ts'
import { scanSql, type ScanPart } from './scan.ts'
import { assembleSeries, type Chosen, type PlacedSums } from '../answer/series-answer.ts'
import { rowsMax } from '../answer/series-limits.ts'
import type { PlacedFlows } from '../answer/placed-flows.ts'
import { StepSums } from '../answer/step-sums.ts'

/** Up to this many flows are split in memory at once, which is faster: 50 bytes each. */
const heldRowsMax = 1_000_000

interface SeriesRequest extends FlowSeriesQuery {
  local: readonly Network[]
}

/** The rows of each step, exporter and key. @throws QueryTooLarge if there are too many */
export async function sqlSeries(
  session: Session,
  files: ArchiveFiles,
  query: SeriesRequest,
): Promise<FlowSeries> {
  const words = query.by.filter((word) => word !== 'direction')
  const hasDirection = words.length < query.by.length
  const scanned = { files, query, keys: new Keys(words, query.local), hasDirection }
  const statement = flowsSql(scanned, new Bindings(), true)
  const read = query.connections ? await openings(session, files, { query, statement }) : files
  const question = { ...scanned, files: read }
  const chosen = words.length === 0 ? null : await choose(session, question)
  return assembleSeries(await sumSteps(session, question, chosen), question, chosen)
}

interface SeriesQuestion {
  files: ArchiveFiles
  query: SeriesRequest
  keys: Keys
  hasDirection: boolean
}

/** The step in which a flow begins, and whether it lies entirely within it. */
function stepSql({ from }: BoundWindow, stepMs: string): { step: string; isWhole: string } {
  const step = `(greatest(${first}, ${from}) - ${from}) // ${stepMs}`
  const end = `${from} + (${step} + 1) * ${stepMs}`
  return { step, isWhole: `(${first} >= ${from} AND ${last} <= ${end})` }
}

/** The flows of the window that lie entirely in one step, or all others; once for each end that counts. */
function flowsSql(question: SeriesQuestion, bindings: Bindings, isWhole: boolean): string {
  const { query, keys, hasDirection } = question
  const stepMs = bindings.whole(query.stepMs)
  const columns = ({ end, window }: ScanPart) => [
    ...keys.columns(end, bindings),
    `${hasDirection ? keys.direction(end, bindings) : '0'} AS direction`,
    '"exporterAddressHigh" AS exporter_high',
    '"exporterAddressLow" AS exporter_low',
    `${first} AS first_ms`,
    `${last} AS last_ms`,
    `${bytes} AS bytes`,
    `${packets} AS packets`,
    ...(isWhole ? [`${stepSql(window, stepMs).step} AS step`] : []),
  ]
  const condition = ({ end, window }: ScanPart) =>
    `${isWhole ? '' : 'NOT '}${stepSql(window, stepMs).isWhole} AND ${keys.isReportedSql(end)}`
  return scanSql(question, { columns, condition }, bindings)
}

/** The largest keys over the window, descending; ties by key. */
async function choose(session: Session, question: SeriesQuestion): Promise<Chosen> {
  const { query, keys } = question
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
  const condition = ({ end }: ScanPart) => keys.isReportedSql(end)
  const table = await session.read(
    `SELECT ${list} FROM (${scanSql(question, { columns, condition }, bindings)}) GROUP BY ${list}
     ORDER BY sum(counted) DESC, ${list} LIMIT ${query.top}`,
    bindings,
  )
  return keys.names.map((name) => table.wholes(name))
}

/** The columns of PlacedFlows, in its order: an SQL expression and the bytes per value. */
const placedColumns = [
  ['key_place::INTEGER', 4],
  ['direction::INTEGER', 4],
  ['exporter_high', 8],
  ['exporter_low', 8],
  ['first_ms::DOUBLE', 8],
  ['last_ms::DOUBLE', 8],
  ['bytes::DOUBLE', 8],
  ['packets::DOUBLE', 8],
] as const

/**
 * Sums by step, exporter, key and direction. Most flows lie in one step and are summed by DuckDB;
 * the others are split in a loop over its columns.
 */
async function sumSteps(
  session: Session,
  question: SeriesQuestion,
  chosen: Chosen,
): Promise<PlacedSums> {
  const { query, keys } = question
  const listed = chosen?.[0]?.length ?? 0
  const placedSql = (isWhole: boolean, bindings: Bindings) => {
    const flows = flowsSql(question, bindings, isWhole)
    if (chosen === null || listed === 0) return `SELECT *, 0 AS key_place FROM (${flows})`
    return `SELECT *, coalesce(place, ${listed}) AS key_place FROM (${flows})
      LEFT JOIN (${keys.listSql(chosen, bindings)}) USING (${keys.names.join(', ')})`
  }
  const sums = new StepSums(query, listed + 1)
  const wholes = new Bindings()
  const group = 'step, key_place, direction, exporter_high, exporter_low'
  sums.addWhole(
    await session.read(
      `SELECT step::DOUBLE AS step, key_place::DOUBLE AS place, direction::DOUBLE AS direction, exporter_high, exporter_low,
         sum(bytes) AS bytes, sum(packets) AS packets, count(*) AS flows, sum(last_ms - first_ms) AS active
       FROM (${placedSql(true, wholes)}) GROUP BY ${group} LIMIT ${rowsMax + 1}`,
      wholes,
    ),
  )
  const others = new Bindings()
  const columns = placedColumns.map(([sql]) => sql).join(', ')
  const sql = `SELECT ${columns} FROM (${placedSql(false, others)})`
  const isShort = question.files.rows <= heldRowsMax
  for await (const chunk of isShort
    ? await session.chunks(sql, others)
    : session.stream(sql, others))
    sums.add(placedFlows(chunk))
  return sums.placed()
}

/** The columns as views of the chunk's memory, valid until the next chunk. */
function placedFlows({ chunk, rowCount }: DuckDBDataChunk): PlacedFlows {
  const memoryOf = (at: number, width: number) => {
    const { buffer, byteOffset } = duckdb.vector_get_data(
      duckdb.data_chunk_get_vector(chunk, at),
      rowCount * placedColumns[at]![1],
    )
    return [buffer, byteOffset, rowCount * width] as const
  }
  return {
    count: rowCount,
    place: new Int32Array(...memoryOf(0, 1)),
    direction: new Int32Array(...memoryOf(1, 1)),
    rows: null,
    exporterHigh: new Uint32Array(...memoryOf(2, 2)),
    exporterLow: new Uint32Array(...memoryOf(3, 2)),
    isOneExporter: false,
    first: new Float64Array(...memoryOf(4, 1)),
    last: new Float64Array(...memoryOf(5, 1)),
    bytes: new Float64Array(...memoryOf(6, 1)),
    packets: new Float64Array(...memoryOf(7, 1)),
  }
}
