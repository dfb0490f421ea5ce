/**
 * The load generator in C, which needs a fifth of the CPU of the one in TypeScript (see send.c):
 * beside a collector on two cores that decides which of them is measured. Without a C compiler the
 * other generator is used.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { scratchFolder } from '../processes.ts'
import { encodeFlows, flowsPerDatagram } from './datagrams.ts'
import { makeFlows } from './flows.ts'
import type { LoadOptions, Sent } from './send.ts'
import { openSender, type Sender } from './sender.ts'

const source = fileURLToPath(new URL('send.c', import.meta.url))
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'weir')
const numbers = { v5: '5', v9: '9', ipfix: '10' } as const

/** A C compiler's name, or null. */
function compiler(): string | null {
  return ['cc', 'gcc', 'clang'].find((name) => spawnSync('which', [name]).status === 0) ?? null
}

/** The program, built if missing; null if it cannot be built. */
async function nativeSender(): Promise<string | null> {
  const hash = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
  const program = join(cache, `send-${hash.slice(0, 16)}`)
  if (existsSync(program)) return program
  const name = compiler()
  if (name === null) return null
  await mkdir(cache, { recursive: true })
  const part = `${program}.${process.pid}`
  execFileSync(name, ['-O2', '-o', part, source], { stdio: 'inherit' })
  await rename(part, program)
  return program
}

/** Prepares load, with the program in C if possible. */
export async function openFastSender(options: LoadOptions): Promise<Sender> {
  const program = await nativeSender()
  if (program === null) return openSender(options)
  const { version, exporters, port, seconds, rampSeconds = 0, aheadMs = 0 } = options
  const flows = makeFlows(options.flows, options.hosts, 1)
  const { payloads } = encodeFlows(flows, version, { nowMs: Date.now() + aheadMs, exporters })
  const folder = await scratchFolder()
  const file = join(folder, 'datagrams')
  const pieces = payloads.flatMap((payload) => {
    const length = Buffer.alloc(2)
    length.writeUInt16LE(payload.length)
    return [length, payload]
  })
  await writeFile(file, Buffer.concat(pieces))
  const each = flowsPerDatagram[version]
  const load = [options.rate / each, seconds, rampSeconds, exporters, aheadMs / 1000]
  const args = [port, numbers[version], ...load]
  const child = spawn(program, [file, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  await once(lines, 'line')
  await rm(folder, { recursive: true })
  return {
    send: async () => {
      child.stdin.write('\n')
      const [line] = (await once(lines, 'line')) as [string]
      const sent = JSON.parse(line) as Omit<Sent, 'flows'>
      return { ...sent, flows: sent.datagrams * each }
    },
  }
}
