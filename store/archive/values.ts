/** A column of the archive's files from the arrays of flow columns, in Parquet's plain encoding. */
import { columnNames, flowColumns, type ColumnKind, type ColumnName } from '../../flow/columns.ts'
import { isWide, type ArchiveColumn, type FlowBlock } from './columns.ts'

/** Rows [from, to) of a block. */
export interface BlockRows {
  block: FlowBlock
  from: number
  to: number
}

/** The values of a column: all of them, or the one that they all are. Good until the next column is made. */
export interface ColumnValues {
  bytes: Buffer
  isSingle: boolean
}

const arrays = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  f64: Float64Array,
  u64: Uint32Array,
} as const
const wordRange = 2 ** 32
/** Where a column is zero in a block, its rows are left as they are made. */
type Values = ArrayLike<number> | null

/** Puts rows [from, to) of an array into words from `at` on. */
type Fill = (
  values: ArrayLike<number>,
  rows: BlockRows,
  out: { words: Int32Array; at: number },
) => void

const fills: Record<ColumnKind, { narrow: Fill; wide: Fill }> = {
  u8: { narrow: fillNarrow, wide: fillWide },
  u16: { narrow: fillNarrow, wide: fillWide },
  u32: { narrow: fillNarrow, wide: fillWide },
  f64: { narrow: fillNarrow, wide: fillRounded },
  u64: { narrow: fillNarrow, wide: fillWords },
}

/** The values of a column in the parts' order; `rows` is how many there are. */
export function columnValues(
  column: ArchiveColumn,
  parts: readonly BlockRows[],
  rows: number,
): ColumnValues {
  const width = isWide(column.type) ? 2 : 1
  if (!column.isDuration && isSame(column.from, parts)) {
    // The first row stands for all.
    const [{ block, from }] = parts as readonly [BlockRows]
    return columnOf(column, [{ block, from, to: from + 1 }], wordsFor(width))
  }
  return columnOf(column, parts, wordsFor(rows * width))
}

let scratch = new Int32Array(0)

/** Room for so many words, all zero; the same for every column, since making it anew takes as long as filling it. */
function wordsFor(count: number): Int32Array<ArrayBuffer> {
  if (scratch.length < count) scratch = new Int32Array(count)
  return scratch.subarray(0, count).fill(0)
}

function columnOf(
  column: ArchiveColumn,
  parts: readonly BlockRows[],
  words: Int32Array<ArrayBuffer>,
): ColumnValues {
  const width = isWide(column.type) ? 2 : 1
  const { narrow, wide } = fills[flowColumns[column.from].kind]
  const fill = width === 2 ? wide : narrow
  let at = 0
  for (const part of parts) {
    const out = { words, at }
    if (column.isDuration) fillDurations(part, out)
    else {
      const values = arrayOf(column.from, part.block)
      if (values) fill(values, part, out)
    }
    at += (part.to - part.from) * width
  }
  const isSingle = isOneValue(words, width)
  const used = isSingle ? words.subarray(0, width) : words
  return { bytes: Buffer.from(used.buffer, used.byteOffset, used.byteLength), isSingle }
}

/** The array of a column in a block; null where all is zero. */
export function arrayOf(name: ColumnName, block: FlowBlock): Values {
  const buffer = block.columns[columnNames.indexOf(name)]
  return buffer ? new arrays[flowColumns[name].kind](buffer) : null
}

/** Whether all rows of a column hold the same, so that it need not be made to be seen to be so. */
function isSame(name: ColumnName, parts: readonly BlockRows[]): boolean {
  const width = flowColumns[name].kind === 'u64' ? 2 : 1
  const valuesOf = ({ block }: BlockRows) => arrayOf(name, block)
  const [first] = parts
  if (!first) return false
  const values = valuesOf(first)
  const held = Array.from({ length: width }, (_, i) => values?.[first.from * width + i] ?? 0)
  return parts.every((part) => {
    const own = part === first ? values : valuesOf(part)
    if (own === null) return held.every((word) => word === 0)
    for (let i = part.from * width; i < part.to * width; i += width)
      if (own[i] !== held[0] || (width === 2 && own[i + 1] !== held[1])) return false
    return true
  })
}

function isOneValue(words: Int32Array, width: number): boolean {
  for (let i = width; i < words.length; i++) if (words[i] !== words[i - width]) return false
  return true
}

function fillNarrow(
  values: ArrayLike<number>,
  { from, to }: BlockRows,
  { words, at }: { words: Int32Array; at: number },
): void {
  for (let i = from; i < to; i++) words[at + i - from] = values[i]!
}

function fillWide(
  values: ArrayLike<number>,
  { from, to }: BlockRows,
  { words, at }: { words: Int32Array; at: number },
): void {
  for (let i = from; i < to; i++) words[at + 2 * (i - from)] = values[i]!
}

function fillWords(
  values: ArrayLike<number>,
  { from, to }: BlockRows,
  { words, at }: { words: Int32Array; at: number },
): void {
  words.set((values as Uint32Array).subarray(2 * from, 2 * to), at)
}

function fillRounded(
  values: ArrayLike<number>,
  { from, to }: BlockRows,
  out: { words: Int32Array; at: number },
): void {
  for (let i = from; i < to; i++)
    putWide(out.words, out.at + 2 * (i - from), Math.round(values[i]!))
}

/** How long each flow lasted; below 0 where it ended before it began. */
function fillDurations(
  { block, from, to }: BlockRows,
  { words, at }: { words: Int32Array; at: number },
): void {
  const starts = arrayOf('flowStartMilliseconds', block)
  const ends = arrayOf('flowEndMilliseconds', block)
  for (let i = from; i < to; i++)
    putWide(words, at + 2 * (i - from), Math.round((ends?.[i] ?? 0) - (starts?.[i] ?? 0)))
}

function putWide(words: Int32Array, at: number, value: number): void {
  const high = Math.floor(value / wordRange)
  words[at] = value - high * wordRange
  words[at + 1] = high
}
