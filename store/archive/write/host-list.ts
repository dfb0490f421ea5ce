/**
 * The largest hosts of a file by bytes, stored in its footer (key `weirHosts`, JSON): the bytes of
 * each, and an upper bound for all others. So a query for the largest hosts of a day finds the
 * candidates without reading both ends of every flow.
 */

export const hostSumsKey = 'weirHosts'
/** One host per this many rows is listed, up to a maximum: 25 bytes each, 0.03 bytes per flow. */
const listed = { rowsEach: 800, most: 256 }

/** The largest hosts of some flows, each flow counted for both of its ends. */
export interface HostSums {
  /** Bytes by address. */
  hosts: ReadonlyMap<string, number>
  /** The most bytes that any other host has. */
  restMax: number
  /** Of all hosts. */
  total: { bytes: number; packets: number; flows: number }
}

/** The footer's form of them. */
interface StoredSums {
  restMost: number
  total: HostSums['total']
  hosts: string[]
  /** Of each host. */
  bytes: number[]
}

/** The number of hosts listed for a file with this many rows. */
export function listedHosts(rows: number): number {
  return Math.min(listed.most, Math.ceil(rows / listed.rowsEach))
}

/** The footer text; null if a sum may not be exact in a double. */
export function formatHostSums({ hosts, restMax, total }: HostSums): string | null {
  if (!isExact({ total })) return null
  const stored: StoredSums = {
    restMost: restMax,
    total,
    hosts: [...hosts.keys()],
    bytes: [...hosts.values()],
  }
  return JSON.stringify(stored)
}

/** Whether doubles hold the sums of all hosts exactly. */
export function isExact({ total }: Pick<HostSums, 'total'>): boolean {
  return Math.max(total.bytes, total.packets) <= Number.MAX_SAFE_INTEGER
}

export function parseHostSums(text: string): HostSums {
  const stored = JSON.parse(text) as StoredSums
  return {
    hosts: new Map(stored.hosts.map((host, i) => [host, stored.bytes[i]!])),
    restMax: stored.restMost,
    total: stored.total,
  }
}
