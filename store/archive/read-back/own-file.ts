/** Reads back files by Weir's own writers, before they become visible or when they are suspect. */
import { closeSync, fstatSync, openSync } from 'node:fs'

import { columnNames, flowColumns, wordsPerRow, type ColumnName } from '../../../flow/columns.ts'
import { columnArrays, type FlowBlock } from '../columns.ts'
import { readFooter, type FileFooter, type GroupPlace } from '../format/footer.ts'
import type { Values } from '../format/page-values.ts'
import { readColumn } from './source-files.ts'
import { summaryOf, type Summary } from '../write/waiting.ts'

/** The columns that a summary needs. */
const summedColumns = [
  'collectionTimeMilliseconds',
  'flowStartMilliseconds',
  'flowEndMilliseconds',
  'octetDeltaCount',
  'packetDeltaCount',
  'samplingInterval',
] as const satisfies ColumnName[]

/** The row count in a file's footer; null if another writer made the file. @throws if it has no footer */
export function rowsOf(path: string): number | null {
  return withFooter(path, (_, footer) => footer && rowsIn(footer))
}

/** A summary of one of Weir's own files, from its columns. @throws if it cannot be read */
export function fileSummary(path: string): Summary {
  return withFooter(path, (file, footer) => {
    if (footer === null) throw new Error(`${path} is not as Weir writes files`)
    return summaryOf(summedParts(file, footer))
  })
}

/** Reads a whole file; false if another writer made it. @throws if it cannot be read */
export function readWhole(path: string): boolean {
  return withFooter(path, (file, footer) => {
    for (const group of footer?.groups ?? [])
      for (const name of columnNames) columnOf(file, group, name)
    return footer !== null
  })
}

function withFooter<Result>(
  path: string,
  use: (file: number, footer: FileFooter | null) => Result,
): Result {
  const file = openSync(path, 'r')
  try {
    return use(file, readFooter(file, fstatSync(file).size))
  } finally {
    closeSync(file)
  }
}

function rowsIn({ groups }: FileFooter): number {
  return groups.reduce((sum, { rows }) => sum + rows, 0)
}

/** The rows of each row group in turn. */
function* summedParts(file: number, { groups }: FileFooter) {
  for (const group of groups) {
    const columns: FlowBlock['columns'] = columnNames.map(() => null)
    for (const name of summedColumns)
      columns[columnNames.indexOf(name)] = columnOf(file, group, name).buffer as ArrayBuffer
    toEnds(columns, group.rows)
    yield { block: { rows: group.rows, columns }, from: 0, to: group.rows }
    for (const column of columns) (column as ArrayBuffer | null)?.transfer(0)
  }
}

function columnOf(file: number, group: GroupPlace, name: ColumnName): Values {
  const out = new columnArrays[flowColumns[name].kind](wordsPerRow(name) * group.rows)
  readColumn(file, group, { place: columnNames.indexOf(name), out })
  return out
}

/** Converts durations, as stored, to end times. */
function toEnds(columns: FlowBlock['columns'], rows: number): void {
  const of = (name: ColumnName) => new Float64Array(columns[columnNames.indexOf(name)]!)
  const [starts, ends] = [of('flowStartMilliseconds'), of('flowEndMilliseconds')]
  for (let row = 0; row < rows; row++) ends[row] = starts[row]! + ends[row]!
}
