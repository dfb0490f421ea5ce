/**
 * Sorts the rows of several files into one Parquet file: first the order is computed, then one
 * column at a time is read, reordered and packed. So only one column is in memory unpacked.
 */
import { flowColumns } from '../../../flow/columns.ts'
import type { ColumnForms } from '../format/column-form.ts'
import { archiveColumns, isWide, type ArchiveColumn } from '../columns.ts'
import { groupsInOrder, type GroupBounds, type GroupRows } from './file-order.ts'
import { FileParts, magic, singleChunk, type ColumnChunk } from '../format/pages.ts'
import type { ScratchMemory } from '../scratch-memory.ts'
import type { Words } from '../format/footer.ts'
import type { Values } from '../format/page-values.ts'
import type { SourceFiles } from '../read-back/source-files.ts'

const wordRange = 2 ** 32

interface Sorting {
  /** The forms of columns: shared by all files of an archive. */
  forms: ColumnForms
  /** Texts for the footer, by key. */
  texts: Readonly<Record<string, string>>
  scratch: ScratchMemory
  bounds?: GroupBounds
}

/** The bytes of a file with the rows of others in the archive's order. */
export async function sortedFile(
  source: SourceFiles,
  { forms, texts, scratch, bounds }: Sorting,
): Promise<Buffer[]> {
  const groups = await groupsInOrder(source, scratch, bounds)
  const chunks: ColumnChunk[][] = groups.map(() => [])
  const room = scratch.of('first', 8 * source.rows)
  const rowsMax = groups.reduce((most, { length }) => Math.max(most, length), 0)
  const words = new Int32Array(scratch.of('second', 8 * rowsMax))
  for (const column of archiveColumns) {
    const single = source.single(column)
    const values = single ? null : await source.read(column, room)
    groups.forEach((rows, i) => {
      const chunk = values
        ? forms.chunk(column.name, inOrder(column, values, rows, words))
        : singleChunk(plainOf(single!), rows.length)
      chunks[i]!.push(chunk)
    })
  }
  const parts = new FileParts()
  const pages = groups.flatMap((rows, i) => parts.add(rows.length, chunks[i]!))
  return [magic, ...pages, ...parts.end(texts)]
}

function plainOf(words: Words): Buffer {
  return Buffer.from(Int32Array.from(words).buffer)
}

/** The values of rows, in order, as the words stored in the file. */
function inOrder(
  { from, type }: ArchiveColumn,
  values: Values,
  rows: GroupRows,
  words: Int32Array,
) {
  const { kind } = flowColumns[from]
  const isWideType = isWide(type)
  if (kind === 'u64') gatherPairs(values as Uint32Array, rows, words)
  else if (kind === 'f64') gatherNumbers(values as Float64Array, rows, words)
  else if (isWideType) gatherWide(values, rows, words)
  else for (let i = 0; i < rows.length; i++) words[i] = values[rows[i]!]!
  const used = words.subarray(0, isWideType ? 2 * rows.length : rows.length)
  return { words: used, isWide: isWideType, rows: rows.length }
}

function gatherPairs(values: Uint32Array, rows: GroupRows, words: Int32Array): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    words[2 * i] = values[2 * row]!
    words[2 * i + 1] = values[2 * row + 1]!
  }
}

function gatherNumbers(values: Float64Array, rows: GroupRows, words: Int32Array): void {
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i]!]!
    const upper = Math.floor(value / wordRange)
    words[2 * i] = value - upper * wordRange
    words[2 * i + 1] = upper
  }
}

function gatherWide(values: Values, rows: GroupRows, words: Int32Array): void {
  for (let i = 0; i < rows.length; i++) {
    words[2 * i] = values[rows[i]!]!
    words[2 * i + 1] = 0
  }
}
