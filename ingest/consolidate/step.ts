/** One step of a coarser tier, made from the 5-minute steps in it. Pure. */
import { intervalMs } from '../../flow/interval.ts'
import { measurementNames, unknownReasons, type MeasurementName } from '../../store/measurement.ts'
import type { Coverage, StepRows } from '../../store/series.ts'
import { MeasurementTable, type TableOptions } from './table.ts'

export interface StepOptions extends TableOptions {
  /** Start and length of the step, ms. */
  time: number
  stepMs: number
  /** Unix ms: a step that ends later is open. */
  nowMs: number
}

/**
 * Takes the 5-minute steps of one exporter in [time, time + stepMs), in any order, each once; then,
 * if endFirstRound returns true, all of them once more; then returns the step.
 */
export class StepConsolidation {
  readonly time: number
  readonly end: number
  readonly #options: StepOptions
  readonly #tables = new Map<MeasurementName, MeasurementTable>()
  readonly #coverage: Coverage
  #countedUntil: number

  constructor(exporter: string, options: StepOptions) {
    this.time = options.time
    this.end = options.time + options.stepMs
    this.#options = options
    this.#countedUntil = options.time
    this.#coverage = {
      time: options.time,
      exporter,
      known: 0,
      unknown: {},
      datagrams: 0,
      lostFlows: 0,
      lostFlowsEstimated: false,
    }
  }

  /** First round: a 5-minute step. */
  add({ coverage, measurements }: StepRows): void {
    const interval = { time: coverage.time, isKnown: coverage.known > 0 }
    const sum = this.#coverage
    for (const name of measurementNames) {
      const rows = measurements.find(({ measurement }) => measurement === name) ?? null
      let table = this.#tables.get(name)
      if (!table && rows) {
        table = new MeasurementTable(name, sum.known, this.#options)
        this.#tables.set(name, table)
      }
      table?.add(rows, interval)
    }
    sum.known += coverage.known
    for (const reason of unknownReasons) {
      const count = (sum.unknown[reason] ?? 0) + (coverage.unknown[reason] ?? 0)
      if (count > 0) sum.unknown[reason] = count
    }
    sum.datagrams += coverage.datagrams
    sum.lostFlows += coverage.lostFlows
    sum.lostFlowsEstimated ||= coverage.lostFlowsEstimated
    const countedUntil = coverage.openUntil ?? coverage.time + intervalMs
    this.#countedUntil = Math.max(this.#countedUntil, countedUntil)
  }

  /** Decides which keys are cut; true if the maxima of `other` need a second round. */
  endFirstRound(): boolean {
    // Every table must decide, so `some` would stop too early.
    return [...this.#tables.values()].filter((table) => table.cut()).length > 0
  }

  /** Second round: the same 5-minute step again. */
  addAgain({ coverage, measurements }: StepRows): void {
    for (const rows of measurements)
      this.#tables.get(rows.measurement)?.addAgain(rows, coverage.known > 0)
  }

  /** The consolidated step. */
  finish(): StepRows {
    const measurements = [...this.#tables.values()]
      .map((table) => table.rows())
      .filter(({ count }) => count > 0)
    const isOpen = this.end > this.#options.nowMs
    const coverage = isOpen
      ? { ...this.#coverage, openUntil: Math.min(this.#countedUntil, this.end) }
      : this.#coverage
    return { coverage, measurements }
  }
}
