/** The archive's columns: maps flow arrays to DuckDB vectors (sql/chunk-columns.ts) and Parquet types. */
import {
  columnNames,
  flowColumns,
  wordsPerRow,
  type ColumnName,
  type FlowColumns,
} from '../../flow/columns.ts'

/** The DuckDB type whose vector has the same bytes as a column's array. */
const vectorTypes = {
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  f64: 'DOUBLE',
  u64: 'BIGINT',
} as const

export const bytesPerRow = { u8: 1, u16: 2, u32: 4, f64: 8, u64: 8 } as const

/**
 * A block of rows for the archive's thread: one buffer per column, null if it is all zero. Buffers
 * may be longer than the rows; shared ones are reused once written.
 */
export interface FlowBlock {
  rows: number
  columns: (ArrayBuffer | SharedArrayBuffer | null)[]
}

/**
 * Copies the rows of `flows` for another thread, as compactly as possible, or into what `roomOf`
 * returns for this many bytes per row.
 */
export function blockOf(
  flows: FlowColumns,
  roomOf: (rowBytes: number) => SharedArrayBuffer | null = () => null,
): FlowBlock {
  const rows = flows.count
  return {
    rows,
    columns: columnNames.map((name) => {
      const { kind } = flowColumns[name]
      const used = flows[name].subarray(0, wordsPerRow(name) * rows)
      if (isZero(used)) return null
      const room = roomOf(bytesPerRow[kind])
      if (room === null) return used.slice().buffer
      const bytes = new Uint8Array(used.buffer, used.byteOffset, used.byteLength)
      new Uint8Array(room).set(bytes)
      return room
    }),
  }
}

/** Most columns are zero throughout. */
function isZero(values: FlowColumns[ColumnName]): boolean {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: width } = values
  return values[0] === 0 && isUniform(new Uint8Array(buffer, byteOffset, byteLength), width)
}

/**
 * Whether bytes repeat the same `width` bytes throughout: they are compared with themselves shifted
 * by one value, which the system does many bytes at a time.
 */
export function isUniform(bytes: Uint8Array, width: number): boolean {
  const last = bytes.length - width
  return last <= 0 || Buffer.compare(bytes.subarray(0, last), bytes.subarray(width)) === 0
}

/**
 * Files store a flow's duration (IPFIX element 161) and not its end: a small number, often 0, which
 * takes a third of the space. It is negative if a flow ended before it began.
 */
const duration = 'flowDurationMilliseconds'
const start = 'epoch_ms("flowStartMilliseconds")'

/** First and last ms of an archived flow; one that ends before its start ends at its start. */
export const archivedFirstSql = start
export const archivedLastSql = `${start} + greatest("${duration}", 0)`

export type ArchiveType = (typeof flowColumns)[ColumnName]['archive']

/** A column of the files. */
export interface ArchiveColumn {
  name: string
  type: ArchiveType
  /** The flow column it is derived from. */
  from: ColumnName
  /** It stores how much later than the flow's start that column is, ms. */
  isDuration: boolean
  /** The SQL expression for that flow column. */
  toFlow: string
}

/** Whether values of a type take 64 bits in the files; otherwise 32. */
export function isWide(type: ArchiveType): boolean {
  return type === 'BIGINT' || type === 'TIMESTAMP_MS'
}

/** The columns of the files. */
export const archiveColumns: readonly ArchiveColumn[] = columnNames.map((from) => {
  const { archive: type, kind } = flowColumns[from]
  const toFlow = (value: string) => `(${value})::${vectorTypes[kind]} AS "${from}"`
  if (from === 'flowEndMilliseconds') {
    const end = toFlow(`${start} + "${duration}"`)
    return { name: duration, type: 'BIGINT', from, isDuration: true, toFlow: end }
  }
  const value = type === 'TIMESTAMP_MS' ? `epoch_ms("${from}")` : `"${from}"`
  return { name: from, type, from, isDuration: false, toFlow: toFlow(value) }
})

/** The select list that converts the files' columns back to flow columns. */
export const fromArchiveSql = archiveColumns.map(({ toFlow }) => toFlow).join(', ')

/** The array for each kind of flow column; u64 has two words per row. */
export const columnArrays = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  f64: Float64Array,
  u64: Uint32Array,
} as const

/** Shared by every column that is all zero. */
let zeros = new SharedArrayBuffer(0)

/**
 * Read-only flow columns of `count` rows in memory shared between threads: each column is what `bufferOf`
 * returns, or else zeros that all columns share. It is passed the column's name and bytes per row.
 */
export function sharedColumns(
  count: number,
  bufferOf: (name: ColumnName, rowBytes: number) => SharedArrayBuffer | null,
): FlowColumns {
  if (zeros.byteLength < 8 * count) zeros = new SharedArrayBuffer(8 * count)
  const columns = columnNames.map((name) => {
    const { kind } = flowColumns[name]
    const shared = bufferOf(name, bytesPerRow[kind]) ?? zeros
    // The array types distinguish shared memory; for readers it makes no difference.
    const buffer = shared as ArrayBufferLike as ArrayBuffer
    return [name, new columnArrays[kind](buffer, 0, wordsPerRow(name) * count)] as const
  })
  const stale = { low: 0, high: 0, commonLow: 0, commonHigh: 0, rows: count }
  return { ...Object.fromEntries(columns), capacity: count, count, stale } as FlowColumns
}
