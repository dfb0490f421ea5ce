/** Whole numbers in queries, within named bounds. */
import { badQuery } from '../errors.ts'

/**
 * Reads a whole number from a query.
 * @throws ApiError if it is out of bounds
 */
export function readWhole(
  name: string,
  text: string | undefined,
  { fallback, least, most }: { fallback: number; least: number; most: number },
): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw badQuery(
    'out-of-range',
    `${name} ${text} is out of range`,
    `write a whole number from ${least} to ${most}`,
  )
}
