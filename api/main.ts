/** The API process: opens the stores of the data folder, listens, and closes all of it again. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { FastifyBaseLogger } from 'fastify'
import { parse as parseYaml } from 'yaml'

import { Names } from '../flow/names.ts'
import type { Settings } from '../flow/settings.ts'
import { openFlowStore } from '../store/archive/query.ts'
import { openParquetSeriesReader } from '../store/parquet/series.ts'
import { buildApp } from './app.ts'
import { ingestStatus } from './ingest-status.ts'

/** The page as `npm run build` leaves it. */
const pageFolder = join(import.meta.dirname, '..', 'web', 'dist')

/**
 * Serves the API and the page of a data folder, whether or not an ingest runs on it.
 * @throws where the address cannot be listened on or the names file cannot be read
 */
export async function runApi(
  settings: Settings,
  log: FastifyBaseLogger,
): Promise<{ close(): Promise<void>; url: string }> {
  const names = await readNames(settings.names)
  const flows = await openFlowStore(join(settings.data, 'archive'), { local: settings.local })
  const series = await openParquetSeriesReader(join(settings.data, 'series'))
  const status = ingestStatus(settings.data, Date.now)
  const app = await buildApp({ settings, series, flows, status, names, pageFolder, log })
  const url = await app.listen({ host: settings.http.host, port: settings.http.port })
  return {
    url,
    async close() {
      await app.close()
      await Promise.all([flows.close(), series.close()])
    },
  }
}

async function readNames(path: string | null): Promise<Names> {
  return path === null ? new Names() : new Names(parseYaml(await readFile(path, 'utf8')))
}
