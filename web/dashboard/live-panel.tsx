/** The last minutes by the second, as they come in. */
import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'

import { PanelChart } from '../chart/panel-chart.tsx'
import { followLive } from './live.ts'
import { liveLayers, type LiveRows } from './live-layers.ts'
import type { PanelFacts } from './panels.tsx'

export function LivePanel({ panel, scale }: PanelFacts<'live'>) {
  /** Null until the stream is open. */
  const rows = useSignal<LiveRows | null>(null)
  const error = useSignal('')
  useEffect(
    () =>
      followLive((kept, fault) => {
        rows.value = kept
        error.value = fault
      }),
    [],
  )
  const layers = useMemo(
    () => rows.value && liveLayers(rows.value, { measure: panel.measure, seconds: panel.seconds }),
    [rows.value, panel.measure, panel.seconds],
  )
  return (
    <>
      <PanelChart layers={layers} label={panel.title ?? 'live'} scale={scale} />
      {error.value !== '' && <p class="tile-fault">{error.value}</p>}
      {error.value === '' && rows.value?.size === 0 && <p class="dim">nothing received yet</p>}
    </>
  )
}
