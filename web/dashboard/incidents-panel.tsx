/** The newest incidents, newest first. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import type { Incident, IncidentsAnswer } from '../../api/schema/explain.ts'
import { addressOfAnswer, read } from '../client.ts'
import { KindMark } from '../explain/kind-mark.tsx'
import { kinds } from '../explain/kinds.ts'
import { noneText } from '../incidents/none.ts'
import { clockNow } from '../state/clock.ts'
import { zone } from '../state/zone.ts'
import { addressOfStored, isOutdated } from './panel-data.ts'
import type { PanelFacts } from './panels.tsx'
import { repeat } from './repeat.ts'
import { TileRemarks } from './tile-remarks.tsx'
import { Waiting } from './waiting.tsx'

const listedUsually = 5
/** How far back the panel goes. */
const from = 'now-30d'
/** An incident is new for this long after its end, in seconds. */
const newSeconds = 3600

export function IncidentsPanel({ panel, place, everyMs }: PanelFacts<'incidents'>) {
  const listed = useSignal<IncidentsAnswer | null>(null)
  const error = useSignal('')
  const limit = panel.limit ?? listedUsually
  const address =
    place.dashboard === null
      ? addressOfAnswer('incidents', { from, to: 'now', limit, tz: zone.value })
      : addressOfStored(place.dashboard, place.index)
  useEffect(
    () =>
      repeat(
        everyMs,
        async (ended) => {
          listed.value = await read<IncidentsAnswer>(address, ended)
          error.value = ''
        },
        (cause) => {
          if (!isOutdated(cause, place)) error.value = `${cause.message} ${cause.remedy}`
        },
      ),
    [address, everyMs],
  )
  const isNew = ({ window }: Incident) =>
    window.ongoing || clockNow() / 1000 - window.to < newSeconds
  const answer = listed.value
  return (
    <>
      {!answer && error.value === '' && <Waiting />}
      {answer?.incidents.length === 0 && <p class="dim">{noneText(answer, zone.value)}</p>}
      <ul class="tile-incidents">
        {answer?.incidents.map((incident) => (
          <li key={incident.id} class={isNew(incident) ? 'new' : ''}>
            <span class={kinds[incident.window.kind].colour}>
              <KindMark kind={incident.window.kind} />
            </span>{' '}
            {incident.sentence}
          </li>
        ))}
      </ul>
      {answer && <TileRemarks remarks={answer.remarks} />}
      {error.value !== '' && <p class="tile-fault">{error.value}</p>}
    </>
  )
}
