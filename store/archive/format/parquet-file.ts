/**
 * Rows of flow columns as a Parquet file: one row group, columns of one value (which then stands in the footer too), packed
 * by differences (delta.ts), or plain and zstd where neither goes. DuckDB would take many times as long for rows that are
 * sorted and written again at their interval's end.
 */
import { archiveColumns } from '../columns.ts'
import { reusePacked } from './delta.ts'
import { FileParts, magic, singleChunk, valuesChunk, type ColumnChunk } from './pages.ts'
import { columnValues, type BlockRows, type ColumnValues } from './values.ts'

const plainLevel = 1

/** The bytes of a file with the rows in the order given; one row group. They are good until the next file is made. */
export function parquetFile(parts: readonly BlockRows[]): Buffer[] {
  reusePacked()
  const rows = parts.reduce((sum, { from, to }) => sum + to - from, 0)
  const file = new FileParts()
  const chunks = archiveColumns.map((column) => chunkOf(columnValues(column, parts, rows), rows))
  return [magic, ...file.add(rows, chunks), ...file.end()]
}

function chunkOf({ bytes, form }: ColumnValues, rows: number): ColumnChunk {
  // What is given is good until the next column is made, but a page is put together before.
  if (form === 'single') return singleChunk(Buffer.from(bytes), rows)
  const isDelta = form === 'packed'
  return valuesChunk(bytes, { rows, isDelta, level: isDelta ? null : plainLevel })
}
