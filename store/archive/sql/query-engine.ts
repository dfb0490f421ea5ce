/** DuckDB as the engine of archive queries: in memory, bounded, and interruptible. */
import { DuckDBInstance, type DuckDBConnection, type DuckDBDataChunk } from '@duckdb/node-api'

import { reasonOf } from '../../../flow/reason.ts'
import { ChunkGarbage } from '../../process/garbage.ts'
import { Bindings } from './bindings.ts'
import { QueryTooLarge } from '../../query-error.ts'
import { literal } from '../../sql-literal.ts'

export interface EngineLimits {
  threads: number
  memoryBytes: number
  /** A query that takes longer is stopped. */
  queryMs: number
}

/** The columns of an answer, by name. */
export interface AnswerColumns {
  readonly count: number
  numbers(name: string): readonly number[]
  wholes(name: string): readonly bigint[]
}

/** The columns of an answer: integers as bigint (BIGINT) or number (DOUBLE), as cast by the statement. */
export class Table implements AnswerColumns {
  readonly count: number
  readonly #columns: Record<string, readonly unknown[]>

  constructor(count: number, columns: Record<string, readonly unknown[]>) {
    this.count = count
    this.#columns = columns
  }

  numbers(name: string): readonly number[] {
    return (this.#columns[name] ?? []) as number[]
  }

  wholes(name: string): readonly bigint[] {
    return (this.#columns[name] ?? []) as bigint[]
  }

  texts(name: string): readonly string[] {
    return (this.#columns[name] ?? []) as string[]
  }
}

/** One query's connection, whose statements can be stopped together. */
export interface Session {
  read(sql: string, bindings: Bindings): Promise<Table>
  /** The whole answer in chunks of some thousand rows. */
  chunks(sql: string, bindings: Bindings): Promise<readonly DuckDBDataChunk[]>
  /** The answer chunk by chunk, as found: with a filter, chunks have few rows, and each costs some time. */
  stream(sql: string, bindings: Bindings): AsyncGenerator<DuckDBDataChunk>
  /** @throws the reason, once the query was stopped */
  goesOn(): void
}

/** A query's connection, and how to stop it. */
interface Stoppable {
  instance: DuckDBInstance
  connection: Connection
  stop: (reason: unknown) => void
  /** Why it was stopped; undefined if it was not. */
  stopped: () => unknown
}

export class QueryEngine {
  #instance: DuckDBInstance
  readonly #folder: string
  readonly #limits: EngineLimits
  /** While a new instance replaces an unusable one. */
  #renewing: Promise<void> | null = null
  /** How to stop each running query, by its promise. */
  readonly #running = new Map<Promise<unknown>, (reason: unknown) => void>()
  #isClosed = false

  private constructor(instance: DuckDBInstance, folder: string, limits: EngineLimits) {
    this.#instance = instance
    this.#folder = folder
    this.#limits = limits
  }

  /** An engine whose statements can only read, and only below `folder` (absolute). */
  static async open(folder: string, limits: EngineLimits): Promise<QueryEngine> {
    return new QueryEngine(await openInstance(folder, limits), folder, limits)
  }

  /**
   * Runs `work` on a connection of its own, opened with its first statement. The caller limits concurrency.
   * @throws QueryTooLarge if it takes too much time or memory; the signal's reason; an error if the engine is closed
   */
  async query<Result>(
    signal: AbortSignal | undefined,
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    signal?.throwIfAborted()
    await this.#renewing
    if (this.#isClosed) throw closedError()
    const instance = this.#instance
    const connection = new Connection(instance)
    let stopped: unknown
    const stop = (reason: unknown) => {
      stopped ??= reason
      connection.interrupt()
    }
    const stoppable = { instance, connection, stop, stopped: () => stopped }
    const running = this.#run(stoppable, signal, work)
    this.#running.set(running, stop)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Stops running queries and waits for them: DuckDB's binding ends the process if a closed instance is used. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#renewing
    for (const stop of this.#running.values()) stop(closedError())
    await Promise.allSettled(this.#running.keys())
    this.#instance.closeSync()
  }

  async #run<Result>(
    { instance, connection, stop, stopped }: Stoppable,
    signal: AbortSignal | undefined,
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    const { queryMs } = this.#limits
    const abort = () => stop(signal?.reason)
    signal?.addEventListener('abort', abort)
    const timer = setTimeout(() => stop(tooLong(queryMs)), queryMs)
    try {
      return await work(statementsOn(connection, stopped))
    } catch (error) {
      if (isFatal(error)) await this.#renew(instance)
      throw stopped() ?? toRefusal(error, this.#limits)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      await connection.close()
    }
  }

  /** Replaces an instance that no longer answers. */
  async #renew(broken: DuckDBInstance): Promise<void> {
    if (broken === this.#instance && !this.#isClosed) this.#renewing ??= this.#replace()
    await this.#renewing
  }

  async #replace(): Promise<void> {
    const [before, running] = [this.#instance, [...this.#running.keys()]]
    try {
      this.#instance = await openInstance(this.#folder, this.#limits)
      void Promise.allSettled(running).then(() => before.closeSync())
    } finally {
      this.#renewing = null
    }
  }
}

/** See QueryEngine.open. */
async function openInstance(folder: string, limits: EngineLimits): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(limits.threads),
    memory_limit: `${Math.ceil(limits.memoryBytes / 2 ** 20)}MiB`,
    temp_directory: '',
    // In-memory tables would be checkpointed, too, and if memory runs out then, the instance becomes unusable.
    checkpoint_threshold: '1TB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'false',
  })
  const connection = await instance.connect()
  // Footers are cached: files never change under their names.
  await connection.run('SET parquet_metadata_cache = true')
  await connection.run(`SET allowed_directories = [${literal(`${folder}/`)}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
  connection.closeSync()
  return instance
}

/** A connection opened on first use: answers from memory need none. */
class Connection {
  readonly #instance: DuckDBInstance
  #opening: Promise<DuckDBConnection> | null = null
  #opened: DuckDBConnection | null = null

  constructor(instance: DuckDBInstance) {
    this.#instance = instance
  }

  async open(): Promise<DuckDBConnection> {
    return (this.#opened = await (this.#opening ??= this.#instance.connect()))
  }

  interrupt(): void {
    this.#opened?.interrupt()
  }

  async close(): Promise<void> {
    ;(await this.#opening)?.closeSync()
  }
}

function statementsOn(connection: Connection, stopped: () => unknown): Session {
  const goesOn = () => {
    if (stopped() !== undefined) throw stopped()
  }
  const begin = async () => {
    const opened = await connection.open()
    // An interrupt between two statements stops neither, so the next one must not start.
    goesOn()
    return opened
  }
  return {
    goesOn,
    async read(sql, bindings) {
      const { values, types } = bindings.usedIn(sql)
      const reader = await (await begin()).runAndReadAll(sql, values, types)
      return new Table(reader.currentRowCount, reader.getColumnsObject())
    },
    async chunks(sql, bindings) {
      const { values, types } = bindings.usedIn(sql)
      const result = await (await begin()).run(sql, values, types)
      return result.fetchAllChunks()
    },
    async *stream(sql, bindings) {
      const { values, types } = bindings.usedIn(sql)
      const result = await (await begin()).stream(sql, values, types)
      const garbage = new ChunkGarbage()
      for (;;) {
        const chunk = await result.fetchChunk()
        if (!chunk || chunk.rowCount === 0) return
        yield chunk
        garbage.add()
      }
    },
  }
}

function closedError(): Error {
  return new Error('the archive is being closed')
}

function tooLong(queryMs: number): QueryTooLarge {
  return new QueryTooLarge(
    `the query took more than ${queryMs / 1000} s and was stopped`,
    'ask for a shorter time, a longer step, or filter more',
  )
}

/** After such an error an instance answers every statement with it. DuckDB errors differ only in their first words. */
function isFatal(error: unknown): boolean {
  return reasonOf(error).startsWith('FATAL Error')
}

function toRefusal(error: unknown, { memoryBytes }: EngineLimits): unknown {
  const message = reasonOf(error)
  const isOfMemory = isFatal(error) && message.includes('could not allocate')
  if (!isOfMemory && !message.startsWith('Out of Memory Error')) return error
  return new QueryTooLarge(
    `the query needs more than the ${Math.round(memoryBytes / 2 ** 20)} MiB that queries may use`,
    'ask for a shorter time, fewer keys, or filter more',
  )
}
