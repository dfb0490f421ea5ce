/** Buckets in which keys are summed when there are too many to distinguish: see buckets.ts. */
import { hashOf } from '../keys/key-table.ts'

/** 8 bytes each in each thread. */
export const bucketCount = 2 ** 20

/** The bucket of the key at an index in `words`. */
export function bucketOf(words: Uint32Array, at: number, width: number): number {
  return hashOf(words, at, width) & (bucketCount - 1)
}
