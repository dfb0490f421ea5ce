/**
 * What is on its way from the receiving thread to the decoding thread: batches in memory, and once
 * too many of these wait, stretches of the journal, which has every datagram anyway. So a burst too
 * fast for decoding, or for the disk behind it, costs time but no datagrams, up to a limit.
 */
import { batchBytes, BatchWriter } from './batch.ts'
import type { Journal } from './journal.ts'
import type { ReceivedDatagram } from './listen.ts'
import type { Parcel, SentBatch, TakenParcel } from './thread.ts'

/** Most batches waiting in memory (32 MiB); beyond, datagrams wait in the journal. */
const batchesMax = 64
/**
 * Most bytes waiting in the journal, if the disk has the space; beyond, datagrams are dropped and
 * counted. Enough for half a minute at twice the rate that two cores can count.
 */
const waitingBytesMax = 8 * 2 ** 30
/** A stretch ends at this many bytes; with its last datagram it still fits in one read. */
const stretchBytes = batchBytes
/**
 * Most parcels in flight; the others wait here. The decoding thread takes all parcels it has been
 * sent in one turn of its loop, and answers no one meanwhile.
 */
const sentMax = 3
/** Most shared buffers, which are kept and reused; further buffers are freed once taken. */
const sharedMax = 16

/** A batch being filled, and the number of its buffer if that is shared. */
interface NumberedWriter {
  number: number | null
  batch: BatchWriter
  datagrams: number
  /** Whether the decoding thread has the buffer. */
  isKnown: boolean
}

/** A stretch of the journal being written. */
interface OpenStretch {
  from: number
  datagrams: number
}

interface OutboxOptions {
  journal: Journal
  send: (parcel: Parcel) => void
  /** For tests: limits on what waits. */
  limits?: { batches: number; bytes: number }
}

export class Outbox {
  /** Datagrams dropped because too much was waiting. */
  overflowed = 0
  readonly #journal: Journal
  readonly #send: (parcel: Parcel) => void
  readonly #limits: { batches: number; bytes: number }
  /** Free shared buffers, which the decoding thread knows by number. */
  readonly #free: NumberedWriter[] = []
  /** All shared buffers, by number. */
  readonly #shared: NumberedWriter[] = []
  #writer = this.#newWriter()
  /** The stretch being written instead of a batch, while datagrams wait in the journal. */
  #stretch: OpenStretch | null = null
  #startsSegment = true
  /** Parcels not yet sent, in order; then how many are sent but not taken, and their datagrams. */
  readonly #unsent: Parcel[] = []
  #sent = 0
  #sentDatagrams = 0
  /** Datagrams and bytes of parcels not yet sent. */
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

  /** Limits the waiting bytes to the space that stays free on the disk: others need it too. */
  boundBy(freeBytes: number): void {
    this.#waitingBytesMax = Math.min(this.#limits.bytes, (this.#waitingBytes + freeBytes) / 2)
  }

  /** Journals a datagram and queues it for the decoding thread. */
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

  /** Ends the current batch or stretch. */
  handOver(): void {
    if (this.#stretch === null) this.#endBatch()
    else this.#endStretch()
    this.#sendOn()
  }

  /** Starts a journal segment, which the next parcel announces, unless the disk refuses it. */
  startSegment(): void {
    this.handOver()
    if (this.#journal.rotate()) this.#startsSegment = true
    if (this.#stretch !== null) this.#stretch.from = this.#journal.position.offset
    this.handOver()
  }

  /** Datagrams handed over but not yet taken. */
  get waiting(): number {
    return this.#waitingDatagrams + this.#sentDatagrams
  }

  /** Frees the buffer of a taken parcel. Datagrams that could not be read back are lost. */
  taken({ number, datagrams, lost }: TakenParcel): void {
    this.#sent--
    this.#sentDatagrams -= datagrams
    this.overflowed += lost
    if (number !== null) this.#free.push(this.#shared[number]!)
    this.#sendOn()
  }

  /** Hands over the batches in memory only: what waits in the journal is replayed at the next start. */
  end(): void {
    this.startSegment()
    this.#isEnding = true
    const first = this.#unsent.findIndex(({ kind }) => kind === 'stretch')
    if (first !== -1) this.#unsent.length = first
    while (this.#unsent.length > 0) this.#sendFirst()
  }

  /** Adds a datagram to a batch; false if no more may wait in memory. */
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

  /** When little is waiting, the next datagrams go through memory again. */
  #endStretch(): void {
    const { from, datagrams } = this.#stretch!
    const position = this.#journal.position
    if (datagrams > 0 || this.#startsSegment) {
      // A stretch is read from the file, so it must be written by now.
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

  /** A shared buffer, or a new one if all shared ones are in use. */
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
