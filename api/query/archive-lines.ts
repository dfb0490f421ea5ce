/** Lines from the archive: built at steps of at most 5 minutes, then folded into longer ones. */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { FlowSeries } from '../../store/flows.ts'
import { knownSteps, xff, type CoverageGrid } from './coverage.ts'
import type { Grid } from './grid.ts'
import { newLine, type Line, type Unit } from './line.ts'

interface ArchiveRows {
  /** Steps of at most 5 minutes: the part of the window that the archive still covers. */
  grid: Grid
  flows: FlowSeries
  covered: CoverageGrid
  unit: Unit
  /** Directions by which the rest is split; empty if it is not. */
  directions: readonly string[]
  /** The archive's reach, unix ms: steps outside it are unknown. */
  reach: { first: number; until: number }
}

/** One line per key, in the archive's order, then the rest if there is any. */
export function archiveLines(rows: ArchiveRows): Line[] {
  const { grid, flows, unit, directions } = rows
  const lines = flows.keys.map((key) => newLine(key, grid.count))
  const rests =
    directions.length === 0
      ? [newLine(null, grid.count)]
      : directions.map((direction) => newLine(null, grid.count, direction))
  const all = [...lines, ...rests]
  const sums = flows.sum[unit.field]
  for (let r = 0; r < flows.count; r++) {
    const at = Math.floor((flows.time[r]! - grid.from) / grid.stepMs)
    const line = all[flows.key[r]!]
    if (!line) continue
    const sum = sums[r]!
    line.total += sum
    if (at >= 0 && at < grid.count) line.average[at]! += (sum * unit.scale) / grid.stepMs
  }
  for (const line of all) blankUnknown(line, rows)
  return [...lines, ...rests.filter(({ total }) => total !== 0)]
}

function blankUnknown(line: Line, { grid, covered, reach }: ArchiveRows): void {
  const known = knownSteps(covered, line.key?.['exporter'] as string | undefined)
  for (let at = 0; at < grid.count; at++) {
    const time = grid.from + at * grid.stepMs
    const within = Math.floor((time - covered.grid.from) / covered.grid.stepMs)
    if (known[within] === 1 && time >= reach.first && time < reach.until) continue
    line.average[at] = Number.NaN
  }
  line.peak = line.average
}

/**
 * A line on a grid of longer steps, or one that begins earlier: the mean of the known steps (null
 * below xff of those that began before `until`, unix ms: a step may still be open), and their maximum.
 */
export function foldLine(line: Line, from: Grid, { to, until }: { to: Grid; until: number }): Line {
  if (from.stepMs === to.stepMs && from.from === to.from) return line
  const folded = newLine(line.key, to.count, line.direction)
  folded.total = line.total
  const steps = to.stepMs / from.stepMs
  for (let at = 0; at < to.count; at++) {
    const start = to.from + at * to.stepMs
    const first = (start - from.from) / from.stepMs
    const begun = Math.min(steps, Math.ceil((until - start) / from.stepMs))
    const { mean, most } = overKnown(line.average, first, begun)
    folded.average[at] = mean
    folded.peak[at] = most
  }
  return folded
}

function overKnown(
  values: Float64Array,
  first: number,
  steps: number,
): { mean: number; most: number } {
  let known = 0
  let sum = 0
  let most = 0
  for (let at = first; at < first + steps; at++) {
    const value = values[at]
    if (value === undefined || Number.isNaN(value)) continue
    known++
    sum += value
    most = Math.max(most, value)
  }
  return known === 0 || known < xff * steps
    ? { mean: Number.NaN, most: Number.NaN }
    : { mean: sum / known, most }
}

/**
 * The 5-minute values of a line with steps of 5 minutes or less, for intervals that lie wholly in
 * the window; empty if there are none.
 */
export function fiveMinuteValues(line: Line, grid: Grid): Float64Array {
  if (grid.stepMs === intervalMs) return line.average
  const first = intervalStart(grid.from + intervalMs - 1)
  const steps = intervalMs / grid.stepMs
  const skip = (first - grid.from) / grid.stepMs
  const values = new Float64Array(Math.max(0, Math.floor((grid.count - skip) / steps)))
  for (let i = 0; i < values.length; i++) {
    const { mean } = overKnown(line.average, skip + i * steps, steps)
    values[i] = mean
  }
  return values
}
