/** Converts a column from flow arrays to the values of one of Parquet's encodings. */
import {
  columnNames,
  flowColumns,
  type ColumnName,
  type FlowColumns,
} from '../../../flow/columns.ts'
import {
  columnArrays,
  isUniform,
  isWide,
  type ArchiveColumn,
  type ArchiveType,
  type FlowBlock,
} from '../columns.ts'
import { deltaPacked, deltaSpanMax } from './delta.ts'

/** Rows [from, to) of a block. */
export interface BlockRows {
  block: FlowBlock
  from: number
  to: number
}

/**
 * The values of a column: `single`, one common value, plain; `packed` as differences (see
 * delta.ts); or `plain`, all of them. Valid until the next column is converted.
 */
export interface ColumnValues {
  bytes: Buffer
  form: 'single' | 'packed' | 'plain'
}

const wordRange = 2 ** 32

/** The values of a column in the order of the parts; `rows` is their number. */
export function columnValues(
  column: ArchiveColumn,
  parts: readonly BlockRows[],
  rows: number,
): ColumnValues {
  if (!column.isDuration && isSame(column.from, parts)) {
    // The first row represents all.
    const [{ block, from }] = parts as readonly [BlockRows]
    return numbersForm(column.type, numbersOf(column, [{ block, from, to: from + 1 }], 1)!)
  }
  const numbers = numbersOf(column, parts, rows)
  // 32-bit integers that are not all the same need no scan.
  const isNarrow = !column.isDuration && flowColumns[column.from].kind !== 'f64'
  if (numbers && isNarrow) return packedForm(numbers.numbers, numbers.base)
  if (numbers) return numbersForm(column.type, numbers)
  return { bytes: halves(column.from, parts, rows), form: 'plain' }
}

/** The array of a column in a block; null if it is all zero. */
export function arrayOf(name: ColumnName, block: FlowBlock): FlowColumns[ColumnName] | null {
  const buffer = block.columns[columnNames.indexOf(name)]
  // The array types distinguish shared memory; for readers it makes no difference.
  return buffer ? new columnArrays[flowColumns[name].kind](buffer as ArrayBuffer) : null
}

/** Integers, each stored minus `base`; with the smallest and largest, if they were scanned. */
interface Numbers extends Bounds {
  numbers: Float64Array
  base: bigint
}

/** Empty: the smallest is above the largest. */
interface Bounds {
  least: number
  most: number
}

function numbersForm(type: ArchiveType, { numbers, base, least, most }: Numbers): ColumnValues {
  const span = least <= most ? most - least : spanOf(numbers)
  if (span === 0) return { bytes: plainValue(type, base + BigInt(numbers[0]!)), form: 'single' }
  if (span <= deltaSpanMax) return packedForm(numbers, base)
  return { bytes: wideWords(numbers), form: 'plain' }
}

function packedForm(numbers: Float64Array, base: bigint): ColumnValues {
  return { bytes: deltaPacked(numbers, numbers.length, { base }), form: 'packed' }
}

let numbersRoom = new Float64Array(0)
let wordsRoom = new Int32Array(0)

/**
 * A column as numbers. Address halves qualify only if all have the same upper word, as IPv4
 * addresses do; otherwise null.
 */
function numbersOf(
  { from: name, isDuration }: ArchiveColumn,
  parts: readonly BlockRows[],
  rows: number,
): Numbers | null {
  const { kind } = flowColumns[name]
  const upper = kind === 'u64' ? commonUpper(name, parts) : 0
  if (upper === null) return null
  if (numbersRoom.length < rows) numbersRoom = new Float64Array(rows)
  const numbers = numbersRoom.subarray(0, rows)
  const bounds = { least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY }
  let at = 0
  for (const part of parts) {
    const out = numbers.subarray(at, at + part.to - part.from)
    at += out.length
    const values = arrayOf(name, part.block)
    if (isDuration) durations(part, out, bounds)
    else if (kind === 'f64') round(wholeOf(name, part), part.from, out, bounds)
    else if (!values) out.fill(0)
    else if (kind === 'u64') lowerWords(values as Uint32Array, part.from, out)
    else out.set(values.subarray(part.from, part.to))
  }
  return { numbers, base: BigInt(upper | 0) << 32n, ...bounds }
}

