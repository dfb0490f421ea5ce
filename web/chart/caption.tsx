/** Above the chart: what is shown. Below it: averaging step, source, freshness, and time zone. */
import { formatDuration } from '../../flow/units.ts'
import { refreshMs } from '../state/refresh.ts'
import { layers, traffic } from '../state/traffic.ts'
import { zone } from '../state/zone.ts'
import { localText, rangeText, shortInstantText } from '../time/words.ts'
import { captionParts, waysText, zoneText } from './caption-parts.ts'
import { scene } from './chart.tsx'
import { rateTexts } from './readout.ts'

export function Caption() {
  const shown = traffic.value
  const all = layers.value
  const drawn = scene.value
  if (!shown || !all || !drawn) return <p class="caption">&nbsp;</p>
  const { from, to } = shown.keyed
  const parts = [
    ...captionParts(all, drawn, shown),
    `last updated ${shortInstantText(shown.loadedAt, zone.value)}`,
    refreshMs.value === null ? '' : `again every ${formatDuration(refreshMs.value / 1000)}`,
    zoneText(from * 1000, to * 1000, zone.value),
  ]
  return (
    <p class="caption">
      {parts.filter(Boolean).map((part) => (
        <span key={part}>{localText(part, zone.value)}</span>
      ))}
    </p>
  )
}

/** What the chart shows, in words, and which way is up. */
export function ChartTitle() {
  const shown = traffic.value
  if (!shown) return <h1 class="chart-title">&nbsp;</h1>
  const { from, to, measure } = shown.keyed
  const { by, exporter, filter, draw } = shown.view
  return (
    <div class="chart-title">
      <h1>{rangeText(from * 1000, to * 1000, zone.value)}</h1>
      <span>by {by}</span>
      <span>{exporter === '' ? 'all exporters' : exporter}</span>
      {filter !== '' && <span>{filter}</span>}
      <span class="gap" />
      <span>
        {rateTexts[measure]}: <b>{waysText(measure, draw)}</b>
      </span>
    </div>
  )
}
