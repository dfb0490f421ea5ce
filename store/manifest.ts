/**
 * A transactional list of files, with small named values kept in the same transactions: one JSON
 * line a transaction, with its CRC-32, appended and synced. What the manifest does not name does
 * not exist for readers; a line that a crash cut off has not happened.
 *
 *     1c291ca3 {"add":[{"file":"2026/…/flows-20261116T113000Z.parquet",…}],"remove":[],"set":{}}
 */
import { mkdir, open, readFile, rename, stat, truncate, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'

/** What one transaction changes. */
export interface ManifestChange<Entry> {
  add?: readonly Entry[]
  remove?: readonly string[]
  set?: Record<string, unknown>
}

/** Transactions beyond this many, and more than twice the entries, are rewritten as one. */
const linesMax = 2000
const checksumDigits = 8

class State<Entry extends { file: string }> {
  readonly entries = new Map<string, Entry>()
  readonly values = new Map<string, unknown>()
  lines = 0

  apply({ add = [], remove = [], set = {} }: ManifestChange<Entry>): void {
    for (const file of remove) this.entries.delete(file)
    for (const entry of add) this.entries.set(entry.file, entry)
    for (const [name, value] of Object.entries(set)) this.values.set(name, value)
    this.lines++
  }

  /** Applies every whole line of `text` and gives how many characters these were. */
  applyText(text: string): number {
    let at = 0
    for (let end = text.indexOf('\n', at); end >= 0; end = text.indexOf('\n', at)) {
      const change = parseLine<Entry>(text.slice(at, end))
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
    const text = await readFile(path, 'utf8')
    const size = Buffer.byteLength(text.slice(0, state.applyText(text)))
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
    if (this.#state.lines > linesMax && this.#state.lines > 2 * this.#state.entries.size)
      await this.#compact()
  }

  async #compact(): Promise<void> {
    const part = `${this.#path}.part`
    const line = formatLine({
      add: [...this.#state.entries.values()],
      set: Object.fromEntries(this.#state.values),
    })
    const file = await open(part, 'w', 0o600)
    await file.writeFile(line)
    await file.sync()
    await file.close()
    await rename(part, this.#path)
    await syncFolder(dirname(this.#path))
    await this.#file.close()
    this.#file = await open(this.#path, 'a', 0o600)
    this.#size = Buffer.byteLength(line)
    this.#state.lines = 1
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
    const now = await stat(this.#path, { bigint: true }).catch(() => null)
    const isSame = now !== null && now.ino === this.#inode && Number(now.size) >= this.#size
    if (isSame && Number(now.size) === this.#size) return
    if (!isSame) {
      this.#state = new State()
      this.#size = 0
      this.#inode = now?.ino ?? 0n
    }
    if (now) await this.#readOn()
    this.#cached = [...this.#state.entries.values()]
  }

  async #readOn(): Promise<void> {
    const file = await open(this.#path, 'r')
    try {
      const { size } = await file.stat()
      const bytes = Buffer.alloc(size - this.#size)
      await file.read(bytes, 0, bytes.length, this.#size)
      const text = bytes.toString('utf8')
      this.#size += Buffer.byteLength(text.slice(0, this.#state.applyText(text)))
    } finally {
      await file.close()
    }
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

function formatLine(change: object): string {
  const json = JSON.stringify(change)
  return `${checksum(json)} ${json}\n`
}

function parseLine<Entry>(line: string): ManifestChange<Entry> | null {
  const json = line.slice(checksumDigits + 1)
  if (line.slice(0, checksumDigits) !== checksum(json)) return null
  return JSON.parse(json) as ManifestChange<Entry>
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(checksumDigits, '0')
}
