/**
 * Sums of trackers in closed intervals, as last seen. Totals are held for an hour, or less if
 * memory is short, and a run of intervals may be longer: an interval whose totals were dropped
 * keeps the sum that was seen, or after a restart the one in the series.
 */
import type { AlertSubject } from '../../store/alert.ts'

type TrackerSubject = Extract<AlertSubject, { kind: 'tracker' }>
/** The sum of an interval, and whether an exporter was missing from it. */
export interface SeenSum {
  sum: number
  /** About what it was with the flows that were lost. */
  withLost: number
  isPart: boolean
}

/** By interval; null: unknown. */
type Sums = Map<number, SeenSum | null>

export class SeenSums {
  readonly #sums = new Map<string, Sums>()

  /** The sums seen of a subject from an interval on; callers add to it. */
  of(subject: TrackerSubject, from: number): Sums {
    const row = rowOf(subject)
    const sums = this.#sums.get(row) ?? (new Map() as Sums)
    this.#sums.set(row, sums)
    for (const interval of sums.keys()) if (interval < from) sums.delete(interval)
    return sums
  }

  /** Drops subjects without an alert. */
  keepOnly(subjects: readonly AlertSubject[]): void {
    const rows = new Set(subjects.flatMap((each) => (each.kind === 'tracker' ? [rowOf(each)] : [])))
    for (const row of this.#sums.keys()) if (!rows.has(row)) this.#sums.delete(row)
  }
}

function rowOf({ tracker, measure, direction }: TrackerSubject): string {
  return JSON.stringify([tracker, measure, direction ?? 'all'])
}
