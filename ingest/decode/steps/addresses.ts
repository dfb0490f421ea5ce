/** Steps that read addresses. */
import { ipv4Marker } from '../../../flow/address.ts'
import { isZero } from '../templates/place-fields.ts'
import type { AddressColumns, Place, Step } from './batch.ts'

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

/** Whether row i has no address yet: 0.0.0.0 counts as none if another element may have one. */
function isUnsaid({ high, low }: AddressColumns, i: number): boolean {
  return (
    low[2 * i] === 0 &&
    (low[2 * i + 1] === 0 || low[2 * i + 1] === ipv4Marker) &&
    high[2 * i] === 0 &&
    high[2 * i + 1] === 0
  )
}

/** Reads one address into row i; lengths other than 4 or 16 bytes are ignored. */
export function readAddress(
  { view }: { view: DataView },
  at: number,
  length: number,
  columns: AddressColumns,
  i: number,
): void {
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

/**
 * Reads an address, with `onlyWhereUnsaid` only if the row has none: a dual-stack record has both
 * kinds, one of them zero.
 */
function otherAddress(columns: AddressColumns, place: Place, onlyWhereUnsaid: boolean): Step {
  return (batch, row) => {
    let at = batch.offset + place.offset
    for (let i = row; i < row + batch.records; i++, at += batch.stride) {
      if (onlyWhereUnsaid && (!isUnsaid(columns, i) || isZero(batch.view, at, at + place.length)))
        continue
      readAddress(batch, at, place.length, columns, i)
    }
  }
}

/** A next hop or translated address: zero means none. */
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

interface AddressChoice {
  /** Another element of the template sets the column first. */
  second: boolean
  /** 0.0.0.0 means none. */
  optional: boolean
  variable: boolean
}

/** A step that reads an IPv4 or IPv6 address, by the length of the field. */
export function addressStep(columns: AddressColumns, place: Place, choice: AddressChoice): Step {
  if (choice.second || choice.variable) return otherAddress(columns, place, choice.second)
  if (place.length === 16) return ipv6(columns, place)
  return choice.optional ? optionalIpv4(columns, place) : ipv4(columns, place)
}
