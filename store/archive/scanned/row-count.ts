/** Counts the flows in row groups. */
import type { Scan } from './requests.ts'
import type { SelectedGroup } from './selected-group.ts'

export class RowCount implements Scan<number, number> {
  readonly keys = 0
  #rows = 0

  take({ rows }: SelectedGroup): void {
    this.#rows += rows.length
  }

  pack(): number {
    return this.#rows
  }

  merge(rows: number): void {
    this.#rows += rows
  }

  found(): number {
    return this.#rows
  }
}
