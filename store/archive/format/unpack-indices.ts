/** Unpacks dictionary indices from Parquet pages. */
import { Bytes, type RowRange, type RowsWithin } from './packed-bytes.ts'

/** The bits of an index into the largest dictionary. */
const indexBitsMax = 16
const wordBytes = 4

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

/** All rows' indices where they are, if they fill an array that begins with a word; else null. */
export function indicesInPlace(packed: Buffer, rows: number): Uint16Array | null {
  const bytes = new Bytes(packed)
  if (bytes.byte() !== indexBitsMax) return null
  const head = bytes.varint()
  const from = packed.byteOffset + bytes.at
  const isAll = head % 2 === 1 && 8 * Math.floor(head / 2) >= rows
  if (!isAll || from % wordBytes !== 0 || bytes.at + 2 * rows > packed.length) return null
  return new Uint16Array(packed.buffer, from, rows)
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
