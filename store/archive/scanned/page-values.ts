/**
 * The values of a column out of its pages, in the array in which flow columns hold them. Of Parquet's encodings it
 * knows those that Weir's writers use: plain, RLE_DICTIONARY and DELTA_BINARY_PACKED (parquet-format, Encodings.md).
 */
import { zstdDecompressSync } from 'node:zlib'

import type { ColumnKind } from '../../../flow/columns.ts'
import { format } from '../parquet-pages.ts'
import { ThriftReader, type ThriftStruct } from '../thrift.ts'
import { beyondBytes, unpackDelta, unpackIndices } from './unpack.ts'

/** An array of flow columns; of u64 two words a row, the low one first. */
export type Values = Uint8Array | Uint16Array | Uint32Array | Float64Array

/** How a column is held, and whether its values take 64 bits in the file. */
export interface ColumnShape {
  kind: ColumnKind
  isWide: boolean
}

const wordRange = 2 ** 32

/** The pages of a column: those of its rows, and of a dictionary, if it has one. */
export interface ReadPages {
  page: Page
  dictionary: Page | null
}

/** Different values as words, two of each, and by row the place of its value among them. */
export interface Entries {
  words: Uint32Array
  places: Uint16Array
}

/**
 * The pages of a column with so many rows, good until others are read in the place of these bytes. Behind the bytes lie beyondBytes more that are nobody's.
 * @throws RangeError where they are damaged, or others than Weir's
 */
export function readPages(bytes: Buffer, rows: number, isZstd: boolean): ReadPages {
  const reader = new ThriftReader(bytes)
  const first = nextPage(reader, bytes, isZstd)
  const page = first.isDictionary ? nextPage(reader, bytes, isZstd) : first
  if (page.count !== rows) throw new RangeError(`a page has ${page.count} values and not ${rows}`)
  const dictionary = first.isDictionary ? first : null
  const isKnown = page.encoding === (dictionary ? format.rleDictionary : format.deltaBinaryPacked)
  if (!isKnown && (dictionary || page.encoding !== format.plain))
    throw new RangeError(`pages of encoding ${page.encoding} are none that Weir writes`)
  return { page, dictionary }
}

/** What a column of u64 has as a dictionary, with the places in `room`; null where it has none. @throws RangeError as readPages does */
export function readEntries({ page, dictionary }: ReadPages, room: Uint16Array): Entries | null {
  if (!dictionary) return null
  const words = wordsOf(dictionary, 2)
  unpackIndices(page.bytes, page.count, room)
  return { words: dictionary.isOurs ? words : words.slice(), places: room }
}

/** Writes the values of a column's pages into `out`, or gives them where they are such an array already. @throws RangeError as readPages does */
export function readValues(pages: ReadPages, { kind, isWide }: ColumnShape, out: Values): Values {
  const { page, dictionary } = pages
  // Loops that meet several kinds of arrays are three times slower, so there are these three alone.
  if (kind === 'u64') return readPairs(pages, out as Uint32Array)
  if (kind === 'f64') readDoubles(dictionary, page, out as Float64Array)
  else out.set(readWords(dictionary, page, isWide))
  return out
}

