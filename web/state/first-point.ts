/** When a chart has its first point: of the first whole interval in which Weir hears an exporter. */
import { intervalSeconds } from '../../flow/interval.ts'

/** The interval that is still open is counted once a minute. */
const countedAgainSeconds = 60

/** By when the first point is due where Weir began to listen and to hear at `since`; unix seconds both. */
export function firstPointDue(since: number): number {
  return Math.ceil(since / intervalSeconds) * intervalSeconds + countedAgainSeconds
}
