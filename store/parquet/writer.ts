/**
 * The one writer of the series' files. A write makes the files of the periods that it touches again,
 * with the rows of the steps replaced, and then one transaction of the manifest puts all the new
 * files in the place of the old ones: a reader sees the steps as they were or as they are.
 */
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { DuckDBConnection } from '@duckdb/node-api'

import type { Tier } from '../../flow/interval.ts'
import type { Manifest } from '../manifest.ts'
import type { StepRows } from '../series.ts'
import { literal } from './engine.ts'
import {
  columnsOf,
  isConsolidated,
  openPeriod,
  sortedBy,
  tableNames,
  type Period,
  type SeriesEntry,
  type TableName,
} from './layout.ts'
import { covers, placeSteps, unsettledPeriod } from './placing.ts'
import { make, publish } from './publish.ts'
import { Staging, stagedSql } from './staging.ts'

/** Replaced files are kept this long for readers of an older manifest. */
const replacedKeepMs = 600_000

const everything = { from: -8.64e15, to: 8.64e15 }

/** What the manifest keeps beside its entries. */
export interface SeriesValues {
  /** Number of the newest transaction that made files; part of their names. */
  sequence?: number
  /** What lies before is expired, unix ms by tier name. */
  expired?: Record<string, number>
  /** Files no longer listed, and since when (unix ms). */
  replaced?: { file: string; at: number }[]
}

/** A file to make in the place of others. */
interface Making {
  tier: Tier
  period: Period
  table: TableName
  old: readonly SeriesEntry[]
  source: string
  comparesSums?: boolean
}

/** Files made and files to go, until the manifest's transaction. */
interface Change {
  add: SeriesEntry[]
  remove: string[]
}

export class SeriesWriter {
  readonly #folder: string
  readonly #manifest: Manifest<SeriesEntry>
  readonly #connection: DuckDBConnection
  readonly #staging: Staging
  readonly #now: () => number

  constructor(
    folder: string,
    parts: { manifest: Manifest<SeriesEntry>; connection: DuckDBConnection; now: () => number },
  ) {
    this.#folder = folder
    this.#manifest = parts.manifest
    this.#connection = parts.connection
    this.#staging = new Staging(parts.connection)
    this.#now = parts.now
  }

