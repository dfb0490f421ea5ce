/** When a value is amiss: thresholds, and what is unusual by k standard deviations. */
import { formatScaled } from '../../flow/units.ts'
import type { AlertCondition } from '../../store/alert.ts'

/** Fewer earlier values than this do not tell what is usual. */
const earlierMin = 4

/** What a condition says of a value. */
export interface Judgement {
  isAmiss: boolean
  /** The condition in words, with its figures. */
  words: string
}

/** Judges a value by a condition; `earlier` are the known values before it, the newest last. */
export function judgeValue(
  condition: AlertCondition,
  value: number,
  earlier: readonly number[],
): Judgement {
  switch (condition.is) {
    case 'above':
      return { isAmiss: value > condition.value, words: `above ${formatScaled(condition.value)}` }
    case 'below':
      return { isAmiss: value < condition.value, words: `below ${formatScaled(condition.value)}` }
    case 'outside':
      return {
        isAmiss: value < condition.low || value > condition.high,
        words: `outside ${formatScaled(condition.low)} to ${formatScaled(condition.high)}`,
      }
    case 'unusual':
      return judgeUnusual(condition, value, earlier.slice(-condition.observations))
  }
}

function judgeUnusual(
  { sigma }: Extract<AlertCondition, { is: 'unusual' }>,
  value: number,
  earlier: readonly number[],
): Judgement {
  if (earlier.length < earlierMin)
    return { isAmiss: false, words: `unusual (only ${earlier.length} values before it yet)` }
  const mean = earlier.reduce((sum, each) => sum + each, 0) / earlier.length
  const variance = earlier.reduce((sum, each) => sum + (each - mean) ** 2, 0) / earlier.length
  const bound = sigma * Math.sqrt(variance)
  return {
    isAmiss: Math.abs(value - mean) > bound,
    words: `more than ${sigma}σ from the usual ${formatScaled(mean)} ± ${formatScaled(bound)}`,
  }
}
