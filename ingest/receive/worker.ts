/**
 * The receiving thread: takes datagrams off the sockets, journals them and hands them over in
 * batches. It does nothing else, so that no reckoning elsewhere makes the kernel drop one.
 */
import { parentPort, workerData } from 'node:worker_threads'

import { NetworkSet } from '../../flow/address.ts'
import { intervalStart } from '../../flow/interval.ts'
import { reasonOf } from '../../flow/reason.ts'
import { batchBytes, BatchWriter } from './batch.ts'
import { Journal } from './journal.ts'
import { remedyOf } from './cannot-receive.ts'
import { Listener, turnDatagramsMax, type ReceivedDatagram } from './listen.ts'
import { openNative } from './many.ts'
import type {
  ReceiverAnswers,
  ReceiverData,
  ReceiverMessage,
  ReceiverRequest,
  ReceiverStatus,
  SentBatch,
} from './thread.ts'

/** A batch is handed over when it is full, or after this long. */
const handOverMs = 10
/** How often the clock is asked whether a segment is to end. */
const clockMs = 1000
/** Batches that may wait for the decoding thread (128 MiB); beyond, datagrams are dropped and counted. */
const waitingMax = 256

/**
 * Batches that are on their way at once; the others wait here. The decoding thread takes all that are there in one
 * turn of its loop, and answers nobody meanwhile.
 */
const sentMax = 3
/** Buffers that are shared and kept; those of a time in which more wait go when they were taken. */
const sharedMax = 16
/**
 * After a turn that took fewer datagrams than one may of a socket they are empty, and the thread rests: woken for every few
 * it would spend most of its time on waking up.
 */
const restMs = 2

/** A batch that is being filled, and the number of its buffer where that is shared. */
interface NumberedWriter {
  number: number | null
  batch: BatchWriter
  /** Whether the decoding thread has the buffer. */
  isKnown: boolean
}

const port = parentPort!
const { journalFolder, endpoints, exporters, receiveBufferBytes } = workerData as ReceiverData

let journal: Journal | null = null
let segmentInterval = intervalStart(Date.now())
/** Shared buffers that are free; the decoding thread knows them by their numbers. */
const free: NumberedWriter[] = []
/** Those that were ever made, by number. */
const shared: NumberedWriter[] = []
let writer = newWriter()
let startsSegment = true
let timer: NodeJS.Timeout | null = null
/** Batches that are not taken yet, and those of them that are not sent yet, in order. */
let waiting = 0
const unsent: SentBatch[] = []
/** Told when all are sent, by who waits for it. */
let allSent: (() => void) | null = null
let overflowed = 0
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
  if (waiting >= waitingMax) {
    overflowed++
    return
  }
  if (!writer.batch.append(datagram)) {
    handOver()
    writer.batch.append(datagram)
  }
  journal!.append(datagram, datagram.receivedMs)
  timer ??= setTimeout(handOver, handOverMs)
  if (journal!.isFull) rotate()
}

function endTurn(datagrams: number): void {
  journal!.flush()
  if (datagrams < turnDatagramsMax) Atomics.wait(never, 0, 0, restMs)
}

function handOver(): void {
  if (timer) clearTimeout(timer)
  timer = null
  if (writer.batch.used === 0 && !startsSegment) return
  const { number, batch: filled } = writer
  const batch: SentBatch = {
    number,
    used: filled.used,
    position: journal!.position,
    startsSegment,
  }
  if (!writer.isKnown) batch.buffer = filled.buffer
  writer.isKnown = true
  startsSegment = false
  waiting++
  unsent.push(batch)
  sendBatches()
  writer = newWriter()
}

/** A shared buffer, or one of its own where all of these wait. */
function newWriter(): NumberedWriter {
  const held = free.pop()
  if (held) {
    held.batch.used = 0
    return held
  }
  if (shared.length === sharedMax)
    return { number: null, batch: new BatchWriter(new ArrayBuffer(batchBytes)), isKnown: false }
  const batch = new BatchWriter(new SharedArrayBuffer(batchBytes))
  const made = { number: shared.length, batch, isKnown: false }
  shared.push(made)
  return made
}

function sendBatches(): void {
  while (unsent.length > 0 && waiting - unsent.length < sentMax) {
    const batch = unsent.shift()!
    const { buffer } = batch
    send({ kind: 'batch', batch }, buffer instanceof ArrayBuffer ? [buffer] : [])
  }
  if (unsent.length === 0) allSent?.()
}

/** Starts a segment; the decoder's state at its start is known once all before it is decoded. */
function rotate(): void {
  handOver()
  journal!.rotate()
  startsSegment = true
  handOver()
}

function send(message: ReceiverMessage, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer)
}

async function status(): Promise<ReceiverStatus> {
  return {
    sockets: await listener.status(),
    refused: listener.refused(),
    refusedDatagrams: listener.refusedDatagrams,
    journal: { ...journal!.counters },
    overflowed,
    warnings: [...listener.notListening, listener.bufferWarning()].filter((each) => each !== null),
  }
}

const clock = setInterval(() => {
  const interval = intervalStart(Date.now())
  if (!journal || (interval === segmentInterval && !journal.isFull)) return
  segmentInterval = interval
  rotate()
}, clockMs)

const answers: {
  [Kind in keyof ReceiverAnswers]: (
    request: Extract<ReceiverRequest, { kind: Kind }>,
  ) => Promise<ReceiverAnswers[Kind]>
} = {
  open: async () => {
    journal = await Journal.open(journalFolder)
    handOver()
    await listener.open()
    return null
  },
  status,
  release: async ({ before }) => {
    await journal!.release(before)
    return null
  },
  /** What was received is handed over, and a new segment begun, so that the next start replays nothing. */
  stop: async () => {
    clearInterval(clock)
    listener.close()
    rotate()
    const { promise, resolve } = Promise.withResolvers<void>()
    allSent = resolve
    sendBatches()
    await promise
    await journal!.close()
    return null
  },
}

port.on('message', (request: ReceiverRequest) => {
  if (request.kind === 'taken') {
    waiting--
    if (request.number !== null) free.push(shared[request.number]!)
    sendBatches()
    return
  }
  const answer = answers[request.kind] as (asked: ReceiverRequest) => Promise<unknown>
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
