/**
 * One of the archive's two threads: the first keeps incoming rows and writes them as Parquet, the second sorts files.
 * Each reads back what it wrote before the file can be published. Requests are answered one after the other.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'

import { brokenBecause } from '../../disk/file-fault.ts'
import { lowerThread } from '../../process/priority.ts'
import { literal } from '../../sql-literal.ts'
import { syncFolder } from '../../disk/sync-folder.ts'
import { answerRequests } from '../../process/worker-thread.ts'
import { SharedBlocks } from './block-pool.ts'
import { ColumnForms } from '../format/column-form.ts'
import type { FlowBlock } from '../columns.ts'
import { fileName, stagingFolder, type ArchiveEntry } from '../entry.ts'
import type { FileEngine } from '../read-back/file-engine.ts'
import { formatHostSums, hostSumsKey, listedHosts } from './host-list.ts'
import { greatestHosts } from './host-totals.ts'
import { fileSummary, readWhole, rowsOf } from '../read-back/own-file.ts'
import { parquetFile } from '../format/parquet-file.ts'
import { ScratchMemory } from '../scratch-memory.ts'
import { sortedFile } from './sorted-file.ts'
import { SourceFiles } from '../read-back/source-files.ts'
import type {
  ArchiveAnswers,
  ArchiveRequest,
  ArchiveWorkerData,
  Judged,
  Merging,
} from './thread.ts'
import { chunksOf, summaryOf, type Chunk, type Summary } from './waiting.ts'
import { writeWhole } from './written-file.ts'

/** Buffers of at least this size are not slices of Node's pool: freeing one frees no other. */
const freedBytesMin = 1 << 13

/** A file to be written. */
interface Written {
  file: string
  interval: number
  isChunk: boolean
  pieces: readonly Buffer[]
  /** Counts of its rows; if absent, they are counted as the file is read back. */
  summary?: Summary
}

class ArchiveWriter {
  readonly #folder: string
  readonly #memoryLimit: string
  readonly #fileMs: number
  /** DuckDB is loaded only to read files that it wrote. */
  #engine: Promise<FileEngine> | null = null
  readonly #scratch = new ScratchMemory()
  /** In order of receipt; a block is removed once it is written. */
  #waiting: FlowBlock[] = []
  /** The file being sorted, and the last one whose sorting was to be abandoned. */
  #sorting: string | null = null
  #givenUp: string | null = null

  constructor({
    folder,
    memoryLimit,
    fileMs,
  }: Omit<ArchiveWorkerData, 'listedRowsMin' | 'niceness'>) {
    this.#folder = folder
    this.#memoryLimit = memoryLimit
    this.#fileMs = fileMs
  }

