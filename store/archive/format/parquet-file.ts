/**
 * Writes rows of flow columns as a Parquet file: one row group, columns with a single value (stored
 * in the footer, too), packed as differences (delta.ts), or otherwise plain with zstd. DuckDB would
 * take many times as long, for rows that are sorted and rewritten at the end of their interval.
 */
import { archiveColumns } from '../columns.ts'
import { reusePacked } from './delta.ts'
import { FileParts, magic, singleChunk, valuesChunk, type ColumnChunk } from './pages.ts'
import { columnValues, type BlockRows, type ColumnValues } from './column-values.ts'

const plainLevel = 1

/** The bytes of a file with one row group, rows in the given order; valid until the next call. */
export function parquetFile(parts: readonly BlockRows[]): Buffer[] {
  reusePacked()
  const rows = parts.reduce((sum, { from, to }) => sum + to - from, 0)
  const file = new FileParts()
  const chunks = archiveColumns.map((column) => chunkOf(columnValues(column, parts, rows), rows))
  return [magic, ...file.add(rows, chunks), ...file.end()]
}

function chunkOf({ bytes, form }: ColumnValues, rows: number): ColumnChunk {
  // The values are valid until the next column is read, and the page is built before that.
  if (form === 'single') return singleChunk(Buffer.from(bytes), rows)
  const isDelta = form === 'packed'
  return valuesChunk(bytes, { rows, isDelta, level: isDelta ? null : plainLevel })
}
