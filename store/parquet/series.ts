/** Opens the embedded series store: for the one process that writes, or for one that only reads. */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { mayRead, noPermission } from '../disk/file-fault.ts'
import { Manifest } from '../manifest/manifest.ts'
import { ManifestReader } from '../manifest/reader.ts'
import { Engine } from './engine.ts'
import type { FileSource } from './files.ts'
import { manifestName, stagingFolder, type SeriesEntry } from './layout.ts'
import { Listing, type LeftOut } from './listing.ts'
import { ParquetSeries, ParquetSeriesReader } from './store.ts'
import { SeriesWriter } from './writer.ts'

export interface ParquetSeriesOptions {
  /** Engine threads; default 1 for the writer, 2 for readers. */
  threads?: number
  /** Memory of the engine, such as 512MB (the default); beyond that it spills to disk. */
  memoryLimit?: string
  /** Readers only: hold files that are asked for repeatedly in memory, up to 128 MiB; default false. */
  holdsFiles?: boolean
  /** Writer only: the previous writer ended cleanly and nothing can have been left or lost since; default false. */
  isClean?: boolean
  /** The clock for deleting replaced files, unix ms. */
  now?: () => number
}

const memoryLimitDefault = '512MB'

/**
 * Opens the series in `folder` for the one process that writes them. Unlisted files left by a crash
 * are deleted; missing files and those of the wrong length are left out and reported.
 * @throws ManifestDamaged
 */
export async function openParquetSeries(
  folder: string,
  options: ParquetSeriesOptions = {},
): Promise<ParquetSeries> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { threads = 1, memoryLimit = memoryLimitDefault, now = Date.now, isClean = false } = options
  const staging = join(folder, stagingFolder)
  if (!isClean) await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { recursive: true, mode: 0o700 })
  const manifest = await Manifest.open<SeriesEntry>(
    join(folder, manifestName),
    async () => (await filesIn(folder)).length > 0,
  )
  const listing = new Listing(folder, manifest, now)
  if (!isClean) await deleteUnlisted(folder, [...listing.entries(), ...listing.replaced()])
  const spillFolder = join(staging, 'spill')
  const engine = await Engine.open({ threads, memoryLimit, folder, spillFolder })
  const connection = await engine.connect()
  const writer = new SeriesWriter(folder, listing, connection)
  const store = new ParquetSeries(folder, { engine, listing, writer })
  if (!isClean) await store.check()
  return store
}

async function deleteUnlisted(folder: string, listed: readonly { file: string }[]): Promise<void> {
  const files = new Set(listed.map(({ file }) => file))
  for (const file of await filesIn(folder)) if (!files.has(file)) await rm(join(folder, file))
}

/** The series' files, listed or not. */
async function filesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true })
  return files.filter((file) => file.endsWith('.parquet') && !file.startsWith(`${stagingFolder}/`))
}

/** Opens the series in `folder` for a process that only reads; the folder need not exist yet. */
export async function openParquetSeriesReader(
  folder: string,
  options: ParquetSeriesOptions = {},
): Promise<ParquetSeriesReader> {
  const { threads = 2, memoryLimit = memoryLimitDefault, holdsFiles = false } = options
  // A reader may lack write permission in the folder.
  const spillFolder = join(tmpdir(), `weir-series-${process.pid}`)
  const engine = await Engine.open({ threads, memoryLimit, folder, spillFolder })
  const source = followManifest(folder)
  return new ParquetSeriesReader(folder, engine, { source, holdsFiles })
}

/** The files listed by another process, without those found unreadable here; one without permission until there is. */
function followManifest(folder: string): FileSource {
  const manifest = new ManifestReader<SeriesEntry>(join(folder, manifestName))
  const bad = new Map<string, { entry: SeriesEntry; reason: string }>()
  const isHidden = (entry: SeriesEntry) =>
    bad.has(entry.file) ||
    (entry.table === 'coverage' &&
      [...bad.values()].some(
        ({ entry: { tier, from, to } }) =>
          tier === entry.tier && from < entry.to && to > entry.from,
      ))
  const listed = async () => {
    const entries = await manifest.entries()
    if (bad.size === 0) return entries
    const files = new Set(entries.map(({ file }) => file))
    for (const [file, { reason }] of bad)
      if (!files.has(file) || (reason === noPermission && mayRead(join(folder, file))))
        bad.delete(file)
    return entries
  }
  return {
    onlyReads: true,
    entries: async () => {
      const entries = await listed()
      return bad.size === 0 ? entries : entries.filter((entry) => !isHidden(entry))
    },
    expired: async () => (await manifest.value<Record<string, number>>('expired')) ?? {},
    leaveOut: async (entry, reason) => {
      bad.set(entry.file, { entry, reason })
    },
    leftOut: async () => {
      await listed()
      const found = [...bad.values()].map(({ entry, reason }) => ({ file: entry.file, reason }))
      return [...((await manifest.value<LeftOut[]>('leftOut')) ?? []), ...found]
    },
  }
}
