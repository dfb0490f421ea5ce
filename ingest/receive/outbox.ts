/**
 * What is on its way from the receiving thread to the one that decodes: batches in memory, and once too many of these wait
 * stretches of the journal, where every datagram stands anyhow. So a burst that decoding, or the disk behind it, cannot keep
 * up with costs time and no datagram, up to a bound on what waits.
 */
import { batchBytes, BatchWriter } from './batch.ts'
import type { Journal } from './journal.ts'
import type { ReceivedDatagram } from './listen.ts'
import type { Parcel, SentBatch, TakenParcel } from './thread.ts'

/** Batches that may wait in memory (32 MiB); beyond, datagrams wait in the journal. */
const batchesMax = 64
/**
 * Bytes of the journal that may wait, where the disk has room for it; beyond, datagrams are dropped and counted. It is what
 * half a minute of twice as much comes to as two cores count.
 */
const waitingBytesMax = 8 * 2 ** 30
/** A stretch ends when it has so many bytes: with its last datagram it is no longer than what is read at once. */
const stretchBytes = batchBytes
/**
 * Parcels that are on their way at once; the others wait here. The decoding thread takes all that are there in one
 * turn of its loop, and answers nobody meanwhile.
 */
const sentMax = 3
/** Buffers that are shared and kept; those of a time in which more wait go when they were taken. */
const sharedMax = 16

/** A batch that is being filled, and the number of its buffer where that is shared. */
interface NumberedWriter {
  number: number | null
  batch: BatchWriter
  datagrams: number
  /** Whether the decoding thread has the buffer. */
  isKnown: boolean
}

/** A stretch of the journal that is being written. */
interface OpenStretch {
  from: number
  datagrams: number
}

export interface OutboxOptions {
  journal: Journal
  send: (parcel: Parcel) => void
  /** For tests: the bounds of what waits. */
  limits?: { batches: number; bytes: number }
}

export class Outbox {
  /** Datagrams dropped because more waited than may. */
  overflowed = 0
  readonly #journal: Journal
  readonly #send: (parcel: Parcel) => void
  readonly #limits: { batches: number; bytes: number }
  /** Shared buffers that are free; the decoding thread knows them by their numbers. */
  readonly #free: NumberedWriter[] = []
  /** Those that were ever made, by number. */
  readonly #shared: NumberedWriter[] = []
  #writer = this.#newWriter()
  /** What is being written in place of a batch, while datagrams wait in the journal. */
  #stretch: OpenStretch | null = null
  #startsSegment = true
  /** Parcels that are not sent yet, in order; how many are sent and not taken, and their datagrams. */
  readonly #unsent: Parcel[] = []
  #sent = 0
  #sentDatagrams = 0
  /** Of those that are not sent. */
  #waitingDatagrams = 0
  #waitingBytes = 0
  #waitingBytesMax: number
  #isEnding = false

  constructor({ journal, send, limits }: OutboxOptions) {
    this.#journal = journal
    this.#send = send
    this.#limits = limits ?? { batches: batchesMax, bytes: waitingBytesMax }
    this.#waitingBytesMax = this.#limits.bytes
  }

  /** No more waits than the disk has room left for: others need it too. */
  boundBy(freeBytes: number): void {
    this.#waitingBytesMax = Math.min(this.#limits.bytes, (this.#waitingBytes + freeBytes) / 2)
  }

