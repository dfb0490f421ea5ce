/**
 * Keeps the archive in order: merges chunks, bundles small files, drops old ones, moves broken ones aside. Replaced
 * files stay for a while, for readers of an older manifest.
 */
import type { Manifest } from '../../manifest/manifest.ts'
import { intervalStart } from '../../../flow/interval.ts'
import {
  unreadableFolder,
  type ArchiveEntry,
  type ArchiveValues,
  type UnreadableFile,
} from '../entry.ts'
import { AsideFiles } from './aside.ts'
import { putAside, remove } from './folder.ts'
import { ForbiddenFiles } from './forbidden-files.ts'
import { freeName } from './free-name.ts'
import { lastedOf, leapHeldMs, leapMs, newestOf } from './newest.ts'
import type { SortingThread } from './thread.ts'
import { isSameSum, sortedRowsMax } from './waiting.ts'

/** Replaced files are kept this long for readers of an older manifest. */
const replacedKeepMs = 600_000
/** Most merges published in one transaction. */
const mergeBatch = 100
/** The small files of an hour, then those of a day, are bundled. */
const bundledSpansMs = [3_600_000, 86_400_000]
/** An hour or day counts as over this long after its end: then no more of its flows arrive. */
const settledMs = 900_000
/** Most rows per bundle: a query over minutes still reads few rows, one over weeks opens a twelfth of the files. */
const bundleRowsMax = 250_000
/** How many of the newest unreadable files are listed. */
const unreadableNamedMax = 100

export interface UpkeepParts {
  folder: string
  manifest: Manifest<ArchiveEntry>
  thread: SortingThread
  /** The time of receipt that a merged file covers, ms. */
  fileMs: number
  mergeRowsMax?: number
}

interface Replacement {
  add: ArchiveEntry[]
  remove: string[]
}

/** Sorting was abandoned; its source files are unchanged. */
class GivenUp extends Error {}

export class Upkeep {
  readonly #folder: string
  readonly #manifest: Manifest<ArchiveEntry>
  readonly #thread: SortingThread
  readonly #fileMs: number
  readonly #mergeRowsMax: number
  readonly #aside: AsideFiles
  readonly forbidden: ForbiddenFiles
  /** The file that is being sorted, and whether sorting it was abandoned. */
  #sorting: { target: string; isGivenUp: boolean } | null = null
  #isEnding = false
  /** The hour, counted from 1970, in which nothing was left to bundle. */
  #bundledHour: number | null = null

  /** From when ages count back, unix ms; and since when (by a clock that nobody sets) it would leap ahead. */
  #newestMs: number
  #leaptMs: number | null = null

  constructor({ folder, manifest, thread, fileMs, mergeRowsMax = sortedRowsMax }: UpkeepParts) {
    this.#folder = folder
    this.#manifest = manifest
    this.#thread = thread
    this.#fileMs = fileMs
    this.#mergeRowsMax = mergeRowsMax
    this.#aside = new AsideFiles(folder)
    this.forbidden = new ForbiddenFiles(folder)
    this.#newestMs = lastedOf(manifest.entries())
  }

