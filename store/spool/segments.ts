/** The files of the spool; each exists as long as a step in it is held. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { StepRows } from '../series.ts'
import { syncFolder } from '../disk/sync-folder.ts'
import { readStep, writeSteps, type Place } from './step-file.ts'

export class Segments {
  readonly #folder: string
  /** For each file its size, and how many places in it are held. */
  readonly #files = new Map<number, { bytes: number; places: number }>()
  readonly #now: () => number
  #sequence: number
  #bytes = 0

  private constructor(folder: string, sequence: number, now: () => number) {
    this.#folder = folder
    this.#sequence = sequence
    this.#now = now
  }

  /** Opens the files in a folder; files without held places are deleted. */
  static async open(
    folder: string,
    held: { places: readonly Place[]; sequence: number; now: () => number },
  ): Promise<Segments> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const segments = new Segments(folder, held.sequence, held.now)
    segments.hold(held.places)
    for (const name of await readdir(folder)) {
      const number = Number.parseInt(name, 10)
      const path = join(folder, name)
      const file = segments.#files.get(number)
      if (file) segments.#bytes += file.bytes = (await stat(path)).size
      else await rm(path)
    }
    return segments
  }

  /** Whether a folder has files, which only a manifest can have listed. */
  static async exist(folder: string): Promise<boolean> {
    const names = await readdir(folder).catch(() => [])
    return names.some((name) => name.endsWith('.steps'))
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The number of the newest file. */
  get sequence(): number {
    return this.#sequence
  }

  /**
   * Writes steps to a new file and returns their places, none of them held yet; durable. The number
   * of a file is the time, or one more than the last: it is also the version of its contents, and
   * must grow even if the folder was lost.
   */
  async write(steps: readonly StepRows[]): Promise<Place[]> {
    const segment = (this.#sequence = Math.max(this.#sequence + 1, Math.floor(this.#now())))
    const path = this.#path(segment)
    try {
      const places = await writeSteps(path, segment, steps)
      await syncFolder(this.#folder)
      const { size } = await stat(path)
      this.#files.set(segment, { bytes: size, places: 0 })
      this.#bytes += size
      return places
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
  }

  /** A step as it was written, or null if it can no longer be read. @throws if it cannot be read for now */
  load(place: Place): Promise<StepRows | null> {
    return readStep(this.#path(place.segment), place)
  }

  hold(places: readonly Place[]): void {
    for (const { segment } of places) {
      const file = this.#files.get(segment)
      if (file) file.places++
      else this.#files.set(segment, { bytes: 0, places: 1 })
    }
  }

  /** Releases places, and deletes files without any left. */
  async release(places: readonly Place[]): Promise<void> {
    for (const { segment } of places) {
      const file = this.#files.get(segment)!
      if (--file.places > 0) continue
      await this.discard(segment)
    }
  }

  /** Deletes a file. */
  async discard(segment: number): Promise<void> {
    this.#bytes -= this.#files.get(segment)?.bytes ?? 0
    this.#files.delete(segment)
    await rm(this.#path(segment), { force: true })
  }

  #path(segment: number): string {
    return join(this.#folder, `${String(segment).padStart(12, '0')}.steps`)
  }
}
