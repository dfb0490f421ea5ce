/** What the receiving thread and the one that decodes say to each other. */
import type { Network } from '../../flow/address.ts'
import type { IngestStatus, Warning } from '../../flow/status.ts'
import type { JournalPosition } from '../../store/position.ts'
import type { JournalCounters } from './journal.ts'
import type { ListenOptions, SocketStatus } from './listen.ts'

/** How the thread is set up. */
export interface ReceiverData {
  journalFolder: string
  endpoints: ListenOptions['endpoints']
  /** Who may send. */
  exporters: readonly Network[]
  receiveBufferBytes: number
}

/** What the thread says of itself. */
export interface ReceiverStatus {
  sockets: SocketStatus[]
  refused: IngestStatus['refused']
  refusedDatagrams: number
  journal: JournalCounters
  /** Datagrams that are on their way to the decoding thread, and have not been taken. */
  waiting: number
  /** Datagrams dropped because more waited for the decoding thread than may. */
  overflowed: number
  warnings: Warning[]
}

export type ReceiverRequest =
  /** Opens the journal, then the sockets. */
  | { kind: 'open'; id: number }
  | { kind: 'status'; id: number }
  /** Lets go of the journal's segments before a place. */
  | { kind: 'release'; id: number; before: JournalPosition }
  /** Closes the sockets, hands over what is left in memory, closes the journal. */
  | { kind: 'stop'; id: number }
  | (TakenParcel & { kind: 'taken' })

/** A parcel was taken: its buffer is free, where it has a number; some of its datagrams could not be read. Not answered. */
export interface TakenParcel {
  number: number | null
  datagrams: number
  lost: number
}

export interface ReceiverAnswers {
  /** Where the journal begins. */
  open: JournalPosition
  status: ReceiverStatus
  release: null
  stop: null
}

/** What every parcel of datagrams says. */
interface SentDatagrams {
  datagrams: number
  /** Where the journal stands after it. */
  position: JournalPosition
  /** Whether it is the first of its journal segment. */
  startsSegment: boolean
  /** Datagrams that wait behind it. */
  waiting: number
}

/**
 * A batch as it is sent. A shared buffer is told by its number, and comes along the first time; one without a number belongs
 * to who takes the batch.
 */
export interface SentBatch extends SentDatagrams {
  kind: 'batch'
  number: number | null
  buffer?: ArrayBuffer | SharedArrayBuffer
  /** Bytes filled. */
  used: number
}

/** Datagrams that wait in the journal, from an offset in the segment of its position up to there. */
export interface SentStretch extends SentDatagrams {
  kind: 'stretch'
  from: number
}

export type Parcel = SentBatch | SentStretch

export type ReceiverMessage =
  | Parcel
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'answer'; id: number; error: string; remedy: string | null }
