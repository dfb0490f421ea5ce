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
  restMost: number
  /** Of all hosts. */
  total: { bytes: number; packets: number; flows: number }
}

/** The number of hosts listed for a file with this many rows. */
export function listedHosts(rows: number): number {
  return Math.min(listed.most, Math.ceil(rows / listed.rowsEach))
}

/** The footer text; null if a sum may not be exact in a double. */
export function formatHostSums({ hosts, restMost, total }: HostSums): string | null {
  if (!isExact({ total })) return null
  return JSON.stringify({ restMost, total, hosts: [...hosts.keys()], bytes: [...hosts.values()] })
}

export function isExact({ total }: Pick<HostSums, 'total'>): boolean {
  return Math.max(total.bytes, total.packets) <= Number.MAX_SAFE_INTEGER
}

export function parseHostSums(text: string): HostSums {
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
