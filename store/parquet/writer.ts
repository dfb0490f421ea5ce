/**
 * The one writer of the series' files. A write makes the files of all periods it touches again, with
 * the rows of its steps replaced; then one transaction of the manifest replaces the old files by the
 * new ones: a reader sees the steps either as they were or as they are.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { DuckDBConnection } from '@duckdb/node-api'

import type { Tier } from '../../flow/interval.ts'
import type { StepRows } from '../series.ts'
import { isConsolidated } from '../shape.ts'
import { literal } from '../sql-literal.ts'
import {
  columnsOf,
  openPeriod,
  sortedBy,
  tableNames,
  type Period,
  type SeriesEntry,
  type TableName,
} from './layout.ts'
import type { Change, Effect, Listing } from './listing.ts'
import { placeSteps } from './placing.ts'
import { make, publish } from './publish.ts'
import { Staging, stagedSql } from './staging.ts'

const everything = { from: -8.64e15, to: 8.64e15 }

/** A file to make in place of others. */
interface Making {
  tier: Tier
  period: Period
  table: TableName
  old: readonly SeriesEntry[]
  source: string
  comparesSums?: boolean
}

export class SeriesWriter {
  readonly #folder: string
  readonly #listing: Listing
  readonly #connection: DuckDBConnection
  readonly #staging: Staging

  constructor(folder: string, listing: Listing, connection: DuckDBConnection) {
    this.#folder = folder
    this.#listing = listing
    this.#connection = connection
    this.#staging = new Staging(connection)
  }

  /** See SeriesStore.write. Of two entries for the same (exporter, step) the later counts. */
  async write(tier: Tier, given: readonly StepRows[]): Promise<void> {
    const byStep = new Map(
      given.map((step) => [`${step.coverage.time} ${step.coverage.exporter}`, step]),
    )
    const steps = [...byStep.values()]
    const coarse = isConsolidated(tier)
    await this.#staging.hold(steps, coarse)
    await this.#connection.run(
      `CREATE OR REPLACE TEMP TABLE replaced AS
       SELECT exporter, time FROM (${stagedSql('coverage', coarse, everything)})`,
    )
    const filled = new Set<TableName>(['coverage'])
    for (const step of steps)
      for (const rows of step.measurements) if (rows.count > 0) filled.add(rows.measurement)
    const times = [...new Set(steps.map(({ coverage }) => coverage.time))]
    const periods = placeSteps(tier, times, this.#listing.entries())
    const makings: Making[] = []
    for (const period of periods)
      for (const table of tableNames) {
        const old = this.#listing.entriesIn(tier, table, period)
        if (old.length === 0 && !filled.has(table)) continue
        const source = this.#sourceOf(tier, { period, table, old })
        makings.push({ tier, period, table, old, source })
      }
    await this.#make(makings, { written: { tier, steps }, expired: this.#expiredWith(tier, times) })
  }

  /** Joins the files of a period of a tier, in one transaction. */
  async join(tier: Tier, period: Period): Promise<void> {
    const makings: Making[] = []
    for (const table of tableNames) {
      const old = this.#listing.entriesIn(tier, table, period)
      const source = sorted(`SELECT * FROM read_parquet(${this.#list(old)})`, table)
      if (old.length > 0) makings.push({ tier, period, table, old, source, comparesSums: true })
    }
    await this.#make(makings)
  }

  /**
   * See SeriesStore.expire: nothing before `before` is returned any more; files wholly before it are
   * removed.
   */
  async expire(tier: Tier, before: number): Promise<void> {
    const expired = this.#listing.expired()
    if ((expired[tier.name] ?? Number.NEGATIVE_INFINITY) >= before) {
      await this.#listing.deleteReplaced()
      return
    }
    const gone = this.#listing
      .entries()
      .filter((entry) => entry.tier === tier.name && entry.last < before)
    const change = { add: [], remove: gone.map(({ file }) => file) }
    await this.#listing.commit(change, { expired: { ...expired, [tier.name]: before } })
  }

  /** Makes files and commits them; on failure the new files are removed. */
  async #make(makings: readonly Making[], effect?: Effect): Promise<void> {
    const change: Change = { add: [], remove: [] }
    const [folder, version] = [this.#folder, this.#listing.sequence.toString(36)]
    try {
      for (const { tier, period, table, old, source, comparesSums = false } of makings) {
        const file = `${tier.name}/${table}/${period.label}-${version}.parquet`
        const what = { folder, file, table, source, comparesSums }
        const made = await make(this.#connection, what)
        const { from, to } = period
        if (made) change.add.push({ file, tier: tier.name, table, from, to, ...made })
        change.remove.push(...old.map((entry) => entry.file))
      }
      const files = change.add.map(({ file }) => file)
      await publish(folder, files)
      await this.#listing.commit(change, effect)
    } catch (error) {
      const listed = new Set(this.#listing.entries().map(({ file }) => file))
      for (const { file } of change.add)
        if (!listed.has(file)) await rm(join(folder, file), { force: true })
      throw error
    }
  }

  /** The rows of a period: stored ones of steps that are not replaced, and the new ones. */
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
    // A file rewritten with every write need not be sorted; joining sorts it.
    return openPeriod(tier, period.from).to === period.to ? all : sorted(all, table)
  }

  #list(entries: readonly SeriesEntry[]): string {
    return `[${entries.map(({ file }) => literal(join(this.#folder, file))).join(', ')}]`
  }

  /** If expired steps are written again, they count until the next expiry. */
  #expiredWith(tier: Tier, times: readonly number[]): Record<string, number> {
    const expired = this.#listing.expired()
    const bound = expired[tier.name]
    if (bound === undefined) return expired
    const least = times.reduce((a, b) => Math.min(a, b), bound)
    return { ...expired, [tier.name]: least }
  }
}

function sorted(sql: string, table: TableName): string {
  return `SELECT * FROM (${sql}) ORDER BY ${sortedBy(table).join(', ')}`
}
