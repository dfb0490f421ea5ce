/** The writer's list of files: those in the manifest, and those recently removed from it. */
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Tier } from '../../flow/interval.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { stepMsOf, withoutExpired, withoutWritten, type MissingTime } from '../missing.ts'
import type { StepRows } from '../series.ts'
import type { SeriesEntry, TableName } from './layout.ts'
import { covers } from './placing.ts'

/** Replaced files are kept this long for readers of an older manifest. */
const replacedKeepMs = 600_000
/** The most files left out that are remembered, the newest. */
const leftOutMax = 100

/** A file that was left out because it cannot be read, and the time of which steps are missing since. */
export interface LeftOut {
  file: string
  reason: string
  missing: MissingTime
}

/** Values stored in the manifest beside its entries. */
interface SeriesValues {
  /** Number of the last transaction that made files; part of their names. */
  sequence?: number
  /** Everything earlier has expired, unix ms by tier name. */
  expired?: Record<string, number>
  /** Files no longer listed, and since when (unix ms). */
  replaced?: { file: string; at: number }[]
  /** Files left out whose steps are still missing, newest last. */
  leftOut?: LeftOut[]
}

/** Files to add and to remove in one transaction. */
export interface Change {
  add: SeriesEntry[]
  remove: string[]
}

/** What else a transaction does: which steps it writes (also again), and what has expired. */
export interface Effect {
  written?: { tier: Tier; steps: readonly StepRows[] }
  expired?: Readonly<Record<string, number>>
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

  /** The files of a table that lie in a period, in order of time. */
  entriesIn(tier: Tier, table: TableName, period: { from: number; to: number }): SeriesEntry[] {
    return this.entries()
      .filter(
        (entry) => entry.tier === tier.name && entry.table === table && covers(period, entry.from),
      )
      .sort((a, b) => a.from - b.from)
  }

  /** Everything earlier has expired, unix ms by tier name. */
  expired(): Readonly<Record<string, number>> {
    return this.#value('expired') ?? {}
  }

  /** The number of the transaction in progress. */
  get sequence(): number {
    return (this.#value('sequence') ?? 0) + 1
  }

  /** Files no longer listed but still on disk. */
  replaced(): readonly { file: string; at: number }[] {
    return this.#value('replaced') ?? []
  }

  /** Files left out whose steps are still missing: neither written again nor expired. */
  leftOut(): readonly LeftOut[] {
    return this.#value('leftOut') ?? []
  }

  /** Replaces files by others and records expiry. Deletes files replaced long ago. */
  async commit({ add, remove }: Change, effect: Effect = {}): Promise<void> {
    const { expired = this.expired() } = effect
    await this.#manifest.commit(() => ({
      add,
      remove,
      set: {
        expired,
        replaced: this.#gone(remove),
        sequence: this.sequence,
        ...(this.leftOut().length > 0 ? { leftOut: this.#stillMissing(effect) } : {}),
      },
    }))
    // A file that cannot be deleted now stays on the list for the next try; the change itself is
    // done.
    await this.deleteReplaced().catch(() => undefined)
  }

  /**
   * Renames an unreadable file to NAME.bad, and drops the coverage of its period, so that a gap
   * shows. That is remembered until its steps are written again or have expired.
   */
  async leaveOut(bad: SeriesEntry, reason: string): Promise<void> {
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
    const [from, last] = [bad, ...coverage].reduce(
      ([least, greatest], entry) => [Math.min(least, entry.first), Math.max(greatest, entry.last)],
      [bad.first, bad.last],
    )
    const missing = { [bad.tier]: [[from, last + stepMsOf(bad.tier)]] as const }
    const left: LeftOut = { file: bad.file, reason, missing }
    await this.#manifest.commit(() => ({
      remove,
      set: {
        replaced: this.#gone(dropped),
        leftOut: [...this.leftOut(), left].slice(-leftOutMax),
      },
    }))
    const path = join(this.#folder, bad.file)
    // A missing file cannot be renamed.
    await rename(path, `${path}.bad`).catch(() => undefined)
  }

  /** Deletes files replaced so long ago that no reader uses them. */
  async deleteReplaced(): Promise<void> {
    const now = this.#now()
    // If the clock was set back, files must not stay for ever.
    const due = this.replaced().filter(({ at }) => Math.abs(now - at) >= replacedKeepMs)
    if (due.length === 0) return
    for (const { file } of due) await rm(join(this.#folder, file), { force: true })
    const left = () => this.replaced().filter((each) => !due.includes(each))
    await this.#manifest.commit(() => ({ set: { replaced: left() } }))
  }

  close(): Promise<void> {
    return this.#manifest.close()
  }

  #value<Name extends keyof SeriesValues>(name: Name): NonNullable<SeriesValues[Name]> | undefined {
    return this.#manifest.value<NonNullable<SeriesValues[Name]>>(name)
  }

  #stillMissing({ written, expired = {} }: Effect): LeftOut[] {
    const steps = written?.steps.map(({ coverage: { time } }) => ({
      tier: written.tier.name,
      time,
    }))
    return this.leftOut().flatMap((left) => {
      let missing = withoutWritten(left.missing, steps ?? [])
      for (const [tier, before] of Object.entries(expired))
        missing = withoutExpired(missing, tier, before)
      return Object.keys(missing).length > 0 ? [{ ...left, missing }] : []
    })
  }

  #gone(files: readonly string[]): { file: string; at: number }[] {
    const at = this.#now()
    return [...this.replaced(), ...files.map((file) => ({ file, at }))]
  }
}
