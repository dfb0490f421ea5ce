/** A datagram as received, and how to tell its version. */

/** Supported versions. */
export type DatagramVersion = 'v1' | 'v5' | 'v6' | 'v7' | 'v9' | 'ipfix' | 'sflow'

/** The source and time of a datagram. */
export interface Receipt {
  /** Address of the exporter, in the form of formatAddress. */
  source: string
  sourcePort: number
  /** unix ms */
  receivedMs: number
}

export interface Datagram extends Receipt {
  /** May be a view of a larger buffer that is reused: nothing may keep a reference to it. */
  payload: Uint8Array
}

/** A datagram within a larger buffer: creating a view for each, or reading its `buffer`, is slow. */
export interface PlacedDatagram extends Receipt {
  view: DataView
  /** It is at [offset, offset + length) of the view. */
  offset: number
  length: number
}

/** Header lengths in bytes. */
export const fixedLayouts = {
  v1: { headerBytes: 16 },
  v5: { headerBytes: 24 },
  v6: { headerBytes: 24 },
  v7: { headerBytes: 24 },
} as const

const versionsByNumber: Record<number, DatagramVersion | undefined> = {
  1: 'v1',
  5: 'v5',
  6: 'v6',
  7: 'v7',
  9: 'v9',
  10: 'ipfix',
}

const v9HeaderBytes = 20
const ipfixHeaderBytes = 16
const sflowHeaderBytes = 28
const sflowVersion = 5

/** The version of a datagram in a buffer of its own, or in a part of one: see versionAt. */
export function versionOf({ buffer, byteOffset, length }: Uint8Array): DatagramVersion | null {
  return versionAt(new DataView(buffer), byteOffset, length)
}

/**
 * The version of a datagram, from its first bytes and a plausible length, or null if unsupported.
 * The rest may still be unreadable.
 */
export function versionAt(view: DataView, at: number, length: number): DatagramVersion | null {
  if (length < ipfixHeaderBytes) return null
  const word = view.getUint16(at)
  if (word === 0) {
    const isSflow = view.getUint16(at + 2) === sflowVersion
    return isSflow && length >= sflowHeaderBytes ? 'sflow' : null
  }
  const version = versionsByNumber[word] ?? null
  if (version === null || version === 'ipfix' || version === 'sflow') return version
  const header = version === 'v9' ? v9HeaderBytes : fixedLayouts[version].headerBytes
  return length >= header ? version : null
}
