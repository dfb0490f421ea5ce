/** Weir with a wall: a collector with traffic, and an API that is killed and restarted on its port. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { encodeV5 } from '../encode/fixed.ts'
import { freeTcpPort } from '../free-port.ts'
import { replayMonday } from '../monday.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { answering } from './weir.ts'

const weir = fileURLToPath(new URL('../../cli/weir.js', import.meta.url))
const password = 'a password for the wall run'
/** Datagrams per second, of 30 flows each. */
const datagramsPerSecond = 4

export class WallWeir {
  readonly url: string
  readonly data: string
  /** All output of the API. */
  readonly logPath: string
  readonly #port: number
  readonly #log: WriteStream
  readonly #ingest: RunningIngest
  readonly #endTraffic: () => void
  #api: ChildProcess | null = null
  #isClosed = false

  private constructor(
    made: { data: string; port: number; logPath: string },
    ingest: RunningIngest,
  ) {
    this.data = made.data
    this.logPath = made.logPath
    this.#port = made.port
    this.url = `http://127.0.0.1:${made.port}`
    this.#log = createWriteStream(made.logPath)
    this.#ingest = ingest
    this.#endTraffic = sendTraffic(ingest.port)
  }

  static async start(): Promise<WallWeir> {
    const data = await scratchFolder()
    await writeFile(join(data, 'password'), `${password}\n`)
    await replayMonday({ WEIR_DATA: data })
    const ingest = await RunningIngest.start(data)
    const log = join(await scratchFolder(), 'api.log')
    const started = new WallWeir({ data, port: await freeTcpPort(), logPath: log }, ingest)
    try {
      await started.startApi()
    } catch (error) {
      await started.close()
      throw error
    }
    return started
  }

  /** Starts the API, always on the same port. */
  async startApi(): Promise<void> {
    const api = spawn(process.execPath, [weir, 'api'], {
      env: {
        ...process.env,
        WEIR_DATA: this.data,
        WEIR_HTTP: `127.0.0.1:${this.#port}`,
        WEIR_METRICS: '127.0.0.1:0',
        WEIR_AUTH: 'password',
        WEIR_PASSWORD_FILE: join(this.data, 'password'),
        WEIR_LOG: 'debug',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const pipe of [api.stdout, api.stderr]) pipe.pipe(this.#log, { end: false })
    process.once('exit', () => api.kill('SIGKILL'))
    this.#api = api
    await answering(this.url, api)
  }

  async killApi(): Promise<void> {
    const api = this.#api!
    if (api.exitCode !== null) throw new Error(`the API ended by itself with ${api.exitCode}`)
    api.kill('SIGKILL')
    // Its last words are in the log before that is closed.
    await once(api, 'close')
  }

  /** Saves a dashboard and returns a wall link to it: its path, with the token in the fragment. */
  async hang(dashboard: { id: string }): Promise<{ link: string; token: string }> {
    const headers: Record<string, string> = { 'content-type': 'application/json', origin: this.url }
    const post = async (path: string, body: object) => {
      const asked = { method: 'POST', headers, body: JSON.stringify(body) }
      const response = await fetch(this.url + path, asked)
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
      return response
    }
    const login = await post('/api/login', { user: 'admin', password })
    headers['cookie'] = login.headers.getSetCookie()[0]!.split(';')[0]!
    await post('/api/dashboards', dashboard)
    const made = await post('/api/tokens', { name: 'hall', role: 'wall', dashboard: dashboard.id })
    const { link, secret } = (await made.json()) as { link: string; secret: string }
    return { link, token: secret }
  }

  /** Stops everything; a second call does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#endTraffic()
    if (this.#api?.exitCode === null && this.#api.signalCode === null) await this.killApi()
    await this.#ingest.stop()
    this.#log.end()
    await once(this.#log, 'close')
  }
}

/** A router's usual traffic; returns the function that stops it. */
function sendTraffic(port: number): () => void {
  const socket = createSocket('udp4')
  let sequence = 0
  const uptimeOf = (now: number) => now % 1_000_000_000
  const send = () => {
    const now = Date.now()
    const last = uptimeOf(now)
    const records = Array.from({ length: 30 }, (_, i) => ({
      source: `203.0.113.${(sequence + i * 7) % 200}`,
      destination: `10.0.0.${20 + (i % 12)}`,
      sourcePort: [443, 80, 993, 22][i % 4]!,
      destinationPort: 40_000 + ((sequence + i) % 20_000),
      octets: 2000 + ((sequence * 31 + i * 977) % 60_000),
      first: last - 2000,
      last,
    }))
    socket.send(encodeV5({ sequence, exportMs: now, uptimeMs: last }, records), port, '127.0.0.1')
    sequence += records.length
  }
  const timer = setInterval(send, 1000 / datagramsPerSecond)
  return () => {
    clearInterval(timer)
    socket.close()
  }
}
