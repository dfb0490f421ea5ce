/**
 * Short windows, and long ones with a filter: the flows that belong to it are gathered once, some
 * files at a time, in a table, and what the query asks is asked of that. So a window is read once and
 * not once a statement and end, or question of a page, and how far a long one has come can be told.
 */
import type { FlowWindow } from '../flows.ts'
import { Bindings } from './bindings.ts'
import { archiveColumns } from './columns.ts'
import { belongsSql } from './expressions.ts'
import { filterSql } from './filter-sql.ts'
import type { Session } from './query-engine.ts'
import { QueryTooLarge } from './query-error.ts'
import type { ArchiveFiles } from './readable-files.ts'
import { estimate, windowOf, type Estimate, type Scanning } from './scanned/scanner.ts'

/** Rows that one statement reads: how often progress is told, and how soon too many are seen to be. */
const rowsAtOnce = 1_000_000
/** Flows that are gathered; where more pass the filter, files are gone through anew for each question. */
const gatheredRowsMax = 600_000
/** An estimate that is so much higher says that more pass. */
const estimatedTimes = 1.5
/** Of flows that lie together in less of each row group, to read all that a page asks for takes no longer than to gather them. */
const scatteredLeast = 0.25
/** Rows of a window without a filter that are gathered: they are read once, and asked of memory. */
const wholeRowsMax = 1_000_000
/** What most questions ask for: a table that has it serves those that come next too. */
const usualColumns = [
  'flowStartMilliseconds',
  'flowDurationMilliseconds',
  'exporterAddressHigh',
  'exporterAddressLow',
  'sourceAddressHigh',
  'sourceAddressLow',
  'destinationAddressHigh',
  'destinationAddressLow',
  'sourceTransportPort',
  'destinationTransportPort',
  'protocolIdentifier',
  'octetDeltaCount',
  'packetDeltaCount',
  'samplingInterval',
  'ingressInterface',
  'egressInterface',
]

/**
 * The answer of `scan` (null where it has none), or else what statements read. Where a filter lets few flows pass of a long
 * window these are gathered first, for all that a page asks of them; of anything else a scan is as quick as gathering.
 */
export async function scanOrGather<Answer>(
  scanning: Scanning,
  files: ArchiveFiles,
  wanted: { query: FlowWindow; statements: readonly string[] },
  scan: () => Promise<Answer | null>,
): Promise<{ answer: Answer } | { files: ArchiveFiles }> {
  const isSelective = files.isLong && wanted.query.filter !== undefined
  const selected = isSelective ? await gather(scanning, files, wanted) : files
  if (selected.table !== undefined) return { files: selected }
  const answer = await scan()
  if (answer !== null) return { answer }
  return { files: isSelective ? selected : await gather(scanning, files, wanted) }
}

/** What statements read, and how: see scan.ts. */
async function gather(
  scanning: Scanning,
  files: ArchiveFiles,
  { query, statements }: { query: FlowWindow; statements: readonly string[] },
): Promise<ArchiveFiles> {
  const { session } = scanning
  if (files.isLong ? !query.filter : files.rows > wholeRowsMax) return files
  const columns = usedColumns(statements)
  const { from, to, include, filter } = query
  const paths = [...files.inside, ...files.edge]
  const key = JSON.stringify([from, to, include, filter, paths])
  const isWhole = !filter && include === 'any'
  // What ends at the very first ms ends in the window, though nothing of it lies there: a table that
  // begins with the window does not have it.
  const since = include === 'end' ? from - 1 : from
  const wanted = { key, columns, from: since, to, files: paths, isWhole }
  const lease = await session.tables.take(wanted, async (table) => {
    // To gather part of what is too much would be lost.
    const estimated = files.isLong ? await estimate(scanning, files, windowOf(query)) : null
    if (estimated !== null && isForScan(estimated)) return null
    return fill(session, files, { query, columns: columns.join(', '), table })
  })
  if (lease === null) return files
  session.atEnd(lease.release)
  const { table, rows, isWider } = lease
  return { ...files, inside: [], edge: [], rows, table, isWider }
}

/** Whether to go through the files for each question is the better way. */
function isForScan({ rows, among }: Estimate): boolean {
  return rows > estimatedTimes * gatheredRowsMax || among < scatteredLeast
}

interface Target {
  query: FlowWindow
  columns: string
  table: string
}

/** Gathers into a table; how many rows it has then, or null, and no table, where these are too many. */
async function fill(session: Session, files: ArchiveFiles, target: Target): Promise<number | null> {
  const { query, table } = target
  const share = Math.min(1, rowsAtOnce / files.rows)
  const paths = files.inside.length + files.edge.length
  const atOnce = Math.max(1, Math.ceil(paths * share))
  let [read, kept] = [0, 0]
  let isTooMuch = false
  try {
    for (const batch of batches(files, atOnce)) {
      kept += await add(session, batch, { ...target, isFirst: read === 0 })
      read += batch.paths.length
      query.progress?.(read / paths)
      isTooMuch = (kept * paths) / read > gatheredRowsMax
      if (isTooMuch) break
    }
  } catch (error) {
    if (error instanceof QueryTooLarge || !isOutOfMemory(error)) throw error
    isTooMuch = true
  }
  if (!isTooMuch) return kept
  await session.read(`DROP TABLE IF EXISTS ${table}`, new Bindings())
  return null
}

interface Batch {
  paths: readonly string[]
  isInside: boolean
}

function* batches(files: ArchiveFiles, atOnce: number): Generator<Batch> {
  for (const isInside of [true, false]) {
    const paths = isInside ? files.inside : files.edge
    for (let at = 0; at < paths.length; at += atOnce)
      yield { paths: paths.slice(at, at + atOnce), isInside }
  }
}

/** Gathers what passes out of some files; how many flows that is. */
async function add(
  session: Session,
  { paths, isInside }: Batch,
  { query, columns, table, isFirst }: Target & { isFirst: boolean },
): Promise<number> {
  const bindings = new Bindings()
  const window = { from: bindings.whole(query.from), to: bindings.whole(query.to) }
  const belongs = isInside ? 'true' : belongsSql(query.include, window)
  const filter = query.filter ? filterSql(query.filter, bindings) : 'true'
  const rows = `SELECT ${columns} FROM read_parquet(${bindings.texts(paths)}) WHERE ${belongs} AND ${filter}`
  const sql = isFirst ? `CREATE TABLE ${table} AS ${rows}` : `INSERT INTO ${table} ${rows}`
  const answer = await session.read(sql, bindings)
  return Number(answer.wholes('Count')[0] ?? 0n)
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Out of Memory Error')
}

/** The files' columns that statements name, and the usual ones, quoted. */
function usedColumns(statements: readonly string[]): string[] {
  const text = statements.join(' ')
  const isUsed = (name: string) => usualColumns.includes(name) || text.includes(`"${name}"`)
  return archiveColumns.filter(({ name }) => isUsed(name)).map(({ name }) => `"${name}"`)
}
