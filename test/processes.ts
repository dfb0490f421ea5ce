/**
 * Weir's own processes as a user runs them, for tests: started from the command line, stopped with
 * signals; and folders for them.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import type { IngestStatus } from '../flow/status.ts'
import { freeTcpPort } from './free-port.ts'

export const weir = fileURLToPath(new URL('../cli/weir.js', import.meta.url))
const answerMsMax = 30_000

const scratchFolders: string[] = []
process.once('exit', () => {
  for (const folder of scratchFolders)
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    } catch {
      // A process that a failed test left behind may still write to it.
    }
})

/** A new folder, which is removed when the process of the test exits. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-test-'))
  scratchFolders.push(folder)
  return folder
}

interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs a command to its end. */
export async function runWeir(
  args: readonly string[],
  environment: Record<string, string>,
): Promise<Finished> {
  const child = spawnWeir(args, environment)
  const [stdout, stderr, [code]] = await Promise.all([
    textOf(child.stdout!),
    textOf(child.stderr!),
    once(child, 'close') as Promise<[number | null]>,
  ])
  assertNoFault(stderr)
  return { code, stdout, stderr }
}

/** Ingest leaves out a datagram at which it fails: that must not hide a fault from a test. */
function assertNoFault(said: string): void {
  assert.doesNotMatch(said, /Weir fails at a datagram/)
}

/** Starts a command. */
export function spawnWeir(
  args: readonly string[],
  environment: Record<string, string>,
): ChildProcess {
  const settings = { WEIR_METRICS: '127.0.0.1:0', WEIR_LOG: 'warn', ...environment }
  return spawn(process.execPath, [weir, ...args], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Starts `weir start` on a folder and ports of its own. */
export async function spawnStart(environment: Record<string, string> = {}): Promise<ChildProcess> {
  return spawnWeir(['start'], {
    WEIR_DATA: await scratchFolder(),
    WEIR_HTTP: `127.0.0.1:${await freeTcpPort()}`,
    WEIR_NETFLOW: '127.0.0.1:0',
    WEIR_IPFIX: '127.0.0.1:0',
    WEIR_SFLOW: '127.0.0.1:0',
    ...environment,
  })
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

/** Processes still running when a test fails are killed. */
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** A running `weir ingest` on ports of its own. */
export class RunningIngest {
  readonly #child: ChildProcess
  readonly #data: string
  readonly #stderr: Promise<string>
  /** UDP port for NetFlow on 127.0.0.1. */
  port = 0

  private constructor(child: ChildProcess, data: string) {
    this.#child = child
    children.add(child)
    child.once('exit', () => children.delete(child))
    // A failed test must be able to end while its process still runs.
    child.unref()
    for (const pipe of [child.stdout, child.stderr] as Socket[]) pipe.unref()
    this.#data = data
    this.#stderr = textOf(child.stderr!)
    child.stdout!.resume()
  }

  static async start(
    data: string,
    environment: Record<string, string> = {},
  ): Promise<RunningIngest> {
    const child = spawnWeir(['ingest'], {
      WEIR_DATA: data,
      WEIR_NETFLOW: '127.0.0.1:0',
      WEIR_IPFIX: '127.0.0.1:0',
      WEIR_SFLOW: '127.0.0.1:0',
      ...environment,
    })
    const ingest = new RunningIngest(child, data)
    const status = await ingest.until((each) => each.sockets.length > 0 && each.startedAt > 0)
    ingest.port = Number(status.sockets[0]!.address.split(':').at(-1))
    return ingest
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid!
  }

  /** Ingest's status. */
  status(): Promise<IngestStatus> {
    return new Promise((resolve, reject) => {
      const socketPath = join(this.#data, 'run', 'ingest.sock')
      // A connection that was kept may be closed by ingest just as it is used again.
      const asked = request({ socketPath, path: '/status', agent: false })
      asked.on('error', reject)
      asked.on('response', (response) => {
        textOf(response).then((text) => resolve(JSON.parse(text) as IngestStatus), reject)
      })
      asked.end()
    })
  }

  /** The first status for which `holds` is true; throws after half a minute, or after `msMax`. */
  async until(
    holds: (status: IngestStatus) => boolean,
    msMax = answerMsMax,
  ): Promise<IngestStatus> {
    const deadline = performance.now() + msMax
    for (;;) {
      if (this.#child.exitCode !== null)
        throw new Error(`ingest ended with ${this.#child.exitCode}: ${await this.#stderr}`)
      // A socket left by a killed process answers nobody, so this is not its status.
      const status = await this.status().catch(() => null)
      if (status && holds(status)) return status
      if (performance.now() > deadline)
        throw new Error(`ingest did not come so far: ${JSON.stringify(status)}`)
      await sleep(30)
    }
  }

  /**
   * Stops it with a signal and returns its exit code (null if the signal killed it), how long that
   * took, and all that it said on stderr.
   */
  async stop(
    signal: NodeJS.Signals = 'SIGTERM',
  ): Promise<{ code: number | null; ms: number; said: string }> {
    const started = performance.now()
    const closed = once(this.#child, 'close') as Promise<[number | null]>
    this.#child.kill(signal)
    const [code] = await closed
    const ms = performance.now() - started
    const said = await this.#stderr
    assertNoFault(said)
    return { code, ms, said }
  }
}
