/** The messages between the receiving thread and the decoding thread. */
import type { Network } from '../../flow/address.ts'
import type { IngestStatus, Warning } from '../../flow/status.ts'
import type { JournalPosition } from '../../store/position.ts'
import type { JournalCounters } from './journal.ts'
import type { ListenOptions, SocketStatus } from './listen.ts'

/** The configuration of the thread. */
export interface ReceiverData {
  journalFolder: string
  endpoints: ListenOptions['endpoints']
  /** Who may send. */
  exporters: readonly Network[]
  receiveBufferBytes: number
}

/** What the thread reports about itself. */
export interface ReceiverStatus {
  sockets: SocketStatus[]
  refused: IngestStatus['refused']
  refusedDatagrams: number
  journal: JournalCounters
  /** Datagrams on their way to the decoding thread, not yet taken. */
  waiting: number
  /** Datagrams dropped because too many were waiting for the decoding thread. */
  overflowed: number
  warnings: Warning[]
}

export type ReceiverRequest =
  /** Opens the journal, then the sockets. */
  | { kind: 'open'; id: number }
  | { kind: 'status'; id: number }
  /** Deletes the journal's segments before a position. */
  | { kind: 'release'; id: number; before: JournalPosition }
  /** Closes the sockets, hands over the batches in memory, closes the journal. */
  | { kind: 'stop'; id: number }
  | (TakenParcel & { kind: 'taken' })

/** A parcel was taken: its buffer is free, if it has a number; `lost` datagrams could not be read. Not answered. */
export interface TakenParcel {
  number: number | null
  datagrams: number
  lost: number
}

export interface ReceiverAnswers {
  /** Where the journal starts. */
  open: JournalPosition
  status: ReceiverStatus
  release: null
  stop: null
}

/** Fields of every parcel. */
interface SentDatagrams {
  datagrams: number
  /** Journal position after it. */
  position: JournalPosition
  /** Whether it is the first of its journal segment. */
  startsSegment: boolean
  /** Datagrams waiting behind it. */
  waiting: number
}

/**
 * A batch as sent. A shared buffer is known by its number, and sent along the first time; one
 * without a number belongs to the recipient.
 */
export interface SentBatch extends SentDatagrams {
  kind: 'batch'
  number: number | null
  buffer?: ArrayBuffer | SharedArrayBuffer
  /** Bytes used. */
  used: number
}

/**
 * Datagrams waiting in the journal, from an offset in the segment of `position` up to that
 * position.
 */
interface SentStretch extends SentDatagrams {
  kind: 'stretch'
  from: number
}

export type Parcel = SentBatch | SentStretch

export type ReceiverMessage =
  | Parcel
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'answer'; id: number; error: string; remedy: string | null }
