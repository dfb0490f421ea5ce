/**
 * A Compose project of the tests: with its own name, ports, image and volumes, beside whatever else
 * runs.
 */
import { freeTcpPorts, freeUdpPort } from '../free-port.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { scratchFolder } from '../processes.ts'
import type { Engine, Output } from './engine.ts'

const pollMs = 250

interface Container {
  Service: string
  State: string
  Health: string
  ExitCode: number
}

export class Project {
  readonly #engine: Engine
  readonly name: string
  /** The folder of the Compose file. */
  folder: string
  readonly environment: Record<string, string>
  /** UDP port for NetFlow on every address of this host. */
  readonly netflowPort: number
  readonly url: string
  readonly influxUrl: string

  private constructor(engine: Engine, { name, folder, ports, settingsFile }: ProjectParts) {
    this.#engine = engine
    this.name = name
    this.folder = folder
    this.netflowPort = ports.netflow
    this.url = `http://127.0.0.1:${ports.page}`
    this.influxUrl = `http://127.0.0.1:${ports.influx}`
    this.environment = {
      WEIR_COMPOSE_TAG: name,
      WEIR_COMPOSE_PAGE: `127.0.0.1:${ports.page}`,
      WEIR_COMPOSE_INFLUX_PORT: String(ports.influx),
      WEIR_COMPOSE_DEMO_PORT: String(ports.netflow),
      WEIR_COMPOSE_ENV: settingsFile,
    }
  }

  static async create(engine: Engine, folder: string): Promise<Project> {
    const [page, influx, metrics] = (await freeTcpPorts(3)) as [number, number, number]
    const [netflow, ipfix, sflow] = await Promise.all([freeUdpPort(), freeUdpPort(), freeUdpPort()])
    const name = `weir-test-${process.pid}-${page}`
    const ports = { page, influx, metrics, netflow, ipfix, sflow }
    const settingsFile = join(await scratchFolder(), 'settings.env')
    await writeFile(
      settingsFile,
      `WEIR_NETFLOW=0.0.0.0:${netflow}
WEIR_IPFIX=0.0.0.0:${ipfix}
WEIR_SFLOW=0.0.0.0:${sflow}
WEIR_METRICS=127.0.0.1:${metrics}
`,
    )
    return new Project(engine, { name, folder, ports, settingsFile })
  }

  /** Runs docker compose on the project. @throws with its output unless its exit code is 0 */
  compose(...args: string[]): Promise<Output> {
    const file = join(this.folder, 'docker-compose.yml')
    return this.#engine.docker(['compose', '-p', this.name, '-f', file, ...args], this.environment)
  }

  /** Every container of the project, including stopped ones. */
  async containers(): Promise<Container[]> {
    const { stdout } = await this.compose('ps', '-a', '--format', 'json')
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Container)
  }

  /** A service's output since a time (unix ms), line by line. */
  async log(service: string, since: number): Promise<string[]> {
    const from = new Date(since).toISOString()
    const { stdout, stderr } = await this.compose(
      'logs',
      '--no-log-prefix',
      '--since',
      from,
      service,
    )
    return `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '')
  }

  async get<Answer>(path: string): Promise<Answer> {
    const answer = await fetch(`${this.url}${path}`)
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Answer
  }

  /** The first answer for which `holds` is true. @throws with the last one after `msMax` */
  async until<Answer>(
    path: string,
    holds: (answer: Answer) => boolean,
    msMax = 60_000,
  ): Promise<Answer> {
    const deadline = performance.now() + msMax
    for (;;) {
      const answer = await this.get<Answer>(path).catch(() => null)
      if (answer && holds(answer)) return answer
      if (performance.now() > deadline)
        throw new Error(`${path} did not come so far: ${JSON.stringify(answer).slice(0, 2000)}`)
      await sleep(pollMs)
    }
  }

  /** Deletes containers, volumes and the image. */
  async remove(): Promise<void> {
    await this.compose('--profile', 'demo', 'down', '-v', '--rmi', 'local', '--remove-orphans')
    await this.#engine.docker(['image', 'rm', `weir:${this.name}`]).catch(() => null)
  }
}

interface ProjectParts {
  name: string
  folder: string
  ports: Ports
  /** Replaces .env. */
  settingsFile: string
}

type Ports = Record<'page' | 'influx' | 'metrics' | 'netflow' | 'ipfix' | 'sflow', number>

const weir = join(import.meta.dirname, '..', '..', 'cli', 'weir.js')

/** A separate machine on the network, from which an exporter sends: a network namespace. */
export class ExporterHost {
  readonly #engine: Engine
  readonly #name: string
  /** This host's and its own address on the link between the two. */
  readonly collector: string
  readonly address: string

  private constructor(engine: Engine, number: number) {
    this.#engine = engine
    this.#name = `weir${number}`
    this.collector = `10.199.${number}.1`
    this.address = `10.199.${number}.2`
  }

  static async create(engine: Engine): Promise<ExporterHost> {
    const host = new ExporterHost(engine, process.pid % 250)
    const name = host.#name
    await host.#ip('netns', 'add', name)
    await host.#ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'up0', 'netns', name)
    await host.#ip('addr', 'add', `${host.collector}/30`, 'dev', name)
    await host.#ip('link', 'set', name, 'up')
    await host.#ip('-n', name, 'addr', 'add', `${host.address}/30`, 'dev', 'up0')
    await host.#ip('-n', name, 'link', 'set', 'up0', 'up')
    return host
  }

  /** Sends a capture as live UDP from one port; returns the number of datagrams sent. */
  async send(capture: string, to: number, speed: number): Promise<number> {
    const target = `${this.collector}:${to}`
    const command = [process.execPath, weir, 'replay', '--to', target, '--speed', String(speed)]
    const child = spawn('ip', ['netns', 'exec', this.#name, ...command, capture], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)))
    await once(child, 'close')
    const sent = /^(\d+) datagrams sent/.exec(output)?.[1]
    if (sent === undefined) throw new Error(`nothing was sent: ${output}`)
    return Number(sent)
  }

  async remove(): Promise<void> {
    await this.#ip('netns', 'del', this.#name)
  }

  async #ip(...args: string[]): Promise<void> {
    await this.#engine.run('ip', args)
  }
}
