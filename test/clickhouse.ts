/** Real ClickHouse nodes that a test starts, kills and restarts, in a folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Settings } from '../flow/settings/settings.ts'
import { Connection } from '../store/clickhouse/connection.ts'
import { provision } from '../store/clickhouse/provision.ts'
import { freeTcpPorts } from './free-port.ts'
import { runWeir, scratchFolder } from './processes.ts'
import { readSettings } from './settings.ts'
import { clickHouseNode } from './setup/clickhouse.ts'

const answerMsMax = 60_000
/** So that several nodes fit on one machine. */
const memoryBytesMax = 2_000_000_000
const tailCharacters = 4000
/** Longer than any test. */
const liveSeconds = 86_400

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

interface NodePlace {
  folder: string
  httpPort: number
  tcpPort: number
}

/** One node of a cluster. */
export class ClickHouseNode {
  readonly url: string
  readonly #place: NodePlace
  #child: ChildProcess | null = null

  constructor(place: NodePlace) {
    this.#place = place
    this.url = `http://127.0.0.1:${place.httpPort}`
  }

  get tcpPort(): number {
    return this.#place.tcpPort
  }

  async configure(layout: string): Promise<void> {
    const { folder, httpPort, tcpPort } = this.#place
    await mkdir(join(folder, 'data'), { recursive: true })
    await writeFile(
      join(folder, 'config.xml'),
      `<clickhouse><path>${folder}/data/</path>
        <logger><level>warning</level><log>${folder}/log</log><errorlog>${folder}/errors</errorlog></logger>
        <listen_host>127.0.0.1</listen_host><tcp_port>${tcpPort}</tcp_port><http_port>${httpPort}</http_port>
        <max_server_memory_usage>${memoryBytesMax}</max_server_memory_usage>
        <remote_servers><weir><secret>of-the-tests</secret>${layout}</weir></remote_servers></clickhouse>`,
    )
  }

