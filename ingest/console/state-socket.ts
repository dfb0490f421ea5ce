/** Changes of user data, and log entries, sent by the API over ingest's socket. */
import type { IncomingMessage, ServerResponse } from 'node:http'

import { reasonOf } from '../../flow/reason.ts'
import { stateLogs, appendLog, type StateLog } from '../../store/state/log.ts'
import {
  collections,
  StateRefused,
  type Collection,
  type StateWriting,
} from '../../store/state/state.ts'

/** Longer requests are not from our API. */
const bodyBytesMax = 128 << 10

/**
 * Answers POST /state (a StateChange, answered by the document or the refusal) and POST /logs/NAME;
 * false for other requests.
 */
export function answerState(
  request: IncomingMessage,
  response: ServerResponse,
  { data, state }: { data: string; state: StateWriting },
): boolean {
  const { method, url = '' } = request
  const log = stateLogs.find((name) => url === `/logs/${name}`)
  if (method !== 'POST' || (url !== '/state' && !log)) return false
  readJson(request)
    .then((body) => (log ? writeLog(data, log, body) : change(state, body)))
    .then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => send(response, 500, { message: reasonOf(error) }),
    )
  return true
}

interface Answer {
  status: number
  body: unknown
}

async function writeLog(data: string, log: StateLog, entry: unknown): Promise<Answer> {
  if (typeof entry !== 'object' || entry === null) return { status: 400, body: null }
  await appendLog(data, log, entry)
  return { status: 200, body: null }
}

async function change(state: StateWriting, sent: unknown): Promise<Answer> {
  const { collection, id, body, revision } = (sent ?? {}) as Record<string, unknown>
  if (typeof collection !== 'string' || !Object.hasOwn(collections, collection))
    return { status: 400, body: { message: `there is no collection "${String(collection)}"` } }
  try {
    const document = await state.change({
      collection: collection as Collection,
      id: String(id),
      body,
      revision: typeof revision === 'number' ? revision : undefined,
    })
    return { status: 200, body: document }
  } catch (error) {
    if (!(error instanceof StateRefused)) throw error
    return { status: 409, body: { reason: error.reason, message: error.message } }
  }
}

/** The JSON body of a request. @throws Error if it is too long or invalid */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new Error(`more than ${bodyBytesMax} bytes`)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
