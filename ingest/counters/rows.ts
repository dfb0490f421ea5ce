/** Rows of the measurement `counter`. */
import { otherKey } from '../../store/measurement.ts'
import type { MeasurementRows } from '../../store/series.ts'

/** An interface's own counts in one direction in an interval. */
export interface CounterFigure {
  /** ifIndex */
  counter: string
  direction: string
  bytes: number
  packets: number
}

const directions = ['in', 'out'] as const

/**
 * One row per figure, and the rows `other`, always 0: they say that an interface without a row is
 * unknown, not 0.
 */
export function counterRows(figures: readonly CounterFigure[]): MeasurementRows {
  const others = directions.map((direction) => ({
    counter: otherKey,
    direction,
    bytes: 0,
    packets: 0,
  }))
  const all = [...figures, ...others]
  return {
    measurement: 'counter',
    count: all.length,
    tags: {
      counter: all.map(({ counter }) => counter),
      direction: all.map(({ direction }) => direction),
    },
    sum: {
      bytes: Float64Array.from(all, ({ bytes }) => bytes),
      packets: Float64Array.from(all, ({ packets }) => packets),
      flows: new Float64Array(all.length),
      active: new Float64Array(all.length),
    },
  }
}
