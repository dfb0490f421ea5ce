/** Lists of the greatest hosts (host-list.ts) out of the footers of files. */
import { Bindings } from './bindings.ts'
import { hostSumsKey, parseHostSums, type HostSums } from './host-list.ts'
import type { Session } from './query-engine.ts'

/** Lists that are kept in memory, of some 10 kB each. */
const keptMost = 1000

/** The lists of files as they were read; null where a file has none. A file never changes under its name. */
export class KeptHostSums {
  readonly #kept = new Map<string, HostSums | null>()

  /** The lists of files, in their order. */
  async of(session: Session, paths: readonly string[]): Promise<(HostSums | null)[]> {
    const unread = paths.filter((path) => !this.#kept.has(path))
    const read = new Map<string, HostSums | null>(unread.map((path) => [path, null]))
    if (unread.length > 0) {
      const bindings = new Bindings()
      const table = await session.read(
        `SELECT file_name, decode(value) AS list FROM parquet_kv_metadata(${bindings.texts(unread)})
         WHERE decode(key) = '${hostSumsKey}'`,
        bindings,
      )
      const lists = table.texts('list')
      table.texts('file_name').forEach((path, i) => read.set(path, parseHostSums(lists[i]!)))
    }
    const found = paths.map((path) => read.get(path) ?? this.#kept.get(path) ?? null)
    for (const [path, list] of read) this.#kept.set(path, list)
    for (const path of this.#kept.keys()) {
      if (this.#kept.size <= keptMost) break
      this.#kept.delete(path)
    }
    return found
  }
}
