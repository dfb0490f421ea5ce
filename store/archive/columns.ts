/** The archive's columns: between the typed arrays of flows, DuckDB's vectors (sql/chunk-columns.ts) and Parquet's types. */
import { columnNames, flowColumns, type ColumnName, type FlowColumns } from '../../flow/columns.ts'

/** DuckDB's type whose vector has the very bytes of a column's array. */
const vectorTypes = {
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  f64: 'DOUBLE',
  u64: 'BIGINT',
} as const

export const bytesPerRow = { u8: 1, u16: 2, u32: 4, f64: 8, u64: 8 } as const

/**
 * A block of rows on its way to the archive's thread: one buffer a column, null where all is zero. It may be longer than the
 * rows; shared buffers are used again when they are written.
 */
export interface FlowBlock {
  rows: number
  columns: (ArrayBuffer | SharedArrayBuffer | null)[]
}

/**
 * A copy of the rows of `flows`, to be handed to another thread, as small as it can be, or in what `roomOf` gives for so
 * many bytes a row.
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
      const used = flows[name].subarray(0, kind === 'u64' ? rows * 2 : rows)
      if (isZero(used)) return null
      const room = roomOf(bytesPerRow[kind])
      if (room === null) return used.slice().buffer
      const bytes = new Uint8Array(used.buffer, used.byteOffset, used.byteLength)
      new Uint8Array(room).set(bytes)
      return room
    }),
  }
}

/** Most columns are zero from end to end. */
function isZero(values: FlowColumns[ColumnName]): boolean {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: width } = values
  return values[0] === 0 && isUniform(new Uint8Array(buffer, byteOffset, byteLength), width)
}

/**
 * Whether bytes are the same `width` bytes over and over: what they are is compared with itself a step further,
 * which the system does many bytes at once.
 */
export function isUniform(bytes: Uint8Array, width: number): boolean {
  const last = bytes.length - width
  return last <= 0 || Buffer.compare(bytes.subarray(0, last), bytes.subarray(width)) === 0
}

/**
 * Files keep how long a flow lasted (IPFIX element 161) and not when it ended: a small number, often
 * 0, which takes a third of the room. It is below 0 where a flow ended before it began.
 */
const duration = 'flowDurationMilliseconds'
const start = 'epoch_ms("flowStartMilliseconds")'

/** First and last ms of an archived flow; one whose end lies before its start ends where it starts. */
export const archivedFirstSql = start
export const archivedLastSql = `${start} + greatest("${duration}", 0)`

export type ArchiveType = (typeof flowColumns)[ColumnName]['archive']

/** A column of the files. */
export interface ArchiveColumn {
  name: string
  type: ArchiveType
  /** The flow column that it is made of. */
  from: ColumnName
  /** It says how much later than the flow's start that column is, ms. */
  isDuration: boolean
  /** The SQL expression of that flow column. */
  toFlow: string
}

/** Whether values of a type take 64 bits in the files; else 32. */
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

/** The select list that turns the files' columns back into those of flow columns. */
export const fromArchiveSql = archiveColumns.map(({ toFlow }) => toFlow).join(', ')

/** The array of each kind of flow column; of u64 two words a row. */
export const columnArrays = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  f64: Float64Array,
  u64: Uint32Array,
} as const

/** Stands for every column in which all is 0. */
let zeros = new SharedArrayBuffer(0)

/**
 * Flow columns of `count` rows in memory that threads can share, that are only read: of each column what `bufferOf` gives,
 * or zeros, which all others share. Columns are told by their names and bytes a row.
 */
export function sharedColumns(
  count: number,
  bufferOf: (name: ColumnName, rowBytes: number) => SharedArrayBuffer | null,
): FlowColumns {
  if (zeros.byteLength < 8 * count) zeros = new SharedArrayBuffer(8 * count)
  const columns = columnNames.map((name) => {
    const { kind } = flowColumns[name]
    const shared = bufferOf(name, bytesPerRow[kind]) ?? zeros
    // Types of arrays tell shared memory apart; whoever only reads does not.
    const buffer = shared as ArrayBufferLike as ArrayBuffer
    return [name, new columnArrays[kind](buffer, 0, kind === 'u64' ? 2 * count : count)] as const
  })
  const stale = { low: 0, high: 0, commonLow: 0, commonHigh: 0, rows: count }
  return { ...Object.fromEntries(columns), capacity: count, count, stale } as FlowColumns
}
