/** Which flows a question reads in ClickHouse, and how it is asked. */
import type { FlowWindow } from '../flows.ts'
import { belongsSql } from '../archive/sql/expressions.ts'
import { filterSql } from '../archive/sql/filter-sql.ts'
import type { End } from '../archive/keys/keys.ts'
import { QueryTooLarge } from '../query-error.ts'
import { Answer, type Connection, type Statement } from './connection.ts'
import { ClickHouseFault } from './fault.ts'
import { filesTable, flowsTable, localName } from './schema.ts'
import { clickHouseWords, type ClickHouseBindings } from './words.ts'

/** Seconds that a question about flows may take. */
const secondsMax = 50

/** The flows' table, as it spans all nodes, and the list of files, as each node has its own. */
export function flowTables({ database, cluster }: Connection) {
  return {
    flows: `${database}.${flowsTable}`,
    files: `${database}.${filesTable}`,
    localFiles: `${database}.${localName(filesTable, cluster)}`,
  }
}

/**
 * FROM and WHERE of the flows of a window that pass its filter. The files that may hold any of them
 * are looked up first, as the archive's manifest is, so that days and key ranges are passed over.
 * A file's flows lie in the shard in which it is listed, so that each node looks into its own list.
 * `joined` is what comes between: see eachEndSql.
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
 * The clause that counts each flow once for each end that counts, in one reading: of each named column
 * the expression for an end. What an end does not change is reckoned once, before (`same`).
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

/** The condition that a flow is of a file that counts, and whose times touch a window. */
export function filesSql(
  connection: Connection,
  { from, to }: { from: string; to: string },
): string {
  return `(interval, file) IN (
      SELECT interval, file FROM ${flowTables(connection).localFiles} FINAL
      WHERE is_live = 1 AND first_min < ${to} AND last_max >= ${from})`
}

/** Asks; what takes too long or too much memory is refused with what to ask instead. */
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
