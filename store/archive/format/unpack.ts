/** Unpacks numbers from Parquet pages: differences (as packed by delta.ts) and dictionary indices. */
import { unzigzag } from './thrift.ts'

/** Up to this many bytes after the packed ones are read and ignored. */
export const beyondBytes = 16

const wordBits = 32
const wordRange = 2 ** wordBits
/** A value of up to this many bits fits in one word, at any bit offset in its first byte. */
const narrowBits = 25
/** The bits of an index into the largest dictionary. */
const indexBitsMax = 16

class Bytes {
  readonly view: DataView
  readonly length: number
  at = 0

  constructor({ buffer, byteOffset, length }: Buffer) {
    this.view = new DataView(buffer, byteOffset)
    this.length = length
  }

  byte(): number {
    if (this.at >= this.length) throw new RangeError('packed values end too early')
    return this.view.getUint8(this.at++)
  }

  /** An integer that fits in a double. */
  varint(): number {
    let [value, scale] = [0, 1]
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
  }

  wideVarint(): bigint {
    let [value, shift] = [0n, 0n]
    for (;;) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
      shift += 7n
    }
  }

  /** Skips this many bytes; returns where they begin. */
  pass(count: number): number {
    const from = this.at
    this.at += count
    if (this.at > this.length) throw new RangeError('packed values end too early')
    return from
  }
}

/** Rows [from, to) of a column. */
export interface RowRange {
  from: number
  to: number
}

/** The requested rows: a range or, if they are few within it, a list in ascending order. */
export interface RowsWithin extends RowRange {
  few: Int32Array | null
}

/** Which of `count` values are unpacked, and whether as values or as offsets from the first. */
interface Unpacked {
  count: number
  /** The rows before this, or a few of them; the entries of others are undefined. */
  to: number
  few?: Int32Array | null
  /** Added to the offsets from the first value; null for the values themselves, which must fit in doubles. */
  base: number | null
}

/**
 * Unpacks values of DELTA_BINARY_PACKED; returns the first.
 * @throws RangeError if there are too few
 */
export function unpackDelta(
  packed: Buffer,
  { count, to, few = null, base }: Unpacked,
  out: Float64Array,
): bigint {
  const bytes = new Bytes(packed)
  const blockValues = bytes.varint()
  const parts = bytes.varint()
  const total = bytes.varint()
  if (total !== count) throw new RangeError(`${total} values are packed and not ${count}`)
  const partValues = blockValues / parts
  const first = unzigzagWide(bytes.wideVarint())
  out[0] = base ?? Number(first)
  // Reused: allocating one per part would cost more than its values.
  const part: Part = { width: 0, least: 0, begin: 0, end: 0 }
  let next = 0
  for (let from = 1; from < to; from += blockValues) {
    part.least = unzigzag(bytes.varint())
    const widthsAt = bytes.pass(parts)
    for (let i = 0; i < parts && from + i * partValues < to; i++) {
      part.width = bytes.view.getUint8(widthsAt + i)
      part.begin = from + i * partValues
      part.end = Math.min(to, part.begin + partValues)
      const at = bytes.pass((part.width * partValues) / 8)
      if (few) while (few[next]! < part.begin) next++
      if (part.width > narrowBits) addWide(bytes.view, at, part, out)
      else if (few && !(few[next]! < part.end)) passNarrow(bytes.view, at, part, out)
      else addNarrow(bytes.view, at, part, out)
    }
  }
  return first
}

/** Differences of `width` bits, less `least`, for [begin, end). */
interface Part {
  width: number
  least: number
  begin: number
  end: number
}

/** Unpacks differences of at most narrowBits into out[begin, end), added to the previous value. */
function addNarrow(
  view: DataView,
  at: number,
  { width, least, begin, end }: Part,
  out: Float64Array,
): void {
  const mask = (1 << width) - 1
  let value = out[begin - 1]!
  for (let i = begin, bit = 0; i < end; i++, bit += width) {
    value += least + ((view.getInt32(at + (bit >>> 3), true) >>> (bit & 7)) & mask)
    out[i] = value
  }
}

/** The same if none of them is requested: only the last is written, as the base of the next ones. */
function passNarrow(
  view: DataView,
  at: number,
  { width, least, begin, end }: Part,
  out: Float64Array,
): void {
  const mask = (1 << width) - 1
  let sum = 0
  // The sum of at most 128 fits in a word.
  for (let i = begin, bit = 0; i < end; i++, bit += width)
    sum = (sum + ((view.getInt32(at + (bit >>> 3), true) >>> (bit & 7)) & mask)) | 0
  out[end - 1] = out[begin - 1]! + (end - begin) * least + (sum >>> 0)
}

