/**
 * The parts of a Parquet file (parquet.apache.org, format 2.9): pages, column metadata and footer. They
 * use the subset of the format that every reader supports: required columns, one data page each.
 */
import { zstdCompressSync, constants } from 'node:zlib'

import { archiveColumns, isWide, type ArchiveColumn, type ArchiveType } from '../columns.ts'
import {
  bool,
  encodeThrift,
  i32,
  i64,
  list,
  struct,
  text,
  writeVarint,
  type ThriftField,
  type ThriftValue,
} from './thrift.ts'

export const magic = Buffer.from('PAR1')
/** The writer's name in footers: it tells readers that the file has only Weir's forms. */
export const writtenBy = 'weir'
const chunkBytesMin = 1 << 12
/** Beyond this level zstd's tables grow to ten times what it compresses; bounded, files are hardly larger. */
const smallTablesMax = 5
const boundedTables = { [constants.ZSTD_c_hashLog]: 18, [constants.ZSTD_c_chainLog]: 18 }

/** Constants of the format's enums. */
export const format = {
  int32: 1,
  int64: 2,
  required: 0,
  plain: 0,
  rle: 3,
  deltaBinaryPacked: 5,
  rleDictionary: 8,
  codecNone: 0,
  codecZstd: 6,
  dataPage: 0,
  dictionaryPage: 2,
  convertedTypes: { INTEGER: 17, SMALLINT: 16, BIGINT: 18, TIMESTAMP_MS: 9 },
}

/** A column of a row group, encoded. */
export interface ColumnChunk {
  /** Pages, in one or several pieces. */
  pages: Buffer[]
  /** Bytes of the dictionary page, which comes first; 0 without one. */
  dictionaryBytes: number
  encodings: number[]
  /** The smallest and largest value in plain encoding, if known. */
  range: readonly [least: Buffer, most: Buffer] | null
  codec: number
  /** Size before compression, headers included. */
  uncompressed: number
}

/** The zstd level of a page, or null for no compression. */
type Level = number | null

/** A column of plain values, or of differences (see delta.ts). */
export function valuesChunk(
  bytes: Buffer,
  { rows, isDelta, level }: { rows: number; isDelta: boolean; level: Level },
  range: ColumnChunk['range'] = null,
): ColumnChunk {
  const encoding = isDelta ? format.deltaBinaryPacked : format.plain
  const { pieces, codec, uncompressed } = dataPage(bytes, { rows, encoding, level })
  const encodings = [encoding, format.rle]
  return { pages: pieces, dictionaryBytes: 0, encodings, range, codec, uncompressed }
}

/** A column with a single value (`value`, plain): a dictionary of one, and a run. */
export function singleChunk(value: Buffer, rows: number): ColumnChunk {
  // One bit per index; a run of `rows` times index 0.
  const run = [1]
  writeVarint(run, rows * 2)
  run.push(0)
  const range = [value, value] as const
  return dictionaryChunk({ values: value, count: 1 }, Buffer.from(run), {
    rows,
    level: null,
    range,
  })
}

/** A column as a dictionary of `count` values (plain) and the rows' indices with their width (RLE_DICTIONARY). */
export function dictionaryChunk(
  dictionary: { values: Buffer; count: number },
  indices: Buffer,
  { rows, level, range }: { rows: number; level: Level; range: ColumnChunk['range'] },
): ColumnChunk {
  const values = pageOf(dictionary.values, { type: format.dictionaryPage, level }, [
    [7, struct([1, i32(dictionary.count)], [2, i32(format.plain)])],
  ])
  const data = dataPage(indices, { rows, encoding: format.rleDictionary, level })
  return {
    pages: [...values.pieces, ...data.pieces],
    dictionaryBytes: values.pieces.reduce((sum, { length }) => sum + length, 0),
    encodings: [format.plain, format.rle, format.rleDictionary],
    range,
    codec: data.codec,
    uncompressed: values.uncompressed + data.uncompressed,
  }
}

function dataPage(
  bytes: Buffer,
  { rows, encoding, level }: { rows: number; encoding: number; level: Level },
) {
  const levels = i32(format.rle)
  return pageOf(bytes, { type: format.dataPage, level }, [
    [5, struct([1, i32(rows)], [2, i32(encoding)], [3, levels], [4, levels])],
  ])
}

