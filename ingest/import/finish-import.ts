/** Finishes an import that was killed, before another one or a rebuild; ingest does so as it goes on. */
import type { Settings } from '../../flow/settings.ts'
import type { Archive } from '../../store/archive/archive.ts'
import { IncidentLedger } from '../../store/incident/ledger.ts'
import type { SeriesStore } from '../../store/series.ts'
import { CoverageTracker } from '../coverage/coverage.ts'
import { readExporters } from '../status/kept-status.ts'
import { importedOf, withImported } from './imported.ts'
import { keepStopped } from './tell.ts'
import { writeSeries } from './write-series.ts'

/** Writes the series and the exporters of an import that was killed, if there is one. */
export async function finishImport(
  settings: Settings,
  archive: Archive,
  store: SeriesStore,
): Promise<void> {
  const imported = importedOf(archive)
  if (!imported) return
  await keepStopped(settings.data, withImported(await readExporters(settings.data), imported))
  const coverage = new CoverageTracker(Number.NEGATIVE_INFINITY)
  await writeSeries({ settings, archive, store, coverage })
}

/** Whether an import was stopped before its series and incidents were made. */
export async function isImportUnfinished(settings: Settings, archive: Archive): Promise<boolean> {
  if (importedOf(archive)) return true
  const ledger = await IncidentLedger.open(settings.data)
  const isJudged = ledger.pending().length === 0
  await ledger.close()
  return !isJudged
}
