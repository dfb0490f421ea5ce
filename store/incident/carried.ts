/**
 * Whether the hosts of a silent exporter went on through another one, as in a fail-over: then its silence was not
 * theirs.
 */
import { withinRow, type Span } from '../../flow/incident/facts/span.ts'
import { FlowTables, type FlowTable } from '../../flow/incident/flows/flow-table.ts'
import type { Carried } from '../../flow/incident/incident.ts'
import type { Scene } from '../../flow/incident/scene/scene.ts'
import { QueryTooLarge } from '../query-error.ts'
import type { SurroundingsQuery } from './surroundings.ts'

/** What the hosts received from outside is taken from as long before a silence, and at most this long, ms. */
const beforeMsMax = 120_000
/** The hosts looked for: those that received most. */
const hostsMax = 200
/**
 * The other exporter carries them if it has this share of that, more than just before: both may
 * have carried them all the time.
 */
const shareMin = 0.5
const rowsMax = 200_000

/** Who carried the hosts of a silent exporter meanwhile; null if nobody did, or there are too many flows to tell. */
export async function carriedBy(
  { flows, local, signal }: SurroundingsQuery,
  { table, times }: Scene,
  span: Span,
): Promise<Carried | null> {
  const beforeMs = Math.min(beforeMsMax, span.to - span.from)
  const before = { from: span.from - beforeMs, to: span.from }
  const greatest = [...receivedIn(table, before)].sort((a, b) => b[1] - a[1]).slice(0, hostsMax)
  const hosts = greatest.map(([host]) => host)
  if (hosts.length === 0) return null
  const longer = (span.to - span.from) / beforeMs
  const due = times * sumOf(greatest) * longer
  let tables = new FlowTables(local)
  try {
    await flows.scan?.({ from: before.from, to: span.to, hosts, rowsMax, signal }, () => {
      tables = new FlowTables(local)
      return (batch) => tables.add(batch)
    })
  } catch (error) {
    if (error instanceof QueryTooLarge) return null
    throw error
  }
  const carriers = tables.tables
    .filter(({ exporter }) => exporter !== table.exporter)
    .map((each) => {
      const [had, received] = [receivedIn(each, before), receivedIn(each, span)]
      const more = (host: string) => (received.get(host) ?? 0) - longer * (had.get(host) ?? 0)
      const gained = hosts.map((host) => [host, more(host)] as const)
      const carried = gained.filter(([, bytes]) => bytes > 0).length
      return { exporter: each.exporter, bytes: sumOf(gained), carried }
    })
    .sort((a, b) => b.bytes - a.bytes)
  const [most] = carriers
  if (!most || most.bytes < shareMin * due || 2 * most.carried < hosts.length) return null
  return { exporter: most.exporter, hosts: most.carried, of: hosts.length }
}

/** The bytes that each local host received from outside in a span, by its address. */
function receivedIn(table: FlowTable, span: Span): Map<string, number> {
  const { hosts, source, destination } = table
  const received = new Map<number, number>()
  for (let row = 0; row < table.count; row++) {
    const host = destination[row]!
    if (hosts.isLocal(source[row]!) || !hosts.isLocal(host)) continue
    const bytes = withinRow(table, row, span, 'bytes')
    if (bytes > 0) received.set(host, (received.get(host) ?? 0) + bytes)
  }
  return new Map([...received].map(([host, bytes]) => [hosts.text(host), bytes]))
}

function sumOf(entries: readonly (readonly [string, number])[]): number {
  return entries.reduce((sum, [, bytes]) => sum + bytes, 0)
}
