/**
 * User data as the API reads and changes it. It reads from the data folder. Changes go to ingest
 * over its socket, because the API may lack write access; if no ingest runs, the API makes them
 * itself if it can.
 */
import { request } from 'node:http'
import { join } from 'node:path'

import { reasonOf } from '../../flow/reason.ts'
import { StateReader, StateStore } from '../../store/state-files.ts'
import {
  StateRefused,
  type Collection,
  type StateChange,
  type StateDocument,
  type StateReading,
  type StateRefusal,
  type StateWriting,
} from '../../store/state.ts'
import { appendLog, readLog, type StateLog } from '../../store/state-log.ts'
import { ApiError } from '../errors.ts'

/** Time for ingest to make a change: its disk may be busy. */
const answerTimeoutMs = 10_000
/** A longer answer on the socket is not from ingest. */
const answerBytesMax = 8 << 20

/** Documents and logs of a data folder. */
export interface ApiState extends StateReading, StateWriting {
  /** @throws ApiError 503 if it cannot be stored */
  log(name: StateLog, entry: object): Promise<void>
  readLog<Entry>(name: StateLog, limit: number): Promise<Entry[]>
}

/** What ingest's socket answered. */
export interface SocketAnswer {
  status: number
  body: unknown
}

/** The state of a data folder, whether or not an ingest runs on it. */
export function openApiState(data: string, now: () => number = Date.now): ApiState {
  const reader = new StateReader(data)
  let last: Promise<unknown> = Promise.resolve()
  /** One at a time: each change holds the lock. */
  const inTurn = (change: StateChange) => {
    const done = last.then(() => changeHere(data, change, now))
    last = done.catch(() => undefined)
    return done
  }
  return {
    list: <Body>(collection: Collection) => reader.list<Body>(collection),
    get: <Body>(collection: Collection, id: string) => reader.get<Body>(collection, id),
    async change(change) {
      const answer = await askIngest(data, '/state', { body: change })
      return answer ? fromAnswer(answer) : inTurn(change)
    },
    async log(name, entry) {
      const answer = await askIngest(data, `/logs/${name}`, { body: entry })
      if (answer?.status === 200) return
      await appendLog(data, name, entry).catch((error: unknown) => {
        throw notKept(error)
      })
    },
    readLog: <Entry>(name: StateLog, limit: number) => readLog<Entry>(data, name, limit),
  }
}

function fromAnswer({ status, body }: SocketAnswer): StateDocument | null {
  if (status === 200) return body as StateDocument | null
  const { reason, message } = body as { reason?: StateRefusal; message?: string }
  if (status === 409 && reason) throw new StateRefused(reason, message ?? reason)
  throw notKept(
    new Error(message ?? `ingest answered ${status}`),
    'check the disk of WEIR_DATA (df, dmesg), then save it again',
  )
}

async function changeHere(
  data: string,
  change: StateChange,
  now: () => number,
): Promise<StateDocument | null> {
  const store = await StateStore.open(data, now).catch((error: unknown) => {
    throw notKept(error)
  })
  if (!store) throw notKept(new Error('another process writes it'))
  try {
    return await store.change(change)
  } finally {
    await store.close()
  }
}

function notKept(
  error: unknown,
  remedy = 'start ingest on this data folder (weir ingest): it saves all changes',
): ApiError {
  const message = `the change could not be saved: ${reasonOf(error)}`
  return new ApiError(503, 'not-kept', { message, remedy })
}

/** A request to ingest's socket. */
interface IngestRequest {
  path: string
  method: 'GET' | 'POST'
  body: string
  /** How long the answer may take. */
  timeoutMs: number
}

/** Posts JSON to ingest's socket; null if nothing listens. @throws ApiError if it does not answer in time */
export function askIngest(
  data: string,
  path: string,
  { body, timeoutMs = answerTimeoutMs }: { body: unknown; timeoutMs?: number },
): Promise<SocketAnswer | null> {
  return ask(data, { path, method: 'POST', body: JSON.stringify(body), timeoutMs })
}

/** Gets JSON from ingest's socket; null if nothing listens. @throws ApiError if it does not answer in time */
export function getFromIngest(data: string, path: string): Promise<SocketAnswer | null> {
  return ask(data, { path, method: 'GET', body: '', timeoutMs: answerTimeoutMs })
}

function ask(
  data: string,
  { path, method, body, timeoutMs }: IngestRequest,
): Promise<SocketAnswer | null> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: join(data, 'run', 'ingest.sock'),
        path,
        method,
        timeout: timeoutMs,
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > answerBytesMax) outgoing.destroy(new Error('the answer is too long'))
          else chunks.push(chunk)
        })
        response.on('error', (error) => reject(notKept(error)))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({ status: response.statusCode ?? 500, body: parse(text) })
        })
      },
    )
    outgoing.on('timeout', () => outgoing.destroy(new Error('ingest did not answer in time')))
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (['ECONNREFUSED', 'ENOENT'].includes(error.code ?? '')) resolve(null)
      else reject(notKept(error))
    })
    if (body !== '') outgoing.setHeader('content-type', 'application/json')
    outgoing.end(body)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
