/** Opens the stores that the settings name. */
import { join } from 'node:path'

import type { Settings } from '../flow/settings.ts'
import { openParquetSeries } from './parquet/series.ts'
import type { SeriesStore } from './series.ts'

/** The series store, for the one process that writes. */
export function openSeriesStore(settings: Settings): Promise<SeriesStore> {
  return openParquetSeries(join(settings.data, 'series'))
}
