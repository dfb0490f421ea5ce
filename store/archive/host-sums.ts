/** The greatest hosts of flows in SQL, and lists of them (host-list.ts) out of the footers of files. */
import { formatHalves } from '../../flow/address.ts'
import { Bindings } from './bindings.ts'
import { hostSumsKey, parseHostSums, type HostSums } from './host-list.ts'
import type { Session, Table } from './query-engine.ts'

/** Lists that are kept in memory, of some 10 kB each. */
const keptMost = 1000

/** The `count` greatest hosts of flows by end (key0, key1, bytes, packets) and the one after them, with the sums of all. */
export function hostSumsSql(flows: string, count: number): string {
  const total = (name: string) => `(SELECT sum(${name}) FROM groups)::DOUBLE AS total_${name}`
  return `WITH groups AS MATERIALIZED (
      SELECT key0, key1, sum(bytes) AS bytes, sum(packets) AS packets, count(*) AS flows FROM (${flows}) GROUP BY key0, key1)
    SELECT key0, key1, bytes::DOUBLE AS host_bytes, ${['bytes', 'packets', 'flows'].map(total).join(', ')}
    FROM groups ORDER BY bytes DESC, key0, key1 LIMIT ${count + 1}`
}

/** The answer to that. */
export function hostSumsOf(table: Table, count: number): HostSums {
  const [highs, lows] = [table.wholes('key0'), table.wholes('key1')]
  const sums = table.numbers('host_bytes')
  const hosts = new Map<string, number>()
  for (let i = 0; i < Math.min(count, table.count); i++)
    hosts.set(formatHalves(highs[i]!, lows[i]!), sums[i]!)
  const total = (name: string) => table.numbers(`total_${name}`)[0] ?? 0
  return {
    hosts,
    restMost: sums[count] ?? 0,
    total: { bytes: total('bytes'), packets: total('packets'), flows: total('flows') },
  }
}

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
