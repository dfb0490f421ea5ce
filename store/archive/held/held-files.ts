/**
 * Files whose flows are held as columns, so that a page's queries on a short window (some series,
 * some tops, each zoom and switch) are computed in memory instead of reading files with SQL, which
 * takes five times as long. A file never changes under its name.
 */
import type { FlowColumns } from '../../../flow/columns.ts'
import { bytesOf, packetsOf } from '../../../flow/filter/measures.ts'
import { Bindings } from '../sql/bindings.ts'
import { columnsOf } from '../sql/chunk-columns.ts'
import { archiveColumns } from '../columns.ts'
import type { Session } from '../sql/query-engine.ts'

/** The most rows held, about 80 bytes each, and how long an unused file is kept. */
const usualBounds = { rowsMax: 400_000, keptMs: 300_000 }

/** Flows, and by row their times (unix ms; none ends before it begins) and scaled counts. */
export interface TimedFlows {
  readonly flows: FlowColumns
  readonly first: Float64Array
  readonly last: Float64Array
  readonly bytes: Float64Array
  readonly packets: Float64Array
}

/** The flows of a file, in memory shared between threads. */
export interface HeldFlows extends TimedFlows {
  /** The larger of the sums of bytes and packets, as doubles. */
  most: number
}

interface Held {
  readonly flows: Promise<HeldFlows>
  rows: number
  timer: NodeJS.Timeout
}

/** All flows of a file, in memory shared between threads. */
type Read = (path: string) => Promise<FlowColumns>

export class HeldFiles {
  readonly #read: Read
  readonly #bounds: typeof usualBounds
  readonly #onEvict: (flows: HeldFlows) => void
  /** By path, least recently used first. */
  readonly #files = new Map<string, Held>()

  /** `onEvict` is called with files that are no longer held. */
  constructor(
    read: Read,
    {
      onEvict = () => {},
      ...bounds
    }: Partial<typeof usualBounds> & { onEvict?: (flows: HeldFlows) => void } = {},
  ) {
    this.#read = read
    this.#onEvict = onEvict
    this.#bounds = { ...usualBounds, ...bounds }
  }

  /** The flows of a file, never modified. @throws what reading it throws */
  take(path: string): Promise<HeldFlows> {
    const held = this.#files.get(path) ?? this.#begin(path)
    this.#files.delete(path)
    this.#files.set(path, held)
    held.timer.refresh()
    return held.flows
  }

  /** Whether a file is held or being read. */
  has(path: string): boolean {
    return this.#files.has(path)
  }

  /** Releases all files. */
  close(): void {
    for (const path of this.#files.keys()) this.#evict(path)
  }

  #begin(path: string): Held {
    const flows = this.#read(path).then((columns) => heldFlows(columns))
    const timer = setTimeout(() => this.#evict(path), this.#bounds.keptMs).unref()
    const held: Held = { flows, rows: 0, timer }
    flows.then(
      ({ flows: { count } }) => {
        held.rows = count
        this.#bound()
      },
      () => this.#evict(path),
    )
    return held
  }

  #bound(): void {
    let rows = [...this.#files.values()].reduce((sum, held) => sum + held.rows, 0)
    for (const [path, held] of this.#files) {
      if (rows <= this.#bounds.rowsMax) return
      rows -= held.rows
      this.#evict(path)
    }
  }

  #evict(path: string): void {
    const held = this.#files.get(path)
    if (!held) return
    clearTimeout(held.timer)
    this.#files.delete(path)
    held.flows.then(this.#onEvict, () => undefined)
  }
}

/** All flows of a file, by SQL. Most columns are all 0 according to the footer, and are not read. */
export async function flowsOf(session: Session, path: string): Promise<FlowColumns> {
  const bindings = new Bindings()
  const file = bindings.texts([path])
  const footer = await session.chunks(zeroColumnsSql(file), bindings)
  const zeros = new Set(footer.flatMap((chunk) => chunk.getColumnValues(0)))
  // Even with a duration of 0, the end is not 0.
  const selected = archiveColumns.filter(({ name, isDuration }) => isDuration || !zeros.has(name))
  const list = selected.map(({ toFlow }) => toFlow).join(', ')
  const chunks = await session.chunks(`SELECT ${list} FROM read_parquet(${file})`, bindings)
  return columnsOf(chunks, selected)
}

/** Flows in memory shared between threads, with the columns that every query needs. */
export function heldFlows(flows: FlowColumns): HeldFlows {
  const { count, samplingInterval, flowStartMilliseconds, flowEndMilliseconds } = flows
  const last = flowEndMilliseconds
  for (let row = 0; row < count; row++)
    if (last[row]! < flowStartMilliseconds[row]!) last[row] = flowStartMilliseconds[row]!
  const isSampled = samplingInterval.some((rate) => rate !== 1)
  const scaled = (of: (columns: FlowColumns, row: number) => number) => {
    const values = new Float64Array(new SharedArrayBuffer(8 * count))
    for (let row = 0; row < count; row++) values[row] = of(flows, row)
    return values
  }
  const bytes = isSampled ? scaled(bytesOf) : flows.octetDeltaCount
  const packets = isSampled ? scaled(packetsOf) : flows.packetDeltaCount
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
  const most = Math.max(sum(bytes), sum(packets))
  return { flows, first: flowStartMilliseconds, last, bytes, packets, most }
}

/** SQL for the names of columns that are all 0 by the footers of files; those without statistics are not named. */
function zeroColumnsSql(files: string): string {
  return `SELECT path_in_schema AS name FROM parquet_metadata(${files}) GROUP BY name
    HAVING count(*) = count(stats_min_value) AND count(*) = count(stats_max_value)
      AND bool_and(stats_min_value = '0' AND stats_max_value = '0')`
}
