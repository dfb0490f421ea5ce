/** How much of a span's 5-minute steps all collectors together have stored. */
import type { StepView } from '../../store/series.ts'

export class SpanViews {
  /** By exporter; null if no one else writes to the store. */
  readonly #views: ReadonlyMap<string, readonly StepView[]> | null

  constructor(views: readonly StepView[] | null) {
    this.#views = views && Map.groupBy(views, ({ exporter }) => exporter)
  }

  /** Whether another collector wrote rows of an exporter in [from, to), unix ms. */
  isShared(exporter: string, from: number, to: number): boolean {
    return this.#in(exporter, from, to).some(({ isShared }) => isShared)
  }

  /** How much a step of an exporter is made from, for StepRows; empty if no one else writes. */
  builtFrom(exporter: string, from: number, to: number): { seen?: number } {
    return this.#views === null ? {} : { seen: sum(this.#in(exporter, from, to)) }
  }

  /** How much is stored of all exporters that others share; 0 if there are none. */
  sharedVersionSum(from: number, to: number): number {
    let shared = 0
    for (const exporter of this.#views?.keys() ?? [])
      if (this.isShared(exporter, from, to)) shared += sum(this.#in(exporter, from, to))
    return shared
  }

  #in(exporter: string, from: number, to: number): readonly StepView[] {
    const views = this.#views?.get(exporter) ?? []
    return views.filter(({ time }) => time >= from && time < to)
  }
}

function sum(views: readonly StepView[]): number {
  return views.reduce((all, { versionSum }) => all + versionSum, 0)
}
