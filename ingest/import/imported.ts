/**
 * What an import leaves in the archive's manifest, together with its flows, until their series are
 * written: neither coverage, nor counters, nor exporters can be made from the archive, and whoever goes on after
 * the import was killed needs them.
 */
import { mergeExporters } from '../../flow/merge-exporters.ts'
import type { ExporterStatus } from '../../flow/status.ts'
import type { Archive } from '../../store/archive/archive.ts'
import type { CounterState } from '../counters/interface-counters.ts'
import type { CoverageSnapshot } from '../coverage/coverage.ts'

/** The value `imported` of the archive's manifest, until its redo list is empty; then null. */
export interface Imported {
  coverage: CoverageSnapshot
  /** Of interfaces; absent if an older version of Weir left it. */
  counters?: CounterState[]
  exporters: ExporterStatus[]
}

/** What an unfinished import left, or null. */
export function importedOf(archive: Pick<Archive, 'value'>): Imported | null {
  return archive.value<Imported | null>('imported') ?? null
}

/** The exporters on disk with those of an unfinished import, unless it had already added them. */
export function withImported(
  kept: readonly ExporterStatus[],
  imported: Imported | null,
): ExporterStatus[] {
  const seen = new Map(kept.map(({ address, lastSeen }) => [address, lastSeen]))
  const isNew = ({ address, lastSeen }: ExporterStatus) => (seen.get(address) ?? 0) < lastSeen
  return mergeExporters(kept, imported?.exporters.filter(isNew) ?? [])
}
