/** The message for a report without flows, with the time for which there are any. */
import { newestWindow, status } from '../state/collector.ts'
import { addressWith, go } from '../state/route.ts'
import { zone } from '../state/zone.ts'
import { instantText } from '../time/words.ts'
import { question } from './question.ts'

export function Nothing({ isKnown }: { isKnown: boolean }) {
  const { from, to } = status.value?.archive ?? { from: null, to: null }
  const { exporter, filter } = question.value
  const when = (seconds: number) => instantText(seconds * 1000, zone.value)
  return (
    <p class="panel empty">
      {!isKnown
        ? 'Unknown: there is no data of this time.'
        : exporter === '' && filter === ''
          ? 'There are no flows in this time.'
          : 'No flows in this time match the filter.'}
      {from !== null && ` The archive begins with ${when(from)}`}
      {from !== null && to !== null && `; its newest flows are of ${when(to)}`}
      {from !== null && '.'}{' '}
      {to !== null && exporter === '' && filter === '' && (
        <button type="button" onClick={() => go(addressWith(newestWindow(to)))}>
          Show them
        </button>
      )}
    </p>
  )
}
