/** Reads footers written by Weir (pages.ts): where the columns of each row group are. */
import { readSync } from 'node:fs'

import { archiveColumns } from '../columns.ts'
import { format, magic, writtenBy } from './pages.ts'
import { ThriftReader, type ThriftRead, type ThriftStruct } from './thrift.ts'

/** The end of a file: the footer's length and the magic. */
const tailBytes = 4 + magic.length
/** Most footers are no longer than this, so that one read is enough. */
const likelyBytes = 1 << 16

/** One value, as signed words. */
export type Words = readonly number[]

/** A column of a row group. */
export interface ColumnPlace {
  /** The offset and length of its pages in the file. */
  offset: number
  length: number
  /** The bytes of the dictionary page, which precedes the values; 0 without one. */
  dictionaryLength: number
  /** Whether its pages are compressed with zstd. */
  isZstd: boolean
  /** The smallest and largest value as words, low word first; null if unknown. */
  range: readonly [least: Words, most: Words] | null
}

export interface GroupPlace {
  rows: number
  /** In the order of archiveColumns. */
  columns: readonly ColumnPlace[]
}

export interface FileFooter {
  groups: readonly GroupPlace[]
  /** Texts stored in the footer, by key. */
  texts: ReadonlyMap<string, string>
}

/**
 * The footer of an open file; null if another writer, or one with other columns, made the file.
 * @throws RangeError if it is damaged
 */
export function readFooter(file: number, size: number): FileFooter | null {
  let bytes = readEnd(file, size, Math.min(size, likelyBytes))
  const length = bytes.readUInt32LE(bytes.length - tailBytes) + tailBytes
  if (length > size || !bytes.subarray(-magic.length).equals(magic))
    throw new RangeError('the file has no footer')
  if (length > bytes.length) bytes = readEnd(file, size, length)
  const footer = new ThriftReader(bytes, bytes.length - length).struct()
  if (!isText(footer.get(6), writtenBy)) return null
  const groups = structs(footer.get(4)).map((group) => groupOf(group))
  if (groups.includes(null)) return null
  const pairs = structs(footer.get(5)).map((pair) => [textOf(pair, 1), textOf(pair, 2)] as const)
  return { groups: groups as GroupPlace[], texts: new Map(pairs) }
}

function groupOf(group: ThriftStruct): GroupPlace | null {
  const columns = structs(group.get(1)).map((column, i) =>
    columnOf(column, archiveColumns[i]?.name),
  )
  if (columns.length !== archiveColumns.length || columns.includes(null)) return null
  return { rows: group.get(3) as number, columns: columns as ColumnPlace[] }
}

/** Null if it is not the column `name`. */
function columnOf(column: ThriftStruct, name: string | undefined): ColumnPlace | null {
  const said = column.get(3) as ThriftStruct
  const path = said.get(3) as readonly ThriftRead[]
  const statistics = said.get(12) as ThriftStruct | undefined
  const [least, most] = [statistics?.get(6), statistics?.get(5)]
  if (name === undefined || !isText(path[0], name)) return null
  const values = said.get(9) as number
  const offset = (said.get(11) ?? values) as number
  return {
    offset,
    dictionaryLength: values - offset,
    length: said.get(7) as number,
    isZstd: said.get(4) === format.codecZstd,
    range: least && most ? rangeOf(least as Buffer, most as Buffer) : null,
  }
}

function structs(read: ThriftRead | undefined): readonly ThriftStruct[] {
  return (read ?? []) as readonly ThriftStruct[]
}

function textOf(struct: ThriftStruct, id: number): string {
  return (struct.get(id) as Buffer).toString()
}

function isText(read: ThriftRead | undefined, text: string): boolean {
  return Buffer.isBuffer(read) && read.toString() === text
}

function rangeOf(least: Buffer, most: Buffer): [least: Words, most: Words] {
  const words = wordsOf(least)
  // Most columns of a row group have a single value, so keep it once.
  return [words, most.equals(least) ? words : wordsOf(most)]
}

function wordsOf(plain: Buffer): Words {
  return [...new Int32Array(new Uint8Array(plain).buffer)]
}

function readEnd(file: number, size: number, length: number): Buffer {
  if (size < tailBytes) throw new RangeError('the file is too short to have a footer')
  const bytes = Buffer.allocUnsafe(length)
  if (readSync(file, bytes, 0, length, size - length) < length)
    throw new RangeError('the file ends before its footer does')
  return bytes
}