  /** Journals a datagram, and has it go to the decoding thread. */
  take(datagram: ReceivedDatagram): void {
    if (this.#stretch === null && !this.#append(datagram)) this.#beginStretch()
    if (this.#stretch !== null && this.#waitingBytes >= this.#waitingBytesMax) {
      this.overflowed++
      return
    }
    const isJournalled = this.#journal.append(datagram, datagram.receivedMs)
    if (this.#stretch === null) return
    if (isJournalled) this.#stretch.datagrams++
    else this.overflowed++
    if (this.#journal.position.offset - this.#stretch.from >= stretchBytes) this.handOver()
  }

  /** Ends the batch or stretch that is being filled. */
  handOver(): void {
    if (this.#stretch === null) this.#endBatch()
    else this.#endStretch()
    this.#sendOn()
  }

  /** Begins a segment of the journal, and says so with what comes next. */
  startSegment(): void {
    this.handOver()
    this.#journal.rotate()
    this.#startsSegment = true
    if (this.#stretch !== null) this.#stretch.from = this.#journal.position.offset
    this.handOver()
  }

  /** Datagrams that were handed over and are not taken. */
  get waiting(): number {
    return this.#waitingDatagrams + this.#sentDatagrams
  }

  /** A parcel was taken: its buffer is free. Datagrams of it that could not be read back are lost. */
  taken({ number, datagrams, lost }: TakenParcel): void {
    this.#sent--
    this.#sentDatagrams -= datagrams
    this.overflowed += lost
    if (number !== null) this.#free.push(this.#shared[number]!)
    this.#sendOn()
  }

  /** Hands over what is in memory, and no more: what waits in the journal is replayed at the next start. */
  end(): void {
    this.startSegment()
    this.#isEnding = true
    const first = this.#unsent.findIndex(({ kind }) => kind === 'stretch')
    if (first !== -1) this.#unsent.length = first
    while (this.#unsent.length > 0) this.#sendFirst()
  }

  /** Puts a datagram into a batch; false where no more may wait in memory. */
  #append(datagram: ReceivedDatagram): boolean {
    if (!this.#writer.batch.append(datagram)) {
      this.handOver()
      if (this.#sent + this.#unsent.length >= this.#limits.batches) return false
      this.#writer.batch.append(datagram)
    }
    this.#writer.datagrams++
    return true
  }

  #endBatch(): void {
    const { number, batch: filled, datagrams } = this.#writer
    if (filled.used === 0 && !this.#startsSegment) return
    const batch: SentBatch = {
      kind: 'batch',
      number,
      used: filled.used,
      datagrams,
      position: this.#journal.position,
      startsSegment: this.#startsSegment,
      waiting: 0,
    }
    if (!this.#writer.isKnown) batch.buffer = filled.buffer
    this.#writer.isKnown = true
    this.#push(batch, 0)
    this.#writer = this.#newWriter()
  }

  #beginStretch(): void {
    this.#stretch = { from: this.#journal.position.offset, datagrams: 0 }
    this.#journal.isReadBack = true
  }

  /** Once little waits, the next datagrams go through memory again. */
  #endStretch(): void {
    const { from, datagrams } = this.#stretch!
    const position = this.#journal.position
    if (datagrams > 0 || this.#startsSegment) {
      // What is to be read has to be in the file.
      this.#journal.flush()
      const startsSegment = this.#startsSegment
      this.#push(
        { kind: 'stretch', from, datagrams, position, startsSegment, waiting: 0 },
        position.offset - from,
      )
    }
    if (this.#unsent.length > 1) {
      this.#beginStretch()
      return
    }
    this.#stretch = null
    this.#journal.isReadBack = false
  }

  #push(parcel: Parcel, bytes: number): void {
    this.#startsSegment = false
    this.#waitingDatagrams += parcel.datagrams
    this.#waitingBytes += bytes
    this.#unsent.push(parcel)
  }

  #sendOn(): void {
    while (!this.#isEnding && this.#unsent.length > 0 && this.#sent < sentMax) this.#sendFirst()
  }

  #sendFirst(): void {
    const parcel = this.#unsent.shift()!
    this.#sent++
    this.#sentDatagrams += parcel.datagrams
    this.#waitingDatagrams -= parcel.datagrams
    if (parcel.kind === 'stretch') this.#waitingBytes -= parcel.position.offset - parcel.from
    parcel.waiting = this.#waitingDatagrams
    this.#send(parcel)
  }

  /** A shared buffer, or one of its own where all of these wait. */
  #newWriter(): NumberedWriter {
    const held = this.#free.pop()
    if (held) {
      held.batch.used = 0
      held.datagrams = 0
      return held
    }
    const isShared = this.#shared.length < sharedMax
    const buffer = isShared ? new SharedArrayBuffer(batchBytes) : new ArrayBuffer(batchBytes)
    const number = isShared ? this.#shared.length : null
    const made = { number, batch: new BatchWriter(buffer), datagrams: 0, isKnown: false }
    if (isShared) this.#shared.push(made)
    return made
  }
}
