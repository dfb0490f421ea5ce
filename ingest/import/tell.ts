/**
 * Publishes a replay's results: the files to a second store, the exporters to this machine's status
 * and the cluster.
 */
import { mergeExporters } from '../../flow/merge-exporters.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { ExporterStatus, IngestStatus } from '../../flow/status.ts'
import type { Archive } from '../../store/archive/archive.ts'
import { openExchange, openShipping } from '../../store/open.ts'
import { archiveSeen } from '../shipping.ts'
import { keepStatus, readExporters } from '../status/kept-status.ts'

/** Sends the archive's files to the remote store, if there is one; resolves when all are there. */
export async function shipFiles(settings: Settings, archive: Archive): Promise<void> {
  const shipping = await openShipping(settings)
  if (!shipping) return
  try {
    shipping.look(archiveSeen(archive, Number.MAX_SAFE_INTEGER))
    await shipping.settled()
  } finally {
    await shipping.close()
  }
}

/** Reports the replay's exporters to the other collectors of a cluster, and to remote APIs. */
export async function tellOthers(settings: Settings, status: IngestStatus): Promise<void> {
  const exchange = await openExchange(settings)
  await exchange?.close(null, async () => status)
}

/** Adds the exporters of a replay to the status on disk. */
export async function keepExporters(
  data: string,
  exporters: readonly ExporterStatus[],
): Promise<IngestStatus> {
  return keepStopped(data, mergeExporters(await readExporters(data), exporters))
}

/** Saves exporters as the status on disk, of an ingest that is not running. */
export async function keepStopped(
  data: string,
  exporters: ExporterStatus[],
): Promise<IngestStatus> {
  const status: IngestStatus = {
    running: false,
    startedAt: 0,
    exporters,
    refused: [],
    refusedDatagrams: 0,
    sockets: [],
    journal: null,
    flows: 0,
    flowsTooLate: 0,
    publishedAt: null,
    seriesWrittenAt: null,
    redo: 0,
    memoryBytes: 0,
    warnings: [],
  }
  await keepStatus(data, status)
  return status
}
