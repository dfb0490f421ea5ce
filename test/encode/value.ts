/** Values as tests write them, and their bytes in a field. */
import { parseAddress } from '../../flow/address.ts'
import { ByteWriter } from './bytes.ts'

/**
 * A number or bigint is unsigned. A text with dots or colons that is an address is encoded as one
 * (16 bytes if the field has 16); any other text is UTF-8; bytes are kept as they are. Text and
 * bytes are padded with zeros to the field's length, or cut off at it.
 */
export type Value = number | bigint | string | Uint8Array

const text = new TextEncoder()

/** The bytes of an address: 4 for IPv4 unless `length` is 16. */
export function addressBytes(address: string, length?: number): Uint8Array {
  const words = parseAddress(address)
  if (!words) throw new Error(`${address} is no address`)
  const isIPv4 = !address.includes(':')
  const kept = length === 16 || !isIPv4 ? words : words.slice(3)
  const bytes = new Uint8Array(4 * kept.length)
  const view = new DataView(bytes.buffer)
  kept.forEach((word, i) => view.setUint32(4 * i, word))
  return bytes
}

/** The bytes of a value in its natural length: a number in 8 bytes. */
function valueBytes(value: Value, length?: number): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string')
    return parseAddress(value) ? addressBytes(value, length) : text.encode(value)
  return new ByteWriter().unsigned(value, length ?? 8).finish()
}

/** Writes a value into a field of fixed length. */
export function writeValue(writer: ByteWriter, value: Value, length: number): void {
  if (typeof value === 'number' || typeof value === 'bigint') {
    writer.unsigned(value, length)
    return
  }
  const bytes = valueBytes(value, length).subarray(0, length)
  writer.bytes(bytes).zeros(length - bytes.length)
}

/** Writes a value into a field of variable length; `long` always uses the 3-byte form of the length. */
export function writeVariable(writer: ByteWriter, value: Value, long = false): void {
  const bytes = valueBytes(value)
  if (bytes.length < 255 && !long) writer.unsigned(bytes.length, 1)
  else writer.unsigned(255, 1).unsigned(bytes.length, 2)
  writer.bytes(bytes)
}
