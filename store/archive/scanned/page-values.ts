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

/** How a column is held, whether its values take 64 bits in the file, and whether pages are zstd. */
export interface ColumnShape {
  kind: ColumnKind
  isWide: boolean
  isZstd: boolean
}

const wordRange = 2 ** 32

/**
 * Reads the values of a column's pages into `out`, or gives them where they are such an array already. Behind the pages
 * lie beyondBytes more that are nobody's.
 * @throws RangeError where they are damaged, or others than Weir's
 */
export function readValues(pages: Buffer, rows: number, shape: ColumnShape, out: Values): Values {
  const reader = new ThriftReader(pages)
  const first = nextPage(reader, pages, shape)
  const page = first.isDictionary ? nextPage(reader, pages, shape) : first
  if (page.count !== rows) throw new RangeError(`a page has ${page.count} values and not ${rows}`)
  const dictionary = first.isDictionary ? first : null
  const isKnown = page.encoding === (dictionary ? format.rleDictionary : format.deltaBinaryPacked)
  if (!isKnown && (dictionary || page.encoding !== format.plain))
    throw new RangeError(`pages of encoding ${page.encoding} are none that Weir writes`)
  // Loops that meet several kinds of arrays are three times slower, so there are these three alone.
  if (shape.kind === 'u64')
    return readPairs(dictionary, page, { out: out as Uint32Array, isZstd: shape.isZstd })
  if (shape.kind === 'f64') readDoubles(dictionary, page, out as Float64Array)
  else out.set(readWords(dictionary, page, shape))
  return out
}

interface Page {
  isDictionary: boolean
  encoding: number
  count: number
  bytes: Buffer
}

function nextPage(reader: ThriftReader, pages: Buffer, { isZstd }: ColumnShape): Page {
  const header = reader.struct()
  const [plainLength, length] = [header.get(2) as number, header.get(3) as number]
  const stored = pages.subarray(reader.at, reader.at + length)
  if (stored.length < length) throw new RangeError('a page reaches beyond the end of its column')
  reader.at += length
  const isDictionary = header.get(1) === format.dictionaryPage
  const said = header.get(isDictionary ? 7 : 5) as ThriftStruct
  const bytes = isZstd ? decompressed(stored, plainLength) : stored
  const [count, encoding] = [said.get(1) as number, said.get(2) as number]
  return { isDictionary, encoding, count, bytes }
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
let indices = new Int32Array(0)
let numbers = new Uint32Array(0)
let doubles = new Float64Array(0)

function indicesOf({ bytes, count }: Page): Int32Array {
  if (indices.length < count) indices = new Int32Array(count)
  unpackIndices(bytes, count, indices)
  return indices
}

function differencesOf(count: number): Float64Array {
  if (doubles.length < count) doubles = new Float64Array(count)
  return doubles
}

/** Whole numbers of 64 bits as two words. */
function readPairs(
  dictionary: Page | null,
  page: Page,
  { out, isZstd }: { out: Uint32Array; isZstd: boolean },
): Uint32Array {
  const { count } = page
  // What zstd gave is nobody else's; the file's bytes are read over.
  if (page.encoding === format.plain) return isZstd ? wordsOf(page, 2) : wordsOf(page, 2).slice()
  if (dictionary) {
    const listed = wordsOf(dictionary, 2)
    const places = indicesOf(page)
    for (let i = 0; i < count; i++) {
      const at = 2 * places[i]!
      out[2 * i] = listed[at]!
      out[2 * i + 1] = listed[at + 1]!
    }
  } else {
    const differences = differencesOf(count)
    const first = unpackDelta(page.bytes, count, 0, differences)
    const [low, high] = [Number(BigInt.asUintN(32, first)), Number(first >> 32n)]
    for (let i = 0; i < count; i++) {
      const value = low + differences[i]!
      out[2 * i] = value
      out[2 * i + 1] = high + Math.floor(value / wordRange)
    }
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
function readWords(dictionary: Page | null, page: Page, { isWide }: ColumnShape): Uint32Array {
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