/** Writes the values of entries row by row into `out`. */
export function fillFromEntries({ words, places }: Entries, rows: number, out: Uint32Array): void {
  for (let i = 0; i < rows; i++) {
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
  /** Whether the bytes are nobody else's: zstd gave them. Those of the file are read over. */
  isOurs: boolean
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
  return { isDictionary, encoding, count, bytes, isOurs: isZstd }
}

function decompressed(bytes: Buffer, length: number): Buffer {
  // In one piece, behind which there is room.
  const chunkSize = Math.max(64, length + beyondBytes)
  const plain = zstdDecompressSync(bytes, { chunkSize, maxOutputLength: chunkSize })
  if (plain.length !== length)
    throw new RangeError(`a page has ${plain.length} bytes and not ${length}`)
  if (chunkSize >= Buffer.poolSize) decompressedPages.push(plain)
  return plain
}

/** Pages that have memory of their own. */
const decompressedPages: Buffer[] = []

/**
 * Gives the memory of all pages back at once, with the values that were given as they lay there: what waits for a collection
 * of garbage is ten times as much. Whoever reads values calls it when they are done with.
 */
export function freePages(): void {
  for (const { buffer } of decompressedPages.splice(0)) (buffer as ArrayBuffer).transfer(0)
}

/** Values as they stand in a page: `each` words of one. */
function wordsOf({ bytes, count }: Page, each: 1 | 2): Uint32Array {
  if (bytes.length < 4 * each * count)
    throw new RangeError(`a page has ${bytes.length} bytes, too few for ${count} values`)
  const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  return new Uint32Array(buffer, byteOffset, each * count)
}

/** Rooms that are used again from page to page. */
let indices = new Uint16Array(0)
let numbers = new Uint32Array(0)
let doubles = new Float64Array(0)

function indicesRoom(count: number): Uint16Array {
  if (indices.length < count) indices = new Uint16Array(count)
  return indices
}

function indicesOf({ bytes, count }: Page): Uint16Array {
  const out = indicesRoom(count)
  unpackIndices(bytes, count, out)
  return out
}

function differencesOf(count: number): Float64Array {
  if (doubles.length < count) doubles = new Float64Array(count)
  return doubles
}

/** Whole numbers of 64 bits as two words. */
function readPairs(pages: ReadPages, out: Uint32Array): Uint32Array {
  const { page } = pages
  const { count } = page
  const entries = readEntries(pages, indicesRoom(count))
  if (entries) {
    fillFromEntries(entries, count, out)
    return out
  }
  if (page.encoding === format.plain)
    return page.isOurs ? wordsOf(page, 2) : wordsOf(page, 2).slice()
  const differences = differencesOf(count)
  const first = unpackDelta(page.bytes, count, 0, differences)
  const [low, high] = [Number(BigInt.asUintN(32, first)), Number(first >> 32n)]
  for (let i = 0; i < count; i++) {
    const value = low + differences[i]!
    out[2 * i] = value
    out[2 * i + 1] = high + Math.floor(value / wordRange)
  }
  return out
}

/** Whole numbers of 64 bits that doubles hold. */
function readDoubles(dictionary: Page | null, page: Page, out: Float64Array): void {
  const { count } = page
  if (dictionary) {
    const listed = doublesOf(wordsOf(dictionary, 2), differencesOf(dictionary.count))
    const places = indicesOf(page)
    for (let i = 0; i < count; i++) out[i] = listed[places[i]!]!
  } else if (page.encoding === format.plain) doublesOf(wordsOf(page, 2), out)
  else unpackDelta(page.bytes, count, null, out)
}

function doublesOf(words: Uint32Array, out: Float64Array): Float64Array {
  const count = words.length / 2
  for (let i = 0; i < count; i++) out[i] = (words[2 * i + 1]! | 0) * wordRange + words[2 * i]!
  return out
}

/** Whole numbers from 0 to 2^32, good until the next are read. */
function readWords(dictionary: Page | null, page: Page, isWide: boolean): Uint32Array {
  const { count } = page
  if (numbers.length < count) numbers = new Uint32Array(count)
  const step = isWide ? 2 : 1
  if (dictionary) {
    const listed = wordsOf(dictionary, step)
    const places = indicesOf(page)
    for (let i = 0; i < count; i++) numbers[i] = listed[step * places[i]!]!
  } else if (page.encoding === format.plain) {
    const words = wordsOf(page, step)
    for (let i = 0; i < count; i++) numbers[i] = words[step * i]!
  } else {
    const values = differencesOf(count)
    unpackDelta(page.bytes, count, null, values)
    for (let i = 0; i < count; i++) numbers[i] = values[i]!
  }
  return numbers.subarray(0, count)
}
