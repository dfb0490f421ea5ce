/** The archive's files as a thread reads them: footers of those that it read last, and a row group at a time. */
import { closeSync, fstatSync, openSync } from 'node:fs'

import { columnNames, flowColumns, type FlowColumns } from '../../../flow/columns.ts'
import { sharedColumns } from '../columns.ts'
import { readFooter, type FileFooter, type GroupPlace } from './footer.ts'
import { isZero, RowGroup, timesOf, type GroupTimes } from './row-group.ts'

/** Footers that are kept, of some 100 kB: row groups of a file come one after the other. */
const keptMost = 16

/** The row groups of a file; null where another writer than Weir's made it. */
export type FileGroups = GroupTimes[] | null

export class GroupReader {
  readonly #footers = new Map<string, FileFooter | null>()
  readonly #group = new RowGroup()

  /** When the flows of a file's row groups were. @throws what keeps it from being read */
  groupsOf(path: string): FileGroups {
    return this.#open(path, (_, footer) => footer?.groups.map((group) => timesOf(group)) ?? null)
  }

  /** What was put into a file's footer under a key; null where nothing was. @throws what keeps it from being read */
  textOf(path: string, key: string): string | null {
    return this.#open(path, (_, footer) => footer?.texts.get(key) ?? null)
  }

  /** Hands over a row group of one of Weir's files, which is good until `take` is done. @throws what keeps it from being read */
  read(path: string, at: number, take: (group: RowGroup) => void): void {
    this.#open(path, (file, footer) => {
      this.#group.turnTo(file, footer!.groups[at]!)
      take(this.#group)
    })
  }

  /** All flows of a file; null where another writer than Weir's made it. @throws what keeps it from being read */
  flowsOf(path: string): FlowColumns | null {
    return this.#open(path, (file, footer) => footer && this.#gather(file, footer.groups))
  }

  #gather(file: number, groups: readonly GroupPlace[]): FlowColumns {
    const count = groups.reduce((sum, { rows }) => sum + rows, 0)
    const gathered = sharedColumns(count, (name, rowBytes) =>
      groups.every((group) => isZero(group, name)) ? null : new SharedArrayBuffer(count * rowBytes),
    )
    let from = 0
    for (const group of groups) {
      this.#group.turnTo(file, group)
      for (const name of columnNames) {
        if (groups.every((each) => isZero(each, name))) continue
        const width = flowColumns[name].kind === 'u64' ? 2 : 1
        gathered[name].set(this.#group.flows[name].subarray(0, group.rows * width), from * width)
      }
      from += group.rows
    }
    return gathered
  }

  #open<Result>(path: string, use: (file: number, footer: FileFooter | null) => Result): Result {
    const file = openSync(path, 'r')
    try {
      const kept = this.#footers.get(path)
      const footer = kept === undefined ? readFooter(file, fstatSync(file).size) : kept
      this.#footers.delete(path)
      this.#footers.set(path, footer)
      const [oldest] = this.#footers.keys()
      if (this.#footers.size > keptMost) this.#footers.delete(oldest!)
      return use(file, footer)
    } finally {
      closeSync(file)
    }
  }
}
