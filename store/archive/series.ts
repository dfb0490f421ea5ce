/** Flows as series: what of each falls into each step, for the greatest keys and the rest. */
import assert from 'node:assert'

import duckdb from '@duckdb/node-bindings'
import type { DuckDBDataChunk } from '@duckdb/node-api'

import type { Network } from '../../flow/address.ts'
import type { FlowSeries, FlowSeriesQuery } from '../flows.ts'
import type { FieldName } from '../measurement.ts'
import { Bindings } from './bindings.ts'
import { bytes, first, last, packets } from './expressions.ts'
import { gather } from './gather.ts'
import { Keys } from './keys.ts'
import { openings } from './openings.ts'
import type { Session, Table } from './query-engine.ts'
import type { ArchiveFiles } from './readable-files.ts'
import { scanSql, type ScanPart } from './scan.ts'
import { assembleSeries, type Chosen } from './series-answer.ts'
import { StepSums, type PlacedFlows } from './step-sums.ts'

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
  const statements = [flowsSql(scanned, new Bindings())]
  const read = query.connections
    ? await openings(session, files, query)
    : await gather(session, files, { query, statements })
  const asked = { ...scanned, files: read }
  const chosen = words.length === 0 ? null : await choose(session, asked)
  return assembleSeries(await sumSteps(session, asked, chosen), asked, chosen)
}

interface Asked {
  files: ArchiveFiles
  query: SeriesRequest
  keys: Keys
  hasDirection: boolean
}

/** The flows of the window, once for each end that counts. */
function flowsSql(asked: Asked, bindings: Bindings): string {
  const { keys, hasDirection } = asked
  const columns = ({ end }: ScanPart) => [
    ...keys.columns(end, bindings),
    `${hasDirection ? keys.direction(end, bindings) : '0'} AS direction`,
    '"exporterAddressHigh" AS exporter_high',
    '"exporterAddressLow" AS exporter_low',
    `${first} AS first_ms`,
    `${last} AS last_ms`,
    `${bytes} AS bytes`,
    `${packets} AS packets`,
  ]
  const condition = ({ end }: ScanPart) => keys.isSaid(end)
  return scanSql(asked, { columns, condition }, bindings)
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

/** The columns of PlacedFlows, in its order: an SQL expression and the bytes of a value. */
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

/** Sums by step, exporter, key and direction. */
async function sumSteps(session: Session, asked: Asked, chosen: Chosen): Promise<Table> {
  const { query, keys } = asked
  const bindings = new Bindings()
  const listed = chosen?.[0]?.length ?? 0
  const chosenSql = chosen && listed > 0 ? keys.listSql(chosen, bindings) : ''
  const places = chosenSql ? `LEFT JOIN (${chosenSql}) USING (${keys.names.join(', ')})` : ''
  const place = chosenSql ? `coalesce(place, ${listed})` : '0'
  const sums = new StepSums(query, listed + 1)
  for await (const chunk of session.stream(
    `SELECT ${placedColumns.map(([sql]) => sql).join(', ')}
     FROM (SELECT *, ${place} AS key_place FROM (${flowsSql(asked, bindings)}) ${places})`,
    bindings,
  ))
    sums.add(placedFlows(chunk))
  return sums.table()
}

/** The columns as they lie in the chunk's memory, which is good until the next chunk. */
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
    exporterHigh: new Uint32Array(...memoryOf(2, 2)),
    exporterLow: new Uint32Array(...memoryOf(3, 2)),
    first: new Float64Array(...memoryOf(4, 1)),
    last: new Float64Array(...memoryOf(5, 1)),
    bytes: new Float64Array(...memoryOf(6, 1)),
    packets: new Float64Array(...memoryOf(7, 1)),
  }
}
