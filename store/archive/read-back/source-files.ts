/**
 * The rows of several files in sequence, one column at a time: with all columns at once, rows to be
 * sorted would be in memory twice. Weir's own files are read here; those by DuckDB, through DuckDB.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { flowColumns, wordsPerRow } from '../../../flow/columns.ts'
import { literal } from '../../sql-literal.ts'
import { archiveColumns, columnArrays, isWide, type ArchiveColumn } from '../columns.ts'
import type { FileEngine } from './file-engine.ts'
import { readFooter, type GroupPlace, type Words } from '../format/footer.ts'
import { freePages, readPages, readValues, type Values } from '../format/page-values.ts'
import { beyondBytes } from '../format/packed-bytes.ts'

interface SourceFile {
  readonly rows: number
  /** The value common to all rows of a column, as words; null if not known to be common. */
  single(place: number): Words | null
  /** Reads the column at a place of archiveColumns. */
  read(place: number, out: Values): void | Promise<void>
  close(): void
}

interface SourceParts {
  paths: readonly string[]
  /** Returns the engine for files of other writers. */
  engine: () => Promise<FileEngine>
  /** Throws if reading must be abandoned. */
  goesOn: () => void
}

export class SourceFiles {
  readonly rows: number
  readonly #files: readonly SourceFile[]
  readonly #goesOn: () => void

  private constructor(files: readonly SourceFile[], goesOn: () => void) {
    this.#files = files
    this.#goesOn = goesOn
    this.rows = files.reduce((sum, { rows }) => sum + rows, 0)
  }

  /** Opens files. @throws if one cannot be read */
  static async open({ paths, engine, goesOn }: SourceParts): Promise<SourceFiles> {
    const files: SourceFile[] = []
    try {
      for (const path of paths)
        files.push(OwnFile.open(path) ?? (await OtherFile.open(path, await engine())))
    } catch (error) {
      for (const file of files) file.close()
      throw error
    }
    return new SourceFiles(files, goesOn)
  }

  /** The value common to all rows of a column, as words, low word first; null if not known to be common. */
  single(column: ArchiveColumn): Words | null {
    const place = archiveColumns.indexOf(column)
    const [first, ...others] = this.#files.map((file) => file.single(place))
    const isSame = first && others.every((words) => words?.every((word, i) => word === first[i]))
    return isSame ? first : null
  }

  /**
   * The values of a column in an array of flow columns; for flowEndMilliseconds, the durations.
   * They are in `room`, which has 8 bytes per row.
   */
  async read(column: ArchiveColumn, room: ArrayBuffer): Promise<Values> {
    // Lets a request to abandon arrive.
    await nextTurn()
    const { kind } = flowColumns[column.from]
    const width = wordsPerRow(column.from)
    const values = new columnArrays[kind](room, 0, this.rows * width)
    let at = 0
    for (const file of this.#files) {
      this.#goesOn()
      const end = at + file.rows * width
      await file.read(archiveColumns.indexOf(column), values.subarray(at, end))
      at = end
    }
    return values
  }

  close(): void {
    for (const file of this.#files) file.close()
  }
}

let pagesRoom = Buffer.alloc(0)

/** Reads the column at an index of archiveColumns in a row group of one of Weir's files: see SourceFiles.read. */
export function readColumn(
  file: number,
  { rows, columns }: GroupPlace,
  { place, out }: { place: number; out: Values },
): void {
  const { type, from } = archiveColumns[place]!
  const { kind } = flowColumns[from]
  const { offset, length, isZstd } = columns[place]!
  if (pagesRoom.length < length + beyondBytes) pagesRoom = Buffer.alloc(length + beyondBytes)
  if (readSync(file, pagesRoom, 0, length, offset) < length)
    throw new RangeError('the file ends before its columns do')
  const pages = readPages(pagesRoom.subarray(0, length), rows, isZstd)
  const read = readValues(pages, { kind, isWide: isWide(type) }, out)
  if (read !== out) out.set(read)
  freePages()
}

class OwnFile implements SourceFile {
  readonly rows: number
  readonly #file: number
  readonly #groups: readonly GroupPlace[]

  private constructor(file: number, groups: readonly GroupPlace[]) {
    this.#file = file
    this.#groups = groups
    this.rows = groups.reduce((sum, { rows }) => sum + rows, 0)
  }

  /** Null if another writer made it. */
  static open(path: string): OwnFile | null {
    const file = openSync(path, 'r')
    try {
      const footer = readFooter(file, fstatSync(file).size)
      if (footer) return new OwnFile(file, footer.groups)
    } catch (error) {
      closeSync(file)
      throw error
    }
    closeSync(file)
    return null
  }

  single(place: number): Words | null {
    const [first, ...others] = this.#groups.map(({ columns }) => columns[place]!.range)
    const [least] = first ?? []
    const isIt = (words: Words) => words.every((word, i) => word === least?.[i])
    return least && [first, ...others].every((range) => range?.every(isIt)) ? least : null
  }

  read(place: number, out: Values): void {
    const width = wordsPerRow(archiveColumns[place]!.from)
    let at = 0
    for (const group of this.#groups) {
      const end = at + group.rows * width
      readColumn(this.#file, group, { place, out: out.subarray(at, end) })
      at = end
    }
  }

  close(): void {
    closeSync(this.#file)
  }
}

class OtherFile implements SourceFile {
  readonly rows: number
  readonly #source: string
  readonly #engine: FileEngine

  private constructor(rows: number, source: string, engine: FileEngine) {
    this.rows = rows
    this.#source = source
    this.#engine = engine
  }

  static async open(path: string, engine: FileEngine): Promise<OtherFile> {
    const source = `read_parquet(${literal(path)})`
    const [rows] = await engine.numbers(`SELECT count(*)::DOUBLE FROM ${source}`)
    return new OtherFile(rows!, source, engine)
  }

  single(): null {
    return null
  }

  async read(place: number, out: Values): Promise<void> {
    const { name, toFlow, isDuration } = archiveColumns[place]!
    const value = isDuration ? `"${name}"::DOUBLE` : toFlow
    const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
    let at = 0
    const sql = `SELECT ${value} FROM ${this.#source}`
    for await (const part of this.#engine.bytes(sql, bytes.length / this.rows)) {
      bytes.set(part, at)
      at += part.length
    }
    if (at < bytes.length) throw new RangeError('the file ends before its rows do')
  }

  close(): void {}
}
