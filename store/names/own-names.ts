/** The file of WEIR_NAMES. */
import { readFile, stat } from 'node:fs/promises'

import { parse } from 'yaml'

import { Names } from '../../flow/names/names.ts'
import { readNamesText } from '../../flow/names/read.ts'
import { reasonOf } from '../../flow/reason.ts'

/** How often the file is checked for changes. */
const lookMs = 5000

/**
 * The names in a file, or none without a file.
 * @throws NamesError naming each entry that cannot be used, and others if the file cannot be read
 */
export async function readNames(path: string | null): Promise<Names> {
  if (path === null) return new Names()
  return readNamesText(path, await readFile(path, 'utf8'), (text) => parse(text) as unknown)
}

/** The names in the file, read again when it changes. A file that cannot be read changes nothing and is reported. */
export class OwnNames {
  names = new Names()
  /** Why the current file could not be loaded; null if it was. */
  problem: string | null = null
  readonly #path: string | null
  #stamp = ''
  #timer: NodeJS.Timeout | null = null

  private constructor(path: string | null) {
    this.#path = path
  }

  /** @throws NamesError and others if the file cannot be read at start */
  static async open(path: string | null): Promise<OwnNames> {
    const own = new OwnNames(path)
    if (path === null) return own
    await own.#read(path)
    own.#timer = setInterval(() => void own.look(), lookMs).unref()
    return own
  }

  /** Reads the file again if it has changed. */
  async look(): Promise<void> {
    if (this.#path === null) return
    try {
      if ((await stampOf(this.#path)) !== this.#stamp) await this.#read(this.#path)
      this.problem = null
    } catch (error) {
      this.problem = reasonOf(error)
    }
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer)
  }

  async #read(path: string): Promise<void> {
    const stamp = await stampOf(path)
    this.names = await readNames(path)
    this.#stamp = stamp
  }
}

async function stampOf(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path)
  return `${ino} ${size} ${mtimeMs}`
}
