/** The two axes: time in the chosen zone, and figures that are positive above and below. */
import type uPlot from 'uplot'

import { formatShort } from '../../flow/units.ts'
import { tickLabels, tickStep, tickTimes } from '../time/ticks.ts'
import type { Ink } from './theme.ts'

const font = (scale: number) =>
  `${Math.round(11 * scale)}px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif`
/** Space for a label of the time axis, in CSS pixels. */
const labelWidth = 74
const figuresWidth = 56

interface AxisLook {
  ink: () => Ink
  zone: () => string
  /** Scale of the letters, 1 at a desk: a wall is read from afar. */
  scale: number
}

interface TimeAxisLook extends AxisLook {
  /** Whether the time scale is set yet. */
  isTimed: () => boolean
}

interface FigureAxisLook extends Pick<AxisLook, 'ink' | 'scale'> {
  /** Whether anything is drawn that gives the figures a scale. */
  isMeasured: () => boolean
}

/** The time axis: steps of the clock in the zone, two lines of text. */
export function timeAxis({ ink, zone, scale, isTimed }: TimeAxisLook): uPlot.Axis {
  const stepOf = (u: uPlot, min: number, max: number) =>
    tickStep(
      min * 1000,
      max * 1000,
      Math.max(2, u.bbox.width / devicePixelRatio / (labelWidth * scale)),
    )
  return {
    font: font(scale),
    stroke: () => ink().dim,
    size: 40 * scale,
    gap: 4 * scale,
    grid: { stroke: () => ink().grid, width: 1 },
    ticks: { stroke: () => ink().axis, width: 1, size: 4 },
    splits: (u, _axis, min, max) =>
      isTimed()
        ? tickTimes([min * 1000, max * 1000], stepOf(u, min, max), zone()).map((t) => t / 1000)
        : [],
    values: (u, splits) => {
      const { min = 0, max = 0 } = u.scales['x'] ?? {}
      return tickLabels(
        splits.map((t) => t * 1000),
        stepOf(u, min, max),
        zone(),
      )
    },
  }
}

/** The axis of figures: sent traffic is drawn below zero but labelled as positive. */
export function figureAxis({ ink, scale, isMeasured }: FigureAxisLook): uPlot.Axis {
  return {
    font: font(scale),
    stroke: () => ink().dim,
    size: figuresWidth * scale,
    gap: 6 * scale,
    // However low the chart is, the higher of its halves has a figure.
    space: (_u, _axis, _min, _max, pixels) => Math.min(34 * scale, pixels / 4),
    grid: { stroke: () => ink().grid, width: 1 },
    ticks: { show: false },
    values: (_u, splits) =>
      splits.map((value) => (value === 0 || isMeasured() ? formatShort(Math.abs(value)) : null)),
  }
}
