/** Finishes an import that was killed; ingest does so as it goes on. */
import type { Settings } from '../../flow/settings/settings.ts'
import type { Archive } from '../../store/archive/archive.ts'
import { IncidentLedger } from '../../store/incident/ledger.ts'
import { openSeriesStore } from '../../store/open-series.ts'
import type { SeriesStore } from '../../store/series.ts'
import { CoverageTracker } from '../coverage/coverage.ts'
import { judgeNow } from '../incidents/judge-now.ts'
import { readExporters } from '../status/kept-status.ts'
import { importedOf, withImported } from './imported.ts'
import { keepStopped, shipFiles } from './tell.ts'
import { writeSeries } from './write-series.ts'

/** Writes the series and the exporters of an import that was killed, if there is one. */
export async function finishImport(
  settings: Settings,
  archive: Archive,
  store: SeriesStore,
): Promise<void> {
  if (importedOf(archive)) await makeRest(settings, archive, store)
}

/**
 * Makes all that an import that was killed left to be made: series, incidents, and what others are sent. False if none
 * left anything.
 */
export async function finishStopped(settings: Settings, archive: Archive): Promise<boolean> {
  if (!(await isUnfinished(settings, archive))) return false
  const store = await openSeriesStore(settings)
  try {
    await makeRest(settings, archive, store)
  } finally {
    await store.close()
  }
  await shipFiles(settings, archive)
  await judgeNow(settings)
  return true
}

async function makeRest(settings: Settings, archive: Archive, store: SeriesStore): Promise<void> {
  const { data } = settings
  const imported = importedOf(archive)
  if (imported) await keepStopped(data, withImported(await readExporters(data), imported))
  const coverage = new CoverageTracker(Number.NEGATIVE_INFINITY)
  await writeSeries({ settings, archive, store, coverage })
}

/** Whether an import was stopped before its series and incidents were made. */
async function isUnfinished(settings: Settings, archive: Archive): Promise<boolean> {
  if (importedOf(archive)) return true
  const ledger = await IncidentLedger.open(settings.data)
  const isJudged = ledger.pending().length === 0
  await ledger.close()
  return !isJudged
}
