/**
 * Steps that read numbers. Each pair of field length and column type has a loop of its own: a loop
 * that sees one kind of array is several times as fast as one that sees four.
 */
import { ipv4Marker } from '../../flow/address.ts'
import type { AddressColumns, Batch, NumberArray, Place, Step } from './batch.ts'

export const wordSize = 2 ** 32
/** Upper words beyond this make a number above 2^53, which a double no longer holds exactly. */
export const highWordMax = 0x1f_ffff

/**
 * The unsigned number of 1 to 8 bytes at an offset; of longer ones the last 8 bytes. Exact up to
 * 2^53. Uses arithmetic and not shifts above 32 bits, where shifts wrap.
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

/** A step that reads an unsigned number of any length into a column, whatever stood there. */
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

/** Joins what a column holds with the number read, by a rule of two numbers. */
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

/** A double of 4 or 8 bytes (samplingProbability). */
export function floatStep(column: Float64Array, place: Place): Step {
  return (batch, row) => {
    let at = batch.offset + place.offset
    for (let i = row; i < row + batch.records; i++, at += batch.stride) {
      if (place.length === 8) column[i] = batch.view.getFloat64(at)
      else column[i] = place.length === 4 ? batch.view.getFloat32(at) : 0
    }
  }
}

function ipv4(columns: AddressColumns, place: Place): Step {
  const { low } = columns
  return (batch, row) => {
    const { view, stride, records } = batch
    let at = batch.offset + place.offset
    for (let i = 2 * row; i < 2 * (row + records); i += 2, at += stride) {
      low[i] = view.getUint32(at)
      low[i + 1] = ipv4Marker
    }
  }
}

function ipv6(columns: AddressColumns, place: Place): Step {
  const { high, low } = columns
  return (batch, row) => {
    const { view, stride, records } = batch
    let at = batch.offset + place.offset
    for (let i = 2 * row; i < 2 * (row + records); i += 2, at += stride) {
      high[i + 1] = view.getUint32(at)
      high[i] = view.getUint32(at + 4)
      low[i + 1] = view.getUint32(at + 8)
      low[i] = view.getUint32(at + 12)
    }
  }
}

/** Whether row i says nothing: 0.0.0.0 counts as nothing said where another element may say more. */
function isUnsaid({ high, low }: AddressColumns, i: number): boolean {
  return (
    low[2 * i] === 0 &&
    (low[2 * i + 1] === 0 || low[2 * i + 1] === ipv4Marker) &&
    high[2 * i] === 0 &&
    high[2 * i + 1] === 0
  )
}

/** One address read into row i; 4 or 16 bytes, any other length says nothing. */
function readAddress(
  batch: Batch,
  at: number,
  length: number,
  columns: AddressColumns,
  i: number,
): void {
  const { view } = batch
  if (length === 4) {
    columns.low[2 * i] = view.getUint32(at)
    columns.low[2 * i + 1] = ipv4Marker
  } else if (length === 16) {
    columns.high[2 * i + 1] = view.getUint32(at)
    columns.high[2 * i] = view.getUint32(at + 4)
    columns.low[2 * i + 1] = view.getUint32(at + 8)
    columns.low[2 * i] = view.getUint32(at + 12)
  }
}

function isZero(view: DataView, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (view.getUint8(at + i) !== 0) return false
  return true
}

/** An address where `onlyWhereUnsaid`: a dual-stack record has both kinds, one of them zero. */
function otherAddress(columns: AddressColumns, place: Place, onlyWhereUnsaid: boolean): Step {
  return (batch, row) => {
    let at = batch.offset + place.offset
    for (let i = row; i < row + batch.records; i++, at += batch.stride) {
      if (onlyWhereUnsaid && (!isUnsaid(columns, i) || isZero(batch.view, at, place.length)))
        continue
      readAddress(batch, at, place.length, columns, i)
    }
  }
}

/** A next hop or translated address: zero means that there is none. */
function optionalIpv4(columns: AddressColumns, place: Place): Step {
  const { low } = columns
  return (batch, row) => {
    const { view, stride, records } = batch
    let at = batch.offset + place.offset
    for (let i = 2 * row; i < 2 * (row + records); i += 2, at += stride) {
      const address = view.getUint32(at)
      low[i] = address
      low[i + 1] = address === 0 ? 0 : ipv4Marker
    }
  }
}

export interface AddressChoice {
  /** Another element of the template has set the column already. */
  second: boolean
  /** 0.0.0.0 means none. */
  optional: boolean
  variable: boolean
}

/** A step that reads an IPv4 or IPv6 address by the field's length. */
export function addressStep(columns: AddressColumns, place: Place, choice: AddressChoice): Step {
  if (choice.second || choice.variable) return otherAddress(columns, place, choice.second)
  if (place.length === 16) return ipv6(columns, place)
  return choice.optional ? optionalIpv4(columns, place) : ipv4(columns, place)
}
