/** The flows of a window as columns for event analysis: ends, times and amounts. */
import duckdb from '@duckdb/node-bindings'
import type { DuckDBDataChunk } from '@duckdb/node-api'

import type { EventFlows } from '../../../flow/incident/flows/flow-table.ts'
import type { FlowScan } from '../../flows.ts'
import { Bindings } from './bindings.ts'
import { vectorRows } from './chunk-columns.ts'
import { eventConditionsSql } from './event-conditions.ts'
import {
  belongsSql,
  bytes,
  destinationPort,
  first,
  last,
  packets,
  sourcePort,
} from './expressions.ts'
import type { Session } from './query-engine.ts'
import { tooManyFlows } from '../../query-error.ts'
import type { ArchiveFiles } from '../readable-files.ts'
import type { EventSource } from '../scanned/event-source.ts'

/** The columns in the order of EventFlows: an SQL expression and the bytes per value. */
const columns = [
  [`(${first})::DOUBLE`, 8],
  [`(${last})::DOUBLE`, 8],
  [`(${bytes})::DOUBLE`, 8],
  [`(${packets})::DOUBLE`, 8],
  ['"exporterAddressHigh"', 8],
  ['"exporterAddressLow"', 8],
  ['"sourceAddressHigh"', 8],
  ['"sourceAddressLow"', 8],
  ['"destinationAddressHigh"', 8],
  ['"destinationAddressLow"', 8],
  [`(${sourcePort})::INTEGER`, 4],
  [`(${destinationPort})::INTEGER`, 4],
  ['"protocolIdentifier"::INTEGER', 4],
  ['"tcpControlBits"::INTEGER', 4],
  ['least("samplingInterval", 2147483647)::INTEGER', 4],
] as const

interface EventScan {
  query: FlowScan
  take: (flows: EventFlows) => void
}

/**
 * Passes the flows that overlap the window to `take` in batches, in no order. The columns are
 * reused for the next batch. If all files are Weir's own, `source` reads them.
 * @throws QueryTooLarge if there are more than `rowsMax`
 */
export async function scanEventFlows(
  session: Session,
  files: ArchiveFiles,
  { query, take, source }: EventScan & { source: EventSource },
): Promise<void> {
  let rows = 0
  const counted = (flows: EventFlows) => {
    session.goesOn()
    rows += flows.count
    if (rows > query.rowsMax) throw tooManyFlows(query.rowsMax)
    take(flows)
  }
  const { from, to, exporter, hosts } = query
  const window = { from, to, exporter, hosts }
  const groups = await source.groups(files, window)
  if (groups === null) await askEventFlows(session, files, { query, take: counted })
  else await source.events(groups, window, counted)
}

/** The same by SQL, for files of any writer; without a limit. */
export async function askEventFlows(
  session: Session,
  files: Pick<ArchiveFiles, 'inside' | 'edge'>,
  { query, take }: EventScan,
): Promise<void> {
  const bindings = new Bindings()
  const window = { from: bindings.whole(query.from), to: bindings.whole(query.to) }
  const conditions = eventConditionsSql(query, bindings)
  const paths = bindings.texts([...files.inside, ...files.edge])
  const room = columns.map(([, valueBytes]) => new Uint8Array(valueBytes * vectorRows))
  for await (const chunk of session.stream(
    `SELECT ${columns.map(([sql]) => sql).join(', ')} FROM read_parquet(${paths})
     WHERE ${belongsSql('any', window)}${conditions}`,
    bindings,
  ))
    take(flowsOf(chunk, room))
}

/** Allocated per batch, the columns would add up to a hundred megabytes of garbage. */
function flowsOf(
  { chunk, rowCount }: DuckDBDataChunk,
  room: readonly Uint8Array<ArrayBuffer>[],
): EventFlows {
  const bufferOf = (at: number) => {
    const size = rowCount * columns[at]![1]
    room[at]!.set(duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, at), size))
    return room[at]!.buffer
  }
  const doubles = (at: number) => new Float64Array(bufferOf(at))
  const words = (at: number) => new Uint32Array(bufferOf(at))
  const integers = (at: number) => new Int32Array(bufferOf(at))
  return {
    count: rowCount,
    first: doubles(0),
    last: doubles(1),
    bytes: doubles(2),
    packets: doubles(3),
    exporterHigh: words(4),
    exporterLow: words(5),
    sourceHigh: words(6),
    sourceLow: words(7),
    destinationHigh: words(8),
    destinationLow: words(9),
    sourcePort: integers(10),
    destinationPort: integers(11),
    protocol: integers(12),
    tcpFlags: integers(13),
    sampling: integers(14),
  }
}
