/**
 * The incidents of a data folder, stored durably: one line per transaction, like the manifests of files.
 */
import { join } from 'node:path'

import { inOrderOfNames, isSameEvent, type Incident } from '../../flow/incident/incident.ts'
import { Manifest } from '../manifest/manifest.ts'
import { ManifestReader } from '../manifest/reader.ts'

/** Incidents kept; if there are more, the newest. */
const incidentsMax = 10_000
/** An event that begins this soon after an incident may belong to it. */
const nearMs = 600_000
/** One that is longer is not judged again as a whole: it is kept as it was, until its end is found. */
const longMs = 12 * 3_600_000

interface Entry {
  /** The incident's id: the manifest identifies entries by it. */
  file: string
  incident: Incident
}

/** The findings of [from, to), unix ms. */
export interface Verdict {
  from: number
  to: number
  found: readonly Incident[]
  /** False if there were too many flows to judge. */
  isWhole: boolean
  /** Exporters judged; absent: all. */
  exporters?: readonly string[] | undefined
  /** The other exporters are judged later, when their flows have arrived. */
  isPartial?: boolean | undefined
}

/** A source of incidents. */
export interface IncidentSource {
  /** The incidents that overlap [from, to) (unix ms), newest first. */
  between(from: number, to: number): Promise<Incident[]>
}

/** Incidents shared by several collectors. */
export interface SharedIncidents extends IncidentSource {
  /** Adds incidents, replacing those with the same exporter and id, and removes others. */
  change(add: readonly Incident[], remove: readonly Incident[]): Promise<void>
  close(): Promise<void>
}

function pathOf(data: string): string {
  return join(data, 'incidents', 'manifest.jsonl')
}

/** The one writer's side. If collectors share their incidents, only the list of pending intervals is kept here. */
export class IncidentLedger {
  readonly #manifest: Manifest<Entry>
  readonly #shared: SharedIncidents | null

  private constructor(manifest: Manifest<Entry>, shared: SharedIncidents | null) {
    this.#manifest = manifest
    this.#shared = shared
  }

  static async open(data: string, shared: SharedIncidents | null = null): Promise<IncidentLedger> {
    return new IncidentLedger(await Manifest.open<Entry>(pathOf(data)), shared)
  }

  /** The incidents of a time, in no particular order. */
  async incidents({ from, to } = { from: -8.64e15, to: 8.64e15 }): Promise<readonly Incident[]> {
    if (this.#shared) return this.#shared.between(from, to)
    return this.#local().filter((each) => each.from < to && each.to > from)
  }

  /** Intervals (unix ms) still to be judged. */
  pending(): readonly number[] {
    return this.#manifest.value<number[]>('pending') ?? []
  }

  /**
   * The time to look at for a span: an incident that crosses its ends, or that it may continue, is judged
   * again as a whole, unless that incident begins too long before or ends too long after.
   */
  async reachOf({ from, to }: { from: number; to: number }): Promise<{ from: number; to: number }> {
    const near = (await this.incidents({ from: from - nearMs - 1, to })).filter(
      (each) => each.to >= from - nearMs && each.from >= from - longMs && each.to <= to + longMs,
    )
    return near.reduce(
      (reach, each) => ({ from: Math.min(reach.from, each.from), to: Math.max(reach.to, each.to) }),
      { from, to },
    )
  }

  /** Adds intervals to the list and takes others off, durably. */
  async addPending(intervals: readonly number[], off: readonly number[] = []): Promise<void> {
    await this.#manifest.commit(() => {
      const before = new Set(this.pending())
      const pending = before.union(new Set(intervals)).difference(new Set(off))
      if (pending.size === before.size && pending.isSubsetOf(before)) return null
      return { set: { pending: [...pending].sort((a, b) => a - b) } }
    })
  }

  /**
   * Records that [from, to) has been judged and takes it off the list, but for the intervals to be judged again: the
   * findings replace the incidents stored there (unless it could not be judged whole), and a known incident keeps its
   * id, so that its address stays valid.
   */
  async judged(verdict: Verdict, isAgain = (_interval: number) => false): Promise<void> {
    const { from, to, found } = verdict
    const reach = found.reduce(
      (all, each) => ({ from: Math.min(all.from, each.from), to: Math.max(all.to, each.to) }),
      { from, to },
    )
    const isLeft = (each: number) => each < from || each >= to || isAgain(each)
    if (this.#shared) await this.#share()
    const { add, remove } = settle(await this.incidents(reach), verdict)
    if (this.#shared) {
      await this.#shared.change(add, remove)
      await this.#manifest.commit(() => ({ set: { pending: this.pending().filter(isLeft) } }))
      return
    }
    await this.#manifest.commit(() => ({
      add: add.map((incident): Entry => ({ file: incident.id, incident })),
      remove: [...remove.map(({ id }) => id), ...this.#tooMany(add.length)],
      set: { pending: this.pending().filter(isLeft) },
    }))
  }

  /** Adds incidents stored elsewhere; a known one is replaced. */
  async addAll(incidents: readonly Incident[]): Promise<void> {
    await this.#manifest.commit({
      add: incidents.map((incident): Entry => ({ file: incident.id, incident })),
    })
  }

  close(): Promise<void> {
    return this.#manifest.close()
  }

  /** Also shares the incidents found before incidents were shared. */
  async #share(): Promise<void> {
    const local = this.#local()
    if (local.length === 0) return
    await this.#shared!.change(local, [])
    await this.#manifest.commit({ remove: local.map(({ id }) => id) })
  }

  #local(): Incident[] {
    return this.#manifest.entries().map(({ incident }) => incident)
  }

  #tooMany(added: number): string[] {
    const local = this.#local()
    const over = local.length + added - incidentsMax
    if (over <= 0) return []
    return local
      .sort((a, b) => a.from - b.from)
      .slice(0, over)
      .map(({ id }) => id)
  }
}

/** The changes that a verdict makes to the known incidents of its time. */
function settle(
  known: readonly Incident[],
  { from, to, found, isWhole, exporters }: Verdict,
): { add: Incident[]; remove: Incident[] } {
  const judged = known.filter(({ exporter }) => exporters?.includes(exporter) ?? true)
  const isSeen = (each: Incident) => isWhole && each.from >= from - longMs && each.to <= to + longMs
  const before = judged.filter((each) => each.from < to && each.to > from && isSeen(each))
  const touching = judged.filter((each) => found.some((one) => isSameEvent(one, each)))
  const replaced = [...new Set([...before, ...touching])]
  const taken = new Set<string>()
  const add = found.map((incident) => {
    const same = replaced.find((each) => isSameEvent(each, incident) && !taken.has(each.id))
    const id = same?.id ?? incident.id
    taken.add(id)
    // Of one that was not read from its beginning, the beginning is known from before.
    const begin = incident.isOpenStart
      ? Math.min(incident.from, same?.from ?? incident.from)
      : incident.from
    return { ...incident, id, from: begin }
  })
  return { add, remove: replaced.filter(({ id }) => !taken.has(id)) }
}

/** A reader's side: any process may follow the ledger while it is being written. */
export class IncidentReader implements IncidentSource {
  readonly #reader: ManifestReader<Entry>

  constructor(data: string) {
    this.#reader = new ManifestReader(pathOf(data))
  }

  async between(from: number, to: number): Promise<Incident[]> {
    const entries = await this.#reader.entries()
    return entries
      .map(({ incident }) => incident)
      .filter((each) => each.from < to && each.to > from)
      .sort((a, b) => b.from - a.from || inOrderOfNames(a, b))
  }
}
