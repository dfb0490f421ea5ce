/**
 * Integers packed as differences: Parquet's DELTA_BINARY_PACKED (parquet-format, Encodings.md). A
 * difference takes as many bits as the largest in its part of 128, or of fewer if requested. Chunks are
 * written in half the time but are two fifths larger; both matter only until the interval's file is sorted.
 */

/** Values of a part, which has one bit width; four parts form a block, which has one least difference. */
const usualPartValues = 128
const parts = 4
const blockValuesMax = parts * usualPartValues
const headerBytesMax = 40
/** A varint for the least difference, and the widths; the values take at most 64 bits each. */
const blockHeaderBytesMax = 10 + parts
const wordBits = 32
const wordRange = 2 ** wordBits

/** Numbers may be this far apart: everything computed here is then exact in doubles. */
export const deltaSpanMax = 2 ** 50

/** The differences of a block, and the largest of each part. */
const offsets = new Float64Array(blockValuesMax)
const greatest = new Float64Array(parts)
/** Buffer for all columns of a usual file, reused to avoid garbage. */
const roomBytesMin = 8 << 20
let room = new DataView(new ArrayBuffer(0))
let packedBytes = 0

/** Releases everything packed so far: its buffer is reused. */
export function reusePacked(): void {
  packedBytes = 0
}

/**
 * Packs `count` numbers that are at most deltaSpanMax apart. `base` is added to each: it holds what
 * exceeds a double's precision. The result is valid until reusePacked. `partValues` is a multiple
 * of 32, at most 128.
 */
export function deltaPacked(
  numbers: Float64Array,
  count: number,
  { base = 0n, partValues = usualPartValues }: { base?: bigint; partValues?: number } = {},
): Buffer {
  const blockValues = parts * partValues
  const blockBytesMax = blockHeaderBytesMax + blockValues * 8
  const bytesMax = headerBytesMax + Math.ceil(count / blockValues) * blockBytesMax
  if (room.byteLength - packedBytes < bytesMax) {
    // Earlier results in the old buffer stay valid while referenced.
    room = new DataView(new ArrayBuffer(Math.max(roomBytesMin, bytesMax)))
    packedBytes = 0
  }
  const begin = packedBytes
  let at = putVarint(begin, BigInt(blockValues))
  at = putVarint(at, BigInt(parts))
  at = putVarint(at, BigInt(count))
  at = putVarint(at, zigzag(base + BigInt(count > 0 ? numbers[0]! : 0)))
  for (let from = 1; from < count; from += blockValues)
    at = putBlock(room, at, { numbers, from, to: Math.min(count, from + blockValues), partValues })
  packedBytes = at
  return Buffer.from(room.buffer, begin, at - begin)
}

/** Packs a block of the numbers [from, to), which follow another number. */
function putBlock(
  view: DataView,
  begin: number,
  {
    numbers,
    from: first,
    to,
    partValues,
  }: { numbers: Float64Array; from: number; to: number; partValues: number },
): number {
  const values = to - first
  let least = Number.POSITIVE_INFINITY
  let before = numbers[first - 1]!
  for (let part = 0; part < parts; part++) {
    const end = Math.min(values, (part + 1) * partValues)
    let most = Number.NEGATIVE_INFINITY
    for (let i = part * partValues; i < end; i++) {
      const number = numbers[first + i]!
      const difference = number - before
      offsets[i] = difference
      if (difference < least) least = difference
      if (difference > most) most = difference
      before = number
    }
    greatest[part] = most
  }
  // A part is always written in full.
  offsets.fill(least, values, parts * partValues)
  const widthsAt = putDifference(view, begin, least)
  let at = widthsAt + parts
  for (let part = 0; part < parts; part++) {
    const from = part * partValues
    const width = from < values ? widthOf(greatest[part]! - least) : 0
    view.setUint8(widthsAt + part, width)
    if (width > wordBits) at = putWide(view, at, { from, to: from + partValues, least, width })
    else if (width > 0) at = putNarrow(view, at, { from, to: from + partValues, least, width })
  }
  return at
}

/** A part: its bounds, what is subtracted from each difference, and the bits of the rest. */
interface Part {
  from: number
  to: number
  least: number
  width: number
}

/** The bits needed for an offset. */
function widthOf(offset: number): number {
  return offset < wordRange ? bitsOf(offset) : wordBits + bitsOf(Math.floor(offset / wordRange))
}

const bitsOf = (value: number) => wordBits - Math.clz32(value)

/** Writes a part of at most 32 bits per value, lowest bits first; it ends on a word boundary. */
function putNarrow(view: DataView, begin: number, { from, to, least, width }: Part): number {
  let at = begin
  let word = 0
  let used = 0
  for (let i = from; i < to; i++) {
    const value = (offsets[i]! - least) >>> 0
    word |= value << used
    used += width
    if (used < wordBits) continue
    view.setInt32(at, word, true)
    at += 4
    used -= wordBits
    word = used === 0 ? 0 : value >>> (width - used)
  }
  return at
}

/** Writes a part of more bits per value: a whole word of each, then the rest. */
function putWide(view: DataView, begin: number, { from, to, least, width }: Part): number {
  const beyond = width - wordBits
  let at = begin
  let word = 0
  let used = 0
  for (let i = from; i < to; i++) {
    const value = offsets[i]! - least
    const lower = value >>> 0
    view.setInt32(at, word | (lower << used), true)
    at += 4
    const upper = ((value - lower) / wordRange) | 0
    word = (used === 0 ? 0 : lower >>> (wordBits - used)) | (upper << used)
    used += beyond
    if (used < wordBits) continue
    view.setInt32(at, word, true)
    at += 4
    used -= wordBits
    word = used === 0 ? 0 : upper >>> (beyond - used)
  }
  return at
}

/** Writes a difference as a zigzag varint. In doubles: bigints would make garbage for each block. */
function putDifference(view: DataView, begin: number, difference: number): number {
  let at = begin
  let rest = difference < 0 ? -2 * difference - 1 : 2 * difference
  for (; rest >= wordRange; rest = Math.floor(rest / 0x80)) view.setUint8(at++, (rest >>> 0) | 0x80)
  let word = rest >>> 0
  for (; word > 0x7f; word >>>= 7) view.setUint8(at++, word | 0x80)
  view.setUint8(at++, word)
  return at
}

const zigzag = (value: bigint) => (value << 1n) ^ (value >> 63n)

function putVarint(begin: number, value: bigint): number {
  let at = begin
  let rest = BigInt.asUintN(64, value)
  for (; rest > 0x7fn; rest >>= 7n) room.setUint8(at++, Number(rest & 0x7fn) | 0x80)
  room.setUint8(at++, Number(rest))
  return at
}
