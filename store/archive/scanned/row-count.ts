/** How many flows there are, out of row groups. */
import type { Scan } from './asked.ts'
import type { SelectedGroup } from './selected-group.ts'

export class RowCount implements Scan<number, number> {
  readonly keys = 0
  #count = 0

  take({ rows }: SelectedGroup): void {
    this.#count += rows.length
  }

  pack(): number {
    return this.#count
  }

  merge(count: number): void {
    this.#count += count
  }

  found(): number {
    return this.#count
  }
}
