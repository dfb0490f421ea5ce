/**
 * DuckDB for the archive's threads, through its bindings only: the rest of its package takes 5 MiB
 * per thread.
 */
import duckdb from '@duckdb/node-bindings'

export class FileEngine {
  readonly #database: duckdb.Database
  readonly #connection: duckdb.Connection

  private constructor(database: duckdb.Database, connection: duckdb.Connection) {
    this.#database = database
    this.#connection = connection
  }

  /** An in-memory engine with DuckDB settings; single-threaded, so that rows keep the order of their file. */
  static async open(settings: Readonly<Record<string, string>> = {}): Promise<FileEngine> {
    const config = duckdb.create_config()
    for (const [name, value] of Object.entries({ ...settings, threads: '1' }))
      duckdb.set_config(config, name, value)
    const database = await duckdb.open(':memory:', config)
    return new FileEngine(database, await duckdb.connect(database))
  }

  async run(sql: string): Promise<void> {
    await duckdb.query(this.#connection, sql)
  }

  /** The row of a single-row statement with columns of doubles. */
  async numbers(sql: string): Promise<number[]> {
    const result = await duckdb.query(this.#connection, sql)
    const chunk = (await duckdb.fetch_chunk(result))!
    const columns = duckdb.data_chunk_get_column_count(chunk)
    return Array.from({ length: columns }, (_, i) => numbersOf(chunk, i)[0]!)
  }

  /** The rows of a statement in batches, as they are found: the bytes of its only column. */
  async *bytes(sql: string, rowBytes: number): AsyncGenerator<Uint8Array> {
    const prepared = await duckdb.prepare(this.#connection, sql)
    const result = await duckdb.execute_prepared_streaming(prepared)
    duckdb.destroy_prepare_sync(prepared)
    for (;;) {
      const chunk = await duckdb.fetch_chunk(result)
      const rows = chunk ? duckdb.data_chunk_get_size(chunk) : 0
      if (!chunk || rows === 0) return
      yield duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, 0), rows * rowBytes)
    }
  }

  /** Stops the running statement. */
  interrupt(): void {
    duckdb.interrupt(this.#connection)
  }

  close(): void {
    duckdb.disconnect_sync(this.#connection)
    duckdb.close_sync(this.#database)
  }
}

function numbersOf(chunk: duckdb.DataChunk, column: number): Float64Array {
  const length = 8 * duckdb.data_chunk_get_size(chunk)
  const bytes = duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, column), length)
  return new Float64Array(bytes.buffer, bytes.byteOffset, length / 8)
}
