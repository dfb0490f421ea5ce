/** Values as they are told, and of which interval enough is known to tell anything. */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { formatScaled } from '../../flow/units.ts'
import type { KeptAlert } from '../../store/alert.ts'
import { judgeValue } from './condition.ts'
import type { Observation, Occurrence } from './observe.ts'
import type { Judged } from './runs.ts'

/** An interval is looked at so long after its end: its last flows may still be on their way. */
export const settleMs = 10_000
/** And where little is amiss: long flows may be missing. */
const settleLowMs = 130_000

/** A value as it is told, in its interval. */
export interface Described extends Occurrence, Judged {
  value: number
}

/**
 * The last interval of which enough has come: flows are reported when they end, so what seems little
 * may only be late. What is much already is much.
 */
export function dueInterval({ condition }: KeptAlert, nowMs: number): number {
  const settled = condition === undefined || condition.is === 'above' ? settleMs : settleLowMs
  return intervalStart(nowMs - settled) - intervalMs
}

/** An observation as it is told, and whether its condition holds. */
export function describe(
  observation: Observation & { value: number },
  { condition, intervals = 1 }: KeptAlert,
): Described {
  const { key, about, value, unit, earlier, from, to, path } = observation
  const { isAmiss, words } = condition
    ? judgeValue(condition, value, earlier)
    : { isAmiss: false, words: 'none' }
  const [day, until] = [new Date(from).toISOString(), new Date(to).toISOString()]
  const row = intervals === 1 ? '' : `, for ${intervals} intervals in a row`
  return {
    key,
    value,
    interval: from,
    isAmiss,
    text: `${about}: ${formatScaled(value)}${unit === '%' ? '' : ' '}${unit}, ${day.slice(0, 16)}Z to ${until.slice(11, 16)}Z.`,
    evidence: `Condition: ${words}${row}.`,
    from,
    to,
    path,
  }
}
