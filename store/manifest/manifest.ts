/**
 * A transactional list of files, with small named values in the same transactions: one JSON line
 * per transaction, with its CRC-32, appended and synced. For readers a file exists only if the
 * manifest lists it; a line cut off by a crash has not happened.
 *
 *     1c291ca3 {"add":[{"file":"2026/…/flows-20261116T113000Z.parquet",…}],"remove":[],"set":{}}
 */
import { mkdir, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

import { syncFolder } from '../disk/sync-folder.ts'
import { checkLines, lost } from './damage.ts'
import { formatLine, ManifestState, type ManifestChange } from './lines.ts'

/**
 * A manifest is rewritten as one transaction when those after the last rewrite exceed both of
 * these: a start reads all of it, a line takes ten times as long to read as the same in a table,
 * and rewriting costs next to nothing.
 */
export const linesMax = { bytes: 1 << 20, ofWhole: 0.25 }

/** The single writer of a manifest. */
export class Manifest<Entry extends { file: string }> {
  readonly #path: string
  readonly #state: ManifestState<Entry>
  #file: FileHandle
  #size: number
  /** The size after the last rewrite. */
  #wholeSize: number
  #cached: readonly Entry[] | null = null
  /** Whether a failed write may have left something at the end. */
  #isTorn = false
  /** Whether the name of a rewrite may not be durable yet: until the next line, the file before it holds the same. */
  #isRenamed = false
  /** Transactions are written in sequence. */
  #work: Promise<void> = Promise.resolve()

  private constructor(
    path: string,
    opened: { file: FileHandle; state: ManifestState<Entry>; size: number },
  ) {
    this.#path = path
    this.#file = opened.file
    this.#state = opened.state
    this.#size = opened.size
    this.#wholeSize = opened.state.wholeBytes
  }

  /**
   * Opens or creates the manifest at `path`; a torn last line is cut off. `hasFiles` says whether
   * there are files that only a manifest can have listed.
   * @throws ManifestDamaged if it is damaged elsewhere, or is lost: what it listed would be
   * forgotten, and its files deleted
   */
  static async open<Entry extends { file: string }>(
    path: string,
    hasFiles: () => Promise<boolean> = async () => false,
  ): Promise<Manifest<Entry>> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0)
      throw error
    })
    const state = new ManifestState<Entry>()
    if (bytes.length === 0) {
      if (await hasFiles()) throw lost(path)
      const line = formatLine({})
      const created = await written(path, line)
      await syncFolder(dirname(path)).catch(closing(created))
      return new Manifest(path, { file: created, state, size: Buffer.byteLength(line) })
    }
    const size = state.applyLines(bytes)
    checkLines(path, bytes, size)
    const file = await open(path, 'a', 0o600)
    if (size < bytes.length) await file.truncate(size).catch(closing(file))
    return new Manifest(path, { file, state, size })
  }

  entries(): readonly Entry[] {
    return (this.#cached ??= [...this.#state.entries.values()])
  }

  value<T>(name: string): T | undefined {
    return this.#state.values.get(name) as T | undefined
  }

  /**
   * Commits a change atomically; durable when it resolves. A function is called once all earlier
   * changes are committed, for what depends on them; null: there is nothing to change.
   */
  commit(change: ManifestChange<Entry> | (() => ManifestChange<Entry> | null)): Promise<void> {
    const done = this.#work.then(async () => {
      const made = typeof change === 'function' ? change() : change
      if (made !== null) await this.#commit(made)
    })
    this.#work = done.catch(() => undefined)
    return done
  }

  async close(): Promise<void> {
    await this.#work
    await this.#file.close()
  }

  async #commit(change: ManifestChange<Entry>): Promise<void> {
    const line = formatLine(change)
    const length = Buffer.byteLength(line)
    try {
      await this.#settle()
      const { bytesWritten } = await this.#file.write(line)
      if (bytesWritten < length) throw new Error('the disk took only a part')
      await this.#file.datasync()
    } catch (error) {
      this.#isTorn = true
      await this.#settle().catch(() => undefined)
      throw new Error(`${this.#path} cannot be written: ${(error as Error).message}`, {
        cause: error,
      })
    }
    this.#size += length
    this.#state.apply(change)
    this.#cached = null
    const linesBytes = this.#size - this.#wholeSize
    if (linesBytes > Math.max(linesMax.bytes, linesMax.ofWhole * this.#wholeSize))
      await this.#compact()
  }

  /** Does what must precede the next line, if it could not be done before. */
  async #settle(): Promise<void> {
    if (this.#isTorn) await this.#file.truncate(this.#size)
    this.#isTorn = false
    if (this.#isRenamed) await syncFolder(dirname(this.#path))
    this.#isRenamed = false
  }

  /** Rewrites the manifest as one transaction; on failure the old one stays in use. */
  async #compact(): Promise<void> {
    const line = this.#state.wholeLine()
    const file = await written(this.#path, line).catch(() => null)
    if (file === null) return
    const before = this.#file
    this.#file = file
    this.#size = Buffer.byteLength(line)
    this.#wholeSize = this.#size
    this.#isRenamed = true
    await before.close().catch(() => undefined)
  }
}

/**
 * A file containing only `line`, at a manifest's path and open for appending: it appears with the
 * line or not at all.
 */
async function written(path: string, line: string): Promise<FileHandle> {
  const part = `${path}.part`
  await rm(part, { force: true })
  const file = await open(part, 'a', 0o600)
  try {
    await file.writeFile(line)
    await file.sync()
    await rename(part, path)
    return file
  } catch (error) {
    return closing(file)(error)
  }
}

/** Closes a file with which a last step failed. */
function closing(file: FileHandle) {
  return async (error: unknown): Promise<never> => {
    await file.close()
    throw error
  }
}
