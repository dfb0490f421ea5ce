/** Values as shown in alerts, and when an interval is complete enough to evaluate. */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { sayRange } from '../../flow/incident/sentence/wording.ts'
import { formatScaled } from '../../flow/units.ts'
import type { KeptAlert } from '../../store/alert.ts'
import { judgeValue } from './condition.ts'
import type { Observation, Occurrence } from './observe.ts'
import type { Judged } from './runs.ts'

/** An interval is evaluated this long after its end: its last flows may still arrive. */
export const settleMs = 10_000
/** The same for conditions on low values: long flows may be missing. */
const settleLowMs = 130_000

/** A value as shown in alerts, with its interval. */
export interface Described extends Occurrence, Judged {
  value: number
}

/**
 * The last interval that is complete enough: flows are reported when they end, so a low value may
 * just be incomplete. A high value cannot become lower. Losses and the disk are measured at the end of an interval.
 */
export function dueInterval({ subject, condition }: KeptAlert, nowMs: number): number {
  const mayRise = subject.kind === 'tracker' && condition !== undefined && condition.is !== 'above'
  const settled = mayRise ? settleLowMs : settleMs
  return intervalStart(nowMs - settled) - intervalMs
}

/**
 * An observation as shown in alerts, and whether its condition holds; null if that is unknown, which neither starts
 * nor ends anything. Of a part it is only known if it is above a threshold, and where flows were lost, if it holds with
 * and without them alike. Times are in a time zone.
 */
export function describe(
  observation: Observation,
  { condition, intervals = 1 }: KeptAlert,
  zone: string,
): Described | null {
  const { key, about, value, isPart = false, unit, earlier, from, to, path } = observation
  if (value === null) return null
  const { isAmiss, words } = condition
    ? judgeValue(condition, value, earlier)
    : { isAmiss: false, words: () => 'none' }
  const withLost = observation.withLost ?? value
  if (condition && judgeValue(condition, withLost, earlier).isAmiss !== isAmiss) return null
  if (isPart && !(condition?.is === 'above' && isAmiss)) return null
  const figure = (shown: number) => `${formatScaled(shown)}${unit === '%' ? '' : ' '}${unit}`
  const lost =
    withLost > value ? ` Flows were lost: with them it was about ${figure(withLost)}.` : ''
  const row = intervals === 1 ? '' : `, for ${intervals} intervals in a row`
  return {
    key,
    value,
    interval: from,
    isAmiss,
    say: async () =>
      `${about}: ${isPart ? 'at least ' : ''}${figure(value)}, ${sayRange(from, to, zone)}.`,
    evidence: `Condition: ${words(figure)}${row}.${lost}`,
    from,
    to,
    path,
  }
}
