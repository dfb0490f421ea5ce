/**
 * What of Thrift's compact protocol Parquet's headers and footers need
 * (thrift.apache.org, doc/specs/thrift-compact-protocol.md).
 */

/** A field's value: structs are lists of fields, in the order of their ids. */
export type ThriftValue =
  | { type: 'bool'; value: boolean }
  | { type: 'i32' | 'i64'; value: number }
  | { type: 'text'; value: string | Buffer }
  | { type: 'list'; of: keyof typeof typeCodes; values: readonly ThriftValue[] }
  | { type: 'struct'; fields: readonly ThriftField[] }

export type ThriftField = readonly [id: number, value: ThriftValue]

const typeCodes = { bool: 1, i32: 5, i64: 6, text: 8, list: 9, struct: 12 } as const
/** Lists of so many and more tell their length apart from their type. */
const longList = 15

export const i32 = (value: number): ThriftValue => ({ type: 'i32', value })
export const i64 = (value: number): ThriftValue => ({ type: 'i64', value })
export const bool = (value: boolean): ThriftValue => ({ type: 'bool', value })
export const text = (value: string | Buffer): ThriftValue => ({ type: 'text', value })
export const struct = (...fields: readonly ThriftField[]): ThriftValue => ({
  type: 'struct',
  fields,
})
export const list = (of: keyof typeof typeCodes, values: readonly ThriftValue[]): ThriftValue => ({
  type: 'list',
  of,
  values,
})

/** A struct as bytes. Whole numbers are exact up to 2^52. */
export function encodeThrift(fields: readonly ThriftField[]): Buffer {
  const bytes: number[] = []
  writeFields(bytes, fields)
  return Buffer.from(bytes)
}

function writeFields(bytes: number[], fields: readonly ThriftField[]): void {
  let last = 0
  for (const [id, value] of fields) {
    // A boolean field has its value in its type: 1 true, 2 false.
    const code = value.type === 'bool' && !value.value ? 2 : typeCodes[value.type]
    bytes.push(((id - last) << 4) | code)
    last = id
    if (value.type !== 'bool') writeValue(bytes, value)
  }
  bytes.push(0)
}

function writeValue(bytes: number[], value: ThriftValue): void {
  if (value.type === 'i32' || value.type === 'i64') writeVarint(bytes, zigzag(value.value))
  else if (value.type === 'text') {
    const encoded = typeof value.value === 'string' ? Buffer.from(value.value) : value.value
    writeVarint(bytes, encoded.length)
    bytes.push(...encoded)
  } else if (value.type === 'list') {
    const { values } = value
    bytes.push((Math.min(values.length, longList) << 4) | typeCodes[value.of])
    if (values.length >= longList) writeVarint(bytes, values.length)
    for (const each of values) writeValue(bytes, each)
  } else if (value.type === 'struct') writeFields(bytes, value.fields)
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

/** Appends a whole number ≥ 0 in groups of seven bits, the lowest first. */
export function writeVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
}
