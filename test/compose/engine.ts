/**
 * The Docker engine of the tests: the one running, left unchanged; or one of our own, started
 * without a registry, whose network changes are undone when it stops.
 */
import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

import { composePlugin, engineAnswers, engineCache, hasCompose } from '../setup/engine.ts'
import { provideImages } from './images.ts'

const startMsMax = 60_000
const stopMsMax = 60_000
const outputBytesMax = 64 * 2 ** 20
/** Cached layers, kept for the next build. */
const layersMax = '4GB'
const forwarding = '/proc/sys/net/ipv4/ip_forward'

export interface Output {
  stdout: string
  stderr: string
}

export class Engine {
  /** The environment in which docker commands reach the engine. */
  readonly environment: NodeJS.ProcessEnv
  readonly #own: OwnDaemon | null

  private constructor(environment: NodeJS.ProcessEnv, own: OwnDaemon | null) {
    this.environment = environment
    this.#own = own
  }

  static async open(): Promise<Engine> {
    const environment: NodeJS.ProcessEnv = { ...process.env }
    if (!hasCompose()) environment['DOCKER_CONFIG'] = await pluginFolder()
    if (engineAnswers()) return new Engine(environment, null)
    const own = await OwnDaemon.start()
    const engine = new Engine({ ...environment, DOCKER_HOST: own.host }, own)
    await provideImages(engine)
    return engine
  }

  /** Runs docker. @throws with its output unless its exit code is 0 */
  async docker(args: readonly string[], environment: Record<string, string> = {}): Promise<Output> {
    return this.run('docker', args, environment)
  }

  /** Runs any program in the engine's environment. @throws with its output on failure */
  run(
    command: string,
    args: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<Output> {
    return promisify(execFile)(command, [...args], {
      env: { ...this.environment, ...environment },
      maxBuffer: outputBytesMax,
    })
  }

  async close(): Promise<void> {
    if (!this.#own) return
    await this.docker(['image', 'prune', '-f'])
    await this.docker(['builder', 'prune', '-f', '--keep-storage', layersMax])
    await this.#own.stop()
  }
}

/** A docker configuration with only our Compose. */
async function pluginFolder(): Promise<string> {
  const folder = join(engineCache, 'config')
  await mkdir(join(folder, 'cli-plugins'), { recursive: true })
  const link = join(folder, 'cli-plugins', 'docker-compose')
  if (!existsSync(link)) await symlink(composePlugin, link)
  return folder
}

class OwnDaemon {
  readonly host: string
  readonly #process: ChildProcess
  readonly #runFolder: string
  readonly #forwardingBefore: string

  private constructor(child: ChildProcess, runFolder: string, forwardingBefore: string) {
    this.#process = child
    this.#runFolder = runFolder
    this.#forwardingBefore = forwardingBefore
    this.host = `unix://${runFolder}/docker.sock`
  }

  static async start(): Promise<OwnDaemon> {
    const runFolder = await mkdtemp(join(tmpdir(), 'weir-engine-'))
    const forwardingBefore = await readFile(forwarding, 'utf8')
    const log = join(runFolder, 'dockerd.log')
    const options = {
      host: `unix://${runFolder}/docker.sock`,
      'data-root': join(engineCache, 'data'),
      'exec-root': join(runFolder, 'exec'),
      pidfile: join(runFolder, 'dockerd.pid'),
    }
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
    // However the tests end, the engine and its containers end with them.
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'dockerd', ...args], {
      stdio: ['ignore', 'ignore', openSync(log, 'a')],
    })
    const daemon = new OwnDaemon(child, runFolder, forwardingBefore)
    const deadline = performance.now() + startMsMax
    const answers = () => spawnSync('docker', ['-H', daemon.host, 'info']).status === 0
    while (!answers()) {
      if (child.exitCode !== null || performance.now() > deadline) {
        const said = await readFile(log, 'utf8')
        await daemon.stop()
        throw new Error(`dockerd does not answer: ${said.split('\n').slice(-20).join('\n')}`)
      }
      await sleep(200)
    }
    return daemon
  }

  /** Stops it with its containers, and undoes its bridges, rules and packet forwarding. */
  async stop(): Promise<void> {
    const child = this.#process
    if (child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await Promise.race([ended, sleep(stopMsMax, undefined, { ref: false })])
      if (child.exitCode === null) child.kill('SIGKILL')
    }
    await unmountBelow([this.#runFolder, engineCache])
    removeBridges()
    for (const tool of ['iptables', 'ip6tables'])
      for (const table of ['filter', 'nat']) removeRules(tool, table)
    await writeFile(forwarding, this.#forwardingBefore)
    await rm(this.#runFolder, { recursive: true, force: true })
  }
}

/** Unmounts what a daemon leaves mounted if it was stopped before its containers. */
async function unmountBelow(folders: readonly string[]): Promise<void> {
  const mounts = await readFile('/proc/mounts', 'utf8')
  const paths = mounts.split('\n').map((line) => line.split(' ')[1] ?? '')
  for (const path of paths.toReversed())
    if (folders.some((folder) => path.startsWith(`${folder}/`))) spawnSync('umount', ['-l', path])
}

function removeBridges(): void {
  const links = execFileSync('ip', ['-o', 'link', 'show', 'type', 'bridge'], { encoding: 'utf8' })
  for (const [, name] of links.matchAll(/^\d+: (docker0|br-[0-9a-f]{12}):/gm))
    spawnSync('ip', ['link', 'del', name!])
}

/** Deletes an engine's rules and chains of a table, and restores the forwarding policy. */
function removeRules(tool: string, table: string): void {
  const saved = spawnSync(`${tool}-save`, ['-t', table], { encoding: 'utf8' }).stdout ?? ''
  const run = (...args: string[]) => spawnSync(tool, ['-t', table, ...args])
  for (const [, rule] of saved.matchAll(
    /^-A (.*(?:DOCKER|docker0|br-[0-9a-f]{12}|-s 172\.\d+\.0\.0\/16).*)$/gm,
  ))
    run('-D', ...rule!.replaceAll('"', '').split(' '))
  const chains = [...saved.matchAll(/^:(DOCKER\S*)/gm)].map(([, chain]) => chain!)
  for (const chain of chains) run('-F', chain)
  for (const chain of chains) run('-X', chain)
  if (table === 'filter' && chains.length > 0) run('-P', 'FORWARD', 'ACCEPT')
}
