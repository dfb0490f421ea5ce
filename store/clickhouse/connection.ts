/**
 * Requests to ClickHouse over HTTP. Several nodes may be given: the one that answered last is tried
 * first, and the next if it does not answer. Every value in a query is a typed parameter.
 */
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'

import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client'

import { SettingsError } from '../../flow/settings/settings.ts'
import type { ClickHouseSettings } from '../../flow/settings/clickhouse-specs.ts'
import { reasonOf } from '../../flow/reason.ts'
import { noPulse, type Pulse } from '../remote/pulse.ts'
import { Slots } from '../spool/slots.ts'
import { ClickHouseFault, faultOf } from './fault.ts'
import { querySettings, statementSettings } from './statement-settings.ts'

/** The oldest tested version. */
const versionMin = [26, 7] as const

export type Values = Readonly<Record<string, unknown>>

interface ConnectionOptions {
  settings: ClickHouseSettings
  /** Requests time out after this. */
  timeoutMs: number
  /** Tries the next node sooner if one hangs; absent: each has its whole time. */
  pulse?: Pulse
  /** Most concurrent requests; default: unlimited. */
  requestsMax?: number
}

export interface Statement {
  sql: string
  /** By the names used in the text: {name:Type}. */
  values?: Values
  settings?: Readonly<Record<string, string | number>>
  signal?: AbortSignal | undefined
}

/** What every request to a node is made with. */
interface Manner {
  auth: { username: string; password: string }
  abort_signal: AbortSignal
}

/** What is asked of one node. */
type Work<Found> = (client: ClickHouseClient, manner: Manner) => Promise<Found>

/** The columns of an answer. Integers of 64 bits and more arrive as text. */
export class Answer {
  readonly columns: Readonly<Record<string, readonly unknown[]>>

  constructor(columns: Readonly<Record<string, readonly unknown[]>>) {
    this.columns = columns
  }

  get count(): number {
    return Object.values(this.columns)[0]?.length ?? 0
  }

  /** Each value as the nearest number. */
  numbers(name: string): number[] {
    return this.#column(name).map(Number)
  }

