/** Exporters that fell silent while others still send: a sum of all is then without them. */
import type { Exporter } from '../../api/schema/status.ts'
import { silentSeconds } from '../../flow/exporter-faults.ts'

/**
 * After a day of silence an exporter counts as removed, as it does for alerts, unless the window
 * has its last flows.
 */
const removedSeconds = 86_400

/**
 * Those of which a window (unix seconds) lacks the end, and that have not been heard since, the last
 * heard first; none if all are silent.
 */
export function missingOf(
  exporters: readonly Exporter[],
  { from, to }: { from: number; to: number },
): readonly Exporter[] {
  const isSilent = ({ lastSeen }: Exporter) => to - lastSeen >= silentSeconds
  if (exporters.every(isSilent)) return []
  return exporters
    .filter((each) => isSilent(each) && each.lastSeen > Math.min(from, to - removedSeconds))
    .toSorted((a, b) => b.lastSeen - a.lastSeen)
}
