/**
 * Turns the sums of a tier's steps into values, by what is known about each exporter in each step.
 */
import { intervalMs } from '../../flow/interval.ts'
import { intervalsBegun, stepStates, xff, type CoverageGrid } from './coverage.ts'
import type { Unit } from './line.ts'

export class Steps {
  readonly count: number
  readonly covered: CoverageGrid
  readonly unit: Unit
  /** Whether the steps are the 5-minute intervals themselves, which are either known or not. */
  readonly isFirstTier: boolean
  readonly #openAt: number
  readonly #openMs: number
  readonly #openIntervals: number

  constructor(covered: CoverageGrid, unit: Unit) {
    const { grid, openUntil } = covered
    this.covered = covered
    this.unit = unit
    this.count = grid.count
    this.isFirstTier = grid.stepMs === intervalMs
    const open = openUntil === null ? -1 : (openUntil - grid.from) / grid.stepMs
    this.#openAt = Number.isInteger(open) ? -1 : Math.floor(open)
    const openFrom = grid.from + this.#openAt * grid.stepMs
    this.#openMs = (openUntil ?? 0) - openFrom
    this.#openIntervals = intervalsBegun(openFrom, grid.stepMs, openUntil ?? undefined)
  }

  /** The step of a time; −1 outside the grid. */
  at(time: number): number {
    const at = (time - this.covered.grid.from) / this.covered.grid.stepMs
    return Number.isInteger(at) && at >= 0 && at < this.count ? at : -1
  }

  /** The step that is still open; −1 if none. */
  get openAt(): number {
    return this.#openAt < this.count ? this.#openAt : -1
  }

  /** The part of a row's sum that lies in known intervals. */
  knownSum(place: number, at: number, row: { sum: number; unknown: number }): number {
    if (!this.isFirstTier) return row.sum - row.unknown
    return this.#state(place, at) === stepStates.known ? row.sum : 0
  }

  /**
   * A known sum as the step's mean: over the row's known intervals (`known`; default: the
   * exporter's own), or over the whole step if the exporter was absent for most of it. NaN if too
   * little of the row is known.
   */
  mean(place: number, at: number, sum: number, known?: number): number {
    const stepMs = at === this.#openAt ? this.#openMs : this.covered.grid.stepMs
    const { scale } = this.unit
    if (this.isFirstTier || this.#state(place, at) !== stepStates.known)
      return (sum * scale) / stepMs
    const intervals = known ?? this.covered.exporters[place]!.known[at]!
    const begun = at === this.#openAt ? this.#openIntervals : this.covered.grid.stepMs / intervalMs
    if (intervals < xff * begun) return Number.NaN
    return (sum * scale) / Math.min(intervals * intervalMs, stepMs)
  }

  /**
   * Whether a row of a key is of fewer intervals (`known`) than are known of its exporter: in the
   * others it is in `other`.
   */
  isCut(place: number, at: number, known: number | undefined): boolean {
    if (this.isFirstTier || known === undefined) return false
    return known < (this.covered.exporters[place]?.known[at] ?? 0)
  }

  /** A greatest 5-minute sum as a value. */
  peak(sum: number): number {
    return (sum * this.unit.scale) / intervalMs
  }

  #state(place: number, at: number): number {
    return this.covered.exporters[place]?.state[at] ?? stepStates.notSeen
  }
}
