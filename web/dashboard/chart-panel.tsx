/** A chart on a dashboard: a split as in Explore, with the greatest keys below. */
import { useMemo } from 'preact/hooks'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { formatWithUnit } from '../../flow/units.ts'
import { sumOfKnown, type Layers } from '../chart/layers.ts'
import { PanelChart } from '../chart/panel-chart.tsx'
import { measureUnits } from '../chart/readout.ts'
import { layerColours, type Level } from '../chart/scene.ts'
import { theme } from '../chart/theme.ts'
import type { Drawing } from '../state/address.ts'
import { clockNow } from '../state/clock.ts'
import { isLocal } from '../state/collector.ts'
import { zone } from '../state/zone.ts'
import { shortInstantText } from '../time/words.ts'
import { isNewest, recentOf } from './figure.ts'
import { usePanel } from './panel-data.ts'
import { isOfHosts, panelLayers } from './panel-layers.ts'
import type { PanelFacts } from './panels.tsx'
import { Waiting } from './waiting.tsx'

const drawings: Record<string, Drawing> = { stacked: 'stack', lines: 'lines', mirrored: 'mirror' }
/** Keys named below the chart. */
const namedMax = 6

export function ChartPanel({ panel, place, scale, everyMs }: PanelFacts<'chart'>) {
  const wantsTotals = isOfHosts(panel.query)
  const { answer, totals, error } = usePanel<SeriesAnswer>(panel, { place, everyMs, wantsTotals })
  const layers = useMemo(
    () => answer && panelLayers(answer, { totals, isLocal: isLocal.value }),
    [answer, totals, isLocal.value],
  )
  const { threshold } = panel
  const levels = useMemo((): Level[] => {
    if (threshold === undefined || !answer) return []
    const text = `threshold ${formatWithUnit(threshold, measureUnits[answer.measure])}`
    return [{ value: threshold, text, limit: true }]
  }, [threshold, answer])
  return (
    <>
      <PanelChart
        layers={layers}
        label={panel.title ?? 'chart'}
        drawing={drawings[panel.style ?? 'mirrored'] ?? 'mirror'}
        levels={levels}
        scale={scale}
      />
      {layers && <Named layers={layers} />}
      {!answer && error === '' && <Waiting />}
      {error !== '' && <p class="tile-fault">{error}</p>}
    </>
  )
}

function Named({ layers }: { layers: Layers }) {
  const colours = layerColours(layers.layers, theme.value)
  const seen = new Map<string, { label: string; colour: string; recent: number | null }>()
  const now = recentOf(
    layers.layers.map(({ values }) => values),
    layers.answer,
  )
  layers.layers.forEach(({ id, label }, i) => {
    const known = seen.get(id)
    const recent = sumOfKnown([known?.recent, now?.values[i]])
    seen.set(id, { label, colour: known?.colour ?? colours[i]!, recent })
  })
  const unit = measureUnits[layers.answer.measure]
  return (
    <ul class="tile-legend">
      {now && !isNewest(now.end, layers.answer.step, clockNow() / 1000) && (
        <li>
          <span>until {shortInstantText(now.end * 1000, zone.value)}</span>
        </li>
      )}
      {[...seen].slice(0, namedMax).map(([id, { label, colour, recent }]) => (
        <li key={id}>
          <i class="swatch" style={{ background: colour }} />
          <span>{label}</span> <b>{recent === null ? '–' : formatWithUnit(recent, unit)}</b>
        </li>
      ))}
    </ul>
  )
}
