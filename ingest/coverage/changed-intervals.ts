/** Intervals in which something changed for an exporter since they were last written. */
export class ChangedIntervals {
  /** Exporters by the interval's start, unix ms. */
  #changed = new Map<number, Set<string>>()

  mark(exporter: string, interval: number): void {
    const exporters = this.#changed.get(interval)
    if (exporters) exporters.add(exporter)
    else this.#changed.set(interval, new Set([exporter]))
  }

  has(exporter: string, interval: number): boolean {
    return this.#changed.get(interval)?.has(exporter) ?? false
  }

  /** The intervals (starts, unix ms) with changes. */
  intervals(): Iterable<number> {
    return this.#changed.keys()
  }

  /** Forgets an exporter that is no longer followed. */
  drop(exporter: string): void {
    for (const [interval, exporters] of this.#changed)
      if (exporters.delete(exporter) && exporters.size === 0) this.#changed.delete(interval)
  }

  /** The exporters that changed in each interval (start, unix ms) since the last call. */
  take(): ReadonlyMap<number, ReadonlySet<string>> {
    const changed = this.#changed
    this.#changed = new Map()
    return changed
  }

  /** Puts back the result of `take` when it could not be written. */
  putBack(changed: ReturnType<ChangedIntervals['take']>): void {
    for (const [interval, exporters] of changed)
      for (const exporter of exporters) this.mark(exporter, interval)
  }
}
