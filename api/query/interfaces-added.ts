/** The remark on interfaces queried over several exporters, each of which has its own indexes. */
import type { Seen } from './coverage.ts'
import { onlyExporter, type Window } from './window.ts'

const interfaceWords = new Set(['in', 'out', 'interface', 'counter'])

/** A remark if keys by interface index alone add up interfaces of several exporters, else none. */
export function interfacesAdded(
  by: readonly string[],
  window: Window,
  seen: readonly Seen[],
): string[] {
  const words = by.filter((word) => interfaceWords.has(word))
  if (words.length === 0 || by.includes('exporter') || onlyExporter(window) !== undefined) return []
  const there = seen.filter(
    ({ firstSeen, lastSeen }) => lastSeen >= window.from && firstSeen < window.to,
  )
  if (there.length < 2) return []
  return [
    'interfaces of several exporters that have the same index are added up as one: ' +
      `ask by=exporter,${words.join(',')} to tell them apart`,
  ]
}
