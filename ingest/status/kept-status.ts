/** The status on disk, for when ingest is not running, and the exporters known before the last start. */
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

import type { ExporterStatus, IngestStatus } from '../../flow/status.ts'

const exportersFile = join('state', 'exporters.json')

/** The exporters saved by the last ingest or replay; empty if nothing was saved. */
export async function readExporters(data: string): Promise<ExporterStatus[]> {
  try {
    const text = await readFile(join(data, exportersFile), 'utf8')
    return (JSON.parse(text) as IngestStatus).exporters
  } catch {
    return []
  }
}

/** Saves a status again and again, one save at a time: two at once would write the same file. */
export class StatusKeeper {
  readonly #save: () => Promise<void>
  #saving: Promise<void> | null = null

  constructor(data: string, status: () => Promise<IngestStatus>) {
    this.#save = async () => keepStatus(data, await status())
  }

  /** Saves the status, or waits for the save in progress. */
  save(): Promise<void> {
    this.#saving ??= this.#save().finally(() => {
      this.#saving = null
    })
    return this.#saving
  }

  /** Saves the status of now, after a save in progress, which has an earlier one. */
  async saveLast(): Promise<void> {
    await this.#saving?.catch(() => undefined)
    await this.save()
  }
}

/** Saves the status for when ingest is not running; atomically. */
export async function keepStatus(data: string, status: IngestStatus): Promise<void> {
  await mkdir(join(data, 'state'), { recursive: true, mode: 0o700 })
  const path = join(data, exportersFile)
  const file = await open(`${path}.part`, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify(status))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.part`, path)
}

/** Most exporters reported from before the start; beyond that, the longest silent are dropped. */
const rememberedMax = 4096

/** The exporters of this run, and earlier ones that have not sent again. */
export function rememberExporters(
  earlier: readonly ExporterStatus[],
  now: readonly ExporterStatus[],
): ExporterStatus[] {
  const before = new Map(earlier.map((exporter) => [exporter.address, exporter]))
  const seen = now.map((exporter) => {
    const known = before.get(exporter.address)
    before.delete(exporter.address)
    if (!known) return exporter
    return { ...exporter, firstSeen: Math.min(exporter.firstSeen, known.firstSeen) }
  })
  const silent = [...before.values()].sort((a, b) => b.lastSeen - a.lastSeen)
  return [...seen, ...silent.slice(0, rememberedMax)]
}
