/** What a question about flows is written with: values that are bound, and the words in which engines differ. */
export interface Binder {
  /** Binds a whole number within 64 signed bits and gives its placeholder. */
  whole(value: number | bigint): string
  readonly words: FlowWords
  /** servicePort of flow/service.ts, for a row. */
  servicePort(): string
}

/** Expressions over the archive's columns, in an engine's own words. */
export interface FlowWords {
  /** First and last ms of a flow; one whose end lies before its start ends where it starts. */
  first: string
  last: string
  /** Counts scaled by sampling. A rate that takes one beyond 2^53 − 1 is not believed further than that. */
  bytes: string
  packets: string
  /** A time, bound as unix ms, as the column of starts holds it. */
  asStart: (ms: string) => string
  shiftRight: (value: string, bits: number) => string
  and: (value: string, mask: string | number) => string
  /** A value in 128 bits, and one that fits in 64 bits again. */
  wide: (value: string) => string
  narrow: (value: string) => string
  /** The whole quotient of non-negative numbers. */
  divide: (value: string, by: string) => string
}