let zeros = new Float64Array(0)

/** A column of doubles. With this declared type, its numbers can be read without boxing. */
function wholeOf(name: ColumnName, { block, to }: BlockRows): Float64Array {
  const held = arrayOf(name, block)
  if (held) return held as Float64Array
  if (zeros.length < to) zeros = new Float64Array(to)
  return zeros
}

/** The upper word common to all rows of a column of halves, or null. */
function commonUpper(name: ColumnName, parts: readonly BlockRows[]): number | null {
  let common: number | null = null
  for (const { block, from, to } of parts) {
    const words = arrayOf(name, block) as Uint32Array | null
    common ??= words?.[2 * from + 1] ?? 0
    if (!words && common !== 0) return null
    if (words) for (let i = from; i < to; i++) if (words[2 * i + 1] !== common) return null
  }
  return common ?? 0
}

function lowerWords(words: Uint32Array, from: number, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = words[2 * (from + i)]!
}

/** The duration of each flow; negative if it ended before it began. */
function durations(part: BlockRows, out: Float64Array, bounds: Bounds): void {
  const starts = wholeOf('flowStartMilliseconds', part)
  const ends = wholeOf('flowEndMilliseconds', part)
  const { from } = part
  let { least, most } = bounds
  for (let i = 0; i < out.length; i++) {
    const number = Math.round(ends[from + i]! - starts[from + i]!)
    out[i] = number
    if (number < least) least = number
    if (number > most) most = number
  }
  bounds.least = least
  bounds.most = most
}

function round(values: Float64Array, from: number, out: Float64Array, bounds: Bounds): void {
  let { least, most } = bounds
  for (let i = 0; i < out.length; i++) {
    const number = Math.round(values[from + i]!)
    out[i] = number
    if (number < least) least = number
    if (number > most) most = number
  }
  bounds.least = least
  bounds.most = most
}

function spanOf(numbers: Float64Array): number {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!
    if (number < least) least = number
    if (number > most) most = number
  }
  return most - least
}

/** A value in plain encoding. */
function plainValue(type: ArchiveType, value: bigint): Buffer {
  const bytes = Buffer.alloc(isWide(type) ? 8 : 4)
  if (isWide(type)) bytes.writeBigInt64LE(value)
  else bytes.writeInt32LE(Number(value))
  return bytes
}

/** 64-bit numbers, plain. */
function wideWords(numbers: Float64Array): Buffer {
  const words = wordsFor(numbers.length * 2)
  for (let i = 0; i < numbers.length; i++) {
    const upper = Math.floor(numbers[i]! / wordRange)
    words[2 * i] = numbers[i]! - upper * wordRange
    words[2 * i + 1] = upper
  }
  return bytesOf(words)
}

/** Address halves, plain. */
function halves(name: ColumnName, parts: readonly BlockRows[], rows: number): Buffer {
  const words = wordsFor(rows * 2)
  let at = 0
  for (const { block, from, to } of parts) {
    const values = arrayOf(name, block)
    if (values) words.set(values.subarray(2 * from, 2 * to), at)
    else words.fill(0, at, at + 2 * (to - from))
    at += 2 * (to - from)
  }
  return bytesOf(words)
}

/** A buffer of this many words, shared by all columns: allocating it takes as long as filling it. */
function wordsFor(count: number): Int32Array<ArrayBuffer> {
  if (wordsRoom.length < count) wordsRoom = new Int32Array(count)
  return wordsRoom.subarray(0, count)
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** Whether all rows of a column are equal, tested without converting them. */
function isSame(name: ColumnName, parts: readonly BlockRows[]): boolean {
  const { kind } = flowColumns[name]
  const width = columnArrays[kind].BYTES_PER_ELEMENT * (kind === 'u64' ? 2 : 1)
  const place = columnNames.indexOf(name)
  let held: Uint8Array | null = null
  for (const { block, from, to } of parts) {
    const buffer = block.columns[place]
    // Without a buffer, one row of zeros represents all.
    const bytes = buffer
      ? new Uint8Array(buffer, from * width, (to - from) * width)
      : new Uint8Array(width)
    const own = bytes.subarray(0, width)
    if (!isUniform(bytes, width) || (held && Buffer.compare(held, own) !== 0)) return false
    held = own
  }
  return held !== null
}
