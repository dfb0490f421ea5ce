/**
 * Addresses that may be a subnet's broadcast address: nothing but how they are used shows it, for
 * flows seldom have the netmask.
 */
import type { Connections } from './connections.ts'
import type { FlowTable } from './flow-table.ts'

const tcp = 6

/**
 * The local hosts of a table, by number, whose IPv4 address ends in .255, that sent nothing, and to
 * which only local hosts sent, never by TCP; none if the exporter does not show that a host sent
 * nothing.
 */
export function broadcastsOf(table: FlowTable, { showsAnswers }: Connections): ReadonlySet<number> {
  const { hosts, source, destination, protocol, count } = table
  const found = new Set<number>()
  if (!showsAnswers) return found
  const others = new Set<number>()
  for (let row = 0; row < count; row++) {
    const [from, to] = [source[row]!, destination[row]!]
    others.add(from)
    if (!hosts.isLocal(to) || !hosts.endsIn255(to)) continue
    if (protocol[row] === tcp || !hosts.isLocal(from)) others.add(to)
    else found.add(to)
  }
  return found.difference(others)
}
