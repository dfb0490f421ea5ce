/**
 * Rows of flow columns as a Parquet file (parquet.apache.org, format 2.9). Of what the format has it
 * uses the least that every reader knows: required columns, one page each: of one value (which then stands in the
 * footer too), packed by differences (delta.ts), or plain and zstd where neither goes. DuckDB would take many times as
 * long for rows that are sorted and written again at their interval's end.
 */
import { zstdCompressSync, constants } from 'node:zlib'

import { archiveColumns, isWide, type ArchiveType } from './columns.ts'
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
import { reusePacked } from './delta.ts'
import { columnValues, type BlockRows, type ColumnValues } from './values.ts'

const magic = Buffer.from('PAR1')
const zstdParams = { [constants.ZSTD_c_compressionLevel]: 1 }
/** What comes out of the compressor is taken in pieces of this size: of Node's own 16 KiB there would be hundreds. */
const chunkBytesMax = 1 << 20
const chunkBytesMin = 1 << 12

/** Numbers of the format's enums. */
const format = {
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

/** The bytes of a file with the rows in the order given; one row group. They are good until the next file is made. */
export function parquetFile(parts: readonly BlockRows[]): Buffer[] {
  reusePacked()
  const rows = parts.reduce((sum, { from, to }) => sum + to - from, 0)
  const pieces: Buffer[] = [magic]
  let offset = magic.length
  const columns: ThriftValue[] = []
  let stored = 0
  for (const column of archiveColumns) {
    const chunk = columnChunk(columnValues(column, parts, rows), rows)
    columns.push(columnMetadata({ ...column, offset, rows }, chunk))
    for (const page of chunk.pages) {
      pieces.push(page)
      offset += page.length
      stored += page.length
    }
  }
  const footer = encodeThrift([
    [1, i32(2)],
    [2, list('struct', schema())],
    [3, i64(rows)],
    [4, list('struct', [struct([1, list('struct', columns)], [2, i64(stored)], [3, i64(rows)])])],
    [6, text('weir')],
    [
      7,
      list(
        'struct',
        columns.map(() => struct([1, struct()])),
      ),
    ],
  ])
  const tail = Buffer.alloc(4)
  tail.writeUInt32LE(footer.length)
  return [...pieces, footer, tail, magic]
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
  // Times are unix ms without a zone, as DuckDB writes them.
  if (type === 'TIMESTAMP_MS') {
    const milliseconds = struct([1, struct()])
    fields.push([10, struct([8, struct([1, bool(false)], [2, milliseconds])])])
  }
  return struct(...fields)
}

interface ColumnChunk {
  /** Pages, in one piece or several; the first of a dictionary is a whole one. */
  pages: Buffer[]
  encodings: number[]
  /** What all rows have, in plain encoding: the column is a dictionary of it. */
  single: Buffer | null
  codec: number
  /** Bytes before compression, headers included. */
  uncompressed: number
}

/** A column of one value is a dictionary of one and a run; any other is a page as it is. */
function columnChunk({ bytes, form }: ColumnValues, rows: number): ColumnChunk {
  if (form !== 'single') {
    const isPacked = form === 'packed'
    const encoding = isPacked ? format.deltaBinaryPacked : format.plain
    const page = dataPage(bytes, { rows, encoding, isCompressed: !isPacked })
    return { pages: page.pieces, encodings: [encoding, format.rle], single: null, codec: page.codec, uncompressed: page.uncompressed } // prettier-ignore
  }
  const dictionary = pageOf(bytes, { type: format.dictionaryPage, isCompressed: false }, [
    [7, struct([1, i32(1)], [2, i32(format.plain)])],
  ])
  // One bit an index; a run of `rows` times index 0.
  const run = [1]
  writeVarint(run, rows * 2)
  run.push(0)
  const encoding = format.rleDictionary
  const data = dataPage(Buffer.from(run), { rows, encoding, isCompressed: false })
  return {
    pages: [Buffer.concat(dictionary.pieces), Buffer.concat(data.pieces)],
    encodings: [format.plain, format.rle, format.rleDictionary],
    single: Buffer.from(bytes),
    codec: data.codec,
    uncompressed: dictionary.uncompressed + data.uncompressed,
  }
}

function dataPage(
  bytes: Buffer,
  { rows, encoding, isCompressed }: { rows: number; encoding: number; isCompressed: boolean },
) {
  const levels = i32(format.rle)
  return pageOf(bytes, { type: format.dataPage, isCompressed }, [
    [5, struct([1, i32(rows)], [2, i32(encoding)], [3, levels], [4, levels])],
  ])
}

function pageOf(
  bytes: Buffer,
  { type, isCompressed }: { type: number; isCompressed: boolean },
  header: readonly ThriftField[],
) {
  const content = isCompressed ? compressed(bytes) : bytes
  const head = encodeThrift([
    [1, i32(type)],
    [2, i32(bytes.length)],
    [3, i32(content.length)],
    ...header,
  ])
  const codec = isCompressed ? format.codecZstd : format.codecNone
  return { pieces: [head, content], codec, uncompressed: head.length + bytes.length }
}

function compressed(bytes: Buffer): Buffer {
  const chunkSize = Math.min(chunkBytesMax, Math.max(chunkBytesMin, bytes.length))
  return zstdCompressSync(bytes, { params: zstdParams, chunkSize })
}

function columnMetadata(
  column: {
    name: string
    type: ArchiveType
    offset: number
    rows: number
  },
  { pages, encodings, single, codec, uncompressed }: ColumnChunk,
): ThriftValue {
  const { name, type, offset, rows } = column
  const stored = pages.reduce((sum, page) => sum + page.length, 0)
  const data: ThriftField = [9, i64(single ? offset + pages[0]!.length : offset)]
  const fields: ThriftField[] = [
    [1, i32(isWide(type) ? format.int64 : format.int32)],
    [2, list('i32', encodings.map(i32))],
    [3, list('text', [text(name)])],
    [4, i32(codec)],
    [5, i64(rows)],
    [6, i64(uncompressed)],
    [7, i64(stored)],
    data,
    ...(single ? [[11, i64(offset)] as const, [12, statistics(single)] as const] : []),
  ]
  return struct([2, i64(offset)], [3, struct(...fields)])
}

function statistics(single: Buffer): ThriftValue {
  return struct([3, i64(0)], [5, text(single)], [6, text(single)])
}
