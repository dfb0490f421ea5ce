/**
 * A buffer on disk between ingest and a store on another machine: steps that the store does not have yet, and recently
 * sent ones, from which the coarser tiers are built without reading them back.
 *
 *     influx/spool/1795600000012.steps     the steps of one write
 *     influx/spool.jsonl                  where each step is, and what the store has of it
 */
import { join } from 'node:path'

import type { Tier } from '../../flow/interval.ts'
import { Manifest } from '../manifest/manifest.ts'
import type { StepRows } from '../series.ts'
import {
  stepMsOf,
  withDropped,
  withoutExpired,
  withoutWritten,
  type MissingTime,
} from '../missing.ts'
import {
  countNotTaken,
  noPoints,
  type Counted,
  type NotTakenMs,
  type PointCounts,
} from './points.ts'
import { Segments } from './segments.ts'
import type { Place } from './step-file.ts'
import { isSame, nameOf, placesOf, rowsOf, type SpoolEntry } from './entry.ts'

const nothingMissing: MissingTime = {}

export class Spool {
  readonly points: PointCounts
  /**
   * As last made durable: what is shown must not be less after a crash, which Prometheus takes for
   * a counter that began again.
   */
  durablePoints: PointCounts
  readonly notTakenMs: NotTakenMs
  readonly bytesMax: number
  readonly #manifest: Manifest<SpoolEntry>
  readonly #segments: Segments
  readonly #now: () => number
  readonly #entries = new Map<string, SpoolEntry>()
  /** Steps not yet sent, in sending order. */
  readonly #pending = new Map<string, SpoolEntry>()
  #work: Promise<unknown> = Promise.resolve()

  private constructor(
    manifest: Manifest<SpoolEntry>,
    segments: Segments,
    { bytesMax, now }: { bytesMax: number; now: () => number },
  ) {
    this.#manifest = manifest
    this.#segments = segments
    this.#now = now
    this.bytesMax = bytesMax
    this.points = { ...noPoints, ...manifest.value<Partial<PointCounts>>('points') }
    this.durablePoints = { ...this.points }
    this.notTakenMs = { ...manifest.value<NotTakenMs>('notTakenMs') }
    for (const entry of manifest.entries()) this.#take(entry)
  }

  /**
   * Opens or creates the spool below a folder; a new one is marked as complete from `wholeFrom`
   * (unix ms) on. Unlisted files left by a crash are deleted.
   * @throws ManifestDamaged
   */
  static async open(
    folder: string,
    { bytesMax, wholeFrom, now }: { bytesMax: number; wholeFrom: number; now: () => number },
  ): Promise<Spool> {
    const files = join(folder, 'spool')
    const manifest = await Manifest.open<SpoolEntry>(join(folder, 'spool.jsonl'), () =>
      Segments.exist(files),
    )
    if (manifest.value('wholeFrom') === undefined) await manifest.commit({ set: { wholeFrom } })
    const segments = await Segments.open(files, {
      places: manifest.entries().flatMap(placesOf),
      sequence: manifest.value<number>('sequence') ?? 0,
      now,
    })
    return new Spool(manifest, segments, { bytesMax, now })
  }

  /** Every 5-minute step written from then on (unix ms) is here. */
  get wholeFrom(): number {
    return this.#manifest.value<number>('wholeFrom')!
  }

  /** The time of dropped steps that were not written again, and are not older than their tier keeps. */
  get missing(): MissingTime {
    return this.#manifest.value<MissingTime>('missing') ?? nothingMissing
  }

