/** DuckDB as the engine over the series' files: in memory, bounded, without a database file. */
import {
  DuckDBInstance,
  LIST,
  VARCHAR,
  listValue,
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'

import { literal } from '../sql-literal.ts'

interface EngineOptions {
  threads: number
  /** Such as 512MB. */
  memoryLimit: string
  /** The only folder that statements may access. */
  folder: string
  /** Where large sorts spill; created when needed. */
  spillFolder: string
}

/** Values for the named parameters of a statement. */
export type SqlValues = Record<string, number | string | readonly string[]>

export class Engine {
  readonly #instance: DuckDBInstance
  readonly #running = new Set<Promise<unknown>>()
  #isClosed = false

  private constructor(instance: DuckDBInstance) {
    this.#instance = instance
  }

  static async open({ threads, memoryLimit, folder, spillFolder }: EngineOptions): Promise<Engine> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: String(threads),
      memory_limit: memoryLimit,
      temp_directory: spillFolder,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    })
    const engine = new Engine(instance)
    await engine.use(async (connection) => {
      await connection.run(`SET allowed_directories = [${literal(folder)}]`)
      await connection.run('SET enable_external_access = false')
      await connection.run("SET TimeZone = 'UTC'")
    })
    return engine
  }

  /** Lends a dedicated connection to `work`. @throws an error once the engine is closed */
  async use<Result>(work: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw new Error('the series are being closed')
    const running = this.#lend(work)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  connect(): Promise<DuckDBConnection> {
    return this.#instance.connect()
  }

  /** The rows of a query with bound values, as chunks of at most 2,048. */
  chunks(sql: string, values: SqlValues): Promise<readonly DuckDBDataChunk[]> {
    return this.use((connection) => chunksOf(connection, sql, values))
  }

  /** Waits for running queries: DuckDB's binding kills the process if a closed instance is used. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled(this.#running)
    this.#instance.closeSync()
  }

  async #lend<Result>(work: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
    const connection = await this.#instance.connect()
    try {
      return await work(connection)
    } finally {
      connection.closeSync()
    }
  }
}

/** The rows of a query on a given connection. */
async function chunksOf(
  connection: DuckDBConnection,
  sql: string,
  values: SqlValues = {},
): Promise<readonly DuckDBDataChunk[]> {
  const bound: Record<string, DuckDBValue> = {}
  const types: Record<string, DuckDBType> = {}
  for (const [name, value] of Object.entries(values)) {
    const isList = typeof value === 'object'
    bound[name] = isList ? listValue([...value]) : value
    if (isList) types[name] = LIST(VARCHAR)
  }
  const result = await connection.run(sql, bound, types)
  return result.fetchAllChunks()
}

/** The first row of a query, as numbers (null as 0). */
export async function numbersOf(connection: DuckDBConnection, sql: string): Promise<number[]> {
  const [chunk] = await chunksOf(connection, sql)
  return chunk ? chunk.getRowValues(0).map((value) => Number(value ?? 0)) : []
}