  /**
   * Merges the chunks of each `fileMs` that began before `before` (unix ms) into one sorted file.
   * An interval with more rows than are sorted at once gives several files, the first of them while
   * it is still open. If a chunk cannot be read, it is moved aside, and the next call merges the
   * rest. If the machine is busy, only one file of a closed interval is made: sorting costs most,
   * and can wait. After `msMax` no further file is begun.
   * @throws if writing fails; the intervals before that one are merged
   */
  async merge(before: number, { isBusy = false, msMax = Infinity } = {}): Promise<void> {
    const until = performance.now() + msMax
    let merged: Replacement[] = []
    const commit = async () => {
      const batch = merged
      merged = []
      await this.#replace({
        add: batch.flatMap(({ add }) => add),
        remove: batch.flatMap((each) => each.remove),
      })
    }
    try {
      const due = this.#unmerged(before, isBusy)
      for (const entries of isBusy ? due.slice(0, 1) : due) {
        if (this.#isEnding || performance.now() > until) break
        const taken = merged.flatMap(({ add }) => add)
        const replacement = await this.#mergeFiles(entries, taken)
        if (replacement) merged.push(replacement)
        if (merged.length >= mergeBatch) await commit()
      }
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error
    } finally {
      await commit()
    }
  }

  /** Abandons the current sorting, if any; no later call sorts or bundles anything. */
  endSorting(): void {
    this.#isEnding = true
    if (!this.#sorting || this.#sorting.isGivenUp) return
    this.#sorting.isGivenUp = true
    this.#thread.giveUp(this.#sorting.target)
  }

  /**
   * Bundles small neighbouring files of a past hour or day into one, newest first. One bundle per
   * call, since the next publication waits for it. False if nothing is left to bundle.
   * @throws if writing fails
   */
  async bundle(nowMs: number): Promise<boolean> {
    const hour = Math.floor((nowMs - settledMs) / bundledSpansMs[0]!)
    if (this.#isEnding) return false
    // Looking through all files takes a while, and nothing new can be bundled before the next hour is over.
    if (this.#bundledHour === hour) return false
    const entries = this.#toBundle(nowMs)
    if (entries === null) {
      this.#bundledHour = hour
      return false
    }
    try {
      const replacement = await this.#mergeFiles(entries, [])
      if (replacement) await this.#replace(replacement)
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error
    }
    return true
  }

  #toBundle(nowMs: number): ArchiveEntry[] | null {
    const small = this.forbidden
      .without(this.#manifest.entries())
      .filter(({ rows }) => rows < bundleRowsMax)
    const sorted = small.sort((a, b) => b.interval - a.interval)
    for (const spanMs of bundledSpansMs) {
      const over = nowMs - settledMs - ((nowMs - settledMs) % spanMs)
      const spans = Map.groupBy(
        sorted.filter(({ interval }) => interval < over),
        ({ interval }) => Math.floor(interval / spanMs),
      )
      for (const span of spans.values()) {
        if (span.some(({ isChunk }) => isChunk)) continue
        const bundle = groupsOf(span.toReversed(), bundleRowsMax).find(({ length }) => length > 1)
        if (bundle) return bundle
      }
    }
    return null
  }

  /** See Archive.expire. */
  async expire(limits: { keepMs: number; maxBytes: number; now: number }): Promise<void> {
    const sorted = this.#manifest.entries().toSorted((a, b) => a.interval - b.interval)
    let bytes = sorted.reduce((sum, entry) => sum + entry.bytes, 0)
    const newest = this.#newest(limits.now)
    const expired: string[] = []
    let expiredTo = this.#manifest.value<number>('expiredTo') ?? Number.NEGATIVE_INFINITY
    for (const entry of sorted) {
      if (bytes <= limits.maxBytes && entry.receivedTo >= newest - limits.keepMs) break
      bytes -= entry.bytes
      expired.push(entry.file)
      expiredTo = Math.max(expiredTo, Math.min(entry.receivedTo, limits.now))
    }
    const unreadable = this.#unreadable().filter(
      ({ lastMax = Number.POSITIVE_INFINITY }) => lastMax > expiredTo,
    )
    const set = { hasExpired: true, expiredTo, unreadable }
    await this.#replace({ add: [], remove: expired }, { now: limits.now, set })
    await this.#deleteReplaced(limits.now)
    await this.#aside.expire({ ...limits, before: newest - limits.keepMs, bytes })
  }

  /**
   * The time of receipt from which ages count back. A clock that is a year ahead must not delete
   * everything: files received later than now do not count, and a leap ahead counts only once it
   * has lasted.
   */
  #newest(now: number): number {
    const found = newestOf(this.#manifest.entries(), now)
    const isLeap = found - this.#newestMs > leapMs && Number.isFinite(this.#newestMs)
    this.#leaptMs = isLeap ? (this.#leaptMs ?? performance.now()) : null
    if (this.#leaptMs !== null && performance.now() - this.#leaptMs < leapHeldMs)
      return this.#newestMs
    this.#leaptMs = null
    return (this.#newestMs = found)
  }

  /** Groups of entries, each to be merged into one file: chunks, with merged files that still have room for them. */
  #unmerged(before: number, isBusy: boolean): ArchiveEntry[][] {
    const files = Map.groupBy(this.forbidden.without(this.#manifest.entries()), ({ interval }) =>
      intervalStart(interval, this.#fileMs),
    )
    return [...files].flatMap(([interval, entries]) => {
      if (entries.every(({ isChunk }) => !isChunk)) return []
      const groups = groupsOf(entries, this.#mergeRowsMax)
      // The last group of an open interval may still grow.
      const due = interval < before ? groups : isBusy ? [] : groups.slice(0, -1)
      return due
        .filter((group) => group.some(({ isChunk }) => isChunk))
        .map((group) => group.toSorted((a, b) => a.interval - b.interval))
    })
  }

  /**
   * Merges files into one; null if one of them could not be read, which is then moved aside, or noted if it may not be.
   * @throws GivenUp, or if writing fails
   */
  async #mergeFiles(
    entries: readonly ArchiveEntry[],
    taken: readonly ArchiveEntry[],
  ): Promise<Replacement | null> {
    const files = entries.map(({ file }) => file)
    const { interval } = entries[0]!
    const listed = this.#manifest.entries()
    const had = [...taken, ...this.#replaced(), ...this.#unreadable()]
    const target = freeName(entries, { listed, had })
    const sorting = (this.#sorting = { target, isGivenUp: false })
    try {
      const merged = await this.#thread.merge({ interval, files, target })
      for (const name of ['rows', 'octets', 'packets'] as const) {
        const expected = entries.reduce((sum, entry) => sum + entry[name], 0)
        if (!isSameSum(merged[name], expected))
          throw new Error(
            `archive: merging ${files.join(', ')} gave ${merged[name]} ${name} instead of ${expected}; they stay as they are`,
          )
      }
      return { add: [merged], remove: files }
    } catch (error) {
      if (sorting.isGivenUp) throw new GivenUp(`sorting ${target}`, { cause: error })
      if (this.forbidden.note(files) || (await this.putAsideUnreadable(files))) return null
      throw error
    } finally {
      this.#sorting = null
    }
  }

  /** Moves unreadable files aside, and publishes that. False if all can be read. @throws if that cannot be told now */
  async putAsideUnreadable(files: readonly string[]): Promise<boolean> {
    const found = await this.#thread.check([...files])
    if (found.length === 0) return false
    const entries = new Map(this.#manifest.entries().map((entry) => [entry.file, entry]))
    const named = found.map((each): UnreadableFile => {
      const entry = entries.get(each.file)
      if (!entry) return each
      const { firstMin, lastMax, receivedFrom, receivedTo } = entry
      return { ...each, firstMin, lastMax, receivedFrom, receivedTo }
    })
    const unreadable = [...this.#unreadable(), ...named].slice(-unreadableNamedMax)
    const values: ArchiveValues = { unreadable }
    await this.#manifest.commit({ remove: found.map(({ file }) => file), set: { ...values } })
    for (const { file } of found)
      await putAside(this.#folder, file, unreadableFolder).catch(missingIsGone)
    return true
  }

  async #replace(
    change: Replacement,
    { now, set }: { now: number; set: ArchiveValues } = { now: Date.now(), set: {} },
  ): Promise<void> {
    if (change.remove.length === 0) return
    const gone = change.remove.map((file) => ({ file, at: now }))
    const values: ArchiveValues = { ...set, replaced: [...this.#replaced(), ...gone] }
    await this.#manifest.commit({ ...change, set: { ...values } })
  }

  async #deleteReplaced(now: number): Promise<void> {
    // If the clock was set back, they must not stay for ever.
    const isDue = ({ at }: { at: number }) =>
      at + replacedKeepMs <= now || at > now + replacedKeepMs
    const replaced = this.#replaced()
    if (!replaced.some(isDue)) return
    for (const { file } of replaced.filter(isDue)) await remove(this.#folder, file)
    const values: ArchiveValues = { replaced: replaced.filter((each) => !isDue(each)) }
    await this.#manifest.commit({ set: { ...values } })
  }

  #unreadable(): UnreadableFile[] {
    return this.#manifest.value<ArchiveValues['unreadable']>('unreadable') ?? []
  }

  #replaced(): NonNullable<ArchiveValues['replaced']> {
    return this.#manifest.value<ArchiveValues['replaced']>('replaced') ?? []
  }
}

/** Entries in groups of at most `rowsMax` rows, merged files first; an entry with more is a group of its own. */
function groupsOf(entries: readonly ArchiveEntry[], rowsMax: number): ArchiveEntry[][] {
  const groups: ArchiveEntry[][] = []
  let rows = 0
  for (const entry of entries.toSorted((a, b) => Number(a.isChunk) - Number(b.isChunk))) {
    rows += entry.rows
    if (groups.length > 0 && rows <= rowsMax) groups.at(-1)!.push(entry)
    else {
      groups.push([entry])
      rows = entry.rows
    }
  }
  return groups
}

function missingIsGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