  /** Each value, exact. */
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
  /** Requests made, and those that failed. */
  readonly requests = { sent: 0, failed: 0 }
  readonly #clients: ClickHouseClient[] = []
  readonly #options: ConnectionOptions
  readonly #slots: Slots
  readonly #closed = new AbortController()
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
    return this.#ask(async (client, manner) => {
      const answer = await client.query({
        query: statement.sql,
        query_params: { ...statement.values },
        format: 'JSONColumnsWithMetadata',
        clickhouse_settings: { ...querySettings, ...statement.settings },
        ...manner,
      })
      const { data } = await answer.json<Record<string, unknown[]>>()
      return new Answer(data as unknown as Record<string, unknown[]>)
    }, statement.signal)
  }

  /** A statement without a result. @throws ClickHouseFault */
  async run(statement: Statement): Promise<void> {
    await this.#ask(async (client, manner) => {
      await client.command({
        query: statement.sql,
        query_params: { ...statement.values },
        clickhouse_settings: { ...statementSettings, ...statement.settings },
        ...manner,
      })
    }, statement.signal)
  }

  /** An INSERT with streamed rows; the stream is recreated for each attempt. @throws ClickHouseFault */
  async insert(statement: Statement, rows: () => Readable): Promise<void> {
    await this.#ask(async (client, manner) => {
      const { stream } = await client.exec({
        query: statement.sql,
        query_params: { ...statement.values },
        values: rows(),
        clickhouse_settings: { ...statementSettings, ...statement.settings },
        ...manner,
      })
      for await (const _ of stream);
    }, statement.signal)
  }

  /** Streams the bytes of an answer in the format named in the text. @throws ClickHouseFault, and what `take` throws */
  async stream(statement: Statement, take: (chunk: Buffer) => void): Promise<void> {
    let thrown: unknown
    let hasTaken = false
    const work: Work<void> = async (client, manner) => {
      const { stream } = await client.exec({
        query: statement.sql,
        query_params: { ...statement.values },
        clickhouse_settings: { ...querySettings, ...statement.settings },
        ...manner,
      })
      for await (const chunk of stream) {
        hasTaken = true
        try {
          take(chunk as Buffer)
        } catch (error) {
          thrown = error
          break
        }
      }
    }
    // What was taken cannot be taken back: no other node is asked then.
    await this.#ask(work, statement.signal, () => !hasTaken)
    if (thrown !== undefined) throw thrown
  }

  /** Runs a statement on every configured node in turn. @throws ClickHouseFault */
  async runEverywhere(statement: Statement): Promise<void> {
    for (let node = 0; node < this.urls.length; node++)
      try {
        await this.#once(node, (client, manner) =>
          client.command({
            query: statement.sql,
            clickhouse_settings: statementSettings,
            ...manner,
          }),
        )
      } catch (error) {
        throw faultOf(error)
      }
  }

  /**
   * The version of the server, such as 26.7.2.1.
   * @throws ClickHouseFault of kind unsupported if it is too old
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

  /** Requests in progress fail: a server that hangs holds up no stop. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('the connection is closed'))
    await Promise.all(this.#clients.map((client) => client?.close()))
  }

  /** Tries the node that answered last, then the others in turn. */
  async #ask<Found>(
    work: Work<Found>,
    signal?: AbortSignal,
    isRepeatable = () => true,
  ): Promise<Found> {
    return this.#slots.run(async () => {
      // Each request goes through the nodes by itself: one that failed beside it must not send it back.
      let node = this.#at
      for (let tries = 1; ; tries++)
        try {
          return await this.#watched(node, work, signal)
        } catch (error) {
          signal?.throwIfAborted()
          this.#closed.signal.throwIfAborted()
          const fault = faultOf(error)
          if (fault.kind !== 'away') throw fault
          const next = (node + 1) % this.urls.length
          if (this.#at === node) this.#at = next
          node = next
          // A timeout on one node leaves no time for the next.
          if (fault.isTimeout || tries >= this.urls.length || !isRepeatable()) throw fault
        }
    })
  }

  #watched<Found>(node: number, work: Work<Found>, signal?: AbortSignal): Promise<Found> {
    const { pulse } = this.#options
    if (!pulse) return this.#once(node, work, { signal })
    return pulse.during(this.urls[node]!, (isHung) => this.#once(node, work, { signal, isHung }))
  }

  async #once<Found>(
    node: number,
    work: Work<Found>,
    { signal, isHung }: { signal?: AbortSignal | undefined; isHung?: AbortSignal } = {},
  ): Promise<Found> {
    const { timeoutMs } = this.#options
    const timeout = AbortSignal.timeout(timeoutMs)
    const ends = [timeout, this.#closed.signal, signal, isHung].filter((each) => each !== undefined)
    this.requests.sent++
    try {
      const auth = { username: this.#options.settings.user, password: await this.#password() }
      return await work(this.#client(node), { auth, abort_signal: AbortSignal.any(ends) })
    } catch (error) {
      this.requests.failed++
      if (isHung?.aborted) throw new ClickHouseFault('away', noPulse)
      if (timeout.aborted)
        throw new ClickHouseFault('away', `no answer within ${timeoutMs / 1000} s`, {
          isTimeout: true,
        })
      throw error
    }
  }

  /** Read for each request: a changed password takes effect at once. */
  async #password(): Promise<string> {
    try {
      return await passwordOf(this.#options.settings)
    } catch (cause) {
      const reason = `the password cannot be read: ${reasonOf(cause)}`
      throw new ClickHouseFault('refused', reason, { cause })
    }
  }

  #client(node: number): ClickHouseClient {
    const { timeoutMs } = this.#options
    return (this.#clients[node] ??= createClient({
      url: this.urls[node]!,
      // Our own timeout, which closes the request, comes first.
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

/** @throws SettingsError if the password file cannot be read */
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
