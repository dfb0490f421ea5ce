/**
 * The receiving thread: takes datagrams off the sockets, journals them and hands them over in
 * batches. It does nothing else, so that no reckoning elsewhere makes the kernel drop one.
 */
import { parentPort, workerData } from 'node:worker_threads'

import { NetworkSet } from '../../flow/address.ts'
import { intervalStart } from '../../flow/interval.ts'
import { batchBytes, BatchWriter, type Batch } from './batch.ts'
import { Journal } from './journal.ts'
import { Listener, type ReceivedDatagram } from './listen.ts'
import type {
  ReceiverAnswers,
  ReceiverData,
  ReceiverMessage,
  ReceiverRequest,
  ReceiverStatus,
} from './thread.ts'

/** A batch is handed over when it is full, or after this long. */
const handOverMs = 10
/** How often the clock is asked whether a segment is to end. */
const clockMs = 1000
/** Batches that may wait for the decoding thread (128 MiB); beyond, datagrams are dropped and counted. */
const waitingMax = 256

const port = parentPort!
const { journalFolder, endpoints, exporters, receiveBufferBytes } = workerData as ReceiverData

let journal: Journal | null = null
let segmentInterval = intervalStart(Date.now())
let writer = new BatchWriter(new ArrayBuffer(batchBytes))
let startsSegment = true
let timer: NodeJS.Timeout | null = null
let waiting = 0
let overflowed = 0
const free: ArrayBuffer[] = []

const listener = new Listener({
  endpoints,
  exporters: new NetworkSet(exporters),
  receiveBufferBytes,
  onDatagram: receive,
})

function receive(datagram: ReceivedDatagram): void {
  if (waiting >= waitingMax) {
    overflowed++
    return
  }
  const batched = {
    payload: datagram.payload,
    source: datagram.source.words,
    sourcePort: datagram.sourcePort,
    receivedMs: datagram.receivedMs,
  }
  if (!writer.append(batched)) {
    handOver()
    writer.append(batched)
  }
  journal!.append(
    {
      ...batched,
      destination: datagram.localWords,
      destinationPort: datagram.localPort,
    },
    datagram.receivedMs,
  )
  timer ??= setTimeout(handOver, handOverMs)
  if (journal!.isFull) rotate()
}

function handOver(): void {
  if (timer) clearTimeout(timer)
  timer = null
  if (writer.used === 0 && !startsSegment) return
  const { buffer, used } = writer
  const batch: Batch = { buffer, used, position: journal!.position, startsSegment }
  startsSegment = false
  waiting++
  send({ kind: 'batch', batch }, [buffer])
  writer = new BatchWriter(free.pop() ?? new ArrayBuffer(batchBytes))
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
    await journal!.close()
    return null
  },
}

port.on('message', (request: ReceiverRequest) => {
  if (request.kind === 'taken') {
    waiting--
    free.push(request.buffer)
    return
  }
  const answer = answers[request.kind] as (asked: ReceiverRequest) => Promise<unknown>
  answer(request).then(
    (result) => send({ kind: 'answer', id: request.id, result }),
    (error: unknown) =>
      send({
        kind: 'answer',
        id: request.id,
        error: error instanceof Error ? error.message : String(error),
      }),
  )
})
