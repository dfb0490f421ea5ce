/** The flows around a time, as scenes by exporter: read once, in one go, from the archive. */
import type { NetworkSet } from '../../flow/address.ts'
import { FlowTables, type FlowTable } from '../../flow/incident/flow-table.ts'
import type { ExporterBreak } from '../../flow/incident/incident.ts'
import type { Grid } from '../../flow/incident/rates.ts'
import { Scene } from '../../flow/incident/scene.ts'
import { QueryTooLarge } from '../archive/query-error.ts'
import type { FlowStore } from '../flows.ts'

/** Flows that are held at once: 50 to 100 bytes each. */
const rowsMax = 2_000_000
/** What is read before and after a time, ms; less where there are too many flows. */
const margins = [
  { before: 900_000, after: 600_000 },
  { before: 180_000, after: 180_000 },
  { before: 0, after: 0 },
]

export interface SurroundingsQuery {
  flows: FlowStore
  local: NetworkSet
  /** unix ms */
  from: number
  to: number
  exporter?: string | undefined
  signal?: AbortSignal | undefined
}

export interface Surroundings {
  scenes: Scene[]
  /** What came before and after was read too; else there were too many flows. */
  isWhole: boolean
  breaks: readonly ExporterBreak[]
}

/**
 * The scenes of a time with what came before and after it.
 * @throws QueryTooLarge where even the time alone holds too many flows
 */
export async function readSurroundings(query: SurroundingsQuery): Promise<Surroundings> {
  const breaks = (await query.flows.breaks?.()) ?? []
  for (const margin of margins) {
    try {
      return { scenes: await readScenes(query, margin), breaks, isWhole: margin === margins[0] }
    } catch (error) {
      if (!(error instanceof QueryTooLarge) || margin === margins.at(-1)) throw error
    }
  }
  return { scenes: [], breaks, isWhole: false }
}

async function readScenes(
  { flows, local, exporter, signal, ...time }: SurroundingsQuery,
  margin: { before: number; after: number },
): Promise<Scene[]> {
  const from = Math.floor((time.from - margin.before) / 1000) * 1000
  const to = Math.ceil((time.to + margin.after) / 1000) * 1000
  let tables = new FlowTables(local)
  await flows.scan?.({ from, to, exporter, rowsMax, signal }, () => {
    tables = new FlowTables(local)
    return (batch) => tables.add(batch)
  })
  return tables.tables.map((table) => new Scene(table, gridOf(table, { from, to })))
}

/**
 * The whole seconds of a time for which packets were told of: what lies before the first and behind
 * the last of them is not known, and no silence.
 */
function gridOf({ first, last, count }: FlowTable, time: { from: number; to: number }): Grid {
  let least = time.to
  let most = time.from
  for (let row = 0; row < count; row++) {
    least = Math.min(least, first[row]!)
    most = Math.max(most, last[row]!)
  }
  const from = Math.max(time.from, Math.floor(least / 1000) * 1000)
  const to = Math.min(time.to, Math.ceil((most + 1) / 1000) * 1000)
  return { from, seconds: Math.max(1, (to - from) / 1000) }
}
