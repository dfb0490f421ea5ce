/** Sorted rows as a Parquet file, a row group after the other, as DuckDB gives them. */
import type { FileHandle } from 'node:fs/promises'

import duckdb from '@duckdb/node-bindings'

import type { ColumnForms } from './column-form.ts'
import { archiveColumns, isWide, type ArchiveColumn } from './columns.ts'
import { FileParts, magic, singleChunk, type ColumnChunk } from './parquet-pages.ts'
import { plainValue } from './values.ts'

/** Rows for which there is room at first. */
const roomRowsMin = 1 << 17
/** Rows of a row group, about, at the most: where most flows of a file's time came at once, their part is cut. */
const groupRowsMax = 1 << 18

/** Rows in the order of sortedSql: the number of their row group, and then the columns given. */
export interface SortedRows {
  chunks: AsyncIterable<{ chunk: duckdb.DataChunk; rowCount: number }>
  columns: readonly ArchiveColumn[]
  /** Values, as text, of columns that are not given. */
  singles: ReadonlyMap<string, string>
  /** In which forms columns are kept: the same for the files of an archive. */
  forms: ColumnForms
  groupRows?: number
}

/** Writes rows; `texts` are put into the footer by key. */
export async function writeSorted(
  file: FileHandle,
  { chunks, groupRows = groupRowsMax, ...rows }: SortedRows,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  const group = new RowGroup(rows)
  const parts = new FileParts()
  await file.writev([magic])
  const flush = async () => {
    if (group.rows > 0) await file.writev(parts.add(group.rows, group.take()))
  }
  let current: number | null = null
  for await (const { chunk, rowCount } of chunks) {
    const bytes = vectorBytes(chunk, 0, rowCount * 4)
    const groups = new Int32Array(bytes.buffer, bytes.byteOffset, rowCount)
    for (let from = 0; from < rowCount;) {
      if (groups[from] !== current || group.rows >= groupRows) await flush()
      current = groups[from]!
      let to = from + 1
      while (to < rowCount && groups[to] === current) to++
      group.append(chunk, from, to)
      from = to
    }
  }
  await flush()
  await file.writev(parts.end(texts))
}

/** The rows of the row group that is being put together. */
class RowGroup {
  readonly #columns: readonly ArchiveColumn[]
  readonly #singles: ReadonlyMap<string, string>
  readonly #forms: ColumnForms
  /** Words by column: two a row of columns of 64 bits. */
  #words: Int32Array[]
  #room = roomRowsMin
  rows = 0

  constructor({ columns, singles, forms }: Omit<SortedRows, 'chunks' | 'groupRows'>) {
    this.#columns = columns
    this.#singles = singles
    this.#forms = forms
    this.#words = columns.map(({ type }) => new Int32Array(this.#room * wordsOf(type)))
  }

  /** Takes rows [from, to) of a chunk. */
  append(chunk: duckdb.DataChunk, from: number, to: number): void {
    const rows = this.rows + to - from
    if (rows > this.#room) this.#grow(rows)
    this.#columns.forEach(({ type }, i) => {
      const width = wordsOf(type)
      const bytes = vectorBytes(chunk, i + 1, to * width * 4)
      const words = new Int32Array(bytes.buffer, bytes.byteOffset + from * width * 4, (to - from) * width) // prettier-ignore
      this.#words[i]!.set(words, this.rows * width)
    })
    this.rows = rows
  }

  /** All columns of the archive as chunks; there are no rows afterwards. */
  take(): ColumnChunk[] {
    const { rows } = this
    const chunks = archiveColumns.map((column) => {
      const { type, name } = column
      const place = this.#columns.indexOf(column)
      if (place < 0) return singleChunk(plainValue(type, BigInt(this.#singles.get(name)!)), rows)
      const words = this.#words[place]!.subarray(0, rows * wordsOf(type))
      return this.#forms.chunk(name, { words, isWide: isWide(type), rows })
    })
    this.rows = 0
    return chunks
  }

  #grow(rows: number): void {
    while (this.#room < rows) this.#room *= 2
    this.#words = this.#words.map((words, i) => {
      const grown = new Int32Array(this.#room * wordsOf(this.#columns[i]!.type))
      grown.set(words)
      return grown
    })
  }
}

function wordsOf(type: ArchiveColumn['type']): number {
  return isWide(type) ? 2 : 1
}

function vectorBytes(chunk: duckdb.DataChunk, column: number, length: number): Uint8Array {
  return duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, column), length)
}
