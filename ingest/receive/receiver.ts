/** The receiving thread, seen from the one that decodes. */
import { Worker } from 'node:worker_threads'

import { reasonOf } from '../../flow/reason.ts'
import type { JournalPosition } from '../../store/position.ts'
import type { Batch } from './batch.ts'
import { CannotReceive } from './cannot-receive.ts'
import { writeSidecar } from './journal-files.ts'
import type {
  ReceiverAnswers,
  ReceiverData,
  ReceiverMessage,
  ReceiverRequest,
  ReceiverStatus,
  SentBatch,
} from './thread.ts'

export interface ReceiverOptions extends ReceiverData {
  /** Takes the datagrams of a batch, before it returns. */
  onBatch: (batch: Batch) => void
  /** The decoder's state, to be kept with a segment of the journal that begins here. */
  state: () => unknown
  /** The thread has ended by itself: nothing is received any more. */
  onEnd: (error: Error) => void
}

interface Waiting {
  resolve: (result: never) => void
  reject: (error: Error) => void
}

export class Receiver {
  /** Where the journal stands after the last batch that was taken. */
  position: JournalPosition = { segment: 0, offset: 0 }
  /** Why the decoder's state could last not be kept, until it could. */
  stateError: string | null = null
  readonly #options: ReceiverOptions
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #requests = 0
  /** Shared buffers by number. */
  readonly #buffers: (ArrayBuffer | SharedArrayBuffer)[] = []
  #isStopped = false
  /** The last segment whose start the decoder's state was kept of; those from it on are needed. */
  #segmentWithState = 0

  private constructor(options: ReceiverOptions) {
    this.#options = options
    const { journalFolder, endpoints, exporters, receiveBufferBytes } = options
    const workerData: ReceiverData = { journalFolder, endpoints, exporters, receiveBufferBytes }
    this.#worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData,
      name: 'receiving',
    })
    this.#worker.on('message', (message: ReceiverMessage) => this.#take(message))
    this.#worker.on('error', (error) => this.#end(error as Error))
  }

  /**
   * Opens the journal and the sockets.
   * @throws where an address cannot be listened on or the journal not be written
   */
  static async open(options: ReceiverOptions): Promise<Receiver> {
    const receiver = new Receiver(options)
    try {
      await receiver.#ask({ kind: 'open' })
    } catch (error) {
      await receiver.#terminate()
      throw error
    }
    return receiver
  }

  status(): Promise<ReceiverStatus> {
    return this.#ask({ kind: 'status' })
  }

  /** Lets go of what the journal holds before a place that the archive covers. */
  async release(covered: JournalPosition): Promise<void> {
    const segment = Math.min(covered.segment, this.#segmentWithState)
    await this.#ask({ kind: 'release', before: { segment, offset: 0 } })
  }

  /** Stops receiving; when it resolves, everything received has been taken. */
  async stop(): Promise<ReceiverStatus> {
    await this.#ask({ kind: 'stop' })
    return this.status()
  }

  /** Ends the thread, after stop. */
  close(): Promise<void> {
    return this.#terminate()
  }

  #ask<Kind extends keyof ReceiverAnswers>(
    request: Omit<Extract<ReceiverRequest, { kind: Kind }>, 'id'> & { kind: Kind },
  ): Promise<ReceiverAnswers[Kind]> {
    const id = ++this.#requests
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ ...request, id }, [])
    })
  }

  async #terminate(): Promise<void> {
    this.#isStopped = true
    await this.#worker.terminate()
  }

  #take(message: ReceiverMessage): void {
    if (message.kind === 'batch') {
      this.#takeBatch(message.batch)
      return
    }
    const request = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('error' in message) request?.reject(errorOf(message))
    else request?.resolve(message.result as never)
  }

  #takeBatch({ number, buffer: sent, used, position, startsSegment }: SentBatch): void {
    const buffer = sent ?? this.#buffers[number!]!
    if (number !== null) this.#buffers[number] = buffer
    if (startsSegment) this.#keepState(position.segment)
    this.#options.onBatch({ buffer, used, position, startsSegment })
    this.position = position
    // What waits for a collection of garbage would be as much again.
    if (number === null && buffer instanceof ArrayBuffer) buffer.transfer(0)
    const taken: ReceiverRequest = { kind: 'taken', number }
    this.#worker.postMessage(taken, [])
  }

  /** A segment without the decoder's state is replayed from the last one that has it. */
  #keepState(segment: number): void {
    try {
      writeSidecar(this.#options.journalFolder, segment, this.#options.state())
      this.#segmentWithState = segment
      this.stateError = null
    } catch (error) {
      this.stateError = reasonOf(error)
    }
  }

  #end(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    if (!this.#isStopped) this.#options.onEnd(error)
  }
}

function errorOf({ error, remedy }: { error: string; remedy: string | null }): Error {
  return remedy === null ? new Error(error) : new CannotReceive(error, remedy)
}
