/** Appends columns of values to a table in memory, in chunks of one vector. */
import {
  DOUBLE,
  DuckDBDataChunk,
  VARCHAR,
  type DuckDBAppender,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBVector,
} from '@duckdb/node-api'

/** Rows per DuckDB vector. */
const vectorRows = 2048

const types = { DOUBLE, VARCHAR } satisfies Record<string, DuckDBType>
export type ChunkType = keyof typeof types

/** One value per row, or one value for all rows. */
export type ChunkColumn = ArrayLike<DuckDBValue> | { forAllRows: DuckDBValue }

export class ChunkWriter {
  readonly #appender: DuckDBAppender
  readonly #types: readonly DuckDBType[]
  #chunk: DuckDBDataChunk | null = null
  #vectors: DuckDBVector[] = []
  #row = 0

  constructor(appender: DuckDBAppender, columns: readonly ChunkType[]) {
    this.#appender = appender
    this.#types = columns.map((type) => types[type])
  }

  /** Adds rows, column by column. */
  add(columns: readonly ChunkColumn[], count: number): void {
    for (let from = 0; from < count;) {
      this.#chunk ??= this.#begin()
      const length = Math.min(count - from, vectorRows - this.#row)
      for (const [i, column] of columns.entries()) {
        const vector = this.#vectors[i]!
        if ('forAllRows' in column)
          for (let row = 0; row < length; row++) vector.setItem(this.#row + row, column.forAllRows)
        else
          for (let row = 0; row < length; row++)
            vector.setItem(this.#row + row, column[from + row]!)
      }
      from += length
      this.#row += length
      if (this.#row === vectorRows) this.#hand()
    }
  }

  /** Appends the last rows and closes the appender. */
  close(): void {
    if (this.#chunk) this.#hand()
    this.#appender.closeSync()
  }

  #begin(): DuckDBDataChunk {
    const chunk = DuckDBDataChunk.create(this.#types, vectorRows)
    this.#vectors = this.#types.map((_, i) => chunk.getColumnVector(i))
    this.#row = 0
    return chunk
  }

  #hand(): void {
    for (const vector of this.#vectors) vector.flush()
    this.#chunk!.rowCount = this.#row
    this.#appender.appendDataChunk(this.#chunk!)
    this.#chunk = null
  }
}
