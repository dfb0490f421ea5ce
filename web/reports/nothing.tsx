/** What is said where a report has no flows: also when the archive begins, which older flows have left. */
import { status } from '../state/collector.ts'
import { zone } from '../state/zone.ts'
import { instantText } from '../time/words.ts'

export function Nothing() {
  const begins = status.value?.archive.from ?? null
  return (
    <p class="panel empty">
      No flows in this time pass the filter.
      {begins !== null && ` The archive begins with ${instantText(begins * 1000, zone.value)}.`}
    </p>
  )
}
