/** Above the chart: what is shown. Below it: averaging step, source, freshness, and time zone. */
import { formatDuration } from '../../flow/units.ts'
import { offsetText } from '../../flow/zone.ts'
import { refreshMs } from '../state/refresh.ts'
import { layers, traffic } from '../state/traffic.ts'
import { zone } from '../state/zone.ts'
import { rangeText, shortInstantText } from '../time/words.ts'
import { scene } from './chart.tsx'
import { comparedText } from './compared.ts'
import { halfTexts, rateTexts } from './readout.ts'

const sourceTexts: Record<string, string> = {
  archive: 'the flows themselves',
  '5m': '5-minute totals',
  '30m': '30-minute totals',
  '2h': '2-hour totals',
  '1d': 'daily totals',
}

export function Caption() {
  const shown = traffic.value
  const all = layers.value
  if (!shown || !all) return <p class="caption">&nbsp;</p>
  const { step, source, from, to, lost } = shown.keyed
  const hatched = (scene.value?.unknown.length ?? 0) > 0
  const parts = [
    `averaged over ${formatDuration(step)}`,
    `source: ${sourceTexts[source] ?? source}`,
    all.peak ? `thin line: greatest 5 minutes${all.peakIsBound ? ' (at most)' : ''}` : '',
    comparedText(shown.view.compare, all),
    hatched ? 'hatched: unknown' : '',
    lost.length > 0 ? 'orange: flows lost' : '',
    `last updated ${shortInstantText(shown.loadedAt, zone.value)}`,
    refreshMs.value === null ? '' : `again every ${formatDuration(refreshMs.value / 1000)}`,
    zoneText(from * 1000, to * 1000),
  ]
  return (
    <p class="caption">
      {parts.filter(Boolean).map((part) => (
        <span key={part}>{part}</span>
      ))}
    </p>
  )
}

/** What the chart shows, in words, and which way is up. */
export function ChartTitle() {
  const shown = traffic.value
  if (!shown) return <h1 class="chart-title">&nbsp;</h1>
  const { from, to, measure } = shown.keyed
  const { by, exporter, filter } = shown.view
  return (
    <div class="chart-title">
      <h1>{rangeText(from * 1000, to * 1000, zone.value)}</h1>
      <span>by {by}</span>
      <span>{exporter === '' ? 'all exporters' : exporter}</span>
      {filter !== '' && <span>{filter}</span>}
      <span class="gap" />
      <span>
        {rateTexts[measure]}: <b>▲ {halfTexts[measure].above}</b> above,{' '}
        <b>▼ {halfTexts[measure].below}</b> below
      </span>
    </div>
  )
}

function zoneText(from: number, to: number): string {
  const [first, last] = [offsetText(from, zone.value), offsetText(to, zone.value)]
  if (first !== last) return `${zone.value} (${first}, later ${last})`
  return first === zone.value ? first : `${zone.value} (${first})`
}
