/** One thread's access to archive files: footers of recently read ones, and one row group at a time. */
import { closeSync, fstatSync, openSync } from 'node:fs'

import { columnNames, wordsPerRow, type FlowColumns } from '../../../flow/columns.ts'
import { sharedColumns } from '../columns.ts'
import { Dictionaries } from './dictionaries.ts'
import { readFooter, type GroupPlace } from '../format/footer.ts'
import { identityOf } from './file-facts.ts'
import { isZero, RowGroup, timesOf, type GroupTimes } from './row-group.ts'

/** Row groups whose footers are cached, about 6 kB each: reading a footer takes as long as reading a column. */
const keptMax = 1000

/** The row groups of a file; null if another writer made it. */
export type FileGroups = GroupTimes[] | null

/** The row groups of a file, as of its footer. */
interface KeptFooter {
  /** Which file it was: see identityOf. */
  identity: string
  groups: readonly GroupPlace[] | null
}

export class GroupReader {
  /** By path, least recently used first. */
  readonly #kept = new Map<string, KeptFooter>()
  #keptGroups = 0
  readonly #group: RowGroup

  /** `dictionaryBytesMax` is for cached dictionaries of addresses. */
  constructor({ dictionaryBytesMax = 0 } = {}) {
    this.#group = new RowGroup(new Dictionaries(dictionaryBytesMax))
  }

  /** The times of a file's row groups. @throws the error that prevents reading it */
  groupsOf(path: string): FileGroups {
    return this.#open(path, (_, { groups }) => groups?.map((group) => timesOf(group)) ?? null)
  }

  /** The text under a key in a file's footer; null if there is none. @throws the error that prevents reading it */
  textOf(path: string, key: string): string | null {
    return withFile(path, (file) => readFooter(file, fstatSync(file).size)?.texts.get(key) ?? null)
  }

  /**
   * Passes a row group, valid until `take` returns, of one of Weir's files. @throws the error that
   * prevents reading it
   */
  read(path: string, at: number, take: (group: RowGroup) => void): void {
    this.#open(path, (file, { groups, identity }) => {
      this.#group.turnTo(file, groups![at]!, `${identity} ${at}`)
      take(this.#group)
    })
  }

  /** Frees the memory of what was read last; reading can continue. */
  free(): void {
    this.#group.free()
  }

  /** All flows of a file; null if another writer made it. @throws the error that prevents reading it */
  flowsOf(path: string): FlowColumns | null {
    return this.#open(
      path,
      (file, { groups, identity }) => groups && this.#gather(file, groups, identity),
    )
  }

  #gather(file: number, groups: readonly GroupPlace[], identity: string): FlowColumns {
    const count = groups.reduce((sum, { rows }) => sum + rows, 0)
    const gathered = sharedColumns(count, (name, rowBytes) =>
      groups.every((group) => isZero(group, name)) ? null : new SharedArrayBuffer(count * rowBytes),
    )
    let from = 0
    for (const [at, group] of groups.entries()) {
      this.#group.turnTo(file, group, `${identity} ${at}`)
      for (const name of columnNames) {
        if (groups.every((each) => isZero(each, name))) continue
        const width = wordsPerRow(name)
        gathered[name].set(this.#group.flows[name].subarray(0, group.rows * width), from * width)
      }
      from += group.rows
    }
    return gathered
  }

  #open<Result>(path: string, use: (file: number, footer: KeptFooter) => Result): Result {
    return withFile(path, (file) => {
      const stats = fstatSync(file)
      const identity = identityOf(stats)
      const before = this.#kept.get(path)
      if (before) this.#drop(path, before)
      const isSame = before?.identity === identity
      const groups = isSame ? before.groups : (readFooter(file, stats.size)?.groups ?? null)
      const footer = { identity, groups }
      this.#keep(path, footer)
      return use(file, footer)
    })
  }

  #drop(path: string, { groups }: KeptFooter): void {
    this.#kept.delete(path)
    this.#keptGroups -= groups?.length ?? 0
  }

  /** Caches a file's row groups, evicting others. */
  #keep(path: string, kept: KeptFooter): void {
    this.#keptGroups += kept.groups?.length ?? 0
    for (const [other, footer] of this.#kept) {
      if (this.#keptGroups <= keptMax) break
      this.#drop(other, footer)
    }
    this.#kept.set(path, kept)
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