  /** See SeriesStore.write. Of two equal (exporter, step)s the later counts. */
  async write(tier: Tier, given: readonly StepRows[]): Promise<void> {
    const steps = [
      ...new Map(
        given.map((step) => [`${step.coverage.time} ${step.coverage.exporter}`, step]),
      ).values(),
    ]
    const coarse = isConsolidated(tier)
    await this.#staging.hold(steps, coarse)
    await this.#connection.run(
      `CREATE OR REPLACE TEMP TABLE replaced AS
       SELECT exporter, time FROM (${stagedSql('coverage', coarse, everything)})`,
    )
    const times = [...new Set(steps.map(({ coverage }) => coverage.time))]
    const filled = new Set<TableName>(['coverage'])
    for (const step of steps)
      for (const rows of step.measurements) if (rows.count > 0) filled.add(rows.measurement)
    const periods = placeSteps(tier, times, this.#manifest.entries())
    await this.#transact(
      async (change) => {
        for (const period of periods)
          for (const table of tableNames) {
            const old = this.#entriesIn(tier, period, table)
            if (old.length > 0 || filled.has(table))
              await this.#make(change, {
                tier,
                period,
                table,
                old,
                source: this.#sourceOf(tier, { period, table, old }),
              })
          }
      },
      lowered(this.#values('expired') ?? {}, tier, Math.min(...times)),
    )
  }

  /** Joins the files of settled periods of a tier, a period a transaction. */
  async settle(tier: Tier): Promise<void> {
    for (;;) {
      const period = unsettledPeriod(tier, this.#manifest.entries())
      if (!period) return
      await this.#transact(async (change) => {
        for (const table of tableNames) {
          const old = this.#entriesIn(tier, period, table)
          const source = sorted(`SELECT * FROM read_parquet(${this.#list(old)})`, table)
          if (old.length > 0)
            await this.#make(change, { tier, period, table, old, source, comparesSums: true })
        }
      })
    }
  }

  /** See SeriesStore.expire: nothing before `before` is given any more; files wholly before it go. */
  async expire(tier: Tier, before: number): Promise<void> {
    const expired = this.#values('expired') ?? {}
    if ((expired[tier.name] ?? Number.NEGATIVE_INFINITY) < before) {
      const remove = this.#manifest
        .entries()
        .filter((entry) => entry.tier === tier.name && entry.last < before)
        .map(({ file }) => file)
      const set = { expired: { ...expired, [tier.name]: before }, replaced: this.#gone(remove) }
      await this.#manifest.commit({ remove, set })
    }
    await this.#deleteReplaced()
  }

  /** Takes an unreadable file away, as NAME.bad, and the coverage of its period, so that a gap shows. */
  async leaveOut(bad: SeriesEntry): Promise<void> {
    const entries = this.#manifest.entries()
    const coverage = entries.filter(
      (entry) =>
        entry.tier === bad.tier &&
        entry.table === 'coverage' &&
        entry.file !== bad.file &&
        entry.from < bad.to &&
        entry.to > bad.from,
    )
    const dropped = coverage.map(({ file }) => file)
    await this.#manifest.commit({
      remove: [bad.file, ...dropped],
      set: { replaced: this.#gone(dropped) },
    })
    const path = join(this.#folder, bad.file)
    // A file that is missing altogether cannot be put aside.
    await rename(path, `${path}.bad`).catch(() => undefined)
  }

  /** Runs `work`, which makes files, and commits them; where it fails, what it made is removed. */
  async #transact(
    work: (change: Change) => Promise<void>,
    set: Partial<SeriesValues> = {},
  ): Promise<void> {
    const change: Change = { add: [], remove: [] }
    try {
      await work(change)
      await publish(
        this.#folder,
        change.add.map(({ file }) => file),
      )
      const sequence = this.#sequence()
      const replaced = this.#gone(change.remove)
      await this.#manifest.commit({ ...change, set: { ...set, sequence, replaced } })
    } catch (error) {
      for (const { file } of change.add) await rm(join(this.#folder, file), { force: true })
      throw error
    }
    await this.#deleteReplaced()
  }

  async #make(change: Change, what: Making): Promise<void> {
    const { tier, period, table, old, source, comparesSums = false } = what
    const name = `${period.label}-${this.#sequence().toString(36)}.parquet`
    const file = `${tier.name}/${table}/${name}`
    const made = await make(this.#connection, {
      folder: this.#folder,
      file,
      table,
      source,
      comparesSums,
    })
    const { from, to } = period
    if (made) change.add.push({ file, tier: tier.name, table, from, to, ...made })
    change.remove.push(...old.map((entry) => entry.file))
  }

  /** The rows of a period: the stored ones of steps that are not replaced, and the new ones. */
  #sourceOf(
    tier: Tier,
    { period, table, old }: { period: Period; table: TableName; old: readonly SeriesEntry[] },
  ): string {
    const coarse = isConsolidated(tier)
    const names = columnsOf(table, coarse).map(({ name }) => name)
    const added = stagedSql(table, coarse, period)
    const kept = `SELECT ${names.join(', ')} FROM read_parquet(${this.#list(old)})
      ANTI JOIN replaced USING (exporter, time)`
    const all = old.length > 0 ? `${kept} UNION ALL ${added}` : added
    // A file that is made again with every write need not be in order; joining brings the order.
    return openPeriod(tier, period.from).to === period.to ? all : sorted(all, table)
  }

  #entriesIn(tier: Tier, period: Period, table: TableName): SeriesEntry[] {
    return this.#manifest
      .entries()
      .filter(
        (entry) => entry.tier === tier.name && entry.table === table && covers(period, entry.from),
      )
      .sort((a, b) => a.from - b.from)
  }

  #list(entries: readonly SeriesEntry[]): string {
    return `[${entries.map(({ file }) => literal(join(this.#folder, file))).join(', ')}]`
  }

  #values<Name extends keyof SeriesValues>(
    name: Name,
  ): NonNullable<SeriesValues[Name]> | undefined {
    return this.#manifest.value<NonNullable<SeriesValues[Name]>>(name)
  }

  /** The number of the transaction that is being made. */
  #sequence(): number {
    return (this.#values('sequence') ?? 0) + 1
  }

  #gone(files: readonly string[]): { file: string; at: number }[] {
    const at = this.#now()
    return [...(this.#values('replaced') ?? []), ...files.map((file) => ({ file, at }))]
  }

  async #deleteReplaced(): Promise<void> {
    const now = this.#now()
    const replaced = this.#values('replaced') ?? []
    // A clock that was set back must not keep files for ever.
    const due = replaced.filter(({ at }) => Math.abs(now - at) >= replacedKeepMs)
    if (due.length === 0) return
    for (const { file } of due) await rm(join(this.#folder, file), { force: true })
    const left = replaced.filter((each) => !due.includes(each))
    await this.#manifest.commit({ set: { replaced: left } })
  }
}

function sorted(sql: string, table: TableName): string {
  return `SELECT * FROM (${sql}) ORDER BY ${sortedBy(table).join(', ')}`
}

/** What is expired, when steps before that are written again: they count until the next expiry. */
function lowered(
  expired: Record<string, number>,
  tier: Tier,
  least: number,
): Partial<SeriesValues> {
  const bound = expired[tier.name]
  return bound === undefined || bound <= least
    ? {}
    : { expired: { ...expired, [tier.name]: least } }
}
