/**
 * `weir doctor --health ingest|api`: one quick check for a container's health check; the result is
 * the exit code. Ingest must answer and its data folder accept a canary file; the API must answer.
 *
 * It runs several times a minute, for ever, so it loads nothing but a socket and the file system:
 * settings and node:http would each take as long as everything else.
 */
import { mkdir, open, readFile } from 'node:fs/promises'
import { connect, type NetConnectOpts } from 'node:net'
import { join } from 'node:path'

import { reasonOf } from '../flow/reason.ts'
import { endpointText, type Endpoint } from '../flow/settings/values.ts'
import { CommandError, exitCodes } from './command.ts'

const answerMsMax = 5000
/** A longer answer is not a status. */
const answerBytesMax = 64 << 20
/** As in flow/settings/specs.ts. */
const dataDefault = './data'
const httpDefault = '127.0.0.1:8080'

/** The settings that matter here. */
interface HealthSettings {
  data: string
  http: Endpoint
}

const looks: Record<string, (settings: HealthSettings) => Promise<string>> = {
  ingest: ingestHealth,
  api: apiHealth,
}

/** Prints one line if all is well. @throws CommandError naming what is not */
export async function health(settings: HealthSettings, of: string): Promise<void> {
  const look = Object.hasOwn(looks, of) ? looks[of]! : null
  if (!look) throw new CommandError(`--health ${of}: write ingest or api`, exitCodes.usage)
  console.log(await look(settings))
}

/** The same as a separate process, without the command line; sets the exit code. */
export async function healthAlone(
  of: string,
  environment: Record<string, string | undefined>,
): Promise<void> {
  try {
    await health(healthSettings(environment), of)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.error(`weir: ${error.message}`)
    process.exitCode = error.exitCode
  }
}

/** @throws CommandError if WEIR_HTTP is not an address and port */
export function healthSettings(environment: Record<string, string | undefined>): HealthSettings {
  const { WEIR_DATA: data, WEIR_HTTP: text = '' } = environment
  const http = text || httpDefault
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(http) ?? []
  if (port === undefined)
    throw new CommandError(`WEIR_HTTP="${http}": write ADDRESS:PORT`, exitCodes.usage)
  return { data: data || dataDefault, http: { host: bracketed ?? plain!, port: Number(port) } }
}

async function ingestHealth({ data }: HealthSettings): Promise<string> {
  const path = join(data, 'run', 'ingest.sock')
  const answer = await ask({ path }, { host: 'ingest', target: '/status' }).catch(() => null)
  const status = answer?.status === 200 ? statusOf(answer.body) : null
  if (status?.running !== true) throw new CommandError(`ingest does not answer on ${path}`)
  // A file on a disk that hangs would be waited for without end.
  if (status.stalledSeconds !== undefined)
    throw new CommandError(`the disk of ${data} does not take what is received`)
  await writeCanary(data)
  return `ingest answers, and ${data} can be written`
}

function statusOf(body: string): { running?: unknown; stalledSeconds?: unknown } | null {
  try {
    return JSON.parse(body) as { running?: unknown; stalledSeconds?: unknown } | null
  } catch {
    return null
  }
}

/**
 * Writes a file to the data folder, through to the disk, and reads it back.
 * @throws CommandError naming the folder and the system's error
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
    const reason = reasonOf(error)
    throw new CommandError(`${data} cannot be written: ${reason}`)
  }
  throw new CommandError(`${path} does not read back as it was written`)
}

async function apiHealth({ http }: HealthSettings): Promise<string> {
  const host = reachable(http)
  const url = `http://${host}/api/status`
  try {
    const there = { host: new URL(url).hostname.replace(/^\[|\]$/g, ''), port: http.port }
    const { status, body } = await ask(there, { host, target: '/api/status' })
    // 401 comes from a healthy API: nobody is logged in here.
    if (status === 200 || status === 401) return `the API answers at ${url}`
    throw new Error(`it answers ${status}: ${body.slice(0, 200)}`)
  } catch (error) {
    throw new CommandError(`the API does not answer at ${url}: ${(error as Error).message}`)
  }
}

/** The address at which this machine reaches a listener on an endpoint. */
export function reachable({ host, port }: Endpoint): string {
  if (host === '0.0.0.0') return `127.0.0.1:${port}`
  if (host === '::') return `[::1]:${port}`
  return endpointText({ host, port })
}

/** Uses HTTP/1.0, where the end of the connection ends the answer. */
function ask(
  where: NetConnectOpts,
  { host, target }: { host: string; target: string },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const socket = connect(where)
    const deadline = setTimeout(() => {
      socket.destroy(new Error(`no answer within ${answerMsMax / 1000} s`))
    }, answerMsMax)
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if ((bytes += chunk.length) > answerBytesMax)
        socket.destroy(new Error('the answer is too long'))
    })
    socket.once('error', reject)
    socket.once('close', () => {
      clearTimeout(deadline)
      const [head = '', ...body] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n')
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0)
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? Number.NaN)
      const text = body.join('\r\n\r\n')
      if (status === 0) reject(new Error('the server there does not speak HTTP'))
      else if (length > Buffer.byteLength(text)) reject(new Error('the answer was cut off'))
      else resolve({ status, body: text })
    })
    socket.write(`GET ${target} HTTP/1.0\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  })
}
