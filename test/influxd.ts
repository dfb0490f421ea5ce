/** A real influxd that a test starts, stops, kills and restarts, in a folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Settings } from '../flow/settings/settings.ts'
import { freeTcpPort } from './free-port.ts'
import { runWeir, scratchFolder } from './processes.ts'
import { readSettings } from './settings.ts'
import { influxdPath } from './setup/influxd.ts'

const answerMsMax = 60_000

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

interface InfluxdOptions {
  /** Its data folder; absent: a new one. */
  folder?: string
  flags?: readonly string[]
}

export class RunningInfluxd {
  readonly folder: string
  readonly port: number
  readonly #flags: readonly string[]
  #child: ChildProcess | null = null

  private constructor(folder: string, port: number, flags: readonly string[]) {
    this.folder = folder
    this.port = port
    this.#flags = flags
  }

  /** Starts an influxd that is not set up yet, or one on an existing folder. */
  static async start(options: InfluxdOptions = {}): Promise<RunningInfluxd> {
    const { folder = await scratchFolder(), flags = [] } = options
    const influxd = new RunningInfluxd(folder, await freeTcpPort(), flags)
    await influxd.start()
    return influxd
  }

  /** Starts one, and sets it up as an administrator would. */
  static async startReady(environment: Record<string, string> = {}): Promise<RunningInfluxd> {
    const influxd = await RunningInfluxd.start()
    await influxd.setUp(environment)
    return influxd
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#child!.pid!
  }

  /** Where `weir influx setup` leaves the tokens. */
  get tokens(): string {
    return join(this.folder, 'tokens')
  }

  /** The administrator's token. */
  async adminToken(): Promise<string> {
    return (await readFile(join(this.tokens, 'admin.token'), 'utf8')).trim()
  }

  /** The environment in which Weir stores its series here. */
  get environment(): Record<string, string> {
    return {
      WEIR_STORE: 'influx',
      WEIR_INFLUX_URL: this.url,
      WEIR_INFLUX_TOKEN_FILE: join(this.tokens, 'ingest.token'),
    }
  }

  /** The single figure of a query's result; 0 if it is empty. */
  async ask(flux: string): Promise<number> {
    const answer = await fetch(`${this.url}/api/v2/query?org=weir`, {
      method: 'POST',
      headers: {
        authorization: `Token ${await this.adminToken()}`,
        'content-type': 'application/vnd.flux',
        accept: 'application/csv',
      },
      body: flux,
    })
    const [heading = '', row = ''] = (await answer.text()).split('\r\n')
    return Number(row.split(',')[heading.split(',').indexOf('_value')] ?? 0)
  }

  settings(environment: Record<string, string> = {}): Settings {
    return readSettings({ ...this.environment, ...environment })
  }

  async setUp(environment: Record<string, string> = {}): Promise<void> {
    const { code, stderr } = await runWeir(['influx', 'setup', '--tokens', this.tokens], {
      WEIR_INFLUX_URL: this.url,
      ...environment,
    })
    if (code !== 0) throw new Error(stderr)
  }

  async start(): Promise<void> {
    const { folder, port } = this
    const child = spawn(
      influxdPath() ?? 'influxd',
      [
        `--http-bind-address=127.0.0.1:${port}`,
        `--bolt-path=${join(folder, 'influxd.bolt')}`,
        `--sqlite-path=${join(folder, 'influxd.sqlite')}`,
        `--engine-path=${join(folder, 'engine')}`,
        '--reporting-disabled',
        '--log-level=error',
        ...this.#flags,
      ],
      { stdio: 'ignore' },
    )
    this.#child = child
    running.add(child)
    child.unref()
    child.once('exit', () => running.delete(child))
    const deadline = performance.now() + answerMsMax
    for (;;) {
      const isReady = await fetch(`${this.url}/health`).then(
        (answer) => answer.ok,
        () => false,
      )
      if (isReady) return
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`influxd did not start (exit ${child.exitCode})`)
      await sleep(50)
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'exit')
    // Nothing else may keep the test waiting for it.
    child.ref()
    child.kill(signal)
    await closed
  }

  /** Stops it for good. */
  async remove(): Promise<void> {
    await this.stop('SIGKILL')
    await rm(this.folder, { recursive: true, force: true })
  }
}
