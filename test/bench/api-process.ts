/** The API as a separate process, pinned to one core, for speed tests. */
import { spawn } from 'node:child_process'
import { Agent, get } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const weir = fileURLToPath(new URL('../../cli/weir.js', import.meta.url))

/** The core for the API, and the one left to its client. */
export const cores = { api: '1', asker: '0' }

export interface ApiProcess {
  url: string
  pid: number
  stop: () => void
}

/** Starts `weir api` on a data folder; resolves when it listens. */
export async function startApi(data: string): Promise<ApiProcess> {
  const child = spawn('taskset', ['-c', cores.api, process.execPath, weir, 'api'], {
    env: { ...process.env, WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0', WEIR_LOG: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /the page is at (http:\S+)/.exec(line)?.[1]
    if (url !== undefined) return { url, pid: child.pid!, stop: () => void child.kill() }
  }
  throw new Error('the API ended before it listened')
}

export interface Answer {
  status: number
  ms: number
  text: string
}

const connectionsMax = 64
const agent = new Agent({ keepAlive: true, maxSockets: connectionsMax })

/** Sends one request and measures the time until the answer is complete. */
export function ask(url: string): Promise<Answer> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => (text += piece))
      response.on('end', () =>
        resolve({ status: response.statusCode!, ms: performance.now() - began, text }),
      )
    }).on('error', reject)
  })
}

/** The value that the given share of the values does not exceed (nearest rank). */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.max(1, Math.ceil(part * sorted.length)) - 1]! * 10) / 10
}
