/** One figure, large: the last, the average, the greatest … of a series. */
import type { SeriesAnswer } from '../../api/schema.ts'
import { formatScaled, formatWithUnit } from '../../flow/units.ts'
import { measureUnits } from '../chart/readout.ts'
import { usePanel } from './panel-data.ts'
import type { PanelFacts } from './panels.tsx'

const totalUnits = {
  bits: 'B',
  packets: 'packets',
  flows: 'flows',
  active: 'flow-s',
  connections: 'connections',
}
const statisticTexts = {
  last: 'now',
  average: 'average',
  maximum: 'greatest',
  minimum: 'least',
  p95: '95th percentile',
  total: 'total',
}

export function NumberPanel({ panel, place, everyMs }: PanelFacts<'number'>) {
  const { answer, error } = usePanel<SeriesAnswer>(panel, place, everyMs)
  const { statistic, threshold } = panel
  const value = answer && valueOf(answer, statistic)
  const isOver = threshold !== undefined && value !== null && value > threshold
  return (
    <div class="tile-number">
      <p class={isOver ? 'figure over' : 'figure'}>
        {value === null ? '–' : text(value, statistic, answer!.measure)}
      </p>
      <p class="dim">
        {statisticTexts[statistic]}
        {isOver ? ' · over the threshold' : ''}
      </p>
      {error !== '' && <p class="tile-fault">{error}</p>}
    </div>
  )
}

/** Sums of several series add up; of their extremes the greatest and the least are told. */
function valueOf({ series }: SeriesAnswer, statistic: PanelFacts<'number'>['panel']['statistic']) {
  const values = series
    .map(({ summary }) => summary[statistic])
    .filter((value): value is number => value !== null)
  if (values.length === 0) return null
  if (statistic === 'minimum') return Math.min(...values)
  if (statistic === 'maximum' || statistic === 'p95') return Math.max(...values)
  return values.reduce((sum, value) => sum + value, 0)
}

function text(value: number, statistic: string, measure: SeriesAnswer['measure']): string {
  if (statistic !== 'total') return formatWithUnit(value, measureUnits[measure])
  const unit = totalUnits[measure]
  return unit === 'B' ? formatWithUnit(value, unit) : `${formatScaled(value)} ${unit}`
}