function pageOf(
  bytes: Buffer,
  { type, level }: { type: number; level: Level },
  header: readonly ThriftField[],
) {
  const content = level === null ? bytes : compressed(bytes, level)
  const head = encodeThrift([
    [1, i32(type)],
    [2, i32(bytes.length)],
    [3, i32(content.length)],
    ...header,
  ])
  const codec = level === null ? format.codecNone : format.codecZstd
  return { pieces: [head, content], codec, uncompressed: head.length + bytes.length }
}

export function compressed(bytes: Buffer, level: number): Buffer {
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    ...(level > smallTablesMax ? boundedTables : {}),
  }
  const chunkSize = compressedBytesMax(bytes.length)
  const given = zstdCompressSync(bytes, { params, chunkSize })
  const kept = Buffer.from(given)
  // Usually it is much smaller than its buffer, which is freed now, not by the garbage collector.
  if (given.buffer.byteLength === chunkSize) given.buffer.transfer(0)
  return kept
}

/** With this much space, zstd needs no extra copies (ZSTD_COMPRESSBOUND). */
function compressedBytesMax(length: number): number {
  return chunkBytesMin + length + (length >>> 8)
}

/** The row groups of a file as they are written in sequence, from which its footer is made. */
export class FileParts {
  #offset = magic.length
  #rows = 0
  readonly #groups: ThriftValue[] = []

  /** Adds a row group, one column after the other; returns its bytes. */
  add(rows: number, chunks: readonly ColumnChunk[]): Buffer[] {
    const begin = this.#offset
    const columns = chunks.map((chunk, i) => {
      const metadata = columnMetadata({ ...archiveColumns[i]!, offset: this.#offset, rows }, chunk)
      this.#offset += storedBytes(chunk)
      return metadata
    })
    this.#rows += rows
    const stored = this.#offset - begin
    this.#groups.push(struct([1, list('struct', columns)], [2, i64(stored)], [3, i64(rows)]))
    return chunks.flatMap(({ pages }) => pages)
  }

  /** The end of the file; `texts` are stored in it by key. */
  end(texts: Readonly<Record<string, string>> = {}): Buffer[] {
    const pairs = Object.entries(texts).map(([key, value]) =>
      struct([1, text(key)], [2, text(value)]),
    )
    const footer = encodeThrift([
      [1, i32(2)],
      [2, list('struct', schema())],
      [3, i64(this.#rows)],
      [4, list('struct', this.#groups)],
      ...(pairs.length > 0 ? [[5, list('struct', pairs)] as const] : []),
      [6, text(writtenBy)],
      [
        7,
        list(
          'struct',
          archiveColumns.map(() => struct([1, struct()])),
        ),
      ],
    ])
    const tail = Buffer.alloc(4)
    tail.writeUInt32LE(footer.length)
    return [footer, tail, magic]
  }
}

function storedBytes({ pages }: ColumnChunk): number {
  return pages.reduce((sum, { length }) => sum + length, 0)
}

function schema(): ThriftValue[] {
  const root = struct([4, text('flows')], [5, i32(archiveColumns.length)])
  return [root, ...archiveColumns.map(({ name, type }) => schemaElement(name, type))]
}

function schemaElement(name: string, type: ArchiveType): ThriftValue {
  const fields: ThriftField[] = [
    [1, i32(isWide(type) ? format.int64 : format.int32)],
    [3, i32(format.required)],
    [4, text(name)],
    [6, i32(format.convertedTypes[type])],
  ]
  // Times are unix ms without a zone, as in files by DuckDB.
  if (type === 'TIMESTAMP_MS') {
    const milliseconds = struct([1, struct()])
    fields.push([10, struct([8, struct([1, bool(false)], [2, milliseconds])])])
  }
  return struct(...fields)
}

function columnMetadata(
  {
    name,
    type,
    offset,
    rows,
  }: Pick<ArchiveColumn, 'name' | 'type'> & { offset: number; rows: number },
  chunk: ColumnChunk,
): ThriftValue {
  const { encodings, dictionaryBytes, range, codec, uncompressed } = chunk
  const fields: ThriftField[] = [
    [1, i32(isWide(type) ? format.int64 : format.int32)],
    [2, list('i32', encodings.map(i32))],
    [3, list('text', [text(name)])],
    [4, i32(codec)],
    [5, i64(rows)],
    [6, i64(uncompressed)],
    [7, i64(storedBytes(chunk))],
    [9, i64(offset + dictionaryBytes)],
  ]
  if (dictionaryBytes > 0) fields.push([11, i64(offset)])
  if (range) fields.push([12, struct([3, i64(0)], [5, text(range[1])], [6, text(range[0])])])
  return struct([2, i64(offset)], [3, struct(...fields)])
}
