/**
 * Requests to InfluxDB. Only the transport of its client library is used: the library's own buffer
 * has no bound on requests, gives up after 401 and 404, and reads Retry-After as milliseconds.
 */
import { readFile } from 'node:fs/promises'

import { InfluxDB, setLogger, type SendOptions, type Transport } from '@influxdata/influxdb-client'

import { reasonOf } from '../../flow/reason.ts'
import { SettingsError, type InfluxSettings } from '../../flow/settings/settings.ts'
import { faultOf, InfluxFault } from './fault.ts'
import { noPulse, type Pulse } from '../remote/pulse.ts'
import { Slots } from '../spool/slots.ts'

// Failures are returned and counted; the library would write them to standard error.
setLogger({ error: () => undefined, warn: () => undefined })

/** Oldest supported version: 2.9.0 can stop compacting. */
const versionMin = [2, 9, 1] as const
/** Smaller bodies are sent uncompressed. */
const gzipBytesMin = 1000
const timeoutDefaultMs = 30_000

interface ConnectionOptions {
  url: string
  /** Called before each request, so that a changed token takes effect at once. */
  token: () => Promise<string>
  /** A request without a complete answer by then is aborted. */
  timeoutMs?: number
  /** Aborts a request sooner if the server hangs; absent: it has its whole time. */
  pulse?: Pulse
  /** The most requests in flight at a time; default: unbounded. */
  requestsMax?: number
  now?: () => number
}

interface InfluxRequest {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  body?: string
  headers?: Record<string, string>
  /** Only the write endpoint accepts compressed bodies. */
  isCompressible?: boolean
  signal?: AbortSignal
}

type Headers = Record<string, string | string[] | undefined>

export class Connection {
  readonly url: string
  readonly #transport: Transport
  readonly #token: () => Promise<string>
  readonly #timeoutMs: number
  readonly #pulse: Pulse | undefined
  readonly #now: () => number
  readonly #slots: Slots
  /** Requests made, and those of them that failed. */
  readonly requests = { sent: 0, failed: 0 }

  constructor(options: ConnectionOptions) {
    const { url, token, timeoutMs = timeoutDefaultMs, now = Date.now } = options
    this.url = url
    this.#slots = new Slots(options.requestsMax ?? Number.POSITIVE_INFINITY)
    // The library's own time-out leaves the request open: ours, which closes it, must come first.
    this.#transport = new InfluxDB({ url, timeout: 2 * timeoutMs }).transport
    this.#token = token
    this.#timeoutMs = timeoutMs
    this.#pulse = options.pulse
    this.#now = now
  }

  get inFlight(): number {
    return this.#slots.taken
  }

  /**
   * The body of the answer: text for CSV, an object for JSON, undefined if empty.
   * @throws InfluxFault
   */
  async request(path: string, request: InfluxRequest = {}): Promise<unknown> {
    return (await this.#slots.run(() => this.#watched(path, request))).body
  }

  /** The server's version as it reports it, such as v2.9.1. @throws InfluxFault */
  async version(): Promise<string> {
    const { headers } = await this.#slots.run(() => this.#watched('/ping', {}))
    return headers['x-influxdb-version']?.toString() ?? ''
  }

  /**
   * The library's own way to collect an answer copies all of it again for each chunk: 2 s for 1.7
   * MB.
   */
  #send(
    path: string,
    body: string,
    options: SendOptions,
  ): Promise<{ text: string; headers: Headers }> {
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = []
      let headers: Headers = {}
      this.#transport.send(path, body, options, {
        responseStarted: (given) => {
          headers = given
        },
        next: (chunk) => {
          chunks.push(chunk)
        },
        error: reject,
        complete: () => resolve({ text: Buffer.concat(chunks).toString(), headers }),
      })
    })
  }

  #watched(path: string, request: InfluxRequest): Promise<{ body: unknown; headers: Headers }> {
    if (!this.#pulse) return this.#ask(path, request)
    return this.#pulse.during(this.url, (isHung) => this.#ask(path, request, isHung))
  }

  async #ask(
    path: string,
    { method = 'GET', body = '', headers = {}, isCompressible = false, signal }: InfluxRequest,
    isHung?: AbortSignal,
  ): Promise<{ body: unknown; headers: Headers }> {
    const timeout = AbortSignal.timeout(this.#timeoutMs)
    const ends = [timeout, signal, isHung].filter((each) => each !== undefined)
    this.requests.sent++
    try {
      const token = await this.#token().catch((cause: unknown) => {
        throw new InfluxFault('refused', `the token cannot be read: ${reasonOf(cause)}`, { cause })
      })
      const { text, headers: given } = await this.#send(path, body, {
        method,
        headers: {
          accept: 'application/json',
          ...(token === '' ? {} : { authorization: `Token ${token}` }),
          ...headers,
        },
        ...(isCompressible ? { gzipThreshold: gzipBytesMin } : {}),
        signal: AbortSignal.any(ends),
      })
      const isJson = given['content-type']?.toString().includes('json') === true && text !== ''
      return { body: isJson ? (JSON.parse(text) as unknown) : text, headers: given }
    } catch (error) {
      this.requests.failed++
      if (isHung?.aborted) throw new InfluxFault('away', noPulse)
      if (timeout.aborted)
        throw new InfluxFault('away', `no answer within ${this.#timeoutMs / 1000} s`)
      throw faultOf(error, this.#now())
    }
  }
}

/**
 * Reads a process's token. The file is read at each call: it is small, and a changed token takes
 * effect without a restart.
 */
export function tokenOf({ token, tokenFile }: InfluxSettings): () => Promise<string> {
  return async () => token ?? (tokenFile === null ? '' : (await readFile(tokenFile, 'utf8')).trim())
}

/** @throws SettingsError if the token's file is unreadable or empty */
export async function checkToken(settings: InfluxSettings): Promise<void> {
  const fault = (remedy: string) =>
    new SettingsError([{ key: 'WEIR_INFLUX_TOKEN_FILE', value: settings.tokenFile ?? '', remedy }])
  const token = await tokenOf(settings)().catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException
    throw fault(`cannot be read (${code ?? message}); weir influx setup writes such a file`)
  })
  if (!/^[\x21-\x7e]+$/.test(token))
    throw fault('holds no token: one line without spaces, as weir influx setup writes it')
}

/**
 * Whether a server of this version can be used. Builds from source, which have no number, are
 * accepted.
 * @throws InfluxFault of kind unsupported
 */
export function checkVersion(version: string): void {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)
  if (!match) return
  const found = [Number(match[1]), Number(match[2]), Number(match[3])]
  const isNewer =
    found[0] === versionMin[0] &&
    (found[1]! > versionMin[1] || (found[1] === versionMin[1] && found[2]! >= versionMin[2]))
  if (!isNewer)
    throw new InfluxFault(
      'unsupported',
      `version ${version}; Weir needs ${versionMin.join('.')} or a later 2.x` +
        (found[0]! > versionMin[0] ? ' (InfluxDB 3 cannot be asked in Flux)' : ''),
    )
}
