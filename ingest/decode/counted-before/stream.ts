/** What is remembered about a stream whose exporter may count what it has counted before: see counted-again.ts. */

/** Flows are reported again where at least 1 of this many is. */
const againOf = 1024

/** Shared by the streams from several ports of an exporter. */
export class CountedBefore {
  /** Distinguishes its flows from those of other streams, and of before a restart; 0 until the first. */
  number = 0
  /**
   * Records of flows that were remembered (of events: updates), and of others that may go on: those
   * of late, see `seen`.
   */
  again = 0
  first = 0
  /** Of flows that began before then, what was counted may be forgotten: unix ms by the exporter's clock. */
  forgottenMs = 0
  /** When the exporter started, by the clocks in its headers. */
  bootMs = -1

  /** Whether a record's flow was remembered; what `ofMax` records before say counts half. */
  seen(isAgain: boolean, ofMax: number): void {
    if (isAgain) this.again++
    else this.first++
    if (this.again + this.first < 2 * ofMax) return
    this.again >>>= 1
    this.first >>>= 1
  }
}

/**
 * Whether so many of a stream's flows are reported again that it is no chance: two may have the
 * same ports and start.
 */
export function isRepeated({ again, first }: Pick<CountedBefore, 'again' | 'first'>): boolean {
  return again > 0 && again * againOf >= first
}

/**
 * For a snapshot, in that of each stream; flows, in that of one of them: key, start, end and counts
 * of each in turn.
 */
export interface CountedBeforeState {
  number: number
  again: number
  first: number
  forgottenMs: number
  bootMs: number
  flows: number[]
}
