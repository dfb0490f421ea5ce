/** Builds and runs queries over flows in ClickHouse. */
import type { FlowWindow } from '../flows.ts'
import { belongsSql } from '../archive/sql/expressions.ts'
import { filterSql } from '../archive/sql/filter-sql.ts'
import type { End } from '../archive/keys/keys.ts'
import { QueryTooLarge } from '../query-error.ts'
import { Answer, type Connection, type Statement } from './connection.ts'
import { ClickHouseFault } from './fault.ts'
import { filesTable, flowsTable, localName } from './schema.ts'
import { clickHouseWords, type ClickHouseBindings } from './words.ts'

/** Time limit of a flow query, in seconds. */
const secondsMax = 50

/** The flow table across all nodes, and each node's own list of files. */
export function flowTables({ database, cluster }: Connection) {
  return {
    flows: `${database}.${flowsTable}`,
    files: `${database}.${filesTable}`,
    localFiles: `${database}.${localName(filesTable, cluster)}`,
  }
}

/**
 * FROM and WHERE for the flows of a window that pass its filter. Candidate files are looked up
 * first, as in the archive's manifest, so that days and key ranges are skipped. A file's flows are
 * in the shard that lists it, so each node needs only its own list. `joined` goes between the two:
 * see eachEndSql.
 */
export function flowsFrom(
  connection: Connection,
  query: Pick<FlowWindow, 'from' | 'to' | 'filter' | 'include'>,
  bindings: ClickHouseBindings,
  joined = '',
): string {
  const { flows } = flowTables(connection)
  const window = { from: bindings.whole(query.from), to: bindings.whole(query.to) }
  const filter = query.filter ? ` AND ${filterSql(query.filter, bindings)}` : ''
  return `FROM ${flows} ${joined} WHERE ${filesSql(connection, window)}
    AND ${belongsSql(query.include, window, clickHouseWords)}${filter}`
}

/**
 * The clause that counts each flow once per counting end in a single scan: each named column has an
 * expression per end. Expressions that do not depend on the end (`same`) are computed once before.
 */
export function eachEndSql(
  ends: readonly End[],
  columns: Readonly<Record<string, (end: End) => string>>,
  same: Readonly<Record<string, string>> = {},
): string {
  const arrays = Object.entries(columns).map(
    ([name, of]) => `[${ends.map(of).join(', ')}] AS ${name}`,
  )
  for (const [name, sql] of Object.entries(same)) {
    const others = ends.slice(1).map(() => `one_${name}`)
    arrays.push(`[${[`${sql} AS one_${name}`, ...others].join(', ')}] AS ${name}`)
  }
  return `ARRAY JOIN ${arrays.join(', ')}`
}

/** The condition that a flow belongs to a listed file whose times touch a window. */
export function filesSql(
  connection: Connection,
  { from, to }: { from: string; to: string },
): string {
  return `(interval, file) IN (
      SELECT interval, file FROM ${flowTables(connection).localFiles} FINAL
      WHERE is_live = 1 AND first_min < ${to} AND last_max >= ${from})`
}

/** Runs a query; if it takes too much time or memory, it is refused with what to query instead. */
export async function askFlows(connection: Connection, statement: Statement): Promise<Answer> {
  try {
    return await connection.read({
      ...statement,
      settings: { max_execution_time: secondsMax, ...statement.settings },
    })
  } catch (error) {
    throw toRefusal(error)
  }
}

/** TIMEOUT_EXCEEDED and MEMORY_LIMIT_EXCEEDED. */
export function toRefusal(error: unknown): unknown {
  if (!(error instanceof ClickHouseFault)) return error
  const remedy = 'ask for a shorter time, fewer keys, or filter more'
  if (error.text.startsWith('error 159:') || error.isTimeout)
    return new QueryTooLarge(`the query took more than ${secondsMax} s and was stopped`, remedy)
  if (error.text.startsWith('error 241:'))
    return new QueryTooLarge('the query needs more memory than ClickHouse gives it', remedy)
  return error
}
