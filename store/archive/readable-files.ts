/**
 * The files that a query reads: those in the manifest whose times touch the window. An unreadable
 * file is left out and reported, and the rest is answered.
 */
import { join } from 'node:path'

import { leftOutBecause, mayRead, noPermission } from '../disk/file-fault.ts'
import { ManifestReader } from '../manifest/reader.ts'
import type { FlowWindow, LeftOut } from '../flows.ts'
import { Bindings } from './sql/bindings.ts'
import { manifestName, unreadableTime, type ArchiveEntry, type ArchiveValues } from './entry.ts'
import { EntryTimes } from './entry-times.ts'
import type { QueryEngine, Session } from './sql/query-engine.ts'
import { QueryTooLarge } from '../query-error.ts'

/** A file that could not be read is tried again after this long; one without permission as soon as there is. */
const retryMs = 300_000

/** The most flows that one query reads, whatever it keeps: about what two cores can do in its time. */
const rowsReadMax = 250_000_000

/** Sums of doubles up to here are exact, even if each flow counts at both ends. */
export const exactSumMax = 2 ** 51

interface Fault {
  message: string
  atMs: number
}

export class ReadableFiles {
  readonly #folder: string
  readonly #reader: ManifestReader<ArchiveEntry>
  /** By file; only files in the manifest. */
  readonly #faults = new Map<string, Fault>()
  #times: { of: readonly ArchiveEntry[]; times: EntryTimes } | null = null

  constructor(folder: string) {
    this.#folder = folder
    this.#reader = new ManifestReader(join(folder, manifestName))
  }

  entries(): Promise<readonly ArchiveEntry[]> {
    return this.#reader.entries()
  }

