/**
 * A data folder as a year of running leaves it: an archive with a file per five minutes, as of a
 * network whose intervals are too large to be bundled (105,120 files; anything smaller has fewer),
 * and its series.
 *
 * The files are real ones of some flows each, written by the archive; those of later intervals are
 * hard links to the first hours', because a start lists files and opens none. The manifest is as
 * long as its writer lets it grow: rewritten as one transaction, followed by one for each chunk and
 * each file that replaced one.
 *
 *     node test/bench/year-data.ts FOLDER [DAYS]
 */
import { link, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { intervalMs } from '../../flow/interval.ts'
import { Archive } from '../../store/archive/archive.ts'
import { fileName, manifestName, stampOf, type ArchiveEntry } from '../../store/archive/entry.ts'
import { formatLine, formatWhole } from '../../store/manifest/lines.ts'
import { linesMax } from '../../store/manifest/manifest.ts'
import { columnsOf, testFlow } from '../store/archive/archived.ts'
import { makeSeriesData, yearOfTiers } from './series-data.ts'

const dayMs = 86_400_000
/** Different files; the rest are hard links to these. */
const realFiles = 48
const flowsOfFile = 50

interface YearDataOptions {
  /** The data folder. */
  folder: string
  /** End of the newest interval, unix ms. */
  end: number
  days: number
  /** Hosts of the series. */
  hosts: number
}

/** Fills the folder and returns the number of files in the archive. */
export async function makeYear({ folder, end, days, hosts }: YearDataOptions): Promise<number> {
  const from = end - days * dayMs
  const tiers = yearOfTiers.map(({ tier, lengthMs }) => ({
    tier,
    lengthMs: Math.min(lengthMs, days * dayMs),
  }))
  await makeSeriesData({ folder: join(folder, 'series'), end, hosts, tiers })
  return makeArchive(join(folder, 'archive'), from, end)
}

/** The archive alone, a file per five minutes of [from, end). */
export async function makeArchive(folder: string, from: number, end: number): Promise<number> {
  const real = await makeRealFiles(folder, from)
  const made = new Set(real.map(({ file }) => file))
  const madeFolders = new Set<string>()
  const entries: ArchiveEntry[] = []
  for (let interval = from; interval < end; interval += intervalMs) {
    const model = real[((interval - from) / intervalMs) % real.length]!
    const entry = movedTo(model, interval)
    if (!made.has(entry.file)) {
      const path = join(folder, entry.file)
      if (!madeFolders.has(dirname(path))) await mkdir(dirname(path), { recursive: true })
      madeFolders.add(dirname(path))
      await link(join(folder, model.file), path)
    }
    entries.push(entry)
  }
  await writeFile(join(folder, manifestName), longestManifest(entries))
  return (end - from) / intervalMs
}

/** The longest manifest that its writer would not rewrite yet. */
function longestManifest(entries: ArchiveEntry[]): string {
  const whole = formatWhole(entries, {})
  const linesBytes = Math.max(linesMax.bytes, linesMax.ofWhole * whole.length)
  const lines: string[] = []
  for (let bytes = 0; entries.length > 0;) {
    const line = linesOf(entries.at(-1)!)
    bytes += line.length
    if (bytes > linesBytes) break
    lines.unshift(line)
    entries.pop()
  }
  return formatWhole(entries, {}) + lines.join('')
}

/** A file published as a chunk and replaced by a merged one. */
function linesOf(entry: ArchiveEntry): string {
  const chunk = { ...entry, file: `${entry.file.slice(0, -8)}-chunk.parquet`, isChunk: true }
  const journal = { segment: 0, offset: entry.interval }
  const published = formatLine<ArchiveEntry>({ add: [chunk], set: { journal } })
  return published + formatLine<ArchiveEntry>({ add: [entry], remove: [chunk.file] })
}

/** Files written by the archive itself, for the first intervals. */
async function makeRealFiles(folder: string, from: number): Promise<ArchiveEntry[]> {
  const archive = await Archive.open(folder)
  for (let i = 0; i < realFiles; i++) {
    const start = from + i * intervalMs
    const flows = Array.from({ length: flowsOfFile }, (_, j) =>
      testFlow({ first: start + j * 1000, last: start + j * 1000 + 500, octets: 1000 + i + j }),
    )
    archive.add(columnsOf(flows))
    await archive.publish({})
  }
  await archive.merge(from + realFiles * intervalMs)
  const entries = archive.entries()
  await archive.close()
  return [...entries]
}

/** The manifest entry of the same file under another interval's name. */
function movedTo(model: ArchiveEntry, interval: number): ArchiveEntry {
  const by = interval - model.interval
  const { receivedFrom, receivedTo, firstMin, lastMax } = model
  const times = { receivedFrom, receivedTo, firstMin, lastMax }
  const moved = Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, ms + by]))
  return { ...model, ...(moved as typeof times), interval, file: fileName(interval, '') }
}

if (process.argv[1] === import.meta.filename) {
  const [folder, days = '365'] = process.argv.slice(2)
  if (folder === undefined) throw new Error('name the folder to fill: year-data.ts FOLDER [DAYS]')
  const end = Math.floor(Date.now() / intervalMs) * intervalMs
  const files = await makeYear({ folder, end, days: Number(days), hosts: 100 })
  process.stdout.write(`${files} files up to ${stampOf(end)} in ${folder}\n`)
}
