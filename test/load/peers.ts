/** Other receivers of the same load, each judged by what it stored. */
import { freeUdpPort } from '../free-port.ts'
import {
  execFileSync,
  spawn,
  spawnSync,
  type ChildProcess,
  type ChildProcessByStdio,
} from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { scratchFolder } from '../processes.ts'
import { flowsPerDatagram } from './datagrams.ts'
import { measure, type Peer, type PeerOptions } from './peer.ts'

/** A receiver, the programs it needs, and how to install them. */
interface KnownPeer {
  name: string
  commands: readonly string[]
  install: string
  peer: Peer
}

/** The aggregation key of receivers that add flows up: addresses, ports and protocol. */
const fiveTuple = 'src_host, dst_host, src_port, dst_port, proto, flows'
/** How long a program may take to listen, and its other parts to be ready after that. */
const start = { stepMs: 50, mostMs: 20_000, readyMs: 700 }
const endMs = 20_000

/** A program of ours that prints its port, and at the end the number of flows. */
function counting(
  program: string,
  flowsOf: (counted: number, options: PeerOptions) => number,
): Peer {
  const path = fileURLToPath(new URL(program, import.meta.url))
  return (options) => {
    const child = spawn(process.execPath, [path, String(options.receiveBufferBytes)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return measureCounting(child, options, flowsOf)
  }
}

async function measureCounting(
  child: ChildProcessByStdio<null, Readable, null>,
  options: PeerOptions,
  flowsOf: (counted: number, options: PeerOptions) => number,
): ReturnType<Peer> {
  const lines = createInterface({ input: child.stdout })
  const [port] = (await once(lines, 'line')) as [string]
  const stop = async () => {
    child.kill('SIGTERM')
    const [counted] = (await once(lines, 'line')) as [string]
    return flowsOf(Number(counted), options)
  }
  return measure(options, { pid: child.pid!, port: Number(port), stop })
}

/** Receives and counts datagrams on Node's own socket, nothing else. */
export const receiveLoop = counting(
  'receive.ts',
  (datagrams, { version }) => datagrams * flowsPerDatagram[version],
)

/** The same with many datagrams per system call: the limit of one core. */
export const receiveManyLoop = counting(
  'receive-many.ts',
  (datagrams, { version }) => datagrams * flowsPerDatagram[version],
)

/** Receives and decodes into columns, nothing else. */
export const receiveAndDecode = counting('decode.ts', (flows) => flows)

/** nfcapd with extra options; nfdump counts its flows afterwards. */
function nfcapd(...own: string[]): Peer {
  return (options) =>
    inFolder(options, (folder, port) => {
      const args = ['-b', '127.0.0.1', '-p', String(port), '-w', folder, '-t', '3600', ...own]
      args.push('-B', String(options.receiveBufferBytes))
      return {
        command: ['nfcapd', ...args],
        count: async (end) => {
          await end('SIGTERM')
          const summary = execFileSync('nfdump', ['-R', folder, '-I'], { encoding: 'utf8' })
          return Number(/^Flows: (\d+)/m.exec(summary)?.[1] ?? 0)
        },
      }
    })
}

/** nfacctd with a plugin and large queues; counted by its CSV, where flows come before bytes. */
function nfacctd(plugin: 'memory' | 'print'): Peer {
  return (options) =>
    inFolder(options, async (folder, port) => {
      const [pipe, table, file] = [join(folder, 'pipe'), join(folder, 'csv'), join(folder, 'conf')]
      const own = {
        memory: [
          `imt_path[p]: ${pipe}`,
          'imt_mem_pools_number: 0',
          'imt_mem_pools_size: 16777216',
          'imt_buckets: 1000003',
        ],
        print: [
          `print_output_file[p]: ${table}`,
          'print_output_file_append[p]: true',
          'print_output[p]: csv',
          'print_refresh_time[p]: 3600',
          'print_cache_entries[p]: 131071',
        ],
      }
      const all = [
        'nfacctd_ip: 127.0.0.1',
        `nfacctd_port: ${port}`,
        `nfacctd_pipe_size: ${options.receiveBufferBytes}`,
        `plugins: ${plugin}[p]`,
        `aggregate[p]: ${fiveTuple}`,
        'plugin_pipe_size: 104857600',
        'plugin_buffer_size: 10240',
        ...own[plugin],
      ]
      await writeFile(file, `${all.join('\n')}\n`)
      return {
        command: ['nfacctd', '-f', file],
        count: async (end) => {
          if (plugin === 'print') {
            await end('SIGINT')
            return flowsOfTable(createReadStream(table))
          }
          const client = spawn('pmacct', ['-p', pipe, '-s', '-O', 'csv'], {
            stdio: ['ignore', 'pipe', 'ignore'],
          })
          const flows = await flowsOfTable(client.stdout)
          await end('SIGINT')
          return flows
        },
      }
    })
}

/** Sums the last column but one of a CSV. */
async function flowsOfTable(input: NodeJS.ReadableStream): Promise<number> {
  let flows = 0
  for await (const line of createInterface({ input })) flows += Number(line.split(',').at(-2)) || 0
  return flows
}

/** goflow2, writing length-prefixed Protocol Buffers to a file. */
const goflow2: Peer = (options) =>
  inFolder(options, (folder, port) => {
    const file = join(folder, 'flows.bin')
    const listen = `netflow://127.0.0.1:${port}?count=1`
    const args = ['-addr', '127.0.0.1:0', '-listen', listen, '-format', 'bin']
    args.push('-transport.file', file, '-transport.file.sep', '', '-templates.path', folder)
    return {
      command: ['goflow2', ...args],
      count: async (end) => {
        await end('SIGINT')
        return messagesOf(file)
      },
    }
  })

/** The number of messages in a file, each prefixed with its length as a varint. */
async function messagesOf(file: string): Promise<number> {
  let messages = 0
  let [length, shift, left] = [0, 0, 0]
  for await (const bytes of createReadStream(file, { highWaterMark: 1 << 20 }))
    for (let at = 0; at < (bytes as Buffer).length;) {
      if (left > 0) {
        const step = Math.min(left, (bytes as Buffer).length - at)
        at += step
        left -= step
        continue
      }
      const byte = (bytes as Buffer)[at++]!
      length += (byte & 127) * 2 ** shift
      shift += 7
      if (byte > 127) continue
      messages++
      left = length
      length = 0
      shift = 0
    }
  return messages
}

interface Program {
  command: string[]
  /** The number of flows it stored; calls `end` to stop it with a signal, when due. */
  count: (end: (signal: NodeJS.Signals) => Promise<void>) => Promise<number>
}

/** Measures a program with a temporary folder and port. */
async function inFolder(
  options: Parameters<Peer>[0],
  program: (folder: string, port: number) => Program | Promise<Program>,
): ReturnType<Peer> {
  const folder = await scratchFolder()
  const port = await freeUdpPort()
  const { command, count } = await program(folder, port)
  const [name, ...args] = command as [string, ...string[]]
  // A process group of its own: its children are stopped with it.
  const child = spawn(name, args, { stdio: 'ignore', detached: true })
  try {
    await listening(port, child)
    const stop = () => count((signal) => ended(child, signal))
    return await measure(options, { pid: child.pid!, port, stop })
  } finally {
    endGroup(child.pid!)
    await rm(folder, { recursive: true, force: true })
  }
}

/** Waits until a program listens on a UDP port. @throws if it exits or takes too long */
async function listening(port: number, child: ChildProcess): Promise<void> {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  for (let ms = 0; ms < start.mostMs && child.exitCode === null; ms += start.stepMs) {
    if ((await readFile('/proc/net/udp', 'utf8')).includes(hex)) {
      await sleep(start.readyMs)
      return
    }
    await sleep(start.stepMs)
  }
  throw new Error(`it does not listen on UDP ${port}: ${child.spawnargs.join(' ')}`)
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await Promise.race([exited, sleep(endMs, null, { ref: false })])
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of them have exited.
  }
}

export const knownPeers: readonly KnownPeer[] = [
  {
    name: 'nfcapd',
    commands: ['nfcapd', 'nfdump'],
    install: 'apt-get install nfdump',
    peer: nfcapd(),
  },
  {
    name: 'nfcapd, lz4',
    commands: ['nfcapd', 'nfdump'],
    install: 'apt-get install nfdump',
    peer: nfcapd('-y'),
  },
  {
    name: 'nfacctd, memory',
    commands: ['nfacctd', 'pmacct'],
    install: 'apt-get install pmacct',
    peer: nfacctd('memory'),
  },
  {
    name: 'nfacctd, print',
    commands: ['nfacctd'],
    install: 'apt-get install pmacct',
    peer: nfacctd('print'),
  },
  {
    name: 'goflow2, bin to a file',
    commands: ['goflow2'],
    install: 'go install github.com/netsampler/goflow2/v2/cmd/goflow2@v2.2.6, with $(go env GOPATH)/bin on the PATH', // prettier-ignore
    peer: goflow2,
  },
]

/** The first of a peer's programs that is not installed, or null. */
export function missingOf({ commands }: KnownPeer): string | null {
  return commands.find((command) => spawnSync('which', [command]).status !== 0) ?? null
}
