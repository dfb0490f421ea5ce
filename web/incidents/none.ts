/** That a list of incidents is empty, in words, and since when that is known. */
import type { IncidentsAnswer } from '../../api/schema/explain.ts'
import { intervalSeconds } from '../../flow/interval.ts'
import { formatDuration } from '../../flow/units.ts'
import { instantText } from '../time/words.ts'

/** `what` is listed: incidents, or those of one kind. */
export function noneText(
  { from, to, knownSince }: Pick<IncidentsAnswer, 'from' | 'to' | 'knownSince'>,
  zone: string,
  what = 'incidents',
): string {
  if (knownSince === null) return `Unknown: no data of these ${formatDuration(to - from)}.`
  if (knownSince - from < intervalSeconds)
    return `No ${what} in these ${formatDuration(to - from)}.`
  const since = instantText(knownSince * 1000, zone)
  return `No ${what} since ${since}, when the first data came.`
}
