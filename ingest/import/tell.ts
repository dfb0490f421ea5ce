/** What others are told of a replay: the second store its files, this machine and the cluster its exporters. */
import { mergeExporters } from '../../flow/merge-exporters.ts'
import type { Settings } from '../../flow/settings.ts'
import type { ExporterStatus, IngestStatus } from '../../flow/status.ts'
import type { Archive } from '../../store/archive/archive.ts'
import { openExchange, openShipping } from '../../store/open.ts'
import { archiveSeen } from '../shipping.ts'
import { keepStatus, readExporters } from '../status/kept-status.ts'

/** Sends the archive's files to the other machine, if flows are kept on one too; resolves when all are there. */
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

/** Tells the other collectors of a cluster, and APIs on other machines, which exporters sent. */
export async function tellOthers(settings: Settings, status: IngestStatus): Promise<void> {
  const exchange = await openExchange(settings)
  await exchange?.close(null, async () => status)
}

/** Adds the exporters of a replay to the status on disk. */
export async function keepExporters(
  data: string,
  exporters: readonly ExporterStatus[],
): Promise<IngestStatus> {
  const merged = mergeExporters(await readExporters(data), exporters)
  const status: IngestStatus = {
    running: false,
    startedAt: 0,
    exporters: merged,
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
