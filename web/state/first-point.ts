/**
 * When a chart gets its first point: after the first whole interval in which Weir hears an
 * exporter.
 */
import { intervalSeconds } from '../../flow/interval.ts'

/** The open interval is counted once a minute. */
const countedAgainSeconds = 60

/**
 * When the first point is due if Weir has listened to and heard an exporter since `since`; both
 * unix seconds.
 */
export function firstPointDue(since: number): number {
  return Math.ceil(since / intervalSeconds) * intervalSeconds + countedAgainSeconds
}
