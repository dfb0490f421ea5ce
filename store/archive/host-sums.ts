/**
 * The greatest hosts of a file by bytes, kept in its footer (key `weirHosts`, JSON): what each of them came
 * to, and how much any other host came to at most. So a question for the greatest hosts of a day finds who
 * they can be without looking at every flow's both ends.
 */
import { formatHalves } from '../../flow/address.ts'
import { Bindings } from './bindings.ts'
import type { Session, Table } from './query-engine.ts'

export const hostSumsKey = 'weirHosts'
/** A host for so many rows is listed, up to so many: 25 bytes each, 0.04 bytes a flow. */
const listed = { rowsEach: 800, most: 256 }
/** Lists that are kept in memory, of some 10 kB each. */
const keptMost = 1000

/** The greatest hosts of some flows, each flow counted for both of its ends. */
export interface HostSums {
  /** Bytes by address. */
  hosts: ReadonlyMap<string, number>
  /** The most bytes that any other host has. */
  restMost: number
  /** Of all hosts. */
  total: { bytes: number; packets: number; flows: number }
}

/** How many hosts of a file with so many rows are listed. */
export function listedHosts(rows: number): number {
  return Math.min(listed.most, Math.ceil(rows / listed.rowsEach))
}

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

/** As it stands in a footer; null where a sum is one that doubles may not hold exactly. */
export function formatHostSums({ hosts, restMost, total }: HostSums): string | null {
  if (!isExact({ total })) return null
  return JSON.stringify({ restMost, total, hosts: [...hosts.keys()], bytes: [...hosts.values()] })
}

export function isExact({ total }: Pick<HostSums, 'total'>): boolean {
  return Math.max(total.bytes, total.packets) <= Number.MAX_SAFE_INTEGER
}

function parseHostSums(text: string): HostSums {
  const {
    hosts,
    bytes: sums,
    ...rest
  } = JSON.parse(text) as Omit<HostSums, 'hosts'> & {
    hosts: string[]
    bytes: number[]
  }
  return { ...rest, hosts: new Map(hosts.map((host, i) => [host, sums[i]!])) }
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