  /** The entries indexed by time, rebuilt when the manifest has changed. */
  async times(): Promise<EntryTimes> {
    const entries = await this.entries()
    if (this.#times?.of !== entries) this.#times = { of: entries, times: new EntryTimes(entries) }
    return this.#times.times
  }

  /** A value stored with a publish. */
  value<T>(name: string): Promise<T | undefined> {
    return this.#reader.value<T>(name)
  }

  get hasProblems(): boolean {
    return this.#faults.size > 0
  }

  /** Forgets files that may be read again. */
  #takeBack(): void {
    for (const [file, { message }] of this.#faults)
      if (message === noPermission && mayRead(join(this.#folder, file))) this.#faults.delete(file)
  }

  /** A sentence for each file (of those given, or all) that is left out. */
  problems(files?: ReadonlySet<string>): string[] {
    this.#takeBack()
    return [...this.#faults]
      .filter(([file]) => files?.has(file) ?? true)
      .map(
        ([file, { message }]) =>
          `archive file ${file} cannot be read and its flows are left out: ${message}`,
      )
  }

  /**
   * The intervals in which files were received that are left out or were put aside, of those that
   * may touch a window.
   */
  async unreadable(window: { from: number; to: number }): Promise<LeftOut[]> {
    this.#takeBack()
    const aside = (await this.value<ArchiveValues['unreadable']>('unreadable')) ?? []
    const listed = this.hasProblems ? await this.touching(window) : []
    return [...listed.filter(({ file }) => this.#faults.has(file)), ...aside]
      .flatMap((file) => unreadableTime(file) ?? [])
      .map((time) => ({ ...time, reason: 'unreadable' as const }))
      .filter(({ from, to }) => from < window.to && to > window.from)
  }

  /** Files whose flows may touch [from, to). */
  async touching(window: { from: number; to: number }): Promise<ArchiveEntry[]> {
    return (await this.times()).touching(window)
  }

  /**
   * Runs `work` with the files of a window, and again without any that prove unreadable. If no file
   * touches the window, the result is `none`.
   */
  async read<Result>(
    { engine, window, none }: { engine: QueryEngine; window: FlowWindow; none: Result },
    work: (session: Session, files: ArchiveFiles) => Promise<Result>,
  ): Promise<Result> {
    this.#takeBack()
    for (;;) {
      const entries = (await this.touching(window)).filter(({ file }) => !this.#isLeftOut(file))
      if (entries.length === 0) return none
      refuseTooLong(entries, window)
      try {
        const result = await engine.query(window.signal, (session) =>
          work(session, this.#filesOf(entries, window)),
        )
        // One that was tried again could be read.
        if (this.hasProblems) for (const { file } of entries) this.#faults.delete(file)
        return result
      } catch (error) {
        const isRefused =
          error instanceof QueryTooLarge || window.signal?.aborted || engine.isClosed
        if (isRefused || !(await this.#leaveOut(entries, engine))) throw error
      }
    }
  }

  #filesOf(entries: readonly ArchiveEntry[], { from, to }: FlowWindow): ArchiveFiles {
    const rows = sumOf(entries, 'rows')
    const isInside = ({ firstMin, lastMax }: ArchiveEntry) => firstMin >= from && lastMax < to
    const path = ({ file }: ArchiveEntry) => join(this.#folder, file)
    return {
      inside: entries.filter((entry) => isInside(entry)).map((entry) => path(entry)),
      edge: entries.filter((entry) => !isInside(entry)).map((entry) => path(entry)),
      begins: new Map(entries.map((entry) => [path(entry), entry.firstMin])),
      rows,
      most: Math.max(sumOf(entries, 'octets'), sumOf(entries, 'packets')),
      rowsWithin: entries.reduce((sum, entry) => sum + rowsWithin(entry, from, to), 0),
    }
  }

  #isLeftOut(file: string): boolean {
    const fault = this.#faults.get(file)
    if (fault === undefined) return false
    return fault.message === noPermission || fault.atMs + retryMs > performance.now()
  }

  /** Leaves out files that have become unreadable; false if all can be read. */
  async #leaveOut(entries: readonly ArchiveEntry[], engine: QueryEngine): Promise<boolean> {
    const current = new Set((await this.entries()).map(({ file }) => file))
    for (const file of this.#faults.keys()) if (!current.has(file)) this.#faults.delete(file)
    const held = entries.filter(({ file }) => current.has(file))
    let isChanged = held.length < entries.length
    // Footers first: most broken files are truncated, and reading whole files takes long.
    for (const probe of [probes.footer, probes.whole]) {
      if (isChanged) break
      for (const { file } of held) {
        const message = await this.#fault(file, probe, engine)
        if (message === null) continue
        this.#faults.set(file, { message, atMs: performance.now() })
        isChanged = true
      }
    }
    return isChanged
  }

  async #fault(file: string, probe: string, engine: QueryEngine): Promise<string | null> {
    const bindings = new Bindings()
    const path = join(this.#folder, file)
    const sql = probe.replace('$file', bindings.texts([path]))
    const read = () => engine.query(undefined, (session) => session.read(sql, bindings))
    const fault = await leftOutBecause(path, read)
    // A stopped query says nothing about the file.
    if (fault !== null && engine.isClosed) throw new Error(fault)
    return fault
  }
}

/** The files of a query, by absolute path. */
export interface ArchiveFiles {
  /** Files whose flows all lie within the window. */
  inside: readonly string[]
  /** Files with flows that may extend beyond it or lie outside. */
  edge: readonly string[]
  /** By path, a time before which no flow of it begins, unix ms. */
  begins: ReadonlyMap<string, number>
  /** All flows in them. */
  rows: number
  /** The larger of the sums of their bytes and packets, scaled by sampling. */
  most: number
  /** The estimated number received in the window, from the share of each file's time that lies in it. */
  rowsWithin: number
  /** A table of the flows that belong and pass the filter, replacing the files: see sql/openings.ts. */
  table?: string
}

function sumOf(entries: readonly ArchiveEntry[], name: 'rows' | 'octets' | 'packets'): number {
  return entries.reduce((sum, entry) => sum + entry[name], 0)
}

function rowsWithin(entry: ArchiveEntry, from: number, to: number): number {
  const { rows, receivedFrom, receivedTo } = entry
  const within = Math.min(receivedTo + 1, to) - Math.max(receivedFrom, from)
  return rows * Math.max(0, within / (receivedTo + 1 - receivedFrom))
}

/** Refuses a window too long for any query, with its size and how much would be possible. */
function refuseTooLong(entries: readonly ArchiveEntry[], { from, to }: FlowWindow): void {
  const rows = sumOf(entries, 'rows')
  if (rows <= rowsReadMax) return
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const entry of entries) {
    first = Math.min(first, entry.firstMin)
    last = Math.max(last, entry.lastMax)
  }
  const heldMs = Math.max(1, Math.min(to, last) - Math.max(from, first))
  const hours = Math.max(1, Math.floor(((heldMs / 3_600_000) * rowsReadMax) / rows))
  throw new QueryTooLarge(
    `the window holds about ${rows.toLocaleString('en')} flows; one query reads at most ${rowsReadMax.toLocaleString('en')}`,
    `ask for at most about ${hours} hours, or, without a filter, for a series by host, port, protocol, interface, direction or exporter`,
    rows,
  )
}

const probes = {
  footer: 'SELECT count(*)::DOUBLE AS rows FROM read_parquet($file)',
  whole: 'SELECT max(hash(flow))::VARCHAR AS hash FROM read_parquet($file) flow',
}
