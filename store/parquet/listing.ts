/** The writer's list of files: what the manifest names, and what it no longer does. */
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Tier } from '../../flow/interval.ts'
import type { Manifest } from '../manifest.ts'
import type { SeriesEntry, TableName } from './layout.ts'
import { covers } from './placing.ts'

/** Replaced files are kept this long for readers of an older manifest. */
const replacedKeepMs = 600_000

/** What the manifest keeps beside its entries. */
export interface SeriesValues {
  /** Number of the newest transaction that made files; part of their names. */
  sequence?: number
  /** What lies before is expired, unix ms by tier name. */
  expired?: Record<string, number>
  /** Files no longer listed, and since when (unix ms). */
  replaced?: { file: string; at: number }[]
}

/** Files made and files to go, in one transaction. */
export interface Change {
  add: SeriesEntry[]
  remove: string[]
}

export class Listing {
  readonly #folder: string
  readonly #manifest: Manifest<SeriesEntry>
  readonly #now: () => number

  constructor(folder: string, manifest: Manifest<SeriesEntry>, now: () => number) {
    this.#folder = folder
    this.#manifest = manifest
    this.#now = now
  }

  entries(): readonly SeriesEntry[] {
    return this.#manifest.entries()
  }

  /** The files of a table that lie in a period, in the order of time. */
  entriesIn(tier: Tier, table: TableName, period: { from: number; to: number }): SeriesEntry[] {
    return this.entries()
      .filter(
        (entry) => entry.tier === tier.name && entry.table === table && covers(period, entry.from),
      )
      .sort((a, b) => a.from - b.from)
  }

  /** What lies before is expired, unix ms by tier name. */
  expired(): Readonly<Record<string, number>> {
    return this.#value('expired') ?? {}
  }

  /** The number of the transaction that is being made. */
  get sequence(): number {
    return (this.#value('sequence') ?? 0) + 1
  }

  /** Files no longer listed that are still there. */
  replaced(): readonly { file: string; at: number }[] {
    return this.#value('replaced') ?? []
  }

  /** Puts files in the place of others, and says what is expired. Deletes what was replaced long ago. */
  async commit({ add, remove }: Change, expired = this.expired()): Promise<void> {
    await this.#manifest.commit({
      add,
      remove,
      set: { expired, replaced: this.#gone(remove), sequence: this.sequence },
    })
    // What cannot be deleted now is still on the list, and tried again; the change has been made.
    await this.deleteReplaced().catch(() => undefined)
  }

  /** Takes an unreadable file away, as NAME.bad, and the coverage of its period, so that a gap shows. */
  async leaveOut(bad: SeriesEntry): Promise<void> {
    const coverage = this.entries().filter(
      (entry) =>
        entry.tier === bad.tier &&
        entry.table === 'coverage' &&
        entry.file !== bad.file &&
        entry.from < bad.to &&
        entry.to > bad.from,
    )
    const dropped = coverage.map(({ file }) => file)
    const remove = [bad.file, ...dropped]
    await this.#manifest.commit({ remove, set: { replaced: this.#gone(dropped) } })
    const path = join(this.#folder, bad.file)
    // A file that is missing altogether cannot be put aside.
    await rename(path, `${path}.bad`).catch(() => undefined)
  }

  /** Deletes files that were replaced so long ago that no reader asks for them. */
  async deleteReplaced(): Promise<void> {
    const now = this.#now()
    const replaced = this.replaced()
    // A clock that was set back must not keep files for ever.
    const due = replaced.filter(({ at }) => Math.abs(now - at) >= replacedKeepMs)
    if (due.length === 0) return
    for (const { file } of due) await rm(join(this.#folder, file), { force: true })
    const left = replaced.filter((each) => !due.includes(each))
    await this.#manifest.commit({ set: { replaced: left } })
  }

  close(): Promise<void> {
    return this.#manifest.close()
  }

  #value<Name extends keyof SeriesValues>(name: Name): NonNullable<SeriesValues[Name]> | undefined {
    return this.#manifest.value<NonNullable<SeriesValues[Name]>>(name)
  }

  #gone(files: readonly string[]): { file: string; at: number }[] {
    const at = this.#now()
    return [...this.replaced(), ...files.map((file) => ({ file, at }))]
  }
}
