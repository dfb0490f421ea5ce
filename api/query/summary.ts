/** The summary of a line, as shown in the chart's legend. */
import type { SeriesSummary } from '../schema/schema.ts'
import type { Line, Unit } from './line.ts'

/** The 5-minute values of a window, or why there are none. */
export type FiveMinute = { values: Float64Array } | { reason: string }

interface SummaryFacts {
  unit: Unit
  fiveMinute: FiveMinute
  /** Whether steps are longer than 5 minutes. */
  isCoarse: boolean
  /** Whether peaks of several parts are bounds. */
  partsAreBounds: boolean
  /** The first open step: it and those after it are left out if others are known; −1 if none is open. */
  openAt: number
}

/** The share of the 5-minute values at or below the 95th percentile (nearest rank). */
const percentile = 0.95

/**
 * Average, minimum and last are over the known closed steps of the line's average. The maximum is
 * its greatest peak, including steps with too little known to be drawn. p95 is the nearest-rank
 * percentile: the ceil(0.95 × n)-th smallest of the n known 5-minute values.
 */
export function summaryOf(line: Line, facts: SummaryFacts): SeriesSummary {
  const { length } = line.average
  const closed = overSteps(line, facts.openAt < 0 ? length : facts.openAt)
  const over = closed.known > 0 ? closed : overSteps(line, length)
  const maximum = greatestPeak(line, facts)
  const fiveMinute = p95Of(facts.fiveMinute)
  const isNothing = over.known === 0
  return {
    average: isNothing ? null : over.sum / over.known,
    maximum: Number.isNaN(maximum.value) ? null : maximum.value,
    minimum: isNothing ? null : over.least,
    last: isNothing ? null : over.last,
    ...fiveMinute,
    total: line.total / facts.unit.perTotal,
    ...(maximum.isBound ? { maximumIsBound: true } : {}),
  }
}

interface OverSteps {
  known: number
  sum: number
  least: number
  last: number
}

/** Over the known steps before `end`. */
function overSteps({ average }: Line, end: number): OverSteps {
  const over = { known: 0, sum: 0, least: Number.POSITIVE_INFINITY, last: Number.NaN }
  for (let at = 0; at < Math.min(end, average.length); at++) {
    const value = average[at]!
    if (Number.isNaN(value)) continue
    over.known++
    over.sum += value
    over.least = Math.min(over.least, value)
    over.last = value
  }
  return over
}

/** The greatest of a line's peaks; NaN if nothing is known. */
function greatestPeak(
  { peak, parts }: Line,
  { partsAreBounds, isCoarse, fiveMinute }: SummaryFacts,
): { value: number; isBound: boolean } {
  const best = greatestAt(peak)
  const drawn = best < 0 ? Number.NaN : peak[best]!
  if (isCoarse && 'values' in fiveMinute) {
    const { values } = fiveMinute
    const finest = greatestAt(values)
    // A step that is not drawn may still hold the greatest 5 minutes.
    if (finest >= 0 && !(values[finest]! <= drawn))
      return { value: values[finest]!, isBound: false }
  }
  return { value: drawn, isBound: best >= 0 && partsAreBounds && parts[best]! > 1 }
}

/** The index of the greatest value; −1 if none is known. */
function greatestAt(values: Float64Array): number {
  let best = -1
  for (let at = 0; at < values.length; at++)
    if (!Number.isNaN(values[at]!) && (best < 0 || values[at]! > values[best]!)) best = at
  return best
}

function p95Of(fiveMinute: FiveMinute): { p95: number | null; p95Reason?: string } {
  if ('reason' in fiveMinute) return { p95: null, p95Reason: fiveMinute.reason }
  const known = fiveMinute.values.filter((value) => !Number.isNaN(value)).sort()
  const value = known[Math.ceil(percentile * known.length) - 1]
  return value === undefined
    ? { p95: null, p95Reason: 'no whole 5-minute interval of the window is known' }
    : { p95: value }
}
