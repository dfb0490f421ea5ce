/**
 * Requests to ClickHouse over HTTP. Several nodes may be named: the one that answered last is asked
 * first, and the next where it does not answer. Every value of a query is a typed parameter.
 */
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'

import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client'

import { SettingsError } from '../../flow/settings.ts'
import type { ClickHouseSettings } from '../../flow/clickhouse-specs.ts'
import { Slots } from '../spool/slots.ts'
import { ClickHouseFault, faultOf } from './fault.ts'

/** The oldest version that was tried. */
const versionMin = [26, 7] as const

/** What every statement is to keep to. */
const settings = {
  // Whole numbers beyond 2^53 come as texts, and an error is told before anything of an answer is.
  output_format_json_quote_64bit_integers: 1,
  wait_end_of_query: 1,
  http_write_exception_in_output_format: 0,
  // An answer lacks nothing in silence: a shard that is away, or a replica that lags, is an error.
  skip_unavailable_shards: 0,
  fallback_to_stale_replicas_for_distributed_queries: 0,
  // One replica of a shard is asked, and another where that one does not answer: asking a second one
  // beside a slow first would cost as much again.
  use_hedged_requests: 0,
  // An insert is done when every replica that is written to has it.
  distributed_foreground_insert: 1,
  insert_deduplicate: 1,
  async_insert: 0,
  max_partitions_per_insert_block: '1000',
} as const

export type Values = Readonly<Record<string, unknown>>

export interface ConnectionOptions {
  settings: ClickHouseSettings
  /** A request without an answer by then is given up. */
  timeoutMs: number
  /** Requests that may be in flight at a time; default: no bound. */
  requestsMax?: number
}

export interface Statement {
  sql: string
  /** By the names under which the text speaks of them: {name:Type}. */
  values?: Values
  settings?: Readonly<Record<string, string | number>>
  signal?: AbortSignal | undefined
}

/** The columns of an answer. Whole numbers of 64 bits and more come as texts. */
export class Answer {
  readonly columns: Readonly<Record<string, readonly unknown[]>>

  constructor(columns: Readonly<Record<string, readonly unknown[]>>) {
    this.columns = columns
  }

  get count(): number {
    return Object.values(this.columns)[0]?.length ?? 0
  }

  /** The nearest number to each value. */
  numbers(name: string): number[] {
    return this.#column(name).map(Number)
  }

  /** Each value as it is, exact. */
  wholes(name: string): bigint[] {
    return this.#column(name).map((value) => BigInt(value as string | number))
  }

  texts(name: string): string[] {
    return this.#column(name).map(String)
  }

  #column(name: string): readonly unknown[] {
    return this.columns[name] ?? []
  }
}

export class Connection {
  readonly urls: readonly string[]
  readonly database: string
  readonly cluster: string | null
  /** Requests that were made, and those of them that failed. */
  readonly requests = { sent: 0, failed: 0 }
  readonly #clients: ClickHouseClient[] = []
  readonly #options: ConnectionOptions
  readonly #slots: Slots
  #at = 0

  constructor(options: ConnectionOptions) {
    const { urls, database, cluster } = options.settings
    this.urls = urls
    this.database = database
    this.cluster = cluster
    this.#options = options
    this.#slots = new Slots(options.requestsMax ?? Number.POSITIVE_INFINITY)
  }

  get inFlight(): number {
    return this.#slots.taken
  }