/** Like addNarrow, for wider differences. */
function addWide(
  view: DataView,
  at: number,
  { width, least, begin, end }: Part,
  out: Float64Array,
): void {
  const lowBits = Math.min(width, wordBits)
  const lowMask = 2 ** lowBits - 1
  const highMask = 2 ** (width - lowBits) - 1
  let value = out[begin - 1]!
  for (let i = begin, bit = 0; i < end; i++, bit += width) {
    const from = at + (bit >>> 3)
    const shift = bit & 7
    const word = view.getUint32(from, true)
    const next = view.getUint32(from + 4, true)
    const low = shift === 0 ? word : (word >>> shift) | (next << (wordBits - shift))
    value += least + ((low & lowMask) >>> 0) + ((next >>> shift) & highMask) * wordRange
    out[i] = value
  }
}

/**
 * Unpacks some rows' indices from an RLE_DICTIONARY data page: the index width, then repeated or packed runs.
 * @throws RangeError if there are too few
 */
export function unpackIndices(
  packed: Buffer,
  { from, to, few }: RowsWithin,
  out: Uint16Array,
): void {
  const bytes = new Bytes(packed)
  const width = bytes.byte()
  if (width > indexBitsMax) throw new RangeError(`Weir writes no indices of ${width} bits`)
  for (let begin = 0, next = 0; begin < to;) {
    const head = bytes.varint()
    const length = Math.floor(head / 2)
    const isPacked = head % 2 === 1
    const end = begin + (isPacked ? 8 * length : length)
    const at = bytes.pass(isPacked ? length * width : Math.ceil(width / 8))
    const run = { from: Math.max(from, begin), to: Math.min(to, end) }
    if (isPacked && width === indexBitsMax) copyRun(packed, at + 2 * (run.from - begin), run, out)
    else if (few)
      next = pickRun(bytes.view, { at, width, begin, end, isPacked }, { few, next }, out)
    else if (!isPacked) out.fill(bytes.view.getInt32(at, true) & (2 ** width - 1), run.from, run.to)
    else if (width === 8) widenRun(packed, at + (run.from - begin), run, out)
    else unpackRun(bytes.view, { at, width, bit: (run.from - begin) * width }, run, out)
    begin = end
  }
}

/** Copies packed indices that have the width of the output. */
function copyRun(packed: Buffer, at: number, { from, to }: RowRange, out: Uint16Array): void {
  const bytes = new Uint8Array(out.buffer, out.byteOffset)
  if (from < to) bytes.set(packed.subarray(at, at + 2 * (to - from)), 2 * from)
}

/** Picks the indices of some rows, from the nth on, in one run; returns the n after it. */
function pickRun(
  view: DataView,
  run: { at: number; width: number; begin: number; end: number; isPacked: boolean },
  { few, next }: { few: Int32Array; next: number },
  out: Uint16Array,
): number {
  const { at, begin, end } = run
  const mask = 2 ** run.width - 1
  const eachBits = run.isPacked ? run.width : 0
  let n = next
  for (; n < few.length && few[n]! < end; n++) {
    const bit = (few[n]! - begin) * eachBits
    out[few[n]!] = (view.getInt32(at + (bit >>> 3), true) >>> (bit & 7)) & mask
  }
  return n
}

/** Packed indices of one byte each. */
function widenRun(packed: Buffer, at: number, { from, to }: RowRange, out: Uint16Array): void {
  if (from < to) out.set(packed.subarray(at, at + to - from), from)
}

/** Packed indices that start `bit` bits into the bytes. */
function unpackRun(
  view: DataView,
  { at, width, bit: first }: { at: number; width: number; bit: number },
  { from, to }: RowRange,
  out: Uint16Array,
): void {
  const mask = 2 ** width - 1
  let [row, bit] = [from, first]
  // A word holds eight narrow indices that start on a byte boundary.
  if (width <= 4 && bit % 8 === 0)
    for (let byte = at + bit / 8; row + 8 <= to; row += 8, bit += 8 * width, byte += width) {
      let word = view.getInt32(byte, true)
      for (let i = row; i < row + 8; i++, word >>>= width) out[i] = word & mask
    }
  for (; row < to; row++, bit += width)
    out[row] = (view.getInt32(at + (bit >>> 3), true) >>> (bit & 7)) & mask
}

function unzigzagWide(value: bigint): bigint {
  return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
}
