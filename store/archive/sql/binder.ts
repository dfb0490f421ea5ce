/** The parts of flow queries that differ between engines: bound values and expressions. */
import type { WholeWords } from '../../../flow/spread.ts'

export interface Binder {
  /** Binds a signed 64-bit integer and returns its placeholder. */
  whole(value: number | bigint): string
  readonly words: FlowWords
  /** servicePort of flow/service.ts, for a row. */
  servicePort(): string
}

/** Expressions over the archive's columns, in an engine's dialect. */
export interface FlowWords extends WholeWords {
  /** First and last ms of a flow; one that ends before its start ends at its start. */
  first: string
  last: string
  /** Counts scaled by sampling, capped at 2^53 − 1. */
  bytes: string
  packets: string
  /** A time, bound as unix ms, in the type of the start column. */
  asStart: (ms: string) => string
  shiftRight: (value: string, bits: number) => string
  and: (value: string, mask: string | number) => string
}
