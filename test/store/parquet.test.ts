import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openParquetSeries } from '../../store/parquet/series.ts'
import { seriesContract } from './series-contract.ts'

async function openInNewFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'weir-series-'))
  let store = await openParquetSeries(folder)
  return {
    store,
    reopen: async () => {
      await store.close()
      return (store = await openParquetSeries(folder))
    },
    remove: () => rm(folder, { recursive: true }),
  }
}

seriesContract('Parquet', openInNewFolder, { origin: Date.UTC(2026, 10, 16) })
void assert
