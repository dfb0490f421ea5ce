/** Exporters that fell silent while others still send: a sum of all is then without them. */
import type { Exporter } from '../../api/schema/status.ts'

/** Silence longer than any exporter's timeouts, in seconds. */
export const silentSeconds = 900
/** After a day of silence an exporter counts as removed, as it does for alerts. */
const removedSeconds = 86_400

/** Those that are missing at a time (unix seconds), the last heard first; none if all are silent. */
export function missingOf(exporters: readonly Exporter[], now: number): readonly Exporter[] {
  const silence = ({ lastSeen }: Exporter) => now - lastSeen
  if (exporters.every((each) => silence(each) >= silentSeconds)) return []
  return exporters
    .filter((each) => silence(each) >= silentSeconds && silence(each) < removedSeconds)
    .toSorted((a, b) => silence(a) - silence(b))
}
