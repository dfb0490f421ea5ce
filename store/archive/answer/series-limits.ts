/** How great the answer of a series may be, and what is said where it is greater. */
import { QueryTooLarge } from '../../query-error.ts'

/** Parts of flows (one a step that a flow touches after its first) that one query may make. */
export const partsMax = 100_000_000
/** Rows of an answer: steps × exporters × keys. */
export const rowsMax = 2_000_000

/** The refusal of a series that takes flows apart into more than partsMax. */
export function tooManyParts(stepMs: number): QueryTooLarge {
  return new QueryTooLarge(
    `flows fall into more than ${partsMax} parts at steps of ${stepMs / 1000} s`,
    'ask for a longer step, a shorter time, or filter more',
    partsMax + 1,
  )
}

/** The refusal of an answer with more than rowsMax values. */
export function tooManyRows(stepMs: number): QueryTooLarge {
  return new QueryTooLarge(
    `at steps of ${stepMs / 1000} s the answer has more than ${rowsMax} values`,
    'ask for a longer step, a shorter time, or fewer keys',
    rowsMax + 1,
  )
}
