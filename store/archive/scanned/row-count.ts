/** How many flows there are, out of row groups, and how far they lie apart. */
import type { CountFound, Scan } from './asked.ts'
import type { SelectedGroup } from './selected-group.ts'

export class RowCount implements Scan<CountFound, CountFound> {
  readonly keys = 0
  readonly #found: CountFound = { rows: 0, among: 0 }

  take({ rows }: SelectedGroup): void {
    this.merge({ rows: rows.length, among: rows.at(-1)! - rows[0]! + 1 })
  }

  pack(): CountFound {
    return this.#found
  }

  merge({ rows, among }: CountFound): void {
    this.#found.rows += rows
    this.#found.among += among
  }

  found(): CountFound {
    return this.#found
  }
}
