/** The trackers of a group in one chart of the last day, each above or below the axis as configured. */
import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'

import type { Tracker } from '../../api/schema/trackers.ts'
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { PanelChart } from '../chart/panel-chart.tsx'
import { layerColours } from '../chart/scene.ts'
import { theme } from '../chart/theme.ts'
import { ask, type RequestError } from '../client.ts'
import { FaultText } from '../controls/fault-text.tsx'
import { repeat } from '../dashboard/repeat.ts'
import { groupLayers } from './group-layers.ts'

const againMs = 60_000
const query = { from: 'now-24h', to: 'now', by: 'tracker', top: 1000, step: 300, known: 'any' }

export function GroupChart({ members }: { members: readonly Tracker[] }) {
  const answer = useSignal<SeriesAnswer | null>(null)
  const fault = useSignal<RequestError | null>(null)
  useEffect(
    () =>
      repeat(
        againMs,
        async (ended) => {
          answer.value = await ask('series', query, ended)
          fault.value = null
        },
        (error) => (fault.value = error),
      ),
    [],
  )
  const layers = useMemo(
    () => answer.value && groupLayers(answer.value, members),
    [answer.value, members],
  )
  const error = fault.value && (
    <p class="message error" role="alert">
      <FaultText error={fault.value} />
      {answer.value && ' The chart is older.'}
    </p>
  )
  if (!layers || layers.layers.length === 0) return error
  const colours = layerColours(layers.layers, theme.value)
  return (
    <div class="graph">
      {error}
      <PanelChart layers={layers} label={members[0]?.group ?? 'trackers'} />
      <ul class="tile-legend graph-foot">
        {layers.layers.map(({ id, label, half }, i) => (
          <li key={id}>
            <i class="swatch" style={{ background: colours[i] }} />
            <span>
              {half === 'above' ? '▲' : '▼'} {label}
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}
