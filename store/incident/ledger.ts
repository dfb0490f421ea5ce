/** The incidents of a data folder, kept durably: one line a transaction, as the manifests of files are. */
import { join } from 'node:path'

import type { Incident } from '../../flow/incident/incident.ts'
import { Manifest, ManifestReader } from '../manifest.ts'

/** Incidents that are kept; of more, the newest. */
const incidentsMax = 10_000
/** What begins so soon after an incident may be more of it. */
const nearMs = 600_000
const longMs = 6 * 3_600_000

interface Entry {
  /** The incident's id: what a manifest tells its entries apart by. */
  file: string
  incident: Incident
}

/** What was found in [from, to), unix ms. */
export interface Verdict {
  from: number
  to: number
  found: readonly Incident[]
  /** False where there were too many flows to be judged. */
  isWhole: boolean
}

function pathOf(data: string): string {
  return join(data, 'incidents', 'manifest.jsonl')
}

/** The one writer's side. */
export class IncidentLedger {
  readonly #manifest: Manifest<Entry>

  private constructor(manifest: Manifest<Entry>) {
    this.#manifest = manifest
  }

  static async open(data: string): Promise<IncidentLedger> {
    return new IncidentLedger(await Manifest.open<Entry>(pathOf(data)))
  }

  /** All incidents, in no order. */
  incidents(): readonly Incident[] {
    return this.#manifest.entries().map(({ incident }) => incident)
  }

  /** Intervals (unix ms) that are still to be judged. */
  pending(): readonly number[] {
    return this.#manifest.value<number[]>('pending') ?? []
  }

  /**
   * From when on a span has to be looked at: an incident that it may be the continuation of is
   * judged again from its beginning, unless that is long ago.
   */
  beginOf({ from, to }: { from: number; to: number }): number {
    return this.incidents()
      .filter((each) => each.from < to && each.to >= from - nearMs && each.from >= from - longMs)
      .reduce((least, each) => Math.min(least, each.from), from)
  }

  /** Puts intervals on the list, durably. */
  async await(intervals: readonly number[]): Promise<void> {
    const pending = new Set([...this.pending(), ...intervals])
    if (pending.size === this.pending().length) return
    await this.#manifest.commit({ set: { pending: [...pending].sort((a, b) => a - b) } })
  }

  /**
   * Says that [from, to) has been judged and takes it off the list: what was found replaces what
   * stood there (unless it could not be judged whole), and an incident that was known keeps its id,
   * so that its address stays valid.
   */
  async judged({ from, to, found, isWhole }: Verdict): Promise<void> {
    const before = this.incidents().filter((known) => isWhole && known.from < to && known.to > from)
    const touching = this.incidents().filter((known) => found.some((each) => isSame(each, known)))
    const replaced = new Set([...before, ...touching])
    const taken = new Set<string>()
    const add = found.map((incident): Entry => {
      const known = [...replaced].find((each) => isSame(each, incident) && !taken.has(each.id))
      const id = known?.id ?? incident.id
      taken.add(id)
      return { file: id, incident: { ...incident, id } }
    })
    const kept = new Set(add.map(({ file }) => file))
    const remove = [...replaced].map(({ id }) => id).filter((id) => !kept.has(id))
    const pending = this.pending().filter((interval) => interval < from || interval >= to)
    await this.#manifest.commit({
      add,
      remove: [...remove, ...this.#tooMany(add.length)],
      set: { pending },
    })
  }

  close(): Promise<void> {
    return this.#manifest.close()
  }

  #tooMany(added: number): string[] {
    const over = this.incidents().length + added - incidentsMax
    if (over <= 0) return []
    return [...this.incidents()]
      .sort((a, b) => a.from - b.from)
      .slice(0, over)
      .map(({ id }) => id)
  }
}

/** Whether two incidents are the same event, judged at different times. */
function isSame(a: Incident, b: Incident): boolean {
  return a.exporter === b.exporter && a.from < b.to && b.from < a.to
}

/** A reader's side: any process may follow the ledger while it is written. */
export class IncidentReader {
  readonly #reader: ManifestReader<Entry>

  constructor(data: string) {
    this.#reader = new ManifestReader(pathOf(data))
  }

  /** The incidents any part of which lies in [from, to) (unix ms), newest first. */
  async between(from: number, to: number): Promise<Incident[]> {
    const entries = await this.#reader.entries()
    return entries
      .map(({ incident }) => incident)
      .filter((each) => each.from < to && each.to > from)
      .sort((a, b) => b.from - a.from)
  }
}
