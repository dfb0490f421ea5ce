/** What the receiving thread and the one that decodes say to each other. */
import type { Network } from '../../flow/address.ts'
import type { IngestStatus, Warning } from '../../flow/status.ts'
import type { JournalPosition } from '../../store/position.ts'
import type { Batch } from './batch.ts'
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
  /** Datagrams dropped because the decoding thread did not keep up. */
  overflowed: number
  warnings: Warning[]
}

export type ReceiverRequest =
  /** Opens the journal, then the sockets. */
  | { kind: 'open'; id: number }
  | { kind: 'status'; id: number }
  /** Lets go of the journal's segments before a place. */
  | { kind: 'release'; id: number; before: JournalPosition }
  /** Closes the sockets, hands over what is left, closes the journal. */
  | { kind: 'stop'; id: number }
  /** A batch was taken: its buffer is free, where it has a number. Not answered. */
  | { kind: 'taken'; number: number | null }

export interface ReceiverAnswers {
  open: null
  status: ReceiverStatus
  release: null
  stop: null
}

/**
 * A batch as it is sent. A shared buffer is told by its number, and comes along the first time; one without a number belongs
 * to who takes the batch.
 */
export type SentBatch = Omit<Batch, 'buffer'> & {
  number: number | null
  buffer?: ArrayBuffer | SharedArrayBuffer
}

export type ReceiverMessage =
  | { kind: 'batch'; batch: SentBatch }
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'answer'; id: number; error: string; remedy: string | null }