  async start(): Promise<void> {
    const { folder, httpPort, tcpPort } = this.#place
    const node = clickHouseNode()
    if (!node) throw new Error('ClickHouse is missing: node test/setup/clickhouse.ts')
    const listen =
      'SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; ' +
      `SELECT sleepEachRow(1) FROM numbers(${liveSeconds}) SETTINGS max_block_size = 1, ` +
      'function_sleep_max_microseconds_per_block = 0, max_execution_time = 0 FORMAT Null'
    const child = spawn(
      node.program,
      [
        node.library,
        `--config-file=${folder}/config.xml`,
        `--path=${folder}/data/`,
        '--listen_host=127.0.0.1',
        `--tcp_port=${tcpPort}`,
        `--http_port=${httpPort}`,
        '--logger.level=warning',
        `--query=${listen}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    child.stderr.pipe(createWriteStream(join(folder, 'stderr')))
    ;(child.stderr as unknown as { unref(): void }).unref()
    this.#child = child
    running.add(child)
    child.unref()
    child.once('exit', (code, signal) => {
      running.delete(child)
      // An unexpected exit is printed: its test will fail because of it.
      if (signal === 'SIGKILL') return
      // chDB is not meant as a server, and was seen to abort on a machine under load. A service
      // manager would restart it, and so do the tests, which must survive that as Weir does.
      const last = ['stderr', 'errors'].map((name) => tailOf(join(folder, name)))
      console.error(`ClickHouse in ${folder} ended: ${code ?? signal}`, ...last)
      if (signal !== null) this.start().catch((error: unknown) => console.error(error))
    })
    const deadline = performance.now() + answerMsMax
    for (;;) {
      const isReady = await fetch(`${this.url}/ping`).then(
        (answer) => answer.ok,
        () => false,
      )
      if (isReady) return
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(
          `ClickHouse did not start: ${await readFile(join(folder, 'stderr'), 'utf8').catch(String)}`,
        )
      await sleep(30)
    }
  }

  /** Kills it at once, like a crash. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'exit')
    child.ref()
    child.kill('SIGKILL')
    await closed
  }

  /** Halts it, so that it neither answers nor closes connections; `SIGCONT` resumes it. */
  signal(signal: NodeJS.Signals): void {
    this.#child!.kill(signal)
  }

  /** The result of a statement as tab-separated text, for looking at a node from outside. */
  async ask(sql: string): Promise<string> {
    const answer = await fetch(`${this.url}/?wait_end_of_query=1`, { method: 'POST', body: sql })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return text.trimEnd()
  }
}

/** Shards of replicas on loopback; the cluster is called `weir`. */
export class RunningClickHouse {
  readonly folder: string
  /** Shard by shard. */
  readonly nodes: readonly ClickHouseNode[]
  readonly replicas: number

  private constructor(folder: string, nodes: readonly ClickHouseNode[], replicas: number) {
    this.folder = folder
    this.nodes = nodes
    this.replicas = replicas
  }

  static async start({ shards = 1, replicas = 1 } = {}): Promise<RunningClickHouse> {
    const folder = await scratchFolder()
    const count = shards * replicas
    const ports = await freeTcpPorts(2 * count)
    const nodes = Array.from(
      { length: count },
      (_, i) =>
        new ClickHouseNode({
          folder: join(folder, `node${i + 1}`),
          httpPort: ports[2 * i]!,
          tcpPort: ports[2 * i + 1]!,
        }),
    )
    const replica = ({ tcpPort }: ClickHouseNode) =>
      `<replica><host>127.0.0.1</host><port>${tcpPort}</port></replica>`
    const layout = Array.from({ length: shards }, (_, shard) => {
      const own = nodes.slice(shard * replicas, (shard + 1) * replicas).map(replica)
      return `<shard><internal_replication>false</internal_replication>${own.join('')}</shard>`
    })
    for (const node of nodes) await node.configure(layout.join(''))
    const cluster = new RunningClickHouse(folder, nodes, replicas)
    await Promise.all(nodes.map((node) => node.start()))
    return cluster
  }

  get isCluster(): boolean {
    return this.nodes.length > 1
  }

  /** The environment in which Weir stores its series and flows here, in a database of its own. */
  environment(database = 'weir'): Record<string, string> {
    return {
      WEIR_STORE: 'clickhouse',
      WEIR_CLICKHOUSE_URL: this.nodes.map(({ url }) => url).join(','),
      WEIR_CLICKHOUSE_DATABASE: database,
      ...(this.isCluster ? { WEIR_CLICKHOUSE_CLUSTER: 'weir' } : {}),
    }
  }

  /** Sets it up as an administrator would; these nodes have no Keeper. */
  async setUp(database = 'weir', environment: Record<string, string> = {}): Promise<string> {
    const options = this.isCluster ? ['--without-keeper'] : []
    const { code, stdout, stderr } = await runWeir(['clickhouse', 'setup', ...options], {
      ...this.environment(database),
      ...environment,
    })
    if (code !== 0) throw new Error(stderr)
    return stdout
  }

  /** The same tables without the command, whose start takes longer than they do; returns the settings. */
  async provide(database: string, environment: Record<string, string> = {}): Promise<Settings> {
    const settings = readSettings({ ...this.environment(database), ...environment })
    const connection = new Connection({ settings: settings.clickhouse, timeoutMs: answerMsMax })
    const { cluster } = settings.clickhouse
    try {
      await provision(connection, { place: { database, cluster, hasKeeper: false }, ...settings })
    } finally {
      await connection.close()
    }
    return settings
  }

  async remove(): Promise<void> {
    for (const node of this.nodes) await node.kill()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** The end of a file, for error messages. */
function tailOf(path: string): string {
  try {
    const lines = readFileSync(path, 'utf8').split('\n')
    return lines
      .filter((line) => !line.includes('Temporarily pause scheduling'))
      .join('\n')
      .slice(-tailCharacters)
  } catch {
    return ''
  }
}
