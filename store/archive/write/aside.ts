/** Files of an archive that were put aside: those that its manifest does not name, and unreadable ones. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { unlistedFolder, unreadableFolder } from '../entry.ts'

/** They may take this share of the archive's most bytes, or what its other files leave of them. */
const shareMax = 0.1
/** How often they are looked at. */
const everyMs = 3_600_000

interface AsideLimits {
  /** Files last written earlier are deleted, unix ms. */
  before: number
  /** The most bytes of the archive, and how many its other files have. */
  maxBytes: number
  bytes: number
}

export class AsideFiles {
  readonly #root: string
  /** By a clock that nobody sets. */
  #dueMs = 0

  constructor(root: string) {
    this.#root = root
  }

  /** Deletes those that are too old, and the oldest of those that are too many. */
  async expire({ before, maxBytes, bytes }: AsideLimits): Promise<void> {
    if (performance.now() < this.#dueMs) return
    this.#dueMs = performance.now() + everyMs
    let left = Math.max(shareMax * maxBytes, maxBytes - bytes)
    for (const { path, mtimeMs, size } of await this.#newestFirst()) {
      left -= size
      if (left < 0 || mtimeMs < before) await rm(path, { force: true })
    }
  }

  async #newestFirst(): Promise<{ path: string; mtimeMs: number; size: number }[]> {
    const files: { path: string; mtimeMs: number; size: number }[] = []
    for (const folder of [unlistedFolder, unreadableFolder])
      for (const name of await readdir(join(this.#root, folder)).catch(() => [])) {
        const path = join(this.#root, folder, name)
        const found = await stat(path).catch(() => null)
        if (found) files.push({ path, mtimeMs: found.mtimeMs, size: found.size })
      }
    return files.sort((a, b) => b.mtimeMs - a.mtimeMs)
  }
}
