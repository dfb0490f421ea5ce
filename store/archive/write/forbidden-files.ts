/** Files of the archive without permission to read them: they are left as they are, and sorted once there is. */
import { join } from 'node:path'

import { mayRead, noPermission } from '../../disk/file-fault.ts'
import type { ArchiveEntry } from '../entry.ts'

export class ForbiddenFiles {
  readonly #folder: string
  readonly #files = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** A sentence that names them; null if none are known. */
  get problem(): string | null {
    const [first] = this.#files
    if (first === undefined) return null
    const more = this.#files.size - 1
    return `archive file ${first}${more > 0 ? `, and ${more} more` : ''}: ${noPermission}`
  }

  /** Notes which of these files may not be read; false if all may. */
  note(files: readonly string[]): boolean {
    const found = files.filter((file) => !mayRead(join(this.#folder, file)))
    for (const file of found) this.#files.add(file)
    return found.length > 0
  }

  /** The listed files without them. */
  without(listed: readonly ArchiveEntry[]): readonly ArchiveEntry[] {
    this.#forget(listed)
    return this.#files.size === 0 ? listed : listed.filter(({ file }) => !this.#files.has(file))
  }

  /** Those of the listed files. */
  of(listed: readonly ArchiveEntry[]): readonly ArchiveEntry[] {
    this.#forget(listed)
    return this.#files.size === 0 ? [] : listed.filter(({ file }) => this.#files.has(file))
  }

  /** Forgets those that may be read again, or are not listed. */
  #forget(listed: readonly ArchiveEntry[]): void {
    if (this.#files.size === 0) return
    const names = new Set(listed.map(({ file }) => file))
    for (const file of this.#files)
      if (!names.has(file) || mayRead(join(this.#folder, file))) this.#files.delete(file)
  }
}
