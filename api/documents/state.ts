/**
 * User data as the API reads and changes it. It reads from the data folder. Changes go to ingest
 * over its socket, because the API may lack write access; if no ingest runs, the API makes them
 * itself if it can.
 */
import { reasonOf } from '../../flow/reason.ts'
import { StateReader, StateStore } from '../../store/state/files.ts'
import {
  StateRefused,
  type Collection,
  type StateChange,
  type StateDocument,
  type StateReading,
  type StateRefusal,
  type StateWriting,
} from '../../store/state/state.ts'
import { appendLog, readLog, type StateLog } from '../../store/state/log.ts'
import { askIngest, type IngestAnswer } from '../ask-ingest.ts'
import { ApiError } from '../errors.ts'

/** Documents and logs of a data folder. */
export interface ApiState extends StateReading, StateWriting {
  /** @throws ApiError 503 if it cannot be stored */
  log(name: StateLog, entry: object): Promise<void>
  readLog<Entry>(name: StateLog, limit: number): Promise<Entry[]>
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
      const answer = await tell(data, '/state', change)
      return answer ? fromAnswer(answer) : inTurn(change)
    },
    async log(name, entry) {
      const answer = await tell(data, `/logs/${name}`, entry)
      if (answer?.status === 200) return
      await appendLog(data, name, entry).catch((error: unknown) => {
        throw notKept(error)
      })
    },
    readLog: <Entry>(name: StateLog, limit: number) => readLog<Entry>(data, name, limit),
  }
}

/** Ingest's answer to what it is to save; null if no ingest runs. */
function tell(data: string, path: string, body: object): Promise<IngestAnswer | null> {
  return askIngest(data, path, { body }).catch((error: unknown) => {
    throw notKept(error)
  })
}

function fromAnswer({ status, body }: IngestAnswer): StateDocument | null {
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