  get bytes(): number {
    return this.#segments.bytes
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  /** The earliest step waiting, unix ms, or null. */
  get oldestPending(): number | null {
    let oldest: number | null = null
    for (const { time } of this.#pending.values()) oldest = Math.min(oldest ?? time, time)
    return oldest
  }

  /** Stores steps, replacing earlier versions; durable when it resolves. */
  put(tier: Tier, steps: readonly StepRows[]): Promise<void> {
    return this.#next(async () => {
      const last = new Map(steps.map((step) => [nameOf(tier.name, step.coverage), step]))
      const places = await this.#segments.write([...last.values()])
      const add = [...last].map(([file, { coverage }], i): SpoolEntry => {
        const { time, exporter } = coverage
        const { stored = [], isKnown = false } = this.#entries.get(file) ?? {}
        const now = places[i]!
        return { file, tier: tier.name, time, exporter, now, stored, isKnown, isSent: false }
      })
      const { sequence } = this.#segments
      try {
        await this.#commit(add, [], {
          sequence,
          ...this.#changed(withoutWritten(this.missing, add)),
        })
      } catch (error) {
        await this.#segments.discard(sequence)
        throw error
      }
      if (this.bytes > this.bytesMax) await this.#shrink()
    })
  }

  /** Waiting steps of one tier, oldest write first, with about `rowsMax` rows together. */
  nextGroup(rowsMax: number): SpoolEntry[] {
    const group: SpoolEntry[] = []
    let rows = 0
    for (const entry of this.#pending.values()) {
      if (group.length > 0 && entry.tier !== group[0]!.tier) continue
      if (group.length > 0 && rows + entry.now.rows > rowsMax) break
      group.push(entry)
      rows += entry.now.rows
    }
    return group
  }

  /** All steps of a tier in [from, to) that are here. */
  entriesIn({ tier, from, to }: { tier: Tier; from: number; to: number }): SpoolEntry[] {
    return [...this.#entries.values()].filter(
      (entry) => entry.tier === tier.name && entry.time >= from && entry.time < to,
    )
  }

  load(place: Place): Promise<StepRows | null> {
    return this.#segments.load(place)
  }

  /**
   * Notes, before sending, that the store may have these versions, and returns the steps as they
   * are now: a newer version may have come.
   */
  begin(group: readonly SpoolEntry[]): Promise<SpoolEntry[]> {
    return this.#next(async () => {
      const names = group.map(({ file }) => file).filter((file) => this.#pending.has(file))
      await this.#commit(
        names.flatMap((file) => {
          const entry = this.#entries.get(file)!
          const { now, stored } = entry
          const isNoted = stored.some((each) => isSame(each, now))
          return isNoted ? [] : [{ ...entry, stored: [...stored, now] }]
        }),
      )
      return names.map((file) => this.#entries.get(file)!)
    })
  }

  /** Notes that the store has exactly these versions of these steps, or has refused those that are too old. */
  finish(group: readonly SpoolEntry[], tooOld: readonly SpoolEntry[] = []): Promise<void> {
    return this.#next(() =>
      this.#commit(
        group.flatMap(({ file, now }) => {
          const entry = this.#entries.get(file)
          // A newer version may have come in the meantime: it waits its own turn.
          return entry
            ? [{ ...entry, stored: [now], isKnown: true, isSent: isSame(entry.now, now) }]
            : []
        }),
        [],
        {},
        { refusedByRetention: rowsOf(tooOld) },
      ),
    )
  }

  /** Drops a step that the disk can no longer read. */
  lose(lost: SpoolEntry): Promise<void> {
    return this.#next(async () => {
      const entry = this.#entries.get(lost.file)
      if (!entry || !isSame(entry.now, lost.now)) return
      await this.#remove([entry], entry.time + 1)
    })
  }

  /** Drops sent steps that end before a time (unix ms). */
  forget(tier: Tier, before: number): Promise<void> {
    return this.#next(async () => {
      const gone = [...this.#entries.values()].filter(
        (entry) => entry.isSent && entry.tier === tier.name && entry.time + tier.stepMs <= before,
      )
      await this.#remove(gone, before)
    })
  }

  /** A tier's steps before a time (unix ms) are older than it keeps. */
  expire({ name }: Tier, before: number): Promise<void> {
    return this.#next(async () => {
      const changed = this.#changed(withoutExpired(this.missing, name, before))
      if ('missing' in changed) await this.#commit([], [], changed)
    })
  }

  /** Waits for writes in progress. */
  async close(): Promise<void> {
    await this.#work
    const { points, notTakenMs } = this
    const said = this.#manifest.commit({ set: { points, notTakenMs } })
    await Promise.allSettled([said, this.#manifest.close()])
    await said
    this.durablePoints = { ...points }
  }

  /**
   * Makes room: sent steps go first, then waiting ones, which are counted: of these the shortest,
   * because a long one takes as much space and is kept for longer; the oldest first.
   */
  async #shrink(): Promise<void> {
    const byWorth = [...this.#entries.values()]
      .map((entry) => ({ entry, worth: entry.isSent ? 0 : stepMsOf(entry.tier) }))
      .sort((a, b) => a.worth - b.worth || a.entry.time - b.entry.time)
    const gone: SpoolEntry[] = []
    let { bytes } = this
    let wholeFrom = this.wholeFrom
    for (const { entry } of byWorth) {
      if (bytes <= this.bytesMax) break
      gone.push(entry)
      for (const place of placesOf(entry)) bytes -= place.length
      wholeFrom = Math.max(wholeFrom, entry.time + 1)
    }
    await this.#remove(gone, wholeFrom)
  }

  async #remove(gone: readonly SpoolEntry[], wholeFrom: number): Promise<void> {
    if (gone.length === 0) return
    const dropped = gone.filter(({ isSent }) => !isSent)
    await this.#commit(
      [],
      gone,
      {
        wholeFrom: Math.max(this.wholeFrom, wholeFrom),
        ...this.#changed(withDropped(this.missing, dropped)),
      },
      { dropped: rowsOf(dropped) },
    )
  }

  #changed(missing: MissingTime): { missing?: MissingTime } {
    return missing === this.missing ? {} : { missing }
  }

  /** Makes a change durable, then visible and counted, then deletes files no longer in use. */
  async #commit(
    add: readonly SpoolEntry[],
    remove: readonly SpoolEntry[] = [],
    set: Record<string, unknown> = {},
    { dropped = 0, refusedByRetention = 0 }: Partial<PointCounts> = {},
  ): Promise<void> {
    const nowMs = this.#now()
    const count = (to: Counted) => {
      to.points.dropped += dropped
      countNotTaken(to, { reason: 'refusedByRetention', points: refusedByRetention, nowMs })
    }
    const counted = { points: { ...this.points }, notTakenMs: { ...this.notTakenMs } }
    count(counted)
    await this.#manifest.commit({
      add,
      remove: remove.map(({ file }) => file),
      set: { ...set, ...counted },
    })
    count(this)
    this.durablePoints = counted.points
    const old = [...add, ...remove].flatMap(({ file }) => this.#entries.get(file) ?? [])
    this.#segments.hold(add.flatMap(placesOf))
    for (const entry of add) this.#take(entry)
    for (const { file } of remove) {
      this.#entries.delete(file)
      this.#pending.delete(file)
    }
    await this.#segments.release(old.flatMap(placesOf))
  }

  #take(entry: SpoolEntry): void {
    this.#entries.set(entry.file, entry)
    if (entry.isSent) this.#pending.delete(entry.file)
    else this.#pending.set(entry.file, entry)
  }

  #next<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => undefined)
    return done
  }
}
