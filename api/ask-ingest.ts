/** Requests to the ingest on the same data folder, over its socket. */
import { request } from 'node:http'
import { join } from 'node:path'

/** Time for an answer: ingest's disk may be busy. */
const usualTimeoutMs = 10_000
/** A longer answer is not from ingest. */
const answerBytesMax = 64 << 20

export interface IngestAnswer {
  status: number
  /** Null if it is not JSON. */
  body: unknown
}

/**
 * Posts `body` as JSON to a path of ingest's socket, or gets the path without one; null if nothing
 * listens.
 * @throws Error if there is no whole answer in time
 */
export function askIngest(
  data: string,
  path: string,
  { body, timeoutMs = usualTimeoutMs }: { body?: object; timeoutMs?: number } = {},
): Promise<IngestAnswer | null> {
  const { promise, resolve, reject } = Promise.withResolvers<IngestAnswer | null>()
  const outgoing = request({
    socketPath: join(data, 'run', 'ingest.sock'),
    path,
    method: body ? 'POST' : 'GET',
    headers: body ? { 'content-type': 'application/json' } : {},
    timeout: timeoutMs,
    agent: false,
  })
  outgoing.on('response', (response) => {
    const chunks: Buffer[] = []
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > answerBytesMax) outgoing.destroy(new Error('the answer is too long'))
      else chunks.push(chunk)
    })
    response.on('error', reject)
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      resolve({ status: response.statusCode ?? 500, body: parse(text) })
    })
  })
  outgoing.on('timeout', () => outgoing.destroy(new Error('ingest did not answer in time')))
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    if (['ECONNREFUSED', 'ENOENT'].includes(error.code ?? '')) resolve(null)
    else reject(error)
  })
  outgoing.end(body && JSON.stringify(body))
  return promise
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
