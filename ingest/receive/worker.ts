/**
 * The receiving thread: takes datagrams off the sockets, journals them and hands them over in
 * batches. It does nothing else, so that no other work makes the kernel drop any.
 */
import { parentPort, workerData } from 'node:worker_threads'

import { NetworkSet } from '../../flow/address.ts'
import { intervalStart } from '../../flow/interval.ts'
import { reasonOf } from '../../flow/reason.ts'
import { Journal } from './journal.ts'
import { remedyOf } from './cannot-receive.ts'
import { Listener, turnDatagramsMax, type ReceivedDatagram } from './listen.ts'
import { openNative } from './many.ts'
import { Outbox } from './outbox.ts'
import type {
  ReceiverAnswers,
  ReceiverData,
  ReceiverMessage,
  ReceiverRequest,
  ReceiverStatus,
} from './thread.ts'

/** Datagrams are handed over after this long, or when a batch is full. */
const handOverMs = 10
/** How often to check whether to start a new segment, and how much disk space is free. */
const clockMs = 1000
/**
 * A turn with fewer datagrams than the most for one socket has emptied the sockets, so the thread
 * rests: woken for every few datagrams, it would spend most of its time waking up.
 */
const restMs = 2

const port = parentPort!
const { journalFolder, endpoints, exporters, receiveBufferBytes } = workerData as ReceiverData

let journal: Journal | null = null
let outbox: Outbox | null = null
let segmentInterval = intervalStart(Date.now())
let timer: NodeJS.Timeout | null = null
const never = new Int32Array(new SharedArrayBuffer(4))

const listener = new Listener({
  endpoints,
  exporters: new NetworkSet(exporters),
  receiveBufferBytes,
  onDatagram: receive,
  onTurn: endTurn,
  native: await openNative(),
})

function receive(datagram: ReceivedDatagram): void {
  outbox!.take(datagram)
  timer ??= setTimeout(handOver, handOverMs)
  if (journal!.isFull) outbox!.startSegment()
}

function endTurn(datagrams: number): void {
  journal!.flush()
  if (datagrams < turnDatagramsMax) Atomics.wait(never, 0, 0, restMs)
}

function handOver(): void {
  timer = null
  outbox!.handOver()
}

function send(message: ReceiverMessage): void {
  const buffer = message.kind === 'batch' ? message.buffer : undefined
  port.postMessage(message, buffer instanceof ArrayBuffer ? [buffer] : [])
}

async function status(): Promise<ReceiverStatus> {
  return {
    sockets: await listener.status(),
    refused: listener.refused(),
    refusedDatagrams: listener.refusedDatagrams,
    journal: { ...journal!.counters },
    waiting: outbox!.waiting,
    overflowed: outbox!.overflowed,
    warnings: [...listener.notListening, listener.bufferWarning()].filter((each) => each !== null),
  }
}

const clock = setInterval(() => {
  const interval = intervalStart(Date.now())
  if (journal) outbox!.boundBy(journal.freeBytes())
  if (!journal || (interval === segmentInterval && !journal.isFull)) return
  segmentInterval = interval
  outbox!.startSegment()
}, clockMs)

const answers: {
  [Kind in keyof ReceiverAnswers]: (
    request: Extract<ReceiverRequest, { kind: Kind }>,
  ) => Promise<ReceiverAnswers[Kind]>
} = {
  open: async () => {
    journal = await Journal.open(journalFolder)
    outbox = new Outbox({ journal, send })
    const { position } = journal
    outbox.handOver()
    await listener.open()
    return position
  },
  status,
  release: async ({ before }) => {
    await journal!.release(before)
    return null
  },
  /**
   * Hands over what was received and starts a new segment, so that the next start replays only what
   * waits in the journal.
   */
  stop: async () => {
    clearInterval(clock)
    listener.close()
    outbox!.end()
    await journal!.close()
    return null
  },
}

port.on('message', (request: ReceiverRequest) => {
  if (request.kind === 'taken') {
    outbox!.taken(request)
    return
  }
  const answer = answers[request.kind] as (request: ReceiverRequest) => Promise<unknown>
  answer(request).then(
    (result) => send({ kind: 'answer', id: request.id, result }),
    (error: unknown) =>
      send({
        kind: 'answer',
        id: request.id,
        error: reasonOf(error),
        remedy: remedyOf(error),
      }),
  )
})
