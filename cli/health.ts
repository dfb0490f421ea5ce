/**
 * `weir doctor --health ingest|api`: one quick look for a container's health check, said by the exit
 * code. Ingest must answer and its data folder take a canary file; the API must answer.
 */
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ingestStatus } from '../api/ingest-status.ts'
import type { Endpoint, Settings } from '../flow/settings.ts'
import { CommandError, exitCodes } from './command.ts'

const answerMsMax = 5000

const looks: Record<string, (settings: Settings) => Promise<string>> = {
  ingest: ingestHealth,
  api: apiHealth,
}

/** Prints one line where all is well. @throws CommandError with what is not */
export async function health(settings: Settings, of: string): Promise<void> {
  const look = Object.hasOwn(looks, of) ? looks[of]! : null
  if (!look) throw new CommandError(`--health ${of}: write ingest or api`, exitCodes.usage)
  console.log(await look(settings))
}

async function ingestHealth({ data }: Settings): Promise<string> {
  const status = await ingestStatus(data, Date.now).read()
  if (!status?.running)
    throw new CommandError(`ingest does not answer on ${join(data, 'run', 'ingest.sock')}`)
  await writeCanary(data)
  return `ingest answers, and ${data} takes what is written`
}

/**
 * Writes a file into the data folder, to the disk itself, and reads it back.
 * @throws CommandError naming the folder and what the system said
 */
export async function writeCanary(data: string): Promise<void> {
  const folder = join(data, 'state')
  const path = join(folder, 'canary')
  const written = new Date().toISOString()
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const file = await open(path, 'w', 0o600)
    try {
      await file.writeFile(written)
      await file.sync()
    } finally {
      await file.close()
    }
    if ((await readFile(path, 'utf8')) === written) return
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${data} does not take what is written: ${reason}`)
  }
  throw new CommandError(`${path} does not hold what was written into it`)
}

async function apiHealth({ http }: Settings): Promise<string> {
  const url = `http://${reachable(http)}/api/status`
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(answerMsMax) })
    // Who is not logged in is told so by an API that is well.
    if (answer.ok || answer.status === 401) return `the API answers at ${url}`
    throw new Error(`it answers ${answer.status}: ${(await answer.text()).slice(0, 200)}`)
  } catch (error) {
    const { message, cause } = error as Error
    const reason = cause instanceof Error ? cause.message : message
    throw new CommandError(`the API does not answer at ${url}: ${reason}`)
  }
}

/** The address by which this machine reaches what listens on an endpoint. */
export function reachable({ host, port }: Endpoint): string {
  if (host === '0.0.0.0') return `127.0.0.1:${port}`
  if (host === '::') return `[::1]:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
