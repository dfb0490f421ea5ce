/** Limits on the size of a series answer, and the errors when they are exceeded. */
import { QueryTooLarge } from '../../query-error.ts'

/** Most flow parts in one query (one part per step that a flow touches after its first). */
export const partsMax = 100_000_000
/** Most rows in an answer: steps × exporters × keys. */
export const rowsMax = 2_000_000

/** The error for a series that splits flows into more than partsMax. */
export function tooManyParts(stepMs: number): QueryTooLarge {
  return new QueryTooLarge(
    `flows fall into more than ${partsMax} parts at steps of ${stepMs / 1000} s`,
    'ask for a longer step, a shorter time, or filter more',
    partsMax + 1,
  )
}

/** The error for an answer with more than rowsMax values. */
export function tooManyRows(stepMs: number): QueryTooLarge {
  return new QueryTooLarge(
    `at steps of ${stepMs / 1000} s the answer has more than ${rowsMax} values`,
    'ask for a longer step, a shorter time, or fewer keys',
    rowsMax + 1,
  )
}
