/** The intervals whose series are still to be written, and from where. */

export class DueIntervals {
  /** In the buckets, and changed since their series were last written. */
  readonly held = new Set<number>()
  /** To be rebuilt from the archive, whose manifest lists them too. */
  readonly redo: Set<number>
  /** Those of `redo` in which only a tracker changed. */
  readonly #forTrackers = new Set<number>()

  /** @param redo those that the last process left */
  constructor(redo: Iterable<number>) {
    this.redo = new Set(redo)
  }

  /** Notes what flows have changed since the last call: in the buckets, and before them. */
  add({ dirty, redo }: { dirty: readonly number[]; redo: readonly number[] }): void {
    for (const interval of dirty) this.held.add(interval)
    for (const interval of redo) {
      this.redo.add(interval)
      this.#forTrackers.delete(interval)
    }
  }

  /** Notes what a change of trackers concerns: no flows are new in it. */
  addForTrackers({ held, redo }: { held: readonly number[]; redo: readonly number[] }): void {
    for (const interval of held) this.held.add(interval)
    for (const interval of redo) {
      if (!this.redo.has(interval)) this.#forTrackers.add(interval)
      this.redo.add(interval)
    }
  }

  /** Moves intervals that the buckets have lost to those to be rebuilt. */
  noLongerHeld(intervals: readonly number[]): void {
    for (const interval of intervals) {
      this.held.delete(interval)
      this.redo.add(interval)
    }
  }

  /** Takes rebuilt intervals off. */
  rebuilt(intervals: readonly number[]): void {
    for (const interval of intervals) {
      this.redo.delete(interval)
      this.#forTrackers.delete(interval)
    }
  }

  /** Whether an interval to be rebuilt has new flows. */
  hasNewFlows(interval: number): boolean {
    return !this.#forTrackers.has(interval)
  }

  /** Whether any interval to be rebuilt has new flows. */
  get isRebuilding(): boolean {
    return !this.redo.isSubsetOf(this.#forTrackers)
  }

  has(interval: number): boolean {
    return this.held.has(interval) || this.redo.has(interval)
  }

  all(): number[] {
    return [...this.held, ...this.redo]
  }
}
