/**
 * The flows around a time, as scenes by exporter, read once from the archive: all of them if they fit
 * in memory; otherwise they are counted in passing, and a sample is kept.
 */
import type { NetworkSet } from '../../flow/address.ts'
import { FlowTables, type FlowTable } from '../../flow/incident/flows/flow-table.ts'
import { wasAway, type ExporterBreak } from '../../flow/incident/incident.ts'
import { examine, type Examine, type Examined } from '../../flow/incident/find.ts'
import type { Grid } from '../../flow/incident/scene/rates.ts'
import { SampledScenes } from '../../flow/incident/scene/sampled-scenes.ts'
import type { Scene, SeenFlows } from '../../flow/incident/scene/scene.ts'
import type { Sensitivity } from '../../flow/incident/sensitivity.ts'
import { dropTranslated } from '../../flow/incident/flows/translated.ts'
import type { Tier } from '../../flow/interval.ts'
import { QueryTooLarge } from '../query-error.ts'
import type { FlowStore } from '../flows.ts'
import { hostsToFollow } from './followed.ts'
import type { HistoryStore } from './history.ts'

/** Limits on flows held, kept and read. */
interface RowLimits {
  /** Flows held at once: 50 to 100 bytes each. */
  held: number
  /** Flows kept as a sample if there are more; estimates from them are good to some parts per thousand. */
  kept: number
  /** Flows of an event's own hosts, all of which are held. */
  own: number
  /** Flows read for one verdict: less for someone who waits. */
  read: number
}

const defaultLimits: RowLimits = {
  held: 1_000_000,
  kept: 400_000,
  own: 2_000_000,
  read: 200_000_000,
}

/**
 * The time read before and after, ms, with at least this share of the length before it, because an event that
 * fills the window shows nothing usual to compare with; less on a busy network.
 */
const margins = [
  { before: 900_000, after: 600_000, ofLength: 0.5, rowsMax: 30_000_000 },
  { before: 420_000, after: 300_000, ofLength: 0.5, rowsMax: 80_000_000 },
  { before: 240_000, after: 180_000, ofLength: 0, rowsMax: Number.POSITIVE_INFINITY },
]
export interface SurroundingsQuery {
  flows: FlowStore
  series: HistoryStore
  /** The 5-minute tier. */
  tier: Tier
  local: NetworkSet
  /** unix ms */
  from: number
  to: number
  exporter?: string | undefined
  limits?: Partial<RowLimits> | undefined
  signal?: AbortSignal | undefined
  sensitivity: Sensitivity
  /** Where flows are examined; absent: in this thread. */
  examine?: Examine | undefined
}

interface Surroundings {
  /** By exporter. */
  examined: Examined[]
  breaks: readonly ExporterBreak[]
}

/**
 * The scenes of a time, with the time before and after it, and the events in them.
 * @throws QueryTooLarge if there are more flows than may be read
 */
export async function readSurroundings(query: SurroundingsQuery): Promise<Surroundings> {
  const breaks = (await query.flows.breaks?.()) ?? []
  const breaksOf = await breaksByExporter(query, breaks)
  const rowsIn = async (margin: (typeof margins)[number]) => {
    const time = timeOf(query, margin)
    return (await query.flows.extent(time.from, time.to)).rows
  }
  const [widest] = margins
  const { held, read } = limitsOf(query)
  // The manifest counts whole files, and only part of their flows lie in the time.
  if ((await rowsIn(widest!)) <= 2 * held)
    try {
      return { examined: await readAll(query, timeOf(query, widest!), breaksOf), breaks }
    } catch (error) {
      if (!(error instanceof QueryTooLarge)) throw error
    }
  for (const margin of margins) {
    const rows = await rowsIn(margin)
    if (rows > margin.rowsMax) continue
    if (rows > read && margin !== margins.at(-1)) continue
    if (rows > read)
      throw new QueryTooLarge(
        `the window holds about ${rows.toLocaleString('en')} flows; at most ${read.toLocaleString('en')} are looked at`,
        'ask for a shorter time, or for one exporter',
        rows,
      )
    return { examined: await readSampled(query, timeOf(query, margin), breaksOf), breaks }
  }
  return { examined: [], breaks }
}

/** The time to read, in whole seconds. */
function timeOf(
  { from, to }: { from: number; to: number },
  margin: { before: number; after: number; ofLength: number },
): { from: number; to: number } {
  const before = Math.max(margin.before, margin.ofLength * (to - from))
  return {
    from: Math.floor((from - before) / 1000) * 1000,
    to: Math.ceil((to + margin.after) / 1000) * 1000,
  }
}

