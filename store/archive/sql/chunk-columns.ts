/** Flow columns from DuckDB's data chunks. Not in columns.ts, since this import loads DuckDB, which ingest avoids. */
import duckdb from '@duckdb/node-bindings'

import {
  columnNames,
  flowColumns,
  type ColumnName,
  type FlowColumns,
} from '../../../flow/columns.ts'
import { bytesPerRow, sharedColumns, type ArchiveColumn } from '../columns.ts'

/** Rows per DuckDB vector. */
export const vectorRows = 2048

/** All rows of data chunks with the given columns, as shared flow columns; all other columns are 0. */
export function columnsOf(
  chunks: readonly { chunk: duckdb.DataChunk; rowCount: number }[],
  selected: readonly ArchiveColumn[],
): FlowColumns {
  const count = chunks.reduce((sum, { rowCount }) => sum + rowCount, 0)
  return sharedColumns(count, (name, rowBytes) => {
    const place = selected.findIndex(({ from }) => from === name)
    return place < 0 ? null : gathered(chunks, place, count * rowBytes)
  })
}

/** The values of one column across all chunks. */
function gathered(
  chunks: readonly { chunk: duckdb.DataChunk; rowCount: number }[],
  place: number,
  byteLength: number,
): SharedArrayBuffer {
  const bytes = new Uint8Array(new SharedArrayBuffer(byteLength))
  const rows = chunks.reduce((sum, { rowCount }) => sum + rowCount, 0)
  let at = 0
  for (const { chunk, rowCount } of chunks) {
    const size = (rowCount * byteLength) / rows
    bytes.set(duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, place), size), at)
    at += size
  }
  return bytes.buffer
}

/** Appends the rows of a data chunk (selected with fromArchiveSql) to flow columns with enough room. */
export function takeChunk(flows: FlowColumns, chunk: duckdb.DataChunk, rows: number): void {
  columnNames.forEach((name: ColumnName, i) => {
    const bytes = bytesPerRow[flowColumns[name].kind]
    const data = duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, i), rows * bytes)
    const target = flows[name]
    new Uint8Array(target.buffer, flows.count * bytes, rows * bytes).set(data)
  })
  flows.count += rows
}
