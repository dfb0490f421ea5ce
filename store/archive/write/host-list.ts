/**
 * The greatest hosts of a file by bytes, kept in its footer (key `weirHosts`, JSON): what each of them came
 * to, and how much any other host came to at most. So a question for the greatest hosts of a day finds who
 * they can be without looking at every flow's both ends.
 */

export const hostSumsKey = 'weirHosts'
/** A host for so many rows is listed, up to so many: 25 bytes each, 0.03 bytes a flow. */
const listed = { rowsEach: 800, most: 256 }

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

/** As it stands in a footer; null where a sum is one that doubles may not hold exactly. */
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
