/**
 * A transactional list of files, with small named values kept in the same transactions: one JSON
 * line a transaction, with its CRC-32, appended and synced. What the manifest does not name does
 * not exist for readers; a line that a crash cut off has not happened.
 *
 *     1c291ca3 {"add":[{"file":"2026/…/flows-20261116T113000Z.parquet",…}],"remove":[],"set":{}}
 */
import { statSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, truncate, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'

/** What one transaction changes. */
export interface ManifestChange<Entry> {
  add?: readonly Entry[]
  remove?: readonly string[]
  set?: Record<string, unknown>
}

/** A manifest larger than this is rewritten as one transaction when a good part is about what is past. */
const compactMinBytes = 1 << 20
/** This many times as large as what it now says: a start reads all of it, and rewriting it every few days costs next to nothing. */
const compactRatio = 1.25
const checksumDigits = 8
const newline = 0x0a

class State<Entry extends { file: string }> {
  readonly entries = new Map<string, Entry>()
  readonly values = new Map<string, unknown>()

  apply({ add = [], remove = [], set = {} }: ManifestChange<Entry>): void {
    for (const file of remove) this.entries.delete(file)
    for (const entry of add) this.entries.set(entry.file, entry)
    for (const [name, value] of Object.entries(set)) this.values.set(name, value)
  }

  /** All of it as one change. */
  whole(): ManifestChange<Entry> {
    return { add: [...this.entries.values()], set: Object.fromEntries(this.values) }
  }

  /** About how long that is, by the length of one entry. */
  get wholeBytes(): number {
    const [entry] = this.entries.values()
    const entryBytes = entry === undefined ? 0 : JSON.stringify(entry).length
    return entryBytes * this.entries.size + JSON.stringify(Object.fromEntries(this.values)).length
  }

  /** Applies every whole line of `bytes` and gives how many bytes these were. */
  applyLines(bytes: Buffer): number {
    let at = 0
    for (let end = bytes.indexOf(newline, at); end >= 0; end = bytes.indexOf(newline, at)) {
      const change = parseLine<Entry>(bytes.subarray(at, end))
      if (!change) break
      this.apply(change)
      at = end + 1
    }
    return at
  }
}

/** The one writer of a manifest. */
export class Manifest<Entry extends { file: string }> {
  readonly #path: string
  readonly #state: State<Entry>
  #file: FileHandle
  #size: number
  /** What it was when it was rewritten last. */
  #compactedSize = 0
  #cached: readonly Entry[] | null = null
  /** Transactions are written one after the other. */
  #work: Promise<void> = Promise.resolve()

  private constructor(
    path: string,
    opened: { file: FileHandle; state: State<Entry>; size: number },
  ) {
    this.#path = path
    this.#file = opened.file
    this.#state = opened.state
    this.#size = opened.size
  }

  /** Opens or makes the manifest at `path`; a torn last line is cut off. */
  static async open<Entry extends { file: string }>(path: string): Promise<Manifest<Entry>> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(path, 'a', 0o600)
    const state = new State<Entry>()
    const size = state.applyLines(await readFile(path))
    if (size < (await file.stat()).size) await truncate(path, size)
    return new Manifest(path, { file, state, size })
  }

  entries(): readonly Entry[] {
    return (this.#cached ??= [...this.#state.entries.values()])
  }

  value<T>(name: string): T | undefined {
    return this.#state.values.get(name) as T | undefined
  }

  /** Makes a change: all of it or nothing, durable when it resolves. */
  commit(change: ManifestChange<Entry>): Promise<void> {
    const done = this.#work.then(() => this.#commit(change))
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
      const { bytesWritten } = await this.#file.write(line)
      if (bytesWritten < length) throw new Error('the disk took only a part')
      await this.#file.datasync()
    } catch (error) {
      await this.#file.truncate(this.#size).catch(() => undefined)
      throw new Error(`${this.#path} cannot be written: ${(error as Error).message}`, {
        cause: error,
      })
    }
    this.#size += length
    this.#state.apply(change)
    this.#cached = null
    if (this.#size > compactMinBytes && this.#saysMuchPast()) await this.#compact()
  }

  /** How long the whole would be is reckoned by one entry: it is not rewritten each time where others are longer. */
  #saysMuchPast(): boolean {
    const wholeBytes = Math.max(this.#state.wholeBytes, this.#compactedSize)
    return this.#size > compactRatio * wholeBytes
  }

  /** Rewrites the manifest as one transaction; where that fails it goes on as it is. */
  async #compact(): Promise<void> {
    const line = formatLine(this.#state.whole())
    const file = await this.#rewritten(line).catch(() => null)
    if (file === null) return
    const before = this.#file
    this.#file = file
    this.#size = Buffer.byteLength(line)
    this.#compactedSize = this.#size
    await before.close()
    await syncFolder(dirname(this.#path))
  }

  /** A file that holds only `line`, under the manifest's name, open for appending. */
  async #rewritten(line: string): Promise<FileHandle> {
    const part = `${this.#path}.part`
    await rm(part, { force: true })
    const file = await open(part, 'a', 0o600)
    try {
      await file.writeFile(line)
      await file.sync()
      await rename(part, this.#path)
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }
}

/** Follows a manifest that another process writes; cheap when nothing changed. */
export class ManifestReader<Entry extends { file: string }> {
  readonly #path: string
  #state = new State<Entry>()
  #inode = 0n
  #size = 0
  #cached: readonly Entry[] = []
  #turn: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** The entries as of now; none where the manifest does not exist. */
  async entries(): Promise<readonly Entry[]> {
    await this.refresh()
    return this.#cached
  }

  async value<T>(name: string): Promise<T | undefined> {
    await this.refresh()
    return this.#state.values.get(name) as T | undefined
  }

  /** Reads what was written since the last call; calls at the same time look one after the other. */
  refresh(): Promise<void> {
    const looked = this.#turn.then(() => this.#look())
    this.#turn = looked.catch(() => undefined)
    return looked
  }

  async #look(): Promise<void> {
    // Asked for the most often of all, and quicker than to wait for a thread that a long query may have.
    const now = statSync(this.#path, { bigint: true, throwIfNoEntry: false }) ?? null
    if (now !== null && now.ino === this.#inode && Number(now.size) === this.#size) return
    if (now === null) this.#forget(0n)
    else await this.#readOn()
    this.#cached = [...this.#state.entries.values()]
  }

  #forget(inode: bigint): void {
    this.#state = new State()
    this.#size = 0
    this.#inode = inode
  }

  async #readOn(): Promise<void> {
    const file = await open(this.#path, 'r')
    try {
      // The file may have been replaced since it was looked at: only what is open counts.
      const { ino, size } = await file.stat({ bigint: true })
      if (ino !== this.#inode || Number(size) < this.#size) this.#forget(ino)
      const isRead = await this.#apply(file, Number(size))
      if (isRead) return
      // A line was taken back whose writing had failed, and another stands in its place.
      this.#forget(ino)
      await this.#apply(file, Number(size))
    } finally {
      await file.close()
    }
  }

  /** Applies the lines after those that are known; false where there is a line that cannot be. */
  async #apply(file: FileHandle, size: number): Promise<boolean> {
    const bytes = Buffer.alloc(size - this.#size)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#size)
    const read = bytes.subarray(0, bytesRead)
    const applied = this.#state.applyLines(read)
    this.#size += applied
    return !read.includes(newline, applied)
  }
}

/** Makes renames and new names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A transaction as it stands in the file. */
export function formatLine<Entry>(change: ManifestChange<Entry>): string {
  const json = JSON.stringify(change)
  return `${checksum(json)} ${json}\n`
}

function parseLine<Entry>(line: Buffer): ManifestChange<Entry> | null {
  const json = line.subarray(checksumDigits + 1)
  const head = line.toString('latin1', 0, checksumDigits + 1)
  if (head !== `${checksum(json)} `) return null
  return JSON.parse(json.toString()) as ManifestChange<Entry>
}

function checksum(json: string | Buffer): string {
  return crc32(json).toString(16).padStart(checksumDigits, '0')
}
