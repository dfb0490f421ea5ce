/** One of an object's graphs: AVERAGE as areas, MAX as a line, the figures below, and its freshness. */
import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'

import { parseTime } from '../../flow/time-grammar.ts'
import {
  formatDuration,
  formatExact,
  formatScaled,
  formatShare,
  formatWithUnit,
} from '../../flow/units.ts'
import { repeat } from '../dashboard/repeat.ts'
import { fetchByDirection, unreadLayers } from '../chart/fetch-layers.ts'
import { plainLabel, type Layers, type LayerSummary } from '../chart/layers.ts'
import { PanelChart } from '../chart/panel-chart.tsx'
import { measureUnits } from '../chart/readout.ts'
import { layerColours, type Level } from '../chart/scene.ts'
import { theme } from '../chart/theme.ts'
import type { RequestError } from '../client.ts'
import { Remarks } from '../controls/remarks.tsx'
import type { Measure } from '../state/address.ts'
import { clockNow } from '../state/clock.ts'
import { newestData, wasAsked } from '../state/collector.ts'
import { go, parameter } from '../state/route.ts'
import { zone } from '../state/zone.ts'
import { instantText, isoText, localText, shortInstantText } from '../time/words.ts'
import type { NamedObject } from './address.ts'
import { exporterOf } from './heading.ts'
import type { Period } from './periods.ts'
import { counterQuery, seriesQuery } from './question.ts'

interface GraphFacts {
  object: NamedObject
  measure: Measure
  period: Period
  /** bits per second; null if unknown. */
  speed: number | null
  /** The address of Explore for a range; null while it is not known. */
  exploreAt: ((range: { from: string; to: string }) => string) | null
  /** Called with each answer: the page says once what is the same for all graphs. */
  onAnswer: (answer: GraphAnswer) => void
}

export interface GraphAnswer {
  /** The object's label; null if nothing is stored about it in this time. */
  label: string | null
  /** Why the graph cannot be fetched. */
  error: RequestError | null
}

interface Loaded {
  layers: Layers
  at: number
}

/** A graph is fetched again once per step, but no more often than this, in ms. */
const againMinMs = 60_000

export function Graph({ object, measure, period, speed, exploreAt, onAnswer }: GraphFacts) {
  const loaded = useSignal<Loaded | null>(null)
  const unread = useSignal<Layers | null>(null)
  useEffect(() => {
    const load = async (ended: AbortSignal) => {
      const asked = { ...windowOf(period), measure, step: period.stepSeconds }
      const counter = measure === 'bits' || measure === 'packets' ? counterQuery(object) : null
      const counted = counter && { ...counter, ...asked }
      const layers = await fetchByDirection({ ...seriesQuery(object), ...asked }, ended, counted)
      loaded.value = { layers, at: clockNow() }
      const [entry] = layers.answer.series
      onAnswer({ label: entry ? plainLabel(entry) : null, error: null })
    }
    return repeat(Math.max(againMinMs, period.stepSeconds * 1000), load, (error) => {
      unread.value = unreadLayers({ ...windowOf(period), measure })
      onAnswer({ label: null, error })
    })
  }, [])
  const layers = loaded.value?.layers ?? unread.value
  const levels = useMemo((): Level[] => {
    if (speed === null || measure !== 'bits') return []
    return [{ value: speed, text: `speed ${formatWithUnit(speed, 'b/s')}`, limit: true }]
  }, [speed, measure])
  return (
    <section class="panel graph" aria-label={period.label}>
      <h2>
        {period.label} <small>averaged over {formatDuration(period.stepSeconds)}</small>
      </h2>
      <PanelChart
        layers={layers}
        label={`${measure}, ${period.label}`}
        levels={levels}
        selected={(from, to) => {
          const [first, last] = [Math.floor(from) * 1000, Math.ceil(to) * 1000]
          if (exploreAt) go(exploreAt({ from: isoText(first), to: isoText(last) }))
        }}
      />
      <Remarks remarks={layers?.answer.remarks ?? []} />
      {loaded.value && wasAsked.value && (
        <Figures loaded={loaded.value} measure={measure} speed={speed} heard={heardOf(object)} />
      )}
    </section>
  )
}

