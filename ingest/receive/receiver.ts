/** The receiving thread, as used by the decoding thread. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

import { reasonOf } from '../../flow/reason.ts'
import type { JournalPosition } from '../../store/position.ts'
import { forEachDatagram, type DatagramInBatch } from './batch.ts'
import { CannotReceive } from './cannot-receive.ts'
import { writeSidecar } from './journal-files.ts'
import { StretchReader } from './journal-read.ts'
import type {
  Parcel,
  ReceiverAnswers,
  ReceiverData,
  ReceiverMessage,
  ReceiverRequest,
  ReceiverStatus,
} from './thread.ts'

interface ReceiverOptions extends ReceiverData {
  /** Called if the thread ends by itself: nothing is received any more. */
  onEnd: (error: Error) => void
}

/** Processes received datagrams. */
export interface Taker {
  /** Must finish with the datagram before it returns: the object is reused. */
  onDatagram: (datagram: DatagramInBatch) => void
  /**
   * Resolves once more datagrams may be taken, or `stopping` is aborted; null if they may be taken
   * now.
   */
  waitForRoom: (stopping: AbortSignal) => Promise<void> | null
  /** The decoder's state, to store with a journal segment that starts here. */
  state: () => unknown
}

/** What the thread last reported, and for how long it has not answered since; 0 while it does. */
interface LastStatus {
  status: ReceiverStatus
  stalledMs: number
}

/** The thread answers in less, unless the disk lets it wait. */
const answerMs = 500

interface Waiting {
  resolve: (result: never) => void
  reject: (error: Error) => void
}

export class Receiver {
  /** Journal position after the last datagram taken. */
  position: JournalPosition = { segment: 0, offset: 0 }
  /** Why the decoder's state could not be stored last time; null once it could. */
  stateError: string | null = null
  /**
   * What of the journal was damaged when it was replayed at the start: bytes of its datagrams, and
   * states of the decoder.
   */
  damaged = { bytes: 0, states: 0 }
  readonly #options: ReceiverOptions
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  /** Why the thread has ended; null while it has not. */
  #ended: Error | null = null
  #requests = 0
  /** Shared buffers by number. */
  readonly #buffers: (ArrayBuffer | SharedArrayBuffer)[] = []
  readonly #stretches: StretchReader
  /** Parcels waiting to be taken, in order, and who takes them. */
  readonly #parcels: Parcel[] = []
  #taker: Taker | null = null
  #taking: Promise<void> | null = null
  /**
   * Receive time of the last datagram taken, unix ms, and whether others were waiting behind its
   * parcel.
   */
  #takenMs = Date.now()
  #isBehind = false
  readonly #stopping = new AbortController()
  #isStopped = false
  /**
   * The last segment stored with the decoder's state at its start; it and later ones are needed.
   */
  #segmentWithState = 0
  /** What was last reported, and the question that is not answered yet. */
  #last: ReceiverStatus | null = null
  #asked: { atMs: number; answer: Promise<void> } | null = null
  /** The decoder's states being stored. */
  #keeping: Promise<void> = Promise.resolve()

