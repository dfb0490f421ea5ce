/** Buckets that keys are added up by where they are too many to be told apart: see buckets.ts. */
import { hashOf } from '../keys/key-table.ts'

/** So many, of 8 bytes each in each thread. */
export const bucketCount = 2 ** 20

/** The bucket of the key at a place in words. */
export function bucketOf(words: Uint32Array, at: number, width: number): number {
  return hashOf(words, at, width) & (bucketCount - 1)
}