  /** The columns of an answer, by name. @throws ClickHouseFault */
  async read(statement: Statement): Promise<Answer> {
    return this.#ask(async (client, signal) => {
      const answer = await client.query({
        query: statement.sql,
        query_params: { ...statement.values },
        format: 'JSONColumnsWithMetadata',
        clickhouse_settings: { ...settings, ...statement.settings },
        abort_signal: signal,
      })
      const { data } = await answer.json<Record<string, unknown[]>>()
      return new Answer(data as unknown as Record<string, unknown[]>)
    }, statement.signal)
  }

  /** A statement without an answer. @throws ClickHouseFault */
  async run(statement: Statement): Promise<void> {
    await this.#ask(async (client, signal) => {
      await client.command({
        query: statement.sql,
        query_params: { ...statement.values },
        clickhouse_settings: { ...settings, ...statement.settings },
        abort_signal: signal,
      })
    }, statement.signal)
  }

  /** An INSERT whose rows come as a stream, made anew for each try. @throws ClickHouseFault */
  async insert(statement: Statement, rows: () => Readable): Promise<void> {
    await this.#ask(async (client, signal) => {
      const { stream } = await client.exec({
        query: statement.sql,
        query_params: { ...statement.values },
        values: rows(),
        clickhouse_settings: { ...settings, ...statement.settings },
        abort_signal: signal,
      })
      for await (const _ of stream);
    }, statement.signal)
  }

  /** The bytes of an answer whose text names its format, as they come. @throws ClickHouseFault, and what `take` throws */
  async stream(statement: Statement, take: (chunk: Buffer) => void): Promise<void> {
    let thrown: unknown
    await this.#ask(async (client, signal) => {
      const { stream } = await client.exec({
        query: statement.sql,
        query_params: { ...statement.values },
        clickhouse_settings: { ...settings, ...statement.settings },
        abort_signal: signal,
      })
      try {
        for await (const chunk of stream) take(chunk as Buffer)
      } catch (error) {
        thrown = error
        stream.destroy()
      }
    }, statement.signal)
    if (thrown !== undefined) throw thrown
  }

  /** Runs a statement on every node that is named, one after the other. @throws ClickHouseFault */
  async runEverywhere(statement: Statement): Promise<void> {
    for (let i = 0; i < this.urls.length; i++) {
      this.#at = i
      try {
        await this.#once((client, signal) =>
          client.command({
            query: statement.sql,
            clickhouse_settings: settings,
            abort_signal: signal,
          }),
        )
      } catch (error) {
        throw faultOf(error)
      }
    }
  }

  /**
   * The version of the server, such as 26.7.2.1.
   * @throws ClickHouseFault of kind unsupported where it is too old
   */
  async version(): Promise<string> {
    const answer = await this.read({ sql: 'SELECT version() AS version' })
    const text = answer.texts('version')[0] ?? ''
    const [major = 0, minor = 0] = text.split('.').map(Number)
    const isOld = major < versionMin[0] || (major === versionMin[0] && minor < versionMin[1])
    if (isOld)
      throw new ClickHouseFault(
        'unsupported',
        `version ${text}; Weir needs ${versionMin.join('.')}`,
      )
    return text
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client?.close()))
  }

  /** Asks the node that answered last, and where none answers there, the others in turn. */
  async #ask<Found>(
    work: (client: ClickHouseClient, signal: AbortSignal) => Promise<Found>,
    signal?: AbortSignal,
  ): Promise<Found> {
    return this.#slots.run(async () => {
      for (let tries = 1; ; tries++)
        try {
          return await this.#once(work, signal)
        } catch (error) {
          signal?.throwIfAborted()
          const fault = faultOf(error)
          if (fault.kind !== 'away') throw fault
          this.#at = (this.#at + 1) % this.urls.length
          // A node that took all the time there is leaves none for the next.
          if (fault.isTimeout || tries >= this.urls.length) throw fault
        }
    })
  }

  async #once<Found>(
    work: (client: ClickHouseClient, signal: AbortSignal) => Promise<Found>,
    signal?: AbortSignal,
  ): Promise<Found> {
    const { timeoutMs } = this.#options
    const timeout = AbortSignal.timeout(timeoutMs)
    this.requests.sent++
    try {
      const client = await this.#client(this.#at)
      return await work(client, signal ? AbortSignal.any([timeout, signal]) : timeout)
    } catch (error) {
      this.requests.failed++
      if (timeout.aborted)
        throw new ClickHouseFault('away', `no answer within ${timeoutMs / 1000} s`, {
          isTimeout: true,
        })
      throw error
    }
  }

  async #client(at: number): Promise<ClickHouseClient> {
    const { settings: given, timeoutMs } = this.#options
    return (this.#clients[at] ??= createClient({
      url: this.urls[at]!,
      username: given.user,
      password: await passwordOf(given),
      // Ours, which closes the request, comes first.
      request_timeout: 2 * timeoutMs,
      compression: { request: false, response: true },
      application: 'weir',
      log: { level: ClickHouseLogLevel.OFF },
      use_multipart_params_auto: true,
    }))
  }
}

async function passwordOf({ passwordFile }: ClickHouseSettings): Promise<string> {
  return passwordFile === null ? '' : (await readFile(passwordFile, 'utf8')).trim()
}

/** @throws SettingsError where the password's file cannot be read */
export async function checkPassword(given: ClickHouseSettings): Promise<void> {
  try {
    await passwordOf(given)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new SettingsError([
      {
        key: 'WEIR_CLICKHOUSE_PASSWORD_FILE',
        value: given.passwordFile ?? '',
        remedy: `cannot be read (${code ?? message}); name a file with one line`,
      },
    ])
  }
}