function limitsOf({ limits }: SurroundingsQuery): RowLimits {
  return { ...defaultLimits, ...limits }
}

async function readAll(
  query: SurroundingsQuery,
  time: { from: number; to: number },
  breaksOf: BreaksOf,
): Promise<Examined[]> {
  const { flows, local, exporter, signal } = query
  let tables = new FlowTables(local)
  await flows.scan?.({ ...time, exporter, rowsMax: limitsOf(query).held, signal }, () => {
    tables = new FlowTables(local)
    return (batch) => tables.add(batch)
  })
  for (const table of tables.tables) {
    table.translated = dropTranslated(table)
    table.breaks = breaksOf(table.exporter).filter(wasAway)
  }
  const seen = tables.tables.map((table) => ({ table, grid: gridOf(table, time) }))
  return examineAll(query, seen, breaksOf)
}

/** One after the other: each takes as much memory again. */
async function examineAll(
  query: SurroundingsQuery,
  seen: readonly SeenFlows[],
  breaksOf: BreaksOf,
): Promise<Examined[]> {
  const { sensitivity, signal } = query
  const examined: Examined[] = []
  for (const each of seen) {
    const breaks = breaksOf(each.table.exporter)
    const one = await examineOf(query)(each, { sensitivity, breaks }, signal)
    // The scenes of all exporters are held at once, and the series of their hosts would take gigabytes.
    if (seen.length > 1) one.scene.release()
    examined.push(one)
  }
  return examined
}

function examineOf(query: SurroundingsQuery): Examine {
  return query.examine ?? examine
}

type BreaksOf = (exporter: string) => readonly ExporterBreak[]

/** The breaks of each exporter, and the times of which its flows cannot be read. */
async function breaksByExporter(
  query: SurroundingsQuery,
  breaks: readonly ExporterBreak[],
): Promise<BreaksOf> {
  const { from, to } = timeOf(query, margins[0]!)
  const leftOut = (await query.flows.unreadable?.(from, to)) ?? []
  const unreadable = leftOut.filter(({ reason }) => reason === 'unreadable')
  const ours = {
    isRestart: false,
    lostFlows: 0,
    lostDatagrams: 0,
    isOurs: true,
    isUnreadable: true,
  } as const
  return (exporter) => [
    ...breaks.filter((each) => each.exporter === exporter),
    ...unreadable
      .filter((each) => (each.exporter ?? exporter) === exporter)
      .map((each) => ({ exporter, from: each.from, to: each.to, ...ours })),
  ]
}

async function readSampled(
  query: SurroundingsQuery,
  time: { from: number; to: number },
  breaksOf: BreaksOf,
): Promise<Examined[]> {
  const { flows, local, exporter, signal } = query
  const followed = await hostsToFollow(query, time)
  const grid: Grid = { from: time.from, seconds: (time.to - time.from) / 1000 }
  const kept = Math.ceil(limitsOf(query).kept / Math.max(1, followed.size))
  const start = () =>
    new SampledScenes({
      local,
      grid,
      kept,
      followed,
      breaksOf: (each) => breaksOf(each).filter(wasAway),
    })
  let sampled = start()
  await flows.scan?.({ ...time, exporter, rowsMax: Number.POSITIVE_INFINITY, signal }, () => {
    sampled = start()
    return (batch) => sampled.add(batch)
  })
  return examineAll(query, sampled.seen(), breaksOf)
}

/**
 * A scene of all flows of some hosts only, for the reported figures of these; null if even these are
 * too many.
 */
export async function readHosts(
  query: SurroundingsQuery,
  question: {
    exporter: string
    hosts: readonly string[]
    from: number
    to: number
    breaks: FlowTable['breaks']
  },
): Promise<Scene | null> {
  const { flows, local, signal } = query
  const rowsMax = limitsOf(query).own
  const { exporter, hosts, from, to } = question
  let tables = new FlowTables(local)
  try {
    await flows.scan?.({ from, to, exporter, hosts, rowsMax, signal }, () => {
      tables = new FlowTables(local)
      return (batch) => tables.add(batch)
    })
  } catch (error) {
    if (error instanceof QueryTooLarge) return null
    throw error
  }
  const [table] = tables.tables
  if (!table) return null
  table.breaks = question.breaks
  const seen = { table, grid: { from, seconds: (to - from) / 1000 } }
  return (await examineOf(query)(seen, null, signal)).scene
}

/**
 * The whole seconds of a time for which packets were reported: before the first and after the last
 * nothing is known, which is not silence.
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
