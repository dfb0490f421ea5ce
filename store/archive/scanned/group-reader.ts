/** One thread's access to archive files: footers of recently read ones, and one row group at a time. */
import { closeSync, fstatSync, openSync } from 'node:fs'

import { columnNames, flowColumns, type FlowColumns } from '../../../flow/columns.ts'
import { sharedColumns } from '../columns.ts'
import { Dictionaries } from './dictionaries.ts'
import { readFooter, type FileFooter, type GroupPlace } from '../format/footer.ts'
import { isZero, RowGroup, timesOf, type GroupTimes } from './row-group.ts'

/** Row groups whose footers are cached, about 6 kB each: reading a footer takes as long as reading a column. */
const keptMax = 1000

/** The row groups of a file; null if another writer made it. */
export type FileGroups = GroupTimes[] | null

export class GroupReader {
  /** By path, least recently used first. */
  readonly #kept = new Map<string, readonly GroupPlace[] | null>()
  #keptGroups = 0
  readonly #group: RowGroup

  /** `dictionaryBytesMax` is for cached dictionaries of addresses. */
  constructor({ dictionaryBytesMax = 0 } = {}) {
    this.#group = new RowGroup(new Dictionaries(dictionaryBytesMax))
  }

  /** The times of a file's row groups. @throws the error that prevents reading it */
  groupsOf(path: string): FileGroups {
    return this.#open(path, (_, groups) => groups?.map((group) => timesOf(group)) ?? null)
  }

  /** The text under a key in a file's footer; null if there is none. @throws the error that prevents reading it */
  textOf(path: string, key: string): string | null {
    return withFile(path, (file) => readFooter(file, fstatSync(file).size)?.texts.get(key) ?? null)
  }

  /** Passes a row group, valid until `take` returns, of one of Weir's files. @throws the error that prevents reading it */
  read(path: string, at: number, take: (group: RowGroup) => void): void {
    this.#open(path, (file, groups) => {
      this.#group.turnTo(file, groups![at]!)
      take(this.#group)
    })
  }

  /** Frees the memory of what was read last; reading can continue. */
  free(): void {
    this.#group.free()
  }

  /** All flows of a file; null if another writer made it. @throws the error that prevents reading it */
  flowsOf(path: string): FlowColumns | null {
    return this.#open(path, (file, groups) => groups && this.#gather(file, groups))
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

  #open<Result>(
    path: string,
    use: (file: number, groups: readonly GroupPlace[] | null) => Result,
  ): Result {
    return withFile(path, (file) => {
      const kept = this.#kept.get(path)
      const groups = kept === undefined ? this.#take(readFooter(file, fstatSync(file).size)) : kept
      this.#kept.delete(path)
      this.#kept.set(path, groups)
      return use(file, groups)
    })
  }

  /** Caches a file's row groups, evicting others. */
  #take(footer: FileFooter | null): readonly GroupPlace[] | null {
    const groups = footer?.groups ?? null
    this.#keptGroups += groups?.length ?? 0
    for (const [other, places] of this.#kept) {
      if (this.#keptGroups <= keptMax) break
      this.#kept.delete(other)
      this.#keptGroups -= places?.length ?? 0
    }
    return groups
  }
}

function withFile<Result>(path: string, use: (file: number) => Result): Result {
  const file = openSync(path, 'r')
  try {
    return use(file)
  } finally {
    closeSync(file)
  }
}
