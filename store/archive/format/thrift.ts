/**
 * The subset of Thrift's compact protocol needed to write and read Parquet's headers and footers
 * (thrift.apache.org, doc/specs/thrift-compact-protocol.md).
 */

/** A field's value: structs are lists of fields, ordered by id. */
export type ThriftValue =
  | { type: 'bool'; value: boolean }
  | { type: 'i32' | 'i64'; value: number }
  | { type: 'text'; value: string | Buffer }
  | { type: 'list'; of: keyof typeof typeCodes; values: readonly ThriftValue[] }
  | { type: 'struct'; fields: readonly ThriftField[] }

export type ThriftField = readonly [id: number, value: ThriftValue]

const typeCodes = { bool: 1, i32: 5, i64: 6, text: 8, list: 9, struct: 12 } as const
/** Lists of this length and more store it apart from their type. */
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

/** A struct as bytes. Integers are exact up to 2^52. */
export function encodeThrift(fields: readonly ThriftField[]): Buffer {
  const bytes: number[] = []
  writeFields(bytes, fields)
  return Buffer.from(bytes)
}

function writeFields(bytes: number[], fields: readonly ThriftField[]): void {
  let last = 0
  for (const [id, value] of fields) {
    // A boolean field's value is part of its type: 1 true, 2 false.
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

/** Appends an integer ≥ 0 in groups of seven bits, lowest first. */
export function writeVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
}

/** A parsed struct, by field id. */
export type ThriftStruct = ReadonlyMap<number, ThriftRead>
export type ThriftRead = boolean | number | Buffer | ThriftStruct | readonly ThriftRead[]

const boolCodes = { true: 1, false: 2 } as const

/** Reads consecutive structs. Integers beyond 2^53 are not exact. */
export class ThriftReader {
  readonly #bytes: Buffer
  at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.at = at
  }

  /** The next struct. @throws RangeError if the bytes are invalid */
  struct(): ThriftStruct {
    const fields = new Map<number, ThriftRead>()
    for (let id = 0; ;) {
      const head = this.#byte()
      if (head === 0) return fields
      const code = head & 15
      id = head >>> 4 === 0 ? unzigzag(this.#varint()) : id + (head >>> 4)
      const isBool = code === boolCodes.true || code === boolCodes.false
      fields.set(id, isBool ? code === boolCodes.true : this.#value(code))
    }
  }

  #value(code: number): ThriftRead {
    switch (code) {
      case typeCodes.i32:
      case typeCodes.i64:
        return unzigzag(this.#varint())
      case typeCodes.text: {
        const length = this.#varint()
        const from = this.at
        this.at += length
        if (this.at > this.#bytes.length) throw new RangeError('a text reaches beyond the end')
        return this.#bytes.subarray(from, this.at)
      }
      case typeCodes.list: {
        const head = this.#byte()
        const count = head >>> 4 === longList ? this.#varint() : head >>> 4
        return Array.from({ length: count }, () => this.#value(head & 15))
      }
      case typeCodes.struct:
        return this.struct()
      default:
        throw new RangeError(`Parquet metadata has no Thrift type ${code}`)
    }
  }

  #byte(): number {
    return this.#bytes.readUInt8(this.at++)
  }

  #varint(): number {
    let [value, scale] = [0, 1]
    for (;;) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
  }
}

/** Decodes a zigzag integer, which encodes small numbers of either sign as small ones. */
export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}
