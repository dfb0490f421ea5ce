/** The flows of a window as an SQL relation: which files are read, and which columns of each flow. */
import type { FlowWindow } from '../../flows.ts'
import type { Bindings } from './bindings.ts'
import { belongsSql, first, last, withinSql, type BoundWindow } from './expressions.ts'
import { filterSql } from './filter-sql.ts'
import type { End, Keys } from '../keys/keys.ts'
import type { ArchiveFiles } from '../readable-files.ts'

/** What to scan: the files, the window with its filter, and the keys, which determine how often a flow counts. */
interface Scanned {
  files: ArchiveFiles
  query: FlowWindow
  keys: Keys
}

/** A part of a scan: flows counted for one end, from one kind of files. */
export interface ScanPart {
  end: End
  window: BoundWindow
  /** The share of a count (an SQL expression) within the window: all of it if no flow extends beyond. */
  share: (count: string) => string
}

/** The columns kept of a part's flows, and of which flows if not all. */
interface Selection {
  columns: (part: ScanPart) => readonly string[]
  condition?: (part: ScanPart) => string
}

/**
 * A relation with the selected columns of each part. Files entirely within the window are read
 * without checking the times of flows.
 */
export function scanSql(
  { files, query, keys }: Scanned,
  { columns, condition = () => 'true' }: Selection,
  bindings: Bindings,
): string {
  const window = { from: bindings.whole(query.from), to: bindings.whole(query.to) }
  const filter = query.filter ? filterSql(query.filter, bindings) : 'true'
  const source = (paths: readonly string[]) => `read_parquet(${bindings.texts(paths)})`
  const shareOf = (count: string) => withinSql(`(${count})`, { first, last }, window)
  const ofWindow = `${belongsSql(query.include, window)} AND ${filter}`
  const kinds = []
  if (files.table) kinds.push({ source: files.table, belongs: 'true', share: shareOf })
  if (files.inside.length > 0)
    kinds.push({ source: source(files.inside), belongs: filter, share: (count: string) => count })
  if (files.edge.length > 0)
    kinds.push({ source: source(files.edge), belongs: ofWindow, share: shareOf })
  const parts = kinds.flatMap(({ source: relation, belongs, share }) => {
    return keys.ends.map((end) => {
      const part = { end, window, share }
      const list = columns(part).join(', ')
      return `SELECT ${list} FROM ${relation} WHERE ${belongs} AND ${condition(part)}`
    })
  })
  return parts.join(' UNION ALL ')
}
