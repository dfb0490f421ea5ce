/** A bounded cache of facts about files, by path, each as long as the same file has that name. */
import { statSync, type Stats } from 'node:fs'

interface Kept<Fact> {
  identity: string
  fact: Fact
}

export class FileFacts<Fact> {
  readonly #filesMax: number
  readonly #kept = new Map<string, Kept<Fact>>()

  constructor(filesMax: number) {
    this.#filesMax = filesMax
  }

  /**
   * What is known of the file at a path, or what `find` finds, which is then known.
   * @throws what `find` throws, or if there is no file
   */
  async of(path: string, find: () => Promise<Fact>): Promise<Fact> {
    // Synchronous: a few µs, while a thread of the pool may be busy with a long query.
    const identity = identityOf(statSync(path))
    const kept = this.#kept.get(path)
    if (kept?.identity === identity) return kept.fact
    const fact = await find()
    this.#kept.set(path, { identity, fact })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > this.#filesMax) this.#kept.delete(oldest!)
    return fact
  }
}

/** Differs for two files that have the same name one after the other. */
export function identityOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs}`
}
