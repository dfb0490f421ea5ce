/** Follows a manifest that another process writes. */
import { statSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

import { ManifestState, newline } from './lines.ts'

/** Cheap if nothing changed. */
export class ManifestReader<Entry extends { file: string }> {
  readonly #path: string
  #state = new ManifestState<Entry>()
  #inode = 0n
  #size = 0
  #cached: readonly Entry[] = []
  #turn: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** The current entries; none if the manifest does not exist. */
  async entries(): Promise<readonly Entry[]> {
    await this.refresh()
    return this.#cached
  }

  async value<T>(name: string): Promise<T | undefined> {
    await this.refresh()
    return this.#state.values.get(name) as T | undefined
  }

  /** Reads what was written since the last call; concurrent calls run one after the other. */
  refresh(): Promise<void> {
    const looked = this.#turn.then(() => this.#look())
    this.#turn = looked.catch(() => undefined)
    return looked
  }

  async #look(): Promise<void> {
    // Synchronous: this is the most frequent call, and a thread of the pool may be busy with a long
    // query.
    const now = statSync(this.#path, { bigint: true, throwIfNoEntry: false }) ?? null
    if (now !== null && now.ino === this.#inode && Number(now.size) === this.#size) return
    if (now === null) this.#forget(0n)
    else await this.#readOn()
    this.#cached = [...this.#state.entries.values()]
  }

  #forget(inode: bigint): void {
    this.#state = new ManifestState()
    this.#size = 0
    this.#inode = inode
  }

  async #readOn(): Promise<void> {
    const file = await open(this.#path, 'r')
    try {
      // The file may have been replaced in the meantime: only the open one counts.
      const { ino, size } = await file.stat({ bigint: true })
      if (ino !== this.#inode || Number(size) < this.#size) this.#forget(ino)
      const isRead = await this.#apply(file, Number(size))
      if (isRead) return
      // A failed write was taken back, and another line has replaced it.
      this.#forget(ino)
      await this.#apply(file, Number(size))
    } finally {
      await file.close()
    }
  }

  /** Applies the lines after the known ones; false if one of them is invalid. */
  async #apply(file: FileHandle, size: number): Promise<boolean> {
    const bytes = Buffer.alloc(size - this.#size)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#size)
    const read = bytes.subarray(0, bytesRead)
    const applied = this.#state.applyLines(read)
    this.#size += applied
    return !read.includes(newline, applied)
  }
}
