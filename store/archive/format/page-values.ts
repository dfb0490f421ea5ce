/**
 * Decodes the pages of a column into the arrays of flow columns. Supports the Parquet encodings
 * that Weir writes: plain, RLE_DICTIONARY and DELTA_BINARY_PACKED (parquet-format, Encodings.md).
 */
import { zstdDecompressSync } from 'node:zlib'

import type { ColumnKind } from '../../../flow/columns.ts'
import { beyondBytes, type RowRange, type RowsWithin } from './packed-bytes.ts'
import { format } from './pages.ts'
import { ThriftReader, type ThriftStruct } from './thrift.ts'
import { unpackDelta } from './unpack-delta.ts'
import { indicesInPlace, unpackIndices } from './unpack-indices.ts'

/** An array of flow columns; u64 has two words per row, low word first. */
export type Values = Uint8Array | Uint16Array | Uint32Array | Float64Array

/** The kind of a column, and whether its values take 64 bits in the file. */
interface ColumnShape {
  kind: ColumnKind
  isWide: boolean
}

const wordRange = 2 ** 32

/** The pages of a column: its data page, and its dictionary page if it has one. */
interface ReadPages {
  page: Page
  dictionary: Page | null
}

/** Distinct values as pairs of words, and by row the index of its value, which may be read lazily. */
export interface Entries {
  readonly words: Uint32Array
  readonly places: Uint16Array
}

/**
 * The pages of a column, valid until the buffer is overwritten. It must have beyondBytes more bytes at its end.
 * @throws RangeError if they are damaged or were not written by Weir
 */
export function readPages(bytes: Buffer, rows: number, isZstd: boolean): ReadPages {
  const reader = new ThriftReader(bytes)
  const first = nextPage(reader, bytes, isZstd)
  const page = first.isDictionary ? nextPage(reader, bytes, isZstd) : first
  const dictionary = first.isDictionary ? first : null
  if (dictionary) assertHas(page, rows, format.rleDictionary)
  else assertHas(page, rows, format.deltaBinaryPacked, format.plain)
  return { page, dictionary }
}

function assertHas({ count, encoding }: Page, rows: number, ...encodings: number[]): void {
  if (count !== rows) throw new RangeError(`a page has ${count} values and not ${rows}`)
  if (!encodings.includes(encoding))
    throw new RangeError(`Weir writes no pages of encoding ${encoding}`)
}

/** The distinct values of a u64 column, from its dictionary page. @throws RangeError as readPages does */
export function readDictionary(bytes: Buffer, isZstd: boolean): Uint32Array {
  const dictionary = nextPage(new ThriftReader(bytes), bytes, isZstd)
  const words = wordsOf(dictionary, 2)
  return dictionary.ownsBytes ? words : words.slice()
}

/**
 * Each row's dictionary index from the data page, in `room` or, until freePages, in the page itself.
 * @throws RangeError as readPages does
 */
export function readPlaces(
  bytes: Buffer,
  { rows, isZstd, within }: { rows: number; isZstd: boolean; within: RowsWithin },
  room: () => Uint16Array,
): Uint16Array {
  const page = nextPage(new ThriftReader(bytes), bytes, isZstd)
  assertHas(page, rows, format.rleDictionary)
  const inPlace = page.ownsBytes ? indicesInPlace(page.bytes, rows) : null
  if (inPlace) return inPlace
  const places = room()
  unpackIndices(page.bytes, within, places)
  return places
}

/**
 * Writes the values of some rows from a column's pages to `out`, or returns them if they already are such an array.
 * @throws RangeError as readPages does
 */
export function readValues(
  pages: ReadPages,
  { kind, isWide }: ColumnShape,
  out: Values,
  within: RowsWithin = { from: 0, to: pages.page.count, few: null },
): Values {
  // Loops over several kinds of arrays are three times slower, so there is one for each of three.
  if (kind === 'u64') return readPairs(pages, out as Uint32Array, within)
  if (kind === 'f64') readDoubles(pages, out as Float64Array, within)
  else out.set(readWords(pages, isWide, within), within.from)
  return out
}

/** Writes the values of entries row by row to `out`. */
export function fillFromEntries(
  { words, places }: Entries,
  { from, to, few }: RowsWithin,
  out: Uint32Array,
): void {
  if (few) {
    for (const row of few) {
      const at = 2 * places[row]!
      out[2 * row] = words[at]!
      out[2 * row + 1] = words[at + 1]!
    }
    return
  }
  for (let i = from; i < to; i++) {
    const at = 2 * places[i]!
    out[2 * i] = words[at]!
    out[2 * i + 1] = words[at + 1]!
  }
}

interface Page {
  isDictionary: boolean
  encoding: number
  count: number
  bytes: Buffer
  /** Whether the buffer belongs to this page (from zstd); the buffer of the file is overwritten. */
  ownsBytes: boolean
}

