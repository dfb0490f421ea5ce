/** One figure, large: the last, average, greatest … of a series. */
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { formatDuration, formatScaled, formatWithUnit } from '../../flow/units.ts'
import { measureUnits, totalUnits } from '../chart/readout.ts'
import { clockNow } from '../state/clock.ts'
import { zone } from '../state/zone.ts'
import { shortInstantText } from '../time/words.ts'
import { figureOf, isNewest, type Figure } from './figure.ts'
import { usePanel } from './panel-data.ts'
import type { PanelFacts } from './panels.tsx'
import { Waiting } from './waiting.tsx'

export const statisticTexts = {
  last: 'now',
  average: 'average',
  maximum: 'greatest',
  minimum: 'least',
  p95: '95th percentile',
  total: 'total',
}

/** Letters of a usual figure, such as 123.45 Mb/s: a longer one is written smaller, so that it is whole. */
const lettersUsually = 11

export function NumberPanel({ panel, place, everyMs }: PanelFacts<'number'>) {
  const { answer, error } = usePanel<SeriesAnswer>(panel, { place, everyMs })
  const { statistic, threshold } = panel
  const figure = answer && figureOf(answer, panel)
  const isOver = threshold !== undefined && figure !== null && figure.value > threshold
  const written = figure && text(figure.value, statistic, answer.measure)
  return (
    <div class="tile-number">
      {!answer && error === '' && <Waiting />}
      {answer && (
        <>
          <p
            class={isOver ? 'figure over' : 'figure'}
            style={{ '--letters': Math.max(lettersUsually, written?.length ?? 0) }}
          >
            {written ?? '–'}
          </p>
          <p class="dim">
            {/* First: where there is room for less, it is not this that is cut. */}
            {isOver ? 'over the threshold · ' : ''}
            {aboutText(answer, { figure, statistic })}
            {` · ${timeText(answer, statistic)}`}
            {statistic !== 'last' && unknownText(answer)}
          </p>
        </>
      )}
      {error !== '' && (
        <p class="tile-fault" title={error}>
          {error}
        </p>
      )}
    </div>
  )
}

/** The last that is known is of now only while it is new: an exporter that fell silent sends nothing now. */
function aboutText(
  { step }: SeriesAnswer,
  { figure, statistic }: { figure: Figure | null; statistic: keyof typeof statisticTexts },
): string {
  if (!figure) return 'unknown'
  if (statistic !== 'last' || isNewest(figure.end, step, clockNow() / 1000))
    return statisticTexts[statistic]
  return `until ${shortInstantText(figure.end * 1000, zone.value)}`
}

/** The time a figure covers: the last, one step; any other, the whole window. */
function timeText({ from, to, step }: SeriesAnswer, statistic: string): string {
  return statistic === 'last'
    ? `over ${formatDuration(step)}`
    : `of ${formatDuration(Math.round(to - from))}`
}

/**
 * How much of the window does not count, because it is unknown. Before and after what an exporter
 * sent, there is nothing to miss.
 */
function unknownText({ unknown }: SeriesAnswer): string {
  const seconds = unknown.reduce(
    (sum, [from, to, reason]) => (reason === 'not-seen' ? sum : sum + to - from),
    0,
  )
  return seconds === 0 ? '' : `, ${formatDuration(Math.round(seconds))} unknown`
}

function text(value: number, statistic: string, measure: SeriesAnswer['measure']): string {
  if (statistic !== 'total') return formatWithUnit(value, measureUnits[measure])
  const unit = totalUnits[measure]
  return unit === 'B' ? formatWithUnit(value, unit) : `${formatScaled(value)} ${unit}`
}
