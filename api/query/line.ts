/** The lines of an answer while they are built: typed arrays, NaN for unknown. */
import type { FieldName } from '../../store/measurement.ts'
import type { Measure } from '../schema/schema.ts'

/** How a measure is computed: value = sum × scale ÷ ms; the summary's total = sum ÷ perTotal. */
export interface Unit {
  field: FieldName
  scale: number
  perTotal: number
}

/** Bits are bytes × 8 per second; active is flow-milliseconds per millisecond, its total in flow-seconds. */
export const units: Record<Measure, Unit> = {
  bits: { field: 'bytes', scale: 8000, perTotal: 1 },
  packets: { field: 'packets', scale: 1000, perTotal: 1 },
  flows: { field: 'flows', scale: 1000, perTotal: 1 },
  active: { field: 'active', scale: 1, perTotal: 1000 },
  // Counts records that begin a connection.
  connections: { field: 'flows', scale: 1000, perTotal: 1 },
}

type StoredKey = Readonly<Record<string, string | number | undefined>>

export interface Line {
  /** The key as stored; null for the rest of a cut list. */
  key: StoredKey | null
  /** The direction of a rest that is split by it. */
  direction: string | undefined
  /** Mean of each step, in the measure's unit. */
  average: Float64Array
  /** Greatest 5-minute value of each step (for steps under 5 minutes: the step's own). */
  peak: Float64Array
  /** Over 1 if `peak` adds up the maxima of that many stored rows, and so is a bound. */
  parts: Uint32Array
  /** Sum of everything stored in the window, known or not, in the field's own unit. */
  total: number
}

export function newLine(key: StoredKey | null, count: number, direction?: string): Line {
  return {
    key,
    direction,
    average: new Float64Array(count),
    peak: new Float64Array(count),
    parts: new Uint32Array(count),
    total: 0,
  }
}

/** Values as in answers: null for unknown. */
export function answerValues(values: Float64Array): (number | null)[] {
  const answer = Array.from<number | null>({ length: values.length })
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    answer[i] = Number.isNaN(value) ? null : value
  }
  return answer
}