  private constructor(options: ReceiverOptions) {
    this.#options = options
    this.#stretches = new StretchReader(options.journalFolder)
    const { journalFolder, endpoints, exporters, receiveBufferBytes } = options
    const workerData: ReceiverData = { journalFolder, endpoints, exporters, receiveBufferBytes }
    this.#worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData,
      name: 'receiving',
    })
    this.#worker.on('message', (message: ReceiverMessage) => this.#hear(message))
    this.#worker.on('error', (error) => this.#end(error as Error))
    this.#worker.on('exit', (code) => this.#end(new Error(`receiving ended with code ${code}`)))
  }

  /**
   * Opens the journal and the sockets. Datagrams wait until `take` is called.
   * @throws if an address cannot be bound or the journal cannot be written
   */
  static async open(options: ReceiverOptions): Promise<Receiver> {
    const receiver = new Receiver(options)
    try {
      receiver.position = await receiver.#ask({ kind: 'open' })
    } catch (error) {
      await receiver.#terminate()
      throw error
    }
    return receiver
  }

  /** Starts passing datagrams to `taker`, beginning with those waiting. */
  take(taker: Taker): void {
    this.#taker = taker
    this.#taking ??= this.#takeParcels(taker)
  }

  /**
   * The time up to which every received datagram has been taken, unix ms: now, unless some are
   * waiting.
   */
  takenUntilMs(): number {
    return this.#isBehind || this.#parcels.length > 0 ? this.#takenMs : Date.now()
  }

  async status(): Promise<ReceiverStatus> {
    this.#last = await this.#ask({ kind: 'status' })
    return this.#last
  }

  /** The same within a moment, also while the disk keeps the thread from answering: then as it was before. */
  async lastStatus(): Promise<LastStatus> {
    this.#asked ??= { atMs: performance.now(), answer: this.#askStatus() }
    const { atMs, answer } = this.#asked
    await (this.#last ? Promise.race([answer, sleep(answerMs, null, { ref: false })]) : answer)
    return { status: this.#last!, stalledMs: this.#asked ? performance.now() - atMs : 0 }
  }

  async #askStatus(): Promise<void> {
    try {
      await this.status()
    } finally {
      this.#asked = null
    }
  }

  /** Deletes the journal before a position that the archive covers. */
  async release(covered: JournalPosition): Promise<void> {
    const segment = Math.min(covered.segment, this.#segmentWithState)
    await this.#ask({ kind: 'release', before: { segment, offset: 0 } })
  }

  /** Stops receiving; resolves once everything received has been taken, except what waits in the journal. */
  async stop(): Promise<ReceiverStatus> {
    this.#stopping.abort()
    await this.#ask({ kind: 'stop' })
    await this.#taking
    await this.#keeping
    return this.status()
  }

  /** Ends the thread, after stop. */
  close(): Promise<void> {
    return this.#terminate()
  }

  #ask<Kind extends keyof ReceiverAnswers>(
    request: Omit<Extract<ReceiverRequest, { kind: Kind }>, 'id'> & { kind: Kind },
  ): Promise<ReceiverAnswers[Kind]> {
    if (this.#ended) return Promise.reject(this.#ended)
    const id = ++this.#requests
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ ...request, id }, [])
    })
  }

  async #terminate(): Promise<void> {
    this.#isStopped = true
    await this.#worker.terminate()
    this.#stretches.close()
  }

  #hear(message: ReceiverMessage): void {
    if (message.kind !== 'answer') {
      this.#parcels.push(message)
      if (this.#taker) this.#taking ??= this.#takeParcels(this.#taker)
      return
    }
    const request = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('error' in message) request?.reject(errorOf(message))
    else request?.resolve(message.result as never)
  }

  /**
   * Takes the parcels in order, as far as there is room; meanwhile further datagrams wait in the
   * journal.
   */
  async #takeParcels(taker: Taker): Promise<void> {
    for (let parcel = this.#parcels[0]; parcel; parcel = this.#parcels[0]) {
      await taker.waitForRoom(this.#stopping.signal)
      const lost = this.#takeParcel(parcel, taker)
      this.#parcels.shift()
      this.#isBehind = parcel.waiting > 0
      this.position = parcel.position
      const number = parcel.kind === 'batch' ? parcel.number : null
      const taken: ReceiverRequest = { kind: 'taken', number, datagrams: parcel.datagrams, lost }
      this.#worker.postMessage(taken, [])
    }
    this.#taking = null
  }

  /** Takes the datagrams of a parcel, and returns how many of them could not be read. */
  #takeParcel(parcel: Parcel, { onDatagram, state }: Taker): number {
    if (parcel.startsSegment) this.#keepState(parcel.position.segment, state())
    const visit = (datagram: DatagramInBatch) => {
      onDatagram(datagram)
      this.#takenMs = datagram.receivedMs
    }
    if (parcel.kind === 'stretch')
      return parcel.datagrams - this.#stretches.forEach(parcel.from, parcel.position, visit)
    const { number, used } = parcel
    const buffer = parcel.buffer ?? this.#buffers[number!]!
    if (number !== null) this.#buffers[number] = buffer
    forEachDatagram({ buffer, used }, visit)
    // Freed now: left to the garbage collector, they would take as much memory again.
    if (number === null && buffer instanceof ArrayBuffer) buffer.transfer(0)
    return 0
  }

  /** A segment without the decoder's state is replayed from the last one that has it. */
  #keepState(segment: number, state: unknown): void {
    const keep = async () => {
      try {
        await writeSidecar(this.#options.journalFolder, segment, state)
        this.#segmentWithState = Math.max(this.#segmentWithState, segment)
        this.stateError = null
      } catch (error) {
        this.stateError = reasonOf(error)
      }
    }
    const kept = keep()
    this.#keeping = this.#keeping.then(() => kept)
  }

  #end(error: Error): void {
    // After an error the thread exits too.
    if (this.#ended) return
    this.#ended = error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    if (!this.#isStopped) this.#options.onEnd(error)
  }
}

function errorOf({ error, remedy }: { error: string; remedy: string | null }): Error {
  return remedy === null ? new Error(error) : new CannotReceive(error, remedy)
}