/** The period up to now, or to the time in the address: such a page stays as it is. */
function windowOf({ from }: Period): { from: number; to: number } {
  const context = { now: clockNow(), zone: zone.value, side: 'to' } as const
  const now = parseTime(parameter('to') || 'now', context) ?? context.now
  const start = parseTime(from, { now, zone: zone.value, side: 'from' }) ?? now
  return { from: Math.floor(start / 1000), to: Math.floor(now / 1000) }
}

/** A year with one known morning has no average, but it has a total: the graph says why it is empty. */
function noData(totals: Layers['totals']): string {
  if (totals.length === 0) return 'nothing is stored about it in this time'
  const isCounted = totals.some(({ summary }) => summary.total > 0)
  return isCounted ? 'too little is known for a value' : 'no data'
}

/** When an object was last heard, as far as known once the collector was asked; unix seconds. */
function heardOf(object: NamedObject): number {
  return exporterOf(object)?.lastSeen ?? newestData.value ?? Number.POSITIVE_INFINITY
}

/**
 * The end of a graph's newest data, which may be before the end of a long step; unix seconds, null
 * if there is none.
 */
function newestOf({ answer, total, totals }: Layers, heard: number): number | null {
  const start = answer.time.findLast((_, i) => total.above[i] !== null)
  if (start === undefined || totals.length === 0) return null
  return Math.min(start + answer.step, answer.open?.[1] ?? heard, Math.max(heard, start))
}

function Figures(props: {
  loaded: Loaded
  measure: Measure
  speed: number | null
  /** unix seconds */
  heard: number
}) {
  const { measure, speed, heard } = props
  const { layers, at } = props.loaded
  const { totals } = layers
  const unit = measureUnits[measure]
  const figure = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : formatWithUnit(value, unit)
  const share = (summary: LayerSummary, name: 'average' | 'maximum') => {
    const value = summary[name]
    if (speed === null || measure !== 'bits' || value === null || value === undefined) return ''
    return ` (${formatShare(value / speed)})`
  }
  const newest = newestOf(layers, heard)
  const colours = layerColours(layers.layers, theme.value)
  const colourOf = (direction: string) =>
    colours[layers.layers.findIndex((layer) => layer.direction === direction)]
  return (
    <>
      <table class="figures graph-figures">
        <tbody>
          {totals.map(({ direction, half, summary }) => (
            <tr key={direction}>
              <th scope="row">
                <i class="swatch" style={{ background: colourOf(direction) }} />{' '}
                {half === 'above' ? '▲' : '▼'} {direction}
              </th>
              <td>last {figure(summary.last)}</td>
              <td>
                average {figure(summary.average)}
                {share(summary, 'average')}
              </td>
              <td>
                maximum {summary.maximumIsBound ? '≤ ' : ''}
                {figure(summary.maximum)}
                {share(summary, 'maximum')}
              </td>
              <td title={summary.p95Reason && localText(summary.p95Reason, zone.value)}>
                95th {figure(summary.p95)}
              </td>
              <td title={formatExact(summary.total)}>
                total{' '}
                {measure === 'bits'
                  ? formatWithUnit(summary.total, 'B')
                  : formatScaled(summary.total)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="dim graph-foot">
        {layers.peak && totals.length > 0 ? 'thin line: greatest 5 minutes · ' : ''}
        {layers.compared ? 'dashed: the interface’s own counters · ' : ''}
        {newest === null ? noData(totals) : `last data ${instantText(newest * 1000, zone.value)}`} ·
        last updated {shortInstantText(at, zone.value)} {zone.value}
      </p>
    </>
  )
}
