/** Opens the stores for ingest, as set. */
import { join } from 'node:path'

import type { Logger } from 'pino'

import type { Settings } from '../../flow/settings/settings.ts'
import { Archive } from '../../store/archive/archive.ts'
import type { Shipping } from '../../store/clickhouse/shipping.ts'
import { openSeriesStore } from '../../store/open-series.ts'
import { openShipping } from '../../store/open.ts'
import type { SeriesStore } from '../../store/series.ts'
import { openState, type IngestState } from './state.ts'

export interface IngestStores {
  /** Flows. */
  archive: Archive
  /** Series. */
  store: SeriesStore
  /** Sends the archive's files on; null if flows are only kept on this machine. */
  shipping: Shipping | null
  /** User data. */
  kept: IngestState
}

/** Opens all of them. @throws if a folder cannot be written, or another process holds the state */
export async function openStores(settings: Settings, log: Logger): Promise<IngestStores> {
  const archive = await Archive.open(join(settings.data, 'archive'))
  const store = await openSeriesStore(settings, { isApart: true })
  const shipping = await openShipping(settings)
  const kept = await openState(settings, log)
  return { archive, store, shipping, kept }
}
