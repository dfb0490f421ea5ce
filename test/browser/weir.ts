/** Weir for browser tests: the bundled Monday replayed into a scratch folder, and served. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import { freeTcpPort } from '../free-port.ts'
import { mondayFolder } from '../monday.ts'
import { scratchFolder } from '../processes.ts'

const weir = fileURLToPath(new URL('../../cli/weir.js', import.meta.url))
const timeZone = 'Europe/Brussels'
/** A loaded machine takes a while. */
const startMsMax = 120_000

export interface RunningWeir {
  url: string
  /** Of the API. */
  pid: number
  close: () => Promise<void>
}

export interface ServedData {
  /** Whether the capture is replayed into the data folder; otherwise it is empty. */
  replayed?: boolean
  environment?: Record<string, string>
}

/** Serves the page and the API. */
export async function startWeir({
  replayed = true,
  environment: given = {},
}: ServedData = {}): Promise<RunningWeir> {
  const data = replayed ? await mondayFolder({ timeZone }) : await scratchFolder()
  const port = await freeTcpPort()
  const environment = {
    ...process.env,
    WEIR_DATA: data,
    WEIR_HTTP: `127.0.0.1:${port}`,
    WEIR_TZ: timeZone,
    WEIR_LOG: 'error',
    ...given,
  }
  const api = spawn(process.execPath, [weir, 'api'], { env: environment, stdio: 'inherit' })
  const url = `http://127.0.0.1:${port}`
  await answering(url, api)
  const close = async () => {
    api.kill('SIGTERM')
    if (api.exitCode === null && api.signalCode === null) await once(api, 'exit')
    await rm(data, { recursive: true, force: true })
  }
  return { url, pid: api.pid!, close }
}

/** Waits until an API answers: two minutes at most. */
export async function answering(url: string, api: ChildProcess): Promise<void> {
  const until = Date.now() + startMsMax
  while (Date.now() < until && api.exitCode === null) {
    const response = await fetch(`${url}/api/session`).catch(() => null)
    if (response?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`weir api does not answer at ${url} within ${startMsMax} ms`)
}