function nextPage(reader: ThriftReader, pages: Buffer, isZstd: boolean): Page {
  const header = reader.struct()
  const [plainLength, length] = [header.get(2) as number, header.get(3) as number]
  const stored = pages.subarray(reader.at, reader.at + length)
  if (stored.length < length) throw new RangeError('a page reaches beyond the end of its column')
  reader.at += length
  const isDictionary = header.get(1) === format.dictionaryPage
  const said = header.get(isDictionary ? 7 : 5) as ThriftStruct
  const bytes = isZstd ? decompressed(stored, plainLength) : stored
  const [count, encoding] = [said.get(1) as number, said.get(2) as number]
  return { isDictionary, encoding, count, bytes, ownsBytes: isZstd }
}

function decompressed(bytes: Buffer, length: number): Buffer {
  // In one piece, with spare bytes after it.
  const chunkSize = Math.max(64, length + beyondBytes)
  const plain = zstdDecompressSync(bytes, { chunkSize, maxOutputLength: chunkSize })
  if (plain.length !== length)
    throw new RangeError(`a page has ${plain.length} bytes and not ${length}`)
  if (chunkSize >= Buffer.poolSize) decompressedPages.push(plain)
  return plain
}

/** Pages with buffers of their own. */
const decompressedPages: Buffer[] = []

/**
 * Frees all pages at once, and the values returned as views of them: left to the garbage collector,
 * they would add up to ten times as much. Readers call it when they are done with the values.
 */
export function freePages(): void {
  for (const { buffer } of decompressedPages.splice(0)) (buffer as ArrayBuffer).transfer(0)
}

/** Values as stored in a page: `each` words per value. */
function wordsOf({ bytes, count }: Page, each: 1 | 2): Uint32Array {
  if (bytes.length < 4 * each * count)
    throw new RangeError(`a page has ${bytes.length} bytes, too few for ${count} values`)
  const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  return new Uint32Array(buffer, byteOffset, each * count)
}

/** Reused from page to page. */
let indices = new Uint16Array(0)
let numbers = new Uint32Array(0)
let doubles = new Float64Array(0)

function indicesOf({ bytes, count }: Page, within: RowsWithin): Uint16Array {
  if (indices.length < count) indices = new Uint16Array(count)
  unpackIndices(bytes, within, indices)
  return indices
}

function differencesRoom(count: number): Float64Array {
  if (doubles.length < count) doubles = new Float64Array(count)
  return doubles
}

/** 64-bit integers as two words. */
function readPairs(
  { page, dictionary }: ReadPages,
  out: Uint32Array,
  within: RowsWithin,
): Uint32Array {
  const { count } = page
  if (dictionary) {
    const entries = { words: wordsOf(dictionary, 2), places: indicesOf(page, within) }
    fillFromEntries(entries, within, out)
    return out
  }
  if (page.encoding === format.plain)
    return page.ownsBytes ? wordsOf(page, 2) : wordsOf(page, 2).slice()
  const { from, to } = within
  const differences = differencesRoom(count)
  const first = unpackDelta(page.bytes, { count, to, base: 0 }, differences)
  const [low, high] = [Number(BigInt.asUintN(32, first)), Number(first >> 32n)]
  for (let i = from; i < to; i++) {
    const value = low + differences[i]!
    out[2 * i] = value
    out[2 * i + 1] = high + Math.floor(value / wordRange)
  }
  return out
}

/** 64-bit integers that fit in doubles. */
function readDoubles({ page, dictionary }: ReadPages, out: Float64Array, within: RowsWithin): void {
  const { count } = page
  const { from, to, few } = within
  if (dictionary) {
    const listed = doublesOf(
      wordsOf(dictionary, 2),
      { from: 0, to: dictionary.count },
      differencesRoom(dictionary.count),
    )
    const places = indicesOf(page, within)
    if (few) for (const row of few) out[row] = listed[places[row]!]!
    else for (let i = from; i < to; i++) out[i] = listed[places[i]!]!
  } else if (page.encoding === format.plain) doublesOf(wordsOf(page, 2), within, out)
  else unpackDelta(page.bytes, { count, to, few, base: null }, out)
}

function doublesOf(words: Uint32Array, { from, to }: RowRange, out: Float64Array): Float64Array {
  for (let i = from; i < to; i++) out[i] = (words[2 * i + 1]! | 0) * wordRange + words[2 * i]!
  return out
}

/** Integers from 0 to 2^32, starting with the first row, valid until the next call. */
function readWords(
  { page, dictionary }: ReadPages,
  isWide: boolean,
  { from, to }: RowRange,
): Uint32Array {
  const { count } = page
  if (numbers.length < count) numbers = new Uint32Array(count)
  const step = isWide ? 2 : 1
  if (dictionary) {
    const listed = wordsOf(dictionary, step)
    const places = indicesOf(page, { from, to, few: null })
    for (let i = from; i < to; i++) numbers[i] = listed[step * places[i]!]!
  } else if (page.encoding === format.plain) {
    const words = wordsOf(page, step)
    for (let i = from; i < to; i++) numbers[i] = words[step * i]!
  } else {
    const values = differencesRoom(count)
    unpackDelta(page.bytes, { count, to, base: null }, values)
    for (let i = from; i < to; i++) numbers[i] = values[i]!
  }
  return numbers.subarray(from, to)
}