  async open(): Promise<null> {
    await rm(join(this.#folder, stagingFolder), { recursive: true, force: true })
    await mkdir(join(this.#folder, stagingFolder), { recursive: true, mode: 0o700 })
    return null
  }

  add(block: FlowBlock): Promise<null> {
    this.#waiting.push(block)
    return Promise.resolve(null)
  }

  /** Writes the rows added so far as chunks, one for each `fileMs` of receipt. If one fails, all rows are kept. */
  async seal(): Promise<ArchiveEntry[]> {
    const blocks = this.#waiting
    const entries: ArchiveEntry[] = []
    try {
      for (const chunk of chunksOf(blocks, { fileMs: this.#fileMs }))
        entries.push(await this.#writeChunk(chunk))
    } catch (error) {
      for (const { file } of entries) await rm(join(this.#folder, file), { force: true })
      throw error
    }
    this.#waiting = []
    for (const block of blocks) freeBlock(block)
    return entries
  }

  /** Writes the rows of files, sorted, as one file. @throws if it was abandoned */
  async merge({ judged, ...merging }: Merging & Judged): Promise<ArchiveAnswers['merge']> {
    this.#sorting = merging.target
    const forms = new ColumnForms(judged)
    try {
      this.#goesOn()
      return { entry: await this.#merge(merging, forms), judged: forms.judged }
    } finally {
      this.#sorting = null
      this.#givenUp = null
      await this.#returnFreedMemory()
    }
  }

  /** Abandons the sorting of the file `target`, even within a statement; its sources stay unchanged. */
  giveUp(target: string): void {
    this.#givenUp = target
    if (this.#sorting === target)
      this.#engine?.then((engine) => engine.interrupt()).catch(() => undefined)
  }

  /** Closes DuckDB before the thread ends: terminating it with an open connection might end the process. */
  async end(): Promise<null> {
    const engine = await this.#engine
    engine?.close()
    return null
  }

  #opened(): Promise<FileEngine> {
    return (this.#engine ??= openEngine(this.#folder, this.#memoryLimit))
  }

  /** @throws if sorting was abandoned. An interrupt only stops a running statement, so this is checked in between. */
  #goesOn(): void {
    if (this.#sorting !== null && this.#givenUp === this.#sorting)
      throw new Error(`sorting ${this.#sorting} was given up`)
  }

  async #merge({ interval, files, target }: Merging, forms: ColumnForms): Promise<ArchiveEntry> {
    const source = await SourceFiles.open({
      paths: files.map((file) => join(this.#folder, file)),
      engine: () => this.#opened(),
      goesOn: () => this.#goesOn(),
    })
    try {
      const texts = await this.#hostSums(source)
      const pieces = await sortedFile(source, { texts, forms, scratch: this.#scratch })
      const entry = await this.#write({ interval, file: target, isChunk: false, pieces })
      freePieces(pieces)
      return entry
    } finally {
      source.close()
    }
  }

  /**
   * The list of the greatest hosts, for the file's footer; empty if it has few rows, or sums too
   * large for the list.
   */
  async #hostSums(source: SourceFiles): Promise<Record<string, string>> {
    if (source.rows < listedRowsMin) return {}
    const text = formatHostSums(
      await greatestHosts(source, listedHosts(source.rows), this.#scratch),
    )
    return text === null ? {} : { [hostSumsKey]: text }
  }

  /** DuckDB returns freed memory to the system only when its limit is set again: after a sort, 300 MB lay idle. */
  async #returnFreedMemory(): Promise<void> {
    const engine = await this.#engine
    await engine?.run(`SET memory_limit = ${literal(this.#memoryLimit)}`)
  }

  /** Writes rows in order of receipt, which is cheap; they are sorted once, with their interval. */
  #writeChunk({ interval, parts }: Chunk): Promise<ArchiveEntry> {
    const file = fileName(interval, `-${randomUUID().slice(0, 8)}`)
    const summary = summaryOf(parts)
    return this.#write({ interval, file, isChunk: true, summary, pieces: parquetFile(parts) })
  }

  /** The files that cannot be read completely, with the reason. @throws if the reason is not in the file */
  async check(files: readonly string[]): Promise<ArchiveAnswers['check']> {
    const unreadable: ArchiveAnswers['check'] = []
    for (const file of files) {
      const path = join(this.#folder, file)
      const message = await brokenBecause(path, () => this.#readWhole(path))
      if (message !== null) unreadable.push({ file, message })
    }
    return unreadable
  }

  async #readWhole(path: string): Promise<void> {
    if (readWhole(path)) return
    const engine = await this.#opened()
    await engine.run(`SELECT max(hash(flow)) FROM read_parquet(${literal(path)}) flow`)
  }

  async #write({ pieces, summary, ...entry }: Written): Promise<ArchiveEntry> {
    const part = join(this.#folder, stagingFolder, `${randomUUID()}.part`)
    const target = join(this.#folder, entry.file)
    try {
      const bytes = await writeWhole(part, pieces)
      this.#goesOn()
      const found = summary ?? fileSummary(part)
      const rows = rowsOf(part)
      if (rows !== found.rows)
        throw new Error(`${entry.file} reads back with ${rows} rows instead of ${found.rows}`)
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      await rename(part, target)
      await syncFolder(dirname(target))
      return { ...entry, bytes, ...found }
    } catch (error) {
      await rm(part, { force: true })
      throw error
    }
  }
}

async function openEngine(folder: string, memoryLimit: string): Promise<FileEngine> {
  const { FileEngine } = await import('../read-back/file-engine.ts')
  const spill = join(folder, stagingFolder, `spill-${randomUUID()}`)
  return FileEngine.open({ memory_limit: memoryLimit, temp_directory: spill })
}

/**
 * Frees the rows' memory at once; garbage collection would let as much again pile up. Shared memory
 * is reused instead.
 */
function freeBlock({ columns }: FlowBlock): void {
  for (const column of columns) if (column instanceof ArrayBuffer) column.transfer(0)
}

/** Frees what was written, so that it does not add to the next file's memory. */
function freePieces(pieces: readonly Buffer[]): void {
  for (const { length, buffer } of pieces)
    if (length >= freedBytesMin && buffer.byteLength === length) (buffer as ArrayBuffer).transfer(0)
}

const { listedRowsMin, niceness, ...place } = workerData as ArchiveWorkerData
lowerThread(niceness)
const writer = new ArchiveWriter(place)
const shared = new SharedBlocks()

answerRequests<ArchiveRequest, ArchiveAnswers>(
  parentPort!,
  {
    open: () => writer.open(),
    add: ({ block }) => writer.add(shared.blockOf(block)),
    seal: () => writer.seal(),
    merge: (request) => writer.merge(request),
    check: ({ files }) => writer.check(files),
    end: () => writer.end(),
  },
  (target) => writer.giveUp(target),
)
