/** What the spool holds of a step. */
import type { Place } from './step-file.ts'

/** A step of one exporter. */
export interface SpoolEntry {
  /** Its name in the manifest: tier, time and exporter. */
  file: string
  tier: string
  time: number
  exporter: string
  /** The current version. */
  now: Place
  /** Versions that the store has, or may have in part, newest last. */
  stored: Place[]
  /** Whether `stored` is everything that the store may have of the step. */
  isKnown: boolean
  isSent: boolean
}

/** The rows of the current versions. */
export function rowsOf(entries: readonly SpoolEntry[]): number {
  return entries.reduce((sum, { now }) => sum + now.rows, 0)
}

/** A step's name in the manifest. */
export function nameOf(
  tier: string,
  { time, exporter }: { time: number; exporter: string },
): string {
  return `${tier} ${time} ${exporter}`
}

/** Whether two places are the same. */
export function isSame(a: Place, b: Place): boolean {
  return a.segment === b.segment && a.offset === b.offset
}

/** Each place once: a sent step's current version is also its newest stored one. */
export function placesOf({ now, stored }: SpoolEntry): Place[] {
  return [...stored.filter((place) => !isSame(place, now)), now]
}
