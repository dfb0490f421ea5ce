/** Unpacks numbers packed as differences, as by delta.ts. */
import { Bytes } from './packed-bytes.ts'
import { unzigzag } from './thrift.ts'

const wordBits = 32
const wordRange = 2 ** wordBits
/** A value of up to this many bits fits in one word, at any bit offset in its first byte. */
const narrowBits = 25

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
  // Parts that are passed over write nothing: each would fetch another line of memory.
  let value = base ?? Number(first)
  out[0] = value
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
      if (few && part.width <= narrowBits && !(few[next]! < part.end)) {
        const passed = part.end - part.begin
        value += passed * part.least + (sumNarrow(bytes.view, at, part.width, passed) >>> 0)
        continue
      }
      out[part.begin - 1] = value
      if (part.width > narrowBits) addWide(bytes.view, at, part, out)
      else addNarrow(bytes.view, at, part, out)
      value = out[part.end - 1]!
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

/**
 * The sum of packed differences, of which at most 128 fit in a word, in loops of their own:
 * together they are slower.
 */
function sumNarrow(view: DataView, at: number, width: number, count: number): number {
  if (count % 4 === 0 && width <= 8) return sumByFours(view, at, width, count)
  if (count % 2 === 0 && width <= 14) return sumByPairs(view, at, width, count)
  const mask = (1 << width) - 1
  let sum = 0
  for (let i = 0, bit = 0; i < count; i++, bit += width)
    sum = (sum + ((view.getInt32(at + (bit >>> 3), true) >>> (bit & 7)) & mask)) | 0
  return sum
}

/** Four numbers of up to 8 bits fit in one word, at the bit offset of any fourth number. */
function sumByFours(view: DataView, at: number, width: number, count: number): number {
  const mask = (1 << width) - 1
  const endBit = count * width
  let sum = 0
  for (let bit = 0; bit < endBit; bit += 4 * width) {
    const word = view.getInt32(at + (bit >>> 3), true) >>> (bit & 7)
    const upper = word >>> (2 * width)
    sum = (sum + (word & mask)) | 0
    sum = (sum + ((word >>> width) & mask)) | 0
    sum = (sum + (upper & mask)) | 0
    sum = (sum + ((upper >>> width) & mask)) | 0
  }
  return sum
}

/** The same for two numbers of up to 14 bits. */
function sumByPairs(view: DataView, at: number, width: number, count: number): number {
  const mask = (1 << width) - 1
  const endBit = count * width
  let sum = 0
  for (let bit = 0; bit < endBit; bit += 2 * width) {
    const word = view.getInt32(at + (bit >>> 3), true) >>> (bit & 7)
    sum = (sum + (word & mask)) | 0
    sum = (sum + ((word >>> width) & mask)) | 0
  }
  return sum
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

function unzigzagWide(value: bigint): bigint {
  return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
}
