/** Whole numbers in queries, within named bounds. */
import { badQuery } from '../errors.ts'

/**
 * Reads a whole number from a query; `fallback` if it is not given.
 * @throws ApiError if it is out of bounds
 */
export function readWhole<Fallback>(
  name: string,
  text: string | undefined,
  { fallback, least, most }: { fallback: Fallback; least: number; most: number },
): number | Fallback {
  if (text === undefined) return fallback
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw badQuery(
    'out-of-range',
    `${name} ${text} is out of range`,
    `write a whole number from ${least} to ${most}`,
  )
}
