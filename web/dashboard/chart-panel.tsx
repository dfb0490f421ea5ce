/** A chart on a dashboard: a split as in Explore, with the greatest keys below. */
import { useMemo } from 'preact/hooks'

import type { Key, SeriesAnswer } from '../../api/schema/schema.ts'
import { formatWithUnit } from '../../flow/units.ts'
import { keyId, makeLayers, sumOfKnown, type Layers } from '../chart/layers.ts'
import { PanelChart } from '../chart/panel-chart.tsx'
import { measureUnits } from '../chart/readout.ts'
import { layerColours, type Level } from '../chart/scene.ts'
import { theme } from '../chart/theme.ts'
import { splitKeys, type Drawing } from '../state/address.ts'
import { isLocal } from '../state/collector.ts'
import { recentOf } from './figure.ts'
import { usePanel } from './panel-data.ts'
import type { PanelFacts } from './panels.tsx'

const drawings: Record<string, Drawing> = { stacked: 'stack', lines: 'lines', mirrored: 'mirror' }
/** Keys named below the chart. */
const namedMax = 6

export function ChartPanel({ panel, place, scale, everyMs }: PanelFacts<'chart'>) {
  const wantsTotals = isOfHosts(panel.query)
  const { answer, totals, error } = usePanel<SeriesAnswer>(panel, { place, everyMs, wantsTotals })
  const layers = useMemo(() => answer && layersOf(answer, totals), [answer, totals, isLocal.value])
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
      {error !== '' && <p class="tile-fault">{error}</p>}
    </>
  )
}

/** Whether a chart is of many hosts and directions: as in Explore, the rest is that of all traffic. */
function isOfHosts({ by, key }: Record<string, string>): boolean {
  return by === splitKeys.host && key === undefined
}

/** The listed keys and their rest are the whole, except of hosts, whose whole is `totals`. */
function layersOf(answer: SeriesAnswer, totals: SeriesAnswer | null): Layers {
  if (totals)
    return makeLayers({ split: 'host', keyed: answer, totals, peak: null, isLocal: isLocal.value })
  const word = answer.by.findLast((each) => each !== 'direction') ?? 'direction'
  const isPlain = word === 'direction' || word === 'interface'
  const hasDirection = answer.by.includes('direction')
  const listed = listedOf(answer, word)
  const keyed = { ...answer, series: hasDirection ? listed : listed.map(received) }
  return makeLayers({
    // Listed keys and rest are drawn as they are, whatever the word.
    split: isPlain ? word : 'port',
    keyed,
    totals: keyed,
    peak: null,
    isLocal: isLocal.value,
  })
}

function listedOf({ series }: SeriesAnswer, word: string): SeriesAnswer['series'] {
  // Trackers overlap, so traffic outside all trackers is not their rest.
  if (word === 'tracker') return series.filter(({ key }) => key?.['other'] !== true)
  if (word !== 'host') return series
  // Local hosts only: a list of hosts also has the remote end of each flow.
  const own = series.filter((entry) => isLocal.value(keyId(entry)))
  return own.length > 0 ? own : series
}

/** A series without a direction is drawn above the axis. */
function received(entry: SeriesAnswer['series'][number]): SeriesAnswer['series'][number] {
  const key: Key = { ...entry.key, direction: 'in' }
  return { ...entry, key }
}

function Named({ layers }: { layers: Layers }) {
  const colours = layerColours(layers.layers, theme.value)
  const seen = new Map<string, { label: string; colour: string; recent: number | null }>()
  layers.layers.forEach(({ id, label, values }, i) => {
    const known = seen.get(id)
    const recent = sumOfKnown([known?.recent, recentOf(values, layers.answer)])
    seen.set(id, { label, colour: known?.colour ?? colours[i]!, recent })
  })
  const unit = measureUnits[layers.answer.measure]
  return (
    <ul class="tile-legend">
      {[...seen].slice(0, namedMax).map(([id, { label, colour, recent }]) => (
        <li key={id}>
          <i class="swatch" style={{ background: colour }} />
          <span>{label}</span> <b>{recent === null ? '–' : formatWithUnit(recent, unit)}</b>
        </li>
      ))}
    </ul>
  )
}
