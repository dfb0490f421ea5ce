/** Evaluates conditions: thresholds, and deviations from the usual by k standard deviations. */
import type { AlertCondition } from '../../store/alert.ts'

/** At least this many earlier values are needed to know what is usual. */
const earlierMin = 4

/** A condition's result for a value. */
interface Judgement {
  isAmiss: boolean
  /** The condition in words, its figures written by `figure`. */
  words: (figure: (value: number) => string) => string
}

/** Evaluates a condition; `earlier` are the known values before it, newest last. */
export function judgeValue(
  condition: AlertCondition,
  value: number,
  earlier: readonly number[],
): Judgement {
  switch (condition.is) {
    case 'above':
      return {
        isAmiss: value > condition.value,
        words: (figure) => `above ${figure(condition.value)}`,
      }
    case 'below':
      return {
        isAmiss: value < condition.value,
        words: (figure) => `below ${figure(condition.value)}`,
      }
    case 'outside':
      return {
        isAmiss: value < condition.low || value > condition.high,
        words: (figure) => `outside ${figure(condition.low)} to ${figure(condition.high)}`,
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
    return { isAmiss: false, words: () => `unusual (only ${earlier.length} values before it yet)` }
  const mean = earlier.reduce((sum, each) => sum + each, 0) / earlier.length
  const variance = earlier.reduce((sum, each) => sum + (each - mean) ** 2, 0) / earlier.length
  const bound = sigma * Math.sqrt(variance)
  return {
    isAmiss: Math.abs(value - mean) > bound,
    words: (figure) => `more than ${sigma}σ from the usual ${figure(mean)} ± ${figure(bound)}`,
  }
}
