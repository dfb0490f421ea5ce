/**
 * Steps that read numbers. Each pair of field length and column type has its own loop: a loop that
 * sees one kind of array is several times as fast as one that sees four.
 */
import type { NumberArray, Place, Step } from './batch.ts'

export const wordSize = 2 ** 32
/** An upper word above this makes a number above 2^53, which a double cannot represent exactly. */
export const highWordMax = 0x1f_ffff

/**
 * The unsigned number of 1 to 8 bytes at an offset; of longer fields, the last 8 bytes. Exact up to
 * 2^53. Above 32 bits it uses arithmetic, because shifts wrap.
 */
export function readUnsigned(view: DataView, offset: number, length: number): number {
  switch (length) {
    case 0:
      return 0
    case 1:
      return view.getUint8(offset)
    case 2:
      return view.getUint16(offset)
    case 4:
      return view.getUint32(offset)
    case 8:
      return view.getUint32(offset) * wordSize + view.getUint32(offset + 4)
    default: {
      let value = 0
      for (let i = Math.max(0, length - 8); i < length; i++)
        value = value * 256 + view.getUint8(offset + i)
      return value
    }
  }
}

function bytes1(column: Uint8Array, place: Place): Step {
  return (batch, row) => {
    const { view, stride, records } = batch
    let at = batch.offset + place.offset
    for (let i = row; i < row + records; i++, at += stride) column[i] = view.getUint8(at)
  }
}

function bytes2(column: Uint16Array, place: Place): Step {
  return (batch, row) => {
    const { view, stride, records } = batch
    let at = batch.offset + place.offset
    for (let i = row; i < row + records; i++, at += stride) column[i] = view.getUint16(at)
  }
}

function bytes1Wide(column: Uint16Array, place: Place): Step {
  return (batch, row) => {
    const { view, stride, records } = batch
    let at = batch.offset + place.offset
    for (let i = row; i < row + records; i++, at += stride) column[i] = view.getUint8(at)
  }
}

function bytes2Wide(column: Uint32Array, place: Place): Step {
  return (batch, row) => {
    const { view, stride, records } = batch
    let at = batch.offset + place.offset
    for (let i = row; i < row + records; i++, at += stride) column[i] = view.getUint16(at)
  }
}

function bytes4(column: Uint32Array, place: Place): Step {
  return (batch, row) => {
    const { view, stride, records } = batch
    let at = batch.offset + place.offset
    for (let i = row; i < row + records; i++, at += stride) column[i] = view.getUint32(at)
  }
}

function bytes4Double(column: Float64Array, place: Place): Step {
  return (batch, row) => {
    const { view, stride, records } = batch
    let at = batch.offset + place.offset
    for (let i = row; i < row + records; i++, at += stride) column[i] = view.getUint32(at)
  }
}

function bytes8Double(column: Float64Array, place: Place): Step {
  return (batch, row) => {
    const { view, stride, records } = batch
    let at = batch.offset + place.offset
    for (let i = row; i < row + records; i++, at += stride) {
      const high = view.getUint32(at)
      if (high > highWordMax) {
        batch.countersTooLarge++
        column[i] = 0
      } else column[i] = high * wordSize + view.getUint32(at + 4)
    }
  }
}

function anyLength(column: NumberArray, place: Place): Step {
  return (batch, row) => {
    const { view, stride, records } = batch
    const { length } = place
    let at = batch.offset + place.offset
    for (let i = row; i < row + records; i++, at += stride) {
      const value = readUnsigned(view, at, length)
      if (value > Number.MAX_SAFE_INTEGER && column instanceof Float64Array) {
        batch.countersTooLarge++
        column[i] = 0
      } else column[i] = value
    }
  }
}

/** A step that reads an unsigned number of any length into a column, overwriting it. */
export function unsignedStep(column: NumberArray, place: Place, variable: boolean): Step {
  if (!variable) {
    const { length } = place
    if (column instanceof Uint8Array && length === 1) return bytes1(column, place)
    if (column instanceof Uint16Array && length === 2) return bytes2(column, place)
    if (column instanceof Uint16Array && length === 1) return bytes1Wide(column, place)
    if (column instanceof Uint32Array && length === 4) return bytes4(column, place)
    if (column instanceof Uint32Array && length === 2) return bytes2Wide(column, place)
    if (column instanceof Float64Array && length === 4) return bytes4Double(column, place)
    if (column instanceof Float64Array && length === 8) return bytes8Double(column, place)
  }
  return anyLength(column, place)
}

/** A step that combines the value in a column with the number read. */
export function joinStep(
  column: NumberArray,
  place: Place,
  join: (held: number, read: number) => number,
): Step {
  return (batch, row) => {
    let at = batch.offset + place.offset
    for (let i = row; i < row + batch.records; i++, at += batch.stride)
      column[i] = join(column[i]!, readUnsigned(batch.view, at, place.length))
  }
}

/** The number of a float64 element, which may have 4 bytes (RFC 7011, section 6.2); 0 for other lengths. */
export function readFloat(view: DataView, offset: number, length: number): number {
  if (length === 8) return view.getFloat64(offset)
  return length === 4 ? view.getFloat32(offset) : 0
}

/** A step that reads a float64 element (samplingProbability). */
export function floatStep(column: Float64Array, place: Place): Step {
  return (batch, row) => {
    let at = batch.offset + place.offset
    for (let i = row; i < row + batch.records; i++, at += batch.stride)
      column[i] = readFloat(batch.view, at, place.length)
  }
}
